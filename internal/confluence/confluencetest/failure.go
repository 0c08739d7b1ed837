package confluencetest

import (
	"errors"
	"fmt"
	"net/http"
)

// failure is an answer that is not 200.
type failure struct {
	status  int
	code    string // v2
	message string
	raw     any    // the body itself, where it is neither v1's nor v2's form
	html    string // a web page instead of JSON
}

func (f *failure) Error() string { return fmt.Sprintf("%d %s", f.status, f.message) }

func badRequest(format string, args ...any) error {
	return &failure{status: http.StatusBadRequest, code: "INVALID_REQUEST_PARAMETER", message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &failure{status: http.StatusNotFound, code: "NOT_FOUND", message: fmt.Sprintf(format, args...)}
}

func gone() error {
	return &failure{
		status:  http.StatusGone,
		message: "com.atlassian.confluence.api.service.exceptions.GoneException: This deprecated endpoint has been removed.",
	}
}

func internal(message string) error {
	return &failure{status: http.StatusInternalServerError, code: "INTERNAL_SERVER_ERROR", message: message}
}

// refused is the answer to bad credentials.
func (s *Site) refused(c *caller) error {
	switch {
	case s.options.DataCenter:
		return &failure{status: http.StatusUnauthorized, message: "Client must be authenticated to access this resource."}
	case s.behaviour.Unauthorized:
		return &failure{status: http.StatusUnauthorized, raw: obj{"code": 401, "message": "Unauthorized"}}
	case c.v2:
		return notFound("Not Found")
	default:
		return &failure{status: http.StatusForbidden, message: "Current user not permitted to use Confluence"}
	}
}

// asFailure gives the error the body that the called API writes.
func asFailure(c *caller, err error) (*failure, any) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{status: http.StatusInternalServerError, code: "INTERNAL_SERVER_ERROR", message: err.Error()}
	}
	switch {
	case f.raw != nil:
		return f, f.raw
	case c.v2:
		return f, obj{"errors": []any{obj{"status": f.status, "code": f.code, "title": f.message, "detail": nil}}}
	default:
		body := obj{
			"statusCode": f.status, "message": f.message,
			"data": obj{"authorized": f.status != http.StatusForbidden, "valid": false, "errors": []any{}, "successful": false},
		}
		if f.status == http.StatusNotFound {
			body["data"] = obj{
				"authorized": false, "valid": false, "successful": false,
				"errors": []any{obj{"message": obj{"translation": f.message, "args": []any{}}}},
			}
		}
		if c.site.options.DataCenter {
			body["reason"] = http.StatusText(f.status)
		}
		return f, body
	}
}

// htmlNotFound is what Cloud answers for an API v2 route that does not exist.
const htmlNotFound = `<!DOCTYPE html><html><head><title>Oops, you&#39;ve found a dead link.</title></head><body><h1>Page not found</h1></body></html>`

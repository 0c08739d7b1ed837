package confluence

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/sluicehq/sluice/internal/wiki"
)

// APIError is an answer, or the lack of one, that cannot be used. It wraps its kind: errors.Is with the errors of
// package wiki tells what to do about it.
type APIError struct {
	Method  string
	Path    string // without the query
	Status  int    // 0 where there was no answer
	Message string // what the site or the network said, short and without secrets
	Trace   string // the request's id at Atlassian, for its support; may be empty
	Kind    error  // one of package wiki's

	bare bool // a 404 that does not say what was not found: perhaps the credentials
}

// Error names the call, the status and the reason.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d: ", e.Status)
	}
	if e.Message != "" {
		b.WriteString(e.Message + ": ")
	}
	b.WriteString(e.Kind.Error())
	if e.Trace != "" {
		b.WriteString(" (trace " + e.Trace + ")")
	}
	return b.String()
}

// Reason is what the site or the network said, for a person: without the call and its status.
func (e *APIError) Reason() string { return e.Message }

// Unwrap returns the kind.
func (e *APIError) Unwrap() error { return e.Kind }

const maxMessage = 300

var markup = regexp.MustCompile(`(?s)<[^>]*>`)

// clean makes one short line of a site's text: no markup, no control characters.
func clean(s string) string {
	s = markup.ReplaceAllString(s, " ")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxMessage {
		s = string(r[:maxMessage-1]) + "…"
	}
	return s
}

// errorBody is every shape of error that Confluence, its gateway and Data Center answer with.
type errorBody struct {
	Errors []struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Code   string `json:"code"`
	} `json:"errors"`
	StatusCode json.RawMessage `json:"statusCode"`
	Message    string          `json:"message"`
	Reason     string          `json:"reason"`
	Code       json.RawMessage `json:"code"`
	Data       struct {
		Errors []struct {
			Message struct {
				Translation string `json:"translation"`
			} `json:"message"`
		} `json:"errors"`
	} `json:"data"`
}

// explain returns what an error body says, and whether it is one of Confluence's at all.
func explain(body []byte) (message string, ours bool) {
	var e errorBody
	if json.Unmarshal(body, &e) != nil {
		// A field of an unexpected type does not make the rest worthless.
		if !json.Valid(body) || len(body) == 0 || body[0] != '{' {
			return "", false
		}
	}
	switch {
	case len(e.Errors) > 0:
		message = e.Errors[0].Title
		if d := e.Errors[0].Detail; d != "" && d != message {
			message = strings.TrimSpace(message + " " + d)
		}
	case e.Message != "":
		message = e.Message
	case len(e.Data.Errors) > 0:
		message = e.Data.Errors[0].Message.Translation
	default:
		message = e.Reason
	}
	ours = len(e.Errors) > 0 || len(e.StatusCode) > 0 || len(e.Code) > 0 // a mere message may be anybody's
	// The class names in front of v1's messages say nothing to anybody.
	message = javaClass.ReplaceAllString(message, "")
	return clean(message), ours
}

var javaClass = regexp.MustCompile(`^(com|java|org)\.[A-Za-z.]+(Exception|Error): `)

// kindOf is what a status means; retry tells whether a later try may fare better.
func kindOf(status int) (retry bool, kind error) {
	switch status {
	case 401, 407:
		return false, wiki.ErrCredentials
	case 403:
		return false, wiki.ErrForbidden
	case 404:
		return false, wiki.ErrNotFound
	case 408, 425, 429:
		return true, wiki.ErrUnavailable
	case 501, 505:
		return false, wiki.ErrInvalid
	}
	if status >= 500 {
		return true, wiki.ErrUnavailable
	}
	if status >= 400 {
		return false, wiki.ErrInvalid // our request is at fault, or the call is gone (410): asking again changes nothing
	}
	return true, wiki.ErrUnavailable
}

// Package problem turns errors into what people and programs are told: an HTTP status, a title, a sentence that says
// what to do, and faults by field. It is the only place that knows which kind of error is which status; the API and the
// page of errors both show its result.
package problem

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
)

// ContentType is the media type of a Problem.
const ContentType = "application/problem+json"

// StatusClientGone is what the log says where the client went away before its answer; nobody receives it.
const StatusClientGone = 499

// Problem is an error as RFC 9457 describes it.
type Problem struct { //nolint:errname // the RFC's word
	Type      string            `json:"type" doc:"A URI that names the kind of problem; about:blank says that the status tells all." example:"about:blank"`
	Title     string            `json:"title" doc:"The kind of problem, in words."`
	Status    int               `json:"status" doc:"The HTTP status."`
	Detail    string            `json:"detail" doc:"What is wrong and what to do about it."`
	Errors    []wiki.FieldError `json:"errors,omitempty" doc:"Faults of the input, by field."`
	RequestID string            `json:"request_id,omitempty" doc:"Under this id the server's log has the request."`
	// RunID and State name the sync run that stands in the way of another.
	RunID string `json:"run_id,omitempty" doc:"The sync run that is queued or running already."`
	State string `json:"state,omitempty" doc:"The state of that run."`

	retryAfter time.Duration
}

// New returns a problem with the status's usual title.
func New(status int, detail string, fields ...wiki.FieldError) *Problem {
	return &Problem{Type: "about:blank", Title: title(status), Status: status, Detail: detail, Errors: fields}
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of the JSON form.
func (p *Problem) ContentType(string) string { return ContentType }

// GetHeaders returns what the answer's header should say besides.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", fmt.Sprint(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="sluice"`)
	}
	return h
}

// Retry sets after which time a client may try again.
func (p *Problem) Retry(after time.Duration) *Problem {
	p.retryAfter = after
	return p
}

// Internal reports whether the cause is a fault of the program or its surroundings, so that the log should have it.
func (p *Problem) Internal() bool { return p.Status >= http.StatusInternalServerError }

// From returns the problem that err is.
func From(err error) *Problem {
	var (
		known     *Problem
		invalid   *wiki.InvalidError
		throttled *auth.ThrottledError
		fromEcho  *echo.HTTPError
		tooLarge  *http.MaxBytesError
	)
	switch {
	case errors.As(err, &known):
		copied := *known
		return &copied
	case errors.As(err, &invalid):
		return New(http.StatusBadRequest, "Some of the input is wrong: "+invalid.Error(), invalid.Fields...)
	case errors.As(err, &throttled):
		wait := throttled.Wait.Round(time.Second)
		return New(http.StatusTooManyRequests, fmt.Sprintf("Too many tries. Try again in %s.", wait)).Retry(throttled.Wait)
	case errors.As(err, &tooLarge):
		return New(http.StatusRequestEntityTooLarge, fmt.Sprintf("The request's body is larger than %d bytes.", tooLarge.Limit))
	case errors.As(err, &fromEcho):
		return fromHTTPError(fromEcho)
	}
	if p := fromAuth(err); p != nil {
		return p
	}
	return fromKind(err)
}

func fromAuth(err error) *Problem {
	switch {
	case errors.Is(err, auth.ErrToken):
		return New(http.StatusUnauthorized, "The API token is unknown, revoked or expired.")
	case errors.Is(err, auth.ErrNotAllowed):
		return New(http.StatusForbidden, "Only an administrator may do this.")
	case errors.Is(err, auth.ErrSignIn):
		return New(http.StatusBadRequest, "Wrong e-mail address or password.")
	case errors.Is(err, auth.ErrSetupCode):
		return New(http.StatusBadRequest, "This is not the set-up code that the server's log shows.",
			wiki.FieldError{Field: "code", Message: "This is not the set-up code that the server's log shows."})
	case errors.Is(err, auth.ErrLink):
		return New(http.StatusGone, "This link was used, revoked, or is too old. Ask an administrator for a new one.")
	}
	return nil
}

func fromKind(err error) *Problem {
	switch {
	case errors.Is(err, context.Canceled):
		return New(StatusClientGone, "The client went away.")
	case errors.Is(err, wiki.ErrAddress):
		return New(http.StatusUnprocessableEntity, "The address does not work: "+words(err, wiki.ErrAddress),
			wiki.FieldError{Field: "base_url", Message: sentence(words(err, wiki.ErrAddress))})
	case errors.Is(err, wiki.ErrCredentials):
		return New(http.StatusUnprocessableEntity, "Confluence refuses the credentials: "+words(err, wiki.ErrCredentials),
			wiki.FieldError{Field: "api_token", Message: sentence(words(err, wiki.ErrCredentials))})
	case errors.Is(err, wiki.ErrForbidden):
		return New(http.StatusUnprocessableEntity, "The credentials work, but may not read this space: "+words(err, wiki.ErrForbidden),
			wiki.FieldError{Field: "space_key", Message: sentence(words(err, wiki.ErrForbidden))})
	case errors.Is(err, wiki.ErrConflict):
		return New(http.StatusConflict, sentence(words(err, wiki.ErrConflict)))
	case errors.Is(err, wiki.ErrNotFound):
		return New(http.StatusNotFound, "There is no such thing here, or you may not see it.")
	case errors.Is(err, wiki.ErrInvalid) && fromDatabase(err):
		return New(http.StatusBadRequest, "Some of the input holds characters that are no text.")
	case errors.Is(err, wiki.ErrInvalid):
		return New(http.StatusBadRequest, sentence(words(err, wiki.ErrInvalid)))
	case diskFull(err):
		return New(http.StatusServiceUnavailable, "The disk of the database is full. What is stored can be searched; nothing can be changed until there is space.").Retry(time.Minute)
	case errors.Is(err, search.ErrDamaged):
		return New(http.StatusServiceUnavailable, "Part of the search index cannot be read. Restart Sluice: it makes that part anew from what is stored.").Retry(time.Minute)
	case errors.Is(err, wiki.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return New(http.StatusServiceUnavailable, "Something that is needed for this does not answer now. Try again in a moment.").Retry(5 * time.Second)
	default:
		return New(http.StatusInternalServerError, "Something went wrong on the server. Its log has the cause, under the request's id.")
	}
}

func fromHTTPError(err *echo.HTTPError) *Problem {
	switch err.Code {
	case http.StatusNotFound:
		return New(err.Code, "There is nothing at this address.")
	case http.StatusMethodNotAllowed:
		return New(err.Code, "This address does not take that method.")
	}
	if detail, ok := err.Message.(string); ok && err.Code < http.StatusInternalServerError {
		return New(err.Code, detail)
	}
	return New(err.Code, title(err.Code)+".")
}

// words is the text of err for people: without the sentinel's own words at its end, and without what a database said.
func words(err, kind error) string {
	if fromDatabase(err) {
		return kind.Error()
	}
	text := strings.TrimSuffix(err.Error(), ": "+kind.Error())
	if text == "" {
		return kind.Error()
	}
	return text
}

func fromDatabase(err error) bool {
	_, ok := errors.AsType[*pgconn.PgError](err)
	return ok
}

// diskFull reports whether the database could not write for want of space (SQLSTATE disk_full).
func diskFull(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "53100"
}

// sentence makes an error text look like one.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func title(status int) string {
	switch status {
	case StatusClientGone:
		return "Client closed request"
	case http.StatusRequestEntityTooLarge:
		return "Content too large"
	case http.StatusUnprocessableEntity:
		return "Unprocessable content"
	default:
		text := http.StatusText(status)
		if text == "" {
			return "Error"
		}
		return text[:1] + strings.ToLower(text[1:])
	}
}

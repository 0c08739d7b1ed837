package confluencetest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// RateLimited answers 429 and tells to come back in so many seconds; a negative number sends no Retry-After.
func RateLimited(seconds int) Fault {
	f := Fault{status: http.StatusTooManyRequests, header: http.Header{}, body: `{"message":"Rate limit exceeded"}`}
	f.header.Set("X-Ratelimit-Remaining", "0")
	f.header.Set("Ratelimit-Reason", "confluence-burst-based")
	if seconds >= 0 {
		f.header.Set("Retry-After", strconv.Itoa(seconds))
	}
	return f
}

// RateLimitedUntil answers 429 with an HTTP date in Retry-After.
func RateLimitedUntil(at time.Time) Fault {
	f := RateLimited(-1)
	f.header.Set("Retry-After", at.UTC().Format(http.TimeFormat))
	return f
}

// Status answers with a status and a body of JSON.
func Status(status int, body string) Fault { return Fault{status: status, body: body} }

// Unavailable answers 500, 502, 503 or 504 with the body that a proxy sends.
func Unavailable(status int) Fault {
	return Fault{status: status, html: true, body: fmt.Sprintf("<html><head><title>%d %s</title></head></html>", status, http.StatusText(status))}
}

// LoginPage answers 200 with a web page, as single sign-on proxies do.
func LoginPage() Fault {
	return Fault{status: http.StatusOK, html: true, body: `<!DOCTYPE html><html><head><title>Log in - Confluence</title></head><body id="com-atlassian-confluence"><form name="loginform" action="/dologin.action"></form></body></html>`}
}

// Slow answers rightly, but only after d or when the client gives up.
func Slow(d time.Duration) Fault { return Fault{delay: d} }

// Reset cuts the connection instead of answering.
func Reset() Fault { return Fault{reset: true} }

// Truncated sends only the first n bytes of the answer.
func Truncated(n int) Fault { return Fault{truncate: n} }

// ClipLimit answers lists with at most n rows, whatever was asked.
func ClipLimit(n int) Fault { return Fault{clip: n} }

// BadCredentials treats the request as one whose credentials are refused.
func BadCredentials() Fault { return Fault{rejectAuth: true} }

// Before runs f before the request is answered: an edit in the middle of a listing.
func Before(f func()) Fault { return Fault{before: f} }

// Afterwards runs f after the request was answered.
func Afterwards(f func()) Fault { return Fault{after: f} }

// Distort changes the decoded answer before it is sent.
func Distort(change func(answer map[string]any)) Fault {
	return Fault{distort: func(answer obj, _ *http.Request) { change(answer) }}
}

// MissingFields removes the fields from the answer, or from each of its rows where it is a list.
func MissingFields(names ...string) Fault {
	return Distort(func(answer map[string]any) {
		targets := rows(answer)
		if targets == nil {
			targets = []any{answer}
		}
		for _, t := range targets {
			if row, ok := t.(obj); ok {
				for _, name := range names {
					delete(row, name)
				}
			}
		}
	})
}

// RepeatedCursor makes the next link point to the same page for ever.
func RepeatedCursor() Fault {
	return Fault{distort: func(answer obj, r *http.Request) {
		links, _ := answer["_links"].(obj)
		if next, ok := links["next"].(string); ok && r.URL.Query().Has("cursor") {
			links["next"] = replaceQuery(next, "cursor", r.URL.Query().Get("cursor"))
		}
	}}
}

// EmptyPage takes all rows from the answer and leaves the next link.
func EmptyPage() Fault {
	return Distort(func(answer map[string]any) {
		if rows(answer) != nil {
			answer["results"] = []any{}
			if _, v1 := answer["size"]; v1 {
				answer["size"] = 0
			}
		}
	})
}

// Duplicates repeats every row of the answer.
func Duplicates() Fault {
	return Distort(func(answer map[string]any) {
		if all := rows(answer); all != nil {
			answer["results"] = append(append([]any{}, all...), all...)
		}
	})
}

// DropRows removes rows from the answer: those for which drop says so.
func DropRows(drop func(row map[string]any) bool) Fault {
	return Distort(func(answer map[string]any) {
		var keep []any
		for _, r := range rows(answer) {
			if row, ok := r.(obj); !ok || !drop(row) {
				keep = append(keep, r)
			}
		}
		if rows(answer) != nil {
			answer["results"] = append([]any{}, keep...)
		}
	})
}

func rows(answer obj) []any {
	all, _ := answer["results"].([]any)
	return all
}

type faultKey struct{}

// misbehave applies faults that answer instead of the site; it reports whether it did. Others are kept with the
// request for the answer.
func (s *Site) misbehave(w http.ResponseWriter, r *http.Request, inFlight int64) bool {
	b := s.settings()
	switch {
	case b.Outage:
		answerWith(w, Unavailable(http.StatusServiceUnavailable))
		return true
	case b.MaxInFlight > 0 && inFlight > int64(b.MaxInFlight):
		answerWith(w, RateLimited(1))
		return true
	}
	f := s.findFault(r)
	if f == nil {
		return false
	}
	if f.before != nil {
		f.before()
	}
	if f.delay > 0 {
		select {
		case <-time.After(f.delay):
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case f.reset:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
			return true
		}
		panic(http.ErrAbortHandler)
	case f.status != 0:
		answerWith(w, *f)
		return true
	}
	if f.rejectAuth {
		r.Header.Set("Authorization", "")
	}
	*r = *r.WithContext(context.WithValue(r.Context(), faultKey{}, f))
	return false
}

func answerWith(w http.ResponseWriter, f Fault) {
	maps.Copy(w.Header(), f.header)
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if f.html {
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write([]byte(f.body))
}

func faultOf(r *http.Request) *Fault {
	f, _ := r.Context().Value(faultKey{}).(*Fault)
	return f
}

// distort applies a fault that changes the answer.
func (s *Site) distort(c *caller, answer any) any {
	f := faultOf(c.Request)
	object, ok := answer.(obj)
	if f != nil && f.distort != nil && ok {
		f.distort(object, c.Request)
	}
	return answer
}

func (s *Site) truncation(c *caller) int {
	if f := faultOf(c.Request); f != nil {
		return f.truncate
	}
	return 0
}

func (s *Site) takeAfter(r *http.Request) func() {
	if f := faultOf(r); f != nil {
		return f.after
	}
	return nil
}

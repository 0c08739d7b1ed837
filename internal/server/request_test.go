package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/wiki"
)

func TestEveryErrorOfTheAPIIsAProblem(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	large := `{"name":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		field, detail            string
	}{
		{"no such call", "GET", "/api/nope", "", nil, 404, "", "nothing at this address"},
		{"another method", "PUT", "/api/me", "", nil, 405, "", "does not take that method"},
		{"an invented method", "FETCH", "/api/me", "", nil, 405, "", "method"},
		{"a form", "POST", "/api/tokens", "name=x", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "", "Content-Type: application/json"},
		{"too large", "POST", "/api/tokens", large, nil, 413, "", "large"},
		{"half a body", "POST", "/api/tokens", `{"name":`, nil, 400, "body", "not JSON"},
		{"no body", "POST", "/api/tokens", "", nil, 400, "", "body is missing"},
		{"a list", "POST", "/api/tokens", "[]", nil, 400, "body", ""},
		{"another type", "POST", "/api/tokens", `{"name":5}`, nil, 400, "name", ""},
		{"a field that is not there", "POST", "/api/tokens", `{"name":"x","nome":"y"}`, nil, 400, "nome", "There is no such field"},
		{"a field that is missing", "POST", "/api/tokens", `{}`, nil, 400, "name", "This is required"},
		{"a value that is not allowed", "POST", "/api/tokens", `{"name":"x","role":"god"}`, nil, 400, "role", ""},
		{"a day that is none", "POST", "/api/tokens", `{"name":"x","expires_at":"tomorrow"}`, nil, 400, "expires_at", ""},
		{"NUL in a field", "POST", "/api/tokens", `{"name":"a\u0000b"}`, nil, 400, "name", "no text"},
		{"NUL in the address", "GET", "/api/users/%00", "", nil, 400, "user_id", "no text"},
		{"broken UTF-8 in the query", "GET", "/api/audit?actor=%ff", "", nil, 400, "actor", "no text"},
		{"a limit that is no number", "GET", "/api/users?limit=many", "", nil, 400, "limit", ""},
		{"a limit that is too large", "GET", "/api/users?limit=501", "", nil, 400, "limit", ""},
		{"a scheme that is not taken", "GET", "/api/me", "", []string{"Authorization", "Basic YTpi"}, 401, "", "Bearer TOKEN"},
		{"a bad token", "GET", "/api/me", "", []string{"Authorization", "Bearer slc_x"}, 401, "", "unknown, revoked or expired"},
		{"a fault of the program", "GET", "/api/tokens", "", nil, 500, "", "Something went wrong"},
	} {
		headers := c.headers
		if len(headers) == 0 || headers[0] != "Authorization" {
			headers = append([]string{"Authorization", "Bearer " + adminToken}, headers...)
		}
		if len(c.headers) == 0 {
			headers = append(headers, "Content-Type", "application/json")
		}
		w := s.ask(c.method, c.path, c.body, headers...)
		var p struct {
			Type, Title, Detail string
			Status              int
			Errors              []wiki.FieldError
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s: %.200s", c.name, w.Header().Get("Content-Type"), w.Body)
			continue
		}
		if w.Code != c.status || p.Status != c.status || p.Title == "" || p.Type == "" {
			t.Errorf("%s: status %d, want %d: %+v", c.name, w.Code, c.status, p)
		}
		if !strings.Contains(w.Body.String(), c.detail) {
			t.Errorf("%s: %q is not said: %s", c.name, c.detail, w.Body)
		}
		if (c.field == "") != (len(p.Errors) == 0) || c.field != "" && p.Errors[0].Field != c.field {
			t.Errorf("%s: fields %+v, want %q", c.name, p.Errors, c.field)
		}
		if c.status == 401 && w.Header().Get("WWW-Authenticate") == "" || c.status == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s: header %v", c.name, w.Header())
		}
	}
}

func TestTheLogHasTheCauseAndTheClientDoesNot(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	w := s.call(adminToken, http.MethodGet, "/api/tokens", "")
	id := w.Header().Get("X-Request-Id")
	if w.Code != http.StatusInternalServerError || id == "" || !strings.Contains(w.Body.String(), id) || strings.Contains(w.Body.String(), "secret of a panic") {
		t.Errorf("%d %s %s", w.Code, id, w.Body)
	}
	logged := false
	for line := range strings.Lines(s.log.String()) {
		logged = logged || strings.Contains(line, "secret of a panic") && strings.Contains(line, id) && strings.Contains(line, "fixtures_test.go")
	}
	if !logged {
		t.Errorf("the log lacks the cause, its place, or the request's id:\n%s", s.log)
	}
}

func TestRequestIDsAreKeptWhereTheyLookLikeOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for id, kept := range map[string]bool{
		"0123456789abcdef": true, "A-b_c-12": true, "short": false, strings.Repeat("x", 65): false, "<script>alert(1)</script>": false, "abc def ghi": false, "": false,
	} {
		got := s.ask(http.MethodGet, "/healthz", "", "X-Request-Id", id).Header().Get("X-Request-Id")
		if (got == id) != kept || got == "" {
			t.Errorf("%q becomes %q", id, got)
		}
	}
}

func TestSecretsInAddressesAreNotLogged(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.ask(http.MethodGet, "/invitation/verysecretlink", "")
	s.ask(http.MethodGet, "/reset-password/verysecretlink", "")
	s.ask(http.MethodGet, "/?q=verysecretquery", "")
	if logged := s.log.String(); strings.Contains(logged, "verysecret") || !strings.Contains(logged, "/invitation/:secret") {
		t.Errorf("the log:\n%s", logged)
	}
}

func TestFormsThatAreNoTextOrTooLarge(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
	}{
		{"NUL in a form", "POST", "/sign-in", "email=%00&password=x", form, 400},
		{"broken UTF-8 in a form", "POST", "/sign-in", "email=a%ffb&password=x", form, 400},
		{"NUL in a field's name", "POST", "/sign-in", "em%00ail=x", form, 400},
		{"half an escape", "POST", "/sign-in", "email=%4", form, 400},
		{"a large form", "POST", "/sign-in", "email=" + strings.Repeat("a", 2<<20), form, 413},
		{"a large upload", "POST", "/sign-in", "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("a", 2<<20) + "\r\n--x--\r\n", []string{"Content-Type", "multipart/form-data; boundary=x"}, 413},
		{"an upload without an end", "POST", "/sign-in", "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nabc", []string{"Content-Type", "multipart/form-data; boundary=x"}, 400},
		{"NUL in the query", "GET", "/?q=%00", "", nil, 400},
		{"NUL in the path", "GET", "/sources/%00", "", nil, 404},
	} {
		w := s.ask(c.method, c.path, c.body, c.headers...)
		if w.Code != c.status || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: status %d, want %d (%s)", c.name, w.Code, c.status, w.Header().Get("Content-Type"))
		}
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	ask := func(method, path string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+adminToken)
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(body)
	}
	for _, path := range []string{"/healthz", "/metrics", "/sign-in", "/api/me", "/openapi.json", "/docs", "/api/nope", "/nope"} {
		get, _ := ask(http.MethodGet, path)
		head, body := ask(http.MethodHead, path)
		if head.StatusCode != get.StatusCode || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") || head.Header.Get("ETag") != get.Header.Get("ETag") || body != "" {
			t.Errorf("HEAD %s: %d %v with %d bytes, GET %d %v", path, head.StatusCode, head.Header, len(body), get.StatusCode, get.Header)
		}
	}
}

func TestNotReadyIsAProblemWithoutTheCause(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *Options) {
		o.Ready = func(context.Context) error { return errors.New("postgres://user:hunter2@db is away") }
	})
	w := s.ask(http.MethodGet, "/readyz", "")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

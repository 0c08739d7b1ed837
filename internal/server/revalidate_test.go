package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestAnswersThatDidNotChangeAreNotSentAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	body := `{"took_ms":1.25,"total":3}`
	s.echo.GET("/api/test", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/json", []byte(body)) })
	first := s.call(readerToken, http.MethodGet, "/api/test", "")
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || tag == "" || first.Body.String() != body {
		t.Fatalf("%d %q %s", first.Code, tag, first.Body)
	}
	if vary := strings.Join(first.Header().Values("Vary"), ","); !strings.Contains(vary, "Authorization") || first.Header().Get("Cache-Control") != "private, no-cache" {
		t.Errorf("a shared cache might keep it: %v", first.Header())
	}
	for name, c := range map[string]struct {
		match, body string
		status      int
	}{
		"the same":            {tag, body, http.StatusNotModified},
		"as a strong tag":     {strings.TrimPrefix(tag, "W/"), body, http.StatusNotModified},
		"one of several":      {`"x", ` + tag, body, http.StatusNotModified},
		"any":                 {"*", body, http.StatusNotModified},
		"only slower":         {tag, `{"took_ms":9.5,"total":3}`, http.StatusNotModified},
		"another answer":      {tag, `{"took_ms":1.25,"total":4}`, http.StatusOK},
		"another tag":         {`"x"`, body, http.StatusOK},
		"part of the tag":     {tag[:len(tag)-2] + `"`, body, http.StatusOK},
		"nothing to compare ": {"", body, http.StatusOK},
	} {
		body = c.body
		w := s.call(readerToken, http.MethodGet, "/api/test", "", "If-None-Match", c.match)
		if w.Code != c.status || (w.Body.Len() == 0) != (c.status == http.StatusNotModified) || w.Header().Get("ETag") == "" {
			t.Errorf("%s: status %d with %d bytes", name, w.Code, w.Body.Len())
		}
	}
	if w := s.call(readerToken, http.MethodGet, "/api/nope", "", "If-None-Match", "*"); w.Code != http.StatusNotFound || w.Header().Get("ETag") != "" {
		t.Errorf("an error: %d, tag %q", w.Code, w.Header().Get("ETag"))
	}
	if w := s.call(readerToken, http.MethodPost, "/api/tokens", `{"name":"x"}`, "If-None-Match", "*"); w.Code != http.StatusCreated || w.Header().Get("ETag") != "" {
		t.Errorf("a POST: %d, tag %q", w.Code, w.Header().Get("ETag"))
	}
}

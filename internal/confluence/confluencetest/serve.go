package confluencetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// caller is one request as the handlers see it.
type caller struct {
	*http.Request
	user    *User
	site    *Site
	base    string // scheme, host and context path for people: "http://127.0.0.1:1/wiki"
	gateway bool
	v2      bool
}

type obj = map[string]any

// handler answers a request with something that becomes JSON, or with an error.
type handler func(*caller) (any, error)

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	for peak := s.peak.Load(); at > peak && !s.peak.CompareAndSwap(peak, at); peak = s.peak.Load() {
	}
	counted := &countingWriter{ResponseWriter: w, status: http.StatusOK}
	started := s.now()
	counted.Header().Set("Date", started.Format(http.TimeFormat))
	endpoint := "unknown"
	defer func() { s.count(r, endpoint, counted, started) }()

	path, gateway, ok := s.stripBase(r.URL.Path)
	if !ok {
		http.NotFound(counted, r)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = path, ""
	if mux, ok := s.api.(*http.ServeMux); ok {
		_, endpoint = mux.Handler(inner)
	}
	if s.misbehave(counted, inner, at) {
		return
	}
	c := &caller{
		Request: inner, site: s, gateway: gateway, v2: strings.HasPrefix(path, "/api/v2/"),
		base: "http://" + r.Host + s.options.ContextPath,
	}
	s.api.ServeHTTP(counted, inner.WithContext(context.WithValue(inner.Context(), callerKey{}, c)))
	if after := s.takeAfter(inner); after != nil {
		after()
	}
}

type callerKey struct{}

// stripBase returns the path under the context path.
func (s *Site) stripBase(path string) (rest string, gateway, ok bool) {
	if !s.options.DataCenter {
		switch {
		case strings.HasPrefix(path, "/_edge/"), strings.HasPrefix(path, "/_media/"):
			return path, false, true
		case path == "/", strings.HasPrefix(path, "/browse/"):
			return path, false, true
		}
		if rest, ok := strings.CutPrefix(path, "/ex/confluence/"+s.options.CloudID); ok {
			path, gateway = rest, true
		}
	}
	rest, ok = strings.CutPrefix(path, s.options.ContextPath)
	if rest == "" {
		rest = "/"
	}
	return rest, gateway, ok && strings.HasPrefix(rest, "/")
}

// respond makes an http.Handler of a handler: who is it, may they, what is the answer, which faults change it.
func (s *Site) respond(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(callerKey{}).(*caller)
		c.Request = r
		answer, err := s.answer(c, h)
		status := http.StatusOK
		if err != nil {
			var failure *failure
			failure, answer = asFailure(c, err)
			status = failure.status
			if failure.html != "" {
				w.Header().Set("Content-Type", "text/html;charset=UTF-8")
				w.WriteHeader(status)
				_, _ = w.Write([]byte(failure.html))
				return
			}
		}
		if status == http.StatusOK {
			answer = s.distort(c, answer)
			if page, ok := answer.(obj); ok {
				addLinkHeader(w, c, page)
			}
		}
		body, err := encode(answer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.Header().Set("Atl-Request-Id", fmt.Sprintf("%016x", s.turn.Add(1)))
		if s.options.DataCenter {
			addRateHeaders(w.Header())
		}
		if n := s.truncation(c); n > 0 && n < len(body) {
			body = body[:n]
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

// addRateHeaders tells, as Data Center does with every answer, how many requests are left; Retry-After is there too, with
// nothing to wait for.
func addRateHeaders(h http.Header) {
	for name, value := range map[string]string{
		"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "999", "X-RateLimit-FillRate": "100",
		"X-RateLimit-Interval-Seconds": "1", "Retry-After": "0",
	} {
		h.Set(name, value)
	}
}

// encode writes JSON as Confluence does: markup is not escaped.
func encode(answer any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(answer); err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func (s *Site) answer(c *caller, h handler) (any, error) {
	if err := s.admit(c); err != nil {
		return nil, err
	}
	s.refreshIndex()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return h(c)
}

// admit finds out who calls.
func (s *Site) admit(c *caller) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	key := credential(c.Request, s.options.DataCenter)
	if s.scoped[key] && !c.gateway {
		return &failure{status: http.StatusUnauthorized, html: "<!doctype html><html><head><title>HTTP Status 401 – Unauthorized</title></head></html>"}
	}
	c.user = s.users[s.secrets[key]]
	if c.user == nil || c.user.Inactive {
		return s.refused(c)
	}
	if scopes := s.behaviour.Scopes; scopes != nil {
		if name := map[bool]string{true: "v2", false: "v1"}[c.v2]; !scopes[name] {
			return &failure{status: http.StatusUnauthorized, raw: obj{"code": 401, "message": "Unauthorized; scope does not match"}}
		}
	}
	return nil
}

// credential is the key into secrets.
func credential(r *http.Request, dataCenter bool) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return "bearer " + rest
	}
	raw, err := base64.StdEncoding.DecodeString(rest)
	if !strings.EqualFold(scheme, "Basic") || err != nil {
		return ""
	}
	name, token, _ := strings.Cut(string(raw), ":")
	if !dataCenter && !strings.Contains(name, "@") {
		return "" // Cloud knows people by e-mail alone
	}
	return "basic " + strings.ToLower(name) + ":" + token
}

// addLinkHeader repeats _links.next as a header, as v2 does.
func addLinkHeader(w http.ResponseWriter, c *caller, page obj) {
	links, _ := page["_links"].(obj)
	next, _ := links["next"].(string)
	if c.v2 && next != "" {
		w.Header().Set("Link", fmt.Sprintf("<%s>; rel=\"next\", <%s>; rel=\"base\"", next, c.base))
	}
}

// Serve serves the site on a free loopback port until the context ends, and returns the address to give to a client:
// scheme, host and context path.
func (s *Site) Serve(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for the simulated Confluence: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return "http://" + listener.Addr().String() + s.options.ContextPath, nil
}

// TB is what Start needs of testing.TB, which this package must not import because the program links it.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start serves the site until the test ends and returns its address.
func (s *Site) Start(t TB) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(cancel)
	address, err := s.Serve(ctx)
	if err != nil {
		t.Fatalf("start the simulated Confluence: %v", err)
	}
	return address
}

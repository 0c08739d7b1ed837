package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheClientIsTheLastOneThatNoTrustedProxyNames(t *testing.T) {
	t.Parallel()
	trusted, err := parseProxies([]string{"10.0.0.0/8", "2001:db8::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.5:1234", nil, "203.0.113.5"},
		{"a client that claims to be forwarded", "203.0.113.5:1234", []string{"198.51.100.1"}, "203.0.113.5"},
		{"one proxy", "10.0.0.1:1234", []string{"198.51.100.1"}, "198.51.100.1"},
		{"what the client put in front does not count", "10.0.0.1:1234", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1234", []string{"1.1.1.1, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"several headers", "10.0.0.1:1234", []string{"1.1.1.1", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"only proxies", "10.0.0.1:1234", []string{"10.0.0.9"}, "10.0.0.9"},
		{"nothing forwarded", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"rubbish", "10.0.0.1:1234", []string{"<script>"}, "10.0.0.1"},
		{"rubbish behind an address", "10.0.0.1:1234", []string{"198.51.100.1, x"}, "10.0.0.1"},
		{"IPv6", "[2001:db8::1]:1234", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a zone", "[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"a socket", "@", []string{"198.51.100.1"}, "::"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := trusted.clientAddress(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, bad := range []string{"proxy.example", "10.0.0.0/33", ""} {
		if _, err := parseProxies([]string{bad}); err == nil {
			t.Errorf("%q is taken for a proxy", bad)
		}
	}
}

func TestWhoIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, base string
		hosts      []string
		host, path string
		want       int
	}{
		{"no base URL: any", "", nil, "anything.example", "/sign-in", http.StatusOK},
		{"the base URL's", "https://search.example", nil, "search.example", "/sign-in", http.StatusOK},
		{"in capitals, with a port", "https://search.example", nil, "SEARCH.example:443", "/sign-in", http.StatusOK},
		{"this machine", "https://search.example", nil, "127.0.0.1:8080", "/sign-in", http.StatusOK},
		{"this machine, IPv6", "https://search.example", nil, "[::1]:8080", "/sign-in", http.StatusOK},
		{"another", "https://search.example", nil, "evil.example", "/sign-in", http.StatusMisdirectedRequest},
		{"a name that ends alike", "https://search.example", nil, "evilsearch.example", "/sign-in", http.StatusMisdirectedRequest},
		{"a longer name", "https://search.example", nil, "search.example.evil.example", "/sign-in", http.StatusMisdirectedRequest},
		{"another, to the API", "https://search.example", nil, "evil.example", "/api/me", http.StatusMisdirectedRequest},
		{"another, to MCP", "https://search.example", nil, "evil.example", "/mcp", http.StatusMisdirectedRequest},
		{"a probe", "https://search.example", nil, "10.1.2.3", "/healthz", http.StatusOK},
		{"the listed ones", "", []string{"a.example", "b.example"}, "b.example", "/sign-in", http.StatusOK},
		{"none of the listed", "", []string{"a.example", "b.example"}, "c.example", "/sign-in", http.StatusMisdirectedRequest},
		{"this machine, not listed", "", []string{"a.example"}, "127.0.0.1", "/sign-in", http.StatusMisdirectedRequest},
	} {
		s := newSite(t, func(o *Options) { o.BaseURL, o.Hosts = c.base, c.hosts })
		if w := s.ask(http.MethodGet, c.path, "", "Host", c.host); w.Code != c.want {
			t.Errorf("%s: %s%s: status %d, want %d", c.name, c.host, c.path, w.Code, c.want)
		} else if strings.Contains(w.Body.String(), "evil") {
			t.Errorf("%s: the answer repeats the name", c.name)
		}
	}
}

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *Options) { o.Proxies, o.Hosts = []string{"10.0.0.1"}, []string{"search.example"} })
	for _, c := range []struct {
		name, from, host, forwardedHost, proto string
		status                                 int
		secure                                 bool
	}{
		{"a proxy", "10.0.0.1:1", "backend", "search.example", "https", http.StatusSeeOther, true},
		{"a proxy, plain", "10.0.0.1:1", "backend", "search.example", "http", http.StatusSeeOther, false},
		{"a proxy that names another host", "10.0.0.1:1", "search.example", "evil.example", "https", http.StatusMisdirectedRequest, false},
		{"a client that claims the host", "203.0.113.5:1", "evil.example", "search.example", "https", http.StatusMisdirectedRequest, false},
		{"a client that claims https", "203.0.113.5:1", "search.example", "", "https", http.StatusSeeOther, false},
	} {
		headers := []string{"From", c.from, "Host", c.host, "X-Forwarded-Proto", c.proto, "Content-Type", "application/x-www-form-urlencoded"}
		if c.forwardedHost != "" {
			headers = append(headers, "X-Forwarded-Host", c.forwardedHost)
		}
		w := s.ask(http.MethodPost, "/sign-in", "email=ada@example.org&password=correct+horse+battery+staple", headers...)
		cookie := w.Header().Get("Set-Cookie")
		if w.Code != c.status || strings.Contains(cookie, "Secure") != c.secure {
			t.Errorf("%s: status %d, cookie %q", c.name, w.Code, cookie)
		}
		if w.Code == http.StatusSeeOther && (!strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax")) {
			t.Errorf("%s: cookie %q", c.name, cookie)
		}
	}
}

func TestEveryAnswerCarriesTheHeadersThatMakeBrowsersCareful(t *testing.T) {
	t.Parallel()
	for base, hsts := range map[string]string{"": "", "http://search.example": "", "https://search.example": "max-age=31536000; includeSubDomains"} {
		s := newSite(t, func(o *Options) { o.BaseURL = base })
		for _, path := range []string{"/sign-in", "/", "/nope", "/api/me", "/api/nope", "/mcp", "/healthz", "/metrics", "/openapi.json", "/docs", "/static/nope"} {
			w := s.ask(http.MethodGet, path, "", "Host", "localhost")
			for name, want := range map[string]string{
				"Content-Security-Policy": Policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
				"Strict-Transport-Security": hsts, "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("base %q, %s: %s is %q, want %q", base, path, name, got, want)
				}
			}
		}
	}
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(Policy, part) {
			t.Errorf("the policy lacks %s", part)
		}
	}
	if strings.Contains(Policy, "unsafe") || strings.Contains(Policy, "*") {
		t.Errorf("the policy is loose: %s", Policy)
	}
}

func TestOtherSitesPagesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *Options) { o.BaseURL = "https://search.example" })
	for _, c := range []struct {
		name, method, path string
		headers            []string
		refused            bool
	}{
		{"a program", http.MethodPost, "/api/tokens", nil, false},
		{"our page", http.MethodPost, "/sign-out", []string{"Sec-Fetch-Site", "same-origin"}, false},
		{"typed into the address bar", http.MethodPost, "/sign-out", []string{"Sec-Fetch-Site", "none"}, false},
		{"our page in an old browser", http.MethodPost, "/sign-out", []string{"Origin", "https://search.example"}, false},
		{"another site", http.MethodPost, "/sign-out", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"a sister site", http.MethodPost, "/sign-out", []string{"Sec-Fetch-Site", "same-site"}, true},
		{"another site in an old browser", http.MethodPost, "/sign-out", []string{"Origin", "https://evil.example"}, true},
		{"a sandboxed frame", http.MethodPost, "/sign-out", []string{"Origin", "null"}, true},
		{"another site signs in", http.MethodPost, "/sign-in", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"another site deletes", http.MethodDelete, "/api/users/usr_x", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"another site speaks to agents' tools", http.MethodPost, "/mcp", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"another site's link", http.MethodGet, "/sign-in", []string{"Sec-Fetch-Site", "cross-site"}, false},
	} {
		w := s.ask(c.method, c.path, "", append([]string{"Host", "search.example"}, c.headers...)...)
		if (w.Code == http.StatusForbidden) != c.refused {
			t.Errorf("%s: %s %s: status %d", c.name, c.method, c.path, w.Code)
		}
	}
}

// TestSlowClientsAreLetGo sends a header drop by drop. It takes as long as the server's patience.
func TestSlowClientsAreLetGo(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	h := s.patient(t.Context())
	for name, limit := range map[string]int64{
		"header": int64(h.ReadHeaderTimeout), "body": int64(h.ReadTimeout), "answer": int64(h.WriteTimeout), "idle": int64(h.IdleTimeout), "size of the header": int64(h.MaxHeaderBytes),
	} {
		if limit <= 0 {
			t.Errorf("no limit of %s", name)
		}
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = h
	server.Start()
	t.Cleanup(server.Close)
	dripping(t, server.Listener.Addr().String(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n", "X-Slow: 1\r\n")
}

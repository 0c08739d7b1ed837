package confluence

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicehq/sluice/internal/outbound"
	"github.com/sluicehq/sluice/internal/wiki"
)

const loginPage = `<!DOCTYPE html><html><head><title>Log in</title></head></html>`

func TestKindsOfAnswers(t *testing.T) {
	t.Parallel()
	html := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(loginPage))
		}
	}
	plain := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answer(w, status, body) }
	}
	for _, tt := range []struct {
		name   string
		h      http.HandlerFunc
		me     error // of the first question who we are
		node   error // of another call, once the site is known
		tries  int   // of that call
		within string
	}{
		{"bad token", plain(401, `{"code":401,"message":"Unauthorized"}`), wiki.ErrCredentials, wiki.ErrCredentials, 1, "token"},
		{"missing scope", plain(401, `{"code":401,"message":"Unauthorized; scope does not match"}`), wiki.ErrCredentials, wiki.ErrCredentials, 1, "scope"},
		{"scoped token at the site", html(401), wiki.ErrCredentials, wiki.ErrCredentials, 1, "api.atlassian.com/ex/confluence"},
		{"no access to Confluence", plain(403, `{"statusCode":403,"message":"Current user not permitted to use Confluence"}`), wiki.ErrCredentials, wiki.ErrCredentials, 1, "not permitted"},
		{"forbidden", plain(403, `{"statusCode":403,"message":"No."}`), wiki.ErrCredentials, wiki.ErrForbidden, 1, "No."},
		{"not found", plain(404, `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Cannot find a page with id [9]","detail":null}]}`), wiki.ErrCredentials, wiki.ErrNotFound, 1, "id [9]"},
		{"nothing there", html(404), wiki.ErrAddress, wiki.ErrUnavailable, 5, "not Confluence's"},
		{"login page", html(200), wiki.ErrAddress, wiki.ErrUnavailable, 5, "no JSON"},
		{"somebody else's JSON", plain(200, `{"hello":"world"}`), wiki.ErrAddress, wiki.ErrUnavailable, 5, "broken"},
		{"cut off", plain(200, `{"id":"9","ti`), wiki.ErrAddress, wiki.ErrUnavailable, 5, "cut off"},
		{"bad request", plain(400, `{"statusCode":400,"message":"com.atlassian.confluence.api.service.exceptions.BadRequestException: No field exists with the name: 'status'"}`), wiki.ErrInvalid, wiki.ErrInvalid, 1, ": No field exists"},
		{"somebody else's error", plain(404, `{"message":"Not Found","documentation_url":"https://docs.example.com"}`), wiki.ErrAddress, wiki.ErrUnavailable, 5, "not Confluence's"},
		{"gone", plain(410, `{"statusCode":410,"message":"This deprecated endpoint has been removed."}`), wiki.ErrInvalid, wiki.ErrInvalid, 1, "removed"},
		{"broken", plain(500, `{"errors":[{"status":500,"title":"Internal Server Error"}]}`), wiki.ErrUnavailable, wiki.ErrUnavailable, 5, "Internal Server Error"},
		{"proxy", html(502), wiki.ErrUnavailable, wiki.ErrUnavailable, 5, "502"},
		{"too fast", plain(429, `{}`), wiki.ErrUnavailable, wiki.ErrUnavailable, 5, "too many requests"},
		{"token in the message", plain(400, `{"statusCode":400,"message":"<b>bad</b> header `+testToken+`\n\u001b[31m x"}`), wiki.ErrInvalid, wiki.ErrInvalid, 1, "bad header …"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := serve(t, wiki.Cloud, tt.h).Me(t.Context())
			if !errors.Is(err, tt.me) {
				t.Errorf("first Me = %v, want %v", err, tt.me)
			}
			tries := 0
			c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
				if isMe(w, r) {
					return
				}
				tries++
				tt.h(w, r)
			})
			if _, _, err := c.Me(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = c.Node(t.Context(), "9", "page")
			var api *APIError
			switch {
			case !errors.Is(err, tt.node) || !errors.As(err, &api):
				t.Fatalf("Node = %v, want %v", err, tt.node)
			case tries != tt.tries:
				t.Errorf("%d tries, want %d", tries, tt.tries)
			case !strings.Contains(err.Error(), tt.within):
				t.Errorf("error %q does not contain %q", err, tt.within)
			case strings.Contains(err.Error(), testToken) || strings.ContainsAny(err.Error(), "<\n\x1b"):
				t.Errorf("error %q is not clean", err)
			case api.Method != http.MethodGet || api.Path != "/wiki/api/v2/pages/9":
				t.Errorf("error names %s %s", api.Method, api.Path)
			}
			if u := c.Usage(); u.Retries != tt.tries-1 || u.Errors < tt.tries || u.Bytes == 0 || u.Calls < tries+1 {
				t.Errorf("usage %+v after %d tries", u, tries)
			}
		})
	}
}

// A revoked token makes v2 answer as if the page had never been.
func TestBare404AsksWhoWeAre(t *testing.T) {
	t.Parallel()
	for _, revoked := range []bool{false, true} {
		c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/user/current") && revoked:
				answer(w, 403, `{"statusCode":403,"message":"Current user not permitted to use Confluence"}`)
			case isMe(w, r):
			default:
				answer(w, 404, `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`)
			}
		})
		_, err := c.Node(t.Context(), "9", "page")
		if want := map[bool]error{false: wiki.ErrNotFound, true: wiki.ErrCredentials}[revoked]; !errors.Is(err, want) {
			t.Errorf("revoked %v: Node = %v, want %v", revoked, err, want)
		}
	}
}

// A token without the scope for people still reads pages: that is no reason to end a sync.
func TestUsersWithoutScope(t *testing.T) {
	t.Parallel()
	for _, revoked := range []bool{false, true} {
		c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
			if revoked || !isMe(w, r) {
				answer(w, 401, `{"code":401,"message":"Unauthorized; scope does not match"}`)
			}
		})
		_, err := c.Users(t.Context(), []string{"a1"})
		if want := map[bool]error{false: wiki.ErrForbidden, true: wiki.ErrCredentials}[revoked]; !errors.Is(err, want) {
			t.Errorf("revoked %v: Users = %v, want %v", revoked, err, want)
		}
	}
}

func TestVisitorIsNotKnown(t *testing.T) {
	t.Parallel()
	c := serve(t, wiki.DataCenter, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"type":"anonymous","displayName":"Anonymous"}`)
	})
	if _, _, err := c.Me(t.Context()); !errors.Is(err, wiki.ErrCredentials) {
		t.Errorf("Me = %v, want ErrCredentials", err)
	}
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
		if !isMe(w, r) {
			answer(w, 200, `{"id":"9","title":"`+strings.Repeat("x", 4096)+`"}`)
		}
	})
	c.options.MaxBody = 1024
	_, err := c.Node(t.Context(), "9", "page")
	if !errors.Is(err, wiki.ErrUnavailable) || !strings.Contains(err.Error(), "larger than") || c.Usage().Calls != 1 {
		t.Errorf("Node = %v after %d calls, want one that is too large", err, c.Usage().Calls)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		kind  error
		tries int
	}{
		"no such host":     {&net.DNSError{Err: "no such host", Name: "acme", IsNotFound: true}, wiki.ErrAddress, 1},
		"name server down": {&net.DNSError{Err: "server misbehaving", Name: "acme", IsTemporary: true}, wiki.ErrUnavailable, 5},
		"refused":          {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, wiki.ErrUnavailable, 5},
		"private address":  {&net.OpError{Op: "dial", Net: "tcp", Err: &outbound.RefusedError{Addr: netip.MustParseAddr("10.0.0.1")}}, wiki.ErrAddress, 1},
		"unknown CA":       {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, wiki.ErrAddress, 1},
		"plain HTTP":       {errors.New("http: server gave HTTP response to HTTPS client"), wiki.ErrAddress, 1},
		"redirect":         {outbound.ErrRedirect, wiki.ErrAddress, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := NewPool(Options{Backoff: 1, HTTP: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, tt.err })}})
			c := connect(t, pool, "https://acme.example.com", wiki.Cloud)
			_, _, err := c.Me(t.Context())
			if !errors.Is(err, tt.kind) || strings.Contains(err.Error(), "https://acme") || c.Usage().Calls != tt.tries {
				t.Errorf("Me = %v after %d calls; want %v after %d", err, c.Usage().Calls, tt.kind, tt.tries)
			}
		})
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	for d, want := range map[wiki.Deployment]string{
		wiki.Cloud: "Basic Ym90QGV4YW1wbGUuY29tOnRvcC1zZWNyZXQtdG9rZW4=", wiki.DataCenter: "Bearer " + testToken,
	} {
		c := serve(t, d, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != want || r.Header.Get("User-Agent") != "sluice" || r.Header.Get("Accept") != "application/json" {
				t.Errorf("%s: headers %v", d, r.Header)
			}
			isMe(w, r)
		})
		if _, _, err := c.Me(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestGatewayLinksArePeoples(t *testing.T) {
	t.Parallel()
	c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/ex/confluence/0c7a/wiki/api/v2/spaces") {
			t.Errorf("unexpected path %s", r.URL.Path)
		}
		answer(w, 200, `{"results":[{"id":"7","key":"ENG","name":"Eng","_links":{"webui":"/spaces/ENG"}}],"_links":{"base":"https://acme.atlassian.net/wiki"}}`)
	})
	pool := NewPool(c.options)
	c = connect(t, pool, strings.TrimSuffix(c.base, "/wiki")+"/ex/confluence/0c7a/wiki/", wiki.Cloud)
	space, err := c.Space(t.Context(), "eng")
	if err != nil || space.URL != "https://acme.atlassian.net/wiki/spaces/ENG" {
		t.Errorf("Space = %+v, %v", space, err)
	}
}

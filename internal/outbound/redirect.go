package outbound

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxRedirects is how many redirects of one request are followed.
const maxRedirects = 5

// ErrRedirect: the server redirects in a way that is not followed.
var ErrRedirect = errors.New("redirect not followed")

// checkRedirect decides on the next request of a chain. Once a chain has left the first host, nothing that could be
// secret goes along any more, not even back to it.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects: %w", maxRedirects, ErrRedirect)
	}
	first, last := via[0], via[len(via)-1]
	if scheme := req.URL.Scheme; scheme != "https" && (scheme != "http" || last.URL.Scheme == "https") {
		return fmt.Errorf("from %s to %s: %w", last.URL.Scheme, scheme, ErrRedirect)
	}
	if req.URL.User != nil {
		return fmt.Errorf("to an address with a password in it: %w", ErrRedirect)
	}
	left := !sameOrigin(req, first) || slices.ContainsFunc(via, func(r *http.Request) bool { return !sameOrigin(r, first) })
	if !left {
		return nil
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return fmt.Errorf("%s to another host, %s: %w", req.Method, req.URL.Host, ErrRedirect)
	}
	for name := range req.Header {
		if !harmless(name) {
			req.Header.Del(name)
		}
	}
	return nil
}

// sameOrigin also holds between a plain address and its encrypted one at the usual ports: what went there in the open
// may go there encrypted.
func sameOrigin(a, b *http.Request) bool {
	if !strings.EqualFold(a.URL.Hostname(), b.URL.Hostname()) {
		return false
	}
	pa, pb := port(a), port(b)
	return a.URL.Scheme == b.URL.Scheme && pa == pb || pa == "443" && pb == "80" || pa == "80" && pb == "443"
}

func port(r *http.Request) string {
	if p := r.URL.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[r.URL.Scheme]
}

// harmless names the headers that another host may see: a list of what is allowed, because any other may be a key.
func harmless(name string) bool {
	return slices.Contains([]string{"Accept", "Accept-Encoding", "Accept-Language", "Range", "User-Agent"}, name)
}

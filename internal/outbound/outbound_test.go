package outbound

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	const public, private, metadata = "public", "private", "metadata"
	for addr, want := range map[string]string{
		"93.184.216.34": public, "2606:2800:220:1::1": public, "8.8.8.8": public, "::ffff:8.8.8.8": public,
		"127.0.0.1": private, "127.9.9.9": private, "::1": private, "::": private, "0.0.0.0": private, "0.1.2.3": private,
		"10.1.2.3": private, "172.16.0.1": private, "172.31.255.255": private, "192.168.1.1": private, "fd12::1": private,
		"169.254.1.1": private, "fe80::1%eth0": private, "100.64.0.1": private, "198.18.0.1": private, "240.0.0.1": private,
		"255.255.255.255": private, "224.0.0.1": private, "ff02::1": private, "192.0.2.1": private, "2001:db8::1": private, "fec0::1": private,
		"::ffff:127.0.0.1": private, "::127.0.0.1": private, "64:ff9b::10.0.0.1": private, "2002:7f00:1::": private, "2002:808:808::": public,
		"2001:0:1:2:3:4:f5ff:fffe": private,
		"169.254.169.254":          metadata, "::ffff:169.254.169.254": metadata, "64:ff9b::169.254.169.254": metadata, "2002:a9fe:a9fe::1": metadata,
		"fd00:ec2::254": metadata, "fd00:ec2::254%1": metadata, "100.100.100.200": metadata, "169.254.170.2": metadata, "fd20:ce::254": metadata,
		"2606:1:2:3:0:5efe:a9fe:a9fe": metadata,
	} {
		for _, allow := range []bool{false, true} {
			err := guard{allowPrivate: allow}.check(netip.MustParseAddr(addr))
			refused := want == metadata || want == private && !allow
			var r *RefusedError
			if errors.As(err, &r) != refused || refused && r.Metadata != (want == metadata) {
				t.Errorf("check(%s), private allowed: %v = %v, want refused: %v", addr, allow, err, refused)
			}
		}
	}
}

// client returns a client that may connect to the test servers.
func client(t *testing.T, o Options) *http.Client {
	t.Helper()
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer secret")
	req.Header.Set("X-Api-Key", "secret")
	req.Header.Set("User-Agent", "test")
	resp, err := c.Do(req)
	if err == nil {
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
	}
	return resp, err
}

func TestDialChecksResolvedAddress(t *testing.T) {
	t.Parallel()
	called := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer srv.Close()
	byName := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	c := client(t, Options{})
	for _, url := range []string{srv.URL, byName} {
		resp, err := get(t, c, url)
		if _, ok := errors.AsType[*RefusedError](err); !ok {
			t.Errorf("GET %s = %v, %v; want a RefusedError", url, resp, err)
		}
	}
	if called {
		t.Error("the server was reached")
	}
	if _, err := get(t, client(t, Options{AllowPrivate: true}), byName); err != nil {
		t.Errorf("private allowed: %v", err)
	}
}

func TestRedirectToRefusedAddress(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/latest/meta-data/", http.StatusFound))
	defer srv.Close()
	_, err := get(t, client(t, Options{AllowPrivate: true}), srv.URL)
	var refused *RefusedError
	if !errors.As(err, &refused) || !refused.Metadata {
		t.Errorf("redirect to the metadata service: %v, want it refused", err)
	}
}

func TestRedirectsCarryNoSecrets(t *testing.T) {
	t.Parallel()
	var here, there string
	seen := map[string]http.Header{}
	record := func(next func(*http.Request) string, name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			seen[name+r.URL.Path] = r.Header.Clone()
			if to := next(r); to != "" {
				http.Redirect(w, r, to, http.StatusFound)
			}
		}
	}
	a := httptest.NewServer(record(func(r *http.Request) string {
		return map[string]string{"/": "/same", "/same": there + "/"}[r.URL.Path]
	}, "a"))
	defer a.Close()
	b := httptest.NewServer(record(func(r *http.Request) string {
		return map[string]string{"/": here + "/back"}[r.URL.Path]
	}, "b"))
	defer b.Close()
	// Another port is another host; localhost makes it another name as well.
	here, there = a.URL, strings.Replace(b.URL, "127.0.0.1", "localhost", 1)
	if _, err := get(t, client(t, Options{AllowPrivate: true}), here+"/"); err != nil {
		t.Fatal(err)
	}
	for place, secret := range map[string]bool{"a/": true, "a/same": true, "b/": false, "a/back": false} {
		h := seen[place]
		if h == nil {
			t.Fatalf("%s was not reached", place)
		}
		if got := h.Get("Authorization") != "" || h.Get("X-Api-Key") != "" || h.Get("Referer") != "" && !secret; got != secret {
			t.Errorf("%s: secrets sent: %v, want %v; %v", place, got, secret, h)
		}
		if h.Get("User-Agent") != "test" {
			t.Errorf("%s: no user agent", place)
		}
	}
}

func TestRedirectsNotFollowed(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/plain":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/user":
			http.Redirect(w, r, "https://a:b@"+r.Host+"/", http.StatusFound)
		case "/post":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}
	})
	tls, plain := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	defer tls.Close()
	defer plain.Close()
	c := client(t, Options{AllowPrivate: true, CAFile: caFile(t, tls)})
	for _, url := range []string{tls.URL + "/loop", tls.URL + "/plain", tls.URL + "/file", tls.URL + "/user", plain.URL + "/file"} {
		if _, err := get(t, c, url); !errors.Is(err, ErrRedirect) {
			t.Errorf("GET %s = %v, want ErrRedirect", url, err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, plain.URL+"/post", strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, ErrRedirect) {
		t.Errorf("POST to another host = %v, want ErrRedirect", err)
	}
}

// caFile writes the certificate of a test server as a file of authorities.
func caFile(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAuthorities(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	srv.Config.ErrorLog = nil
	if _, err := get(t, client(t, Options{AllowPrivate: true}), srv.URL); err == nil {
		t.Error("an unknown authority was trusted")
	}
	if _, err := get(t, client(t, Options{AllowPrivate: true, CAFile: caFile(t, srv)}), srv.URL); err != nil {
		t.Errorf("the file's authority was not trusted: %v", err)
	}
	if _, err := NewClient(Options{CAFile: filepath.Join(t.TempDir(), "none.pem")}); err == nil {
		t.Error("a missing file of authorities was accepted")
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(Options{CAFile: empty}); err == nil {
		t.Error("a file without certificates was accepted")
	}
}

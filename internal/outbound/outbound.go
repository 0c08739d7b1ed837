// Package outbound makes HTTP clients for addresses that people typed in. Such an address may be a trap: a name that
// resolves into the private network, a redirect that carries a token elsewhere. The clients check every address at the
// moment they connect to it, when no second name lookup can change it any more, verify TLS, and follow few redirects,
// none of which takes anything secret to another host.
//
// Proxies of the environment are not used: behind one, the addresses could not be checked.
package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// Options configure a client; the zero value allows public addresses and trusts the system's authorities.
type Options struct {
	// AllowPrivate permits loopback, link-local and private addresses. Those of cloud metadata services stay refused.
	AllowPrivate bool
	// CAFile is a PEM file of certificate authorities that are trusted besides the system's; empty: none.
	CAFile string
	// Timeout bounds a request, from the connection to the last byte of the body. 0: only the context does.
	Timeout time.Duration
	// MaxConnsPerHost bounds the connections to one host. 0: no bound.
	MaxConnsPerHost int
}

const (
	dialTimeout   = 10 * time.Second
	keepAlive     = 30 * time.Second
	tlsTimeout    = 10 * time.Second
	idleTimeout   = 90 * time.Second
	idlePerHost   = 16
	maxHeaderSize = 256 << 10
)

// NewClient returns a client. It fails where the file of authorities cannot be read or holds none.
func NewClient(o Options) (*http.Client, error) {
	pool, err := authorities(o.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive, ControlContext: guard{allowPrivate: o.AllowPrivate}.control}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    tlsTimeout,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        o.MaxConnsPerHost,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderSize,
		ExpectContinueTimeout:  time.Second,
	}
	return &http.Client{Transport: transport, CheckRedirect: checkRedirect, Timeout: o.Timeout}, nil
}

// authorities returns the system's certificate authorities and those of a file; nil stands for the system's alone.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificate authorities: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read certificate authorities: %s: %w", file, errors.New("no certificate in PEM form"))
	}
	return pool, nil
}

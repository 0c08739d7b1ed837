package confluence

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/outbound"
	"github.com/sluicehq/sluice/internal/wiki"
)

// judge tells what an answer is worth; nil where it is what was asked for.
func (c *Client) judge(r request, resp *http.Response, body []byte, readErr error, accept func(body []byte, h http.Header) error) *fault {
	f := func(kind error, retry bool, message string) *fault {
		return &fault{retry: retry, err: &APIError{
			Method: r.method(), Path: c.prefix + r.path, Status: resp.StatusCode, Kind: kind, Message: c.secrets.Replace(message), Trace: trace(resp.Header),
		}}
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return f(wiki.ErrCredentials, false, c.unauthorized(resp, body))
	case int64(len(body)) > c.options.MaxBody:
		return f(wiki.ErrUnavailable, false, fmt.Sprintf("the answer is larger than %d MB", c.options.MaxBody>>20))
	case readErr != nil:
		return f(wiki.ErrUnavailable, true, "the answer broke off: "+plain(readErr))
	case resp.StatusCode >= 400:
		return c.refused(r, resp, body, f)
	case resp.StatusCode < 200 || resp.StatusCode >= 300:
		return f(wiki.ErrUnavailable, true, "the site redirects without saying where to")
	case !isJSON(resp.Header, body):
		if !c.site.proven.Load() {
			return f(wiki.ErrAddress, false, "the answer is no JSON but a page, perhaps of a proxy or a sign-in")
		}
		return f(wiki.ErrUnavailable, true, "the answer is no JSON but a page, perhaps of a proxy or a sign-in")
	}
	if err := accept(body, resp.Header); err != nil {
		if refusal, ok := errors.AsType[*identityError](err); ok {
			return f(wiki.ErrCredentials, false, refusal.Error())
		}
		if !c.site.proven.Load() && r.identity {
			return f(wiki.ErrAddress, true, "the answer is not Confluence's: "+err.Error())
		}
		return f(wiki.ErrUnavailable, true, "the answer is broken: "+err.Error())
	}
	c.site.proven.Store(true)
	return nil
}

// refused tells what a status of 400 and above means.
func (c *Client) refused(r request, resp *http.Response, body []byte, f func(error, bool, string) *fault) *fault {
	message, ours := "", false
	if isJSON(resp.Header, body) {
		message, ours = explain(body)
	}
	if ours {
		c.site.proven.Store(true)
	}
	retry, kind := kindOf(resp.StatusCode)
	wait := retryAfter(resp, time.Now())
	switch status := resp.StatusCode; {
	case status == http.StatusForbidden && wait > 0:
		return f(wiki.ErrUnavailable, true, "too many requests")
	case status == http.StatusTooManyRequests && message == "":
		message = "too many requests"
	case r.identity && ours && (status == http.StatusForbidden || status == http.StatusNotFound):
		return f(wiki.ErrCredentials, false, message)
	case status == http.StatusForbidden && strings.Contains(message, "not permitted to use Confluence"):
		return f(wiki.ErrCredentials, false, message)
	case !ours && !c.site.proven.Load() && !retry:
		return f(wiki.ErrAddress, false, "no answer of Confluence's")
	case !ours && status == http.StatusNotFound:
		return f(wiki.ErrUnavailable, true, "the answer is not Confluence's")
	}
	fault := f(kind, retry, message)
	fault.err.bare = resp.StatusCode == http.StatusNotFound && (message == "" || strings.EqualFold(message, "not found"))
	return fault
}

// unauthorized explains a 401, which has several causes that a person can do something about.
func (c *Client) unauthorized(resp *http.Response, body []byte) string {
	message := ""
	if isJSON(resp.Header, body) {
		message, _ = explain(body)
	}
	switch {
	case strings.Contains(strings.ToLower(message), "scope"):
		return "the token lacks a scope that is needed to read spaces"
	case c.cloud() && !isGateway(c.base) && message == "":
		return "the e-mail or the API token is wrong or expired; a token with scopes works only with the address https://api.atlassian.com/ex/confluence/CLOUD-ID"
	case c.cloud():
		return "the e-mail or the API token is wrong or expired"
	default:
		return "the personal access token is wrong or expired"
	}
}

// unsent is the fault of a request that did not get out.
func (c *Client) unsent(r request, err error) *fault {
	return &fault{err: &APIError{Method: r.method(), Path: c.prefix + r.path, Message: plain(err), Kind: wiki.ErrUnavailable}}
}

// noAnswer tells why there was no answer, and whether that is a fault of the address.
func (c *Client) noAnswer(r request, err error) *fault {
	kind, retry, message, address := wiki.ErrUnavailable, true, plain(err), false
	var refused *outbound.RefusedError
	var dns *net.DNSError
	switch {
	case errors.As(err, &refused):
		address, message = true, refused.Error()
	case errors.Is(err, context.DeadlineExceeded):
		message = fmt.Sprintf("no answer within %s", c.options.Timeout)
	case isTLS(err):
		address = !c.site.proven.Load()
		message = "no trusted TLS connection: " + plain(err) + "; SLUICE_CA_FILE names further authorities"
	case errors.Is(err, outbound.ErrRedirect):
		address = !c.site.proven.Load()
	case errors.As(err, &dns) && dns.IsNotFound:
		address, message = !c.site.proven.Load(), "there is no host of that name"
	}
	if address {
		kind, retry = wiki.ErrAddress, false
	}
	return &fault{retry: retry, err: &APIError{Method: r.method(), Path: c.prefix + r.path, Message: c.secrets.Replace(message), Kind: kind}}
}

func isTLS(err error) bool {
	var (
		verify  *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
	)
	return errors.As(err, &verify) || errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) ||
		errors.As(err, &record) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// plain is an error's text without the address, which may hold what people search for.
func plain(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return clean(err.Error())
}

// isJSON goes by the content type, and by the look of the body where that says nothing.
func isJSON(h http.Header, body []byte) bool {
	if value := h.Get("Content-Type"); value != "" {
		typ, _, err := mime.ParseMediaType(value)
		if err == nil && typ != "text/plain" && typ != "application/octet-stream" {
			return typ == "application/json" || strings.HasSuffix(typ, "+json")
		}
	}
	text := strings.TrimLeft(string(body[:min(len(body), 64)]), " \t\r\n")
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}

// trace is the id that Atlassian's support asks for.
func trace(h http.Header) string {
	for _, name := range []string{"Atl-Traceid", "Atl-Request-Id"} {
		if id := clean(h.Get(name)); id != "" {
			return id[:min(len(id), 64)]
		}
	}
	return ""
}

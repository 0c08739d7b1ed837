package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/web"
)

// Policy is the content security policy of everything that is served: only the server's own files, nothing inline, and
// nobody may frame it. Images may also be data of the style sheet.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const permissions = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"

// secure sets the headers that make browsers careful.
func (s *Server) secure(next echo.HandlerFunc) echo.HandlerFunc {
	https := strings.HasPrefix(s.options.BaseURL, "https://")
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", Policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Addresses of ours may hold the secret of a one-time link or what somebody searched.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", permissions)
		if https {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		return next(c)
	}
}

// checkOrigin refuses what another site's page makes a browser send. Programs, which send neither Origin nor
// Sec-Fetch-Site, pass: they carry no cookies of their own accord.
func (s *Server) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	if origin := originOf(s.options.BaseURL); origin != "" {
		// The address is checked by the settings, so that this cannot fail; were it to, the origin would not be trusted.
		_ = protection.AddTrustedOrigin(origin)
	}
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return problem.New(http.StatusForbidden, "This request came from another site's page and was refused. Go back to Sluice itself and try again; behind a proxy, SLUICE_BASE_URL must be the public address.")
		}
		return next(c)
	}
}

func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// checkHost refuses requests for hosts that are not ours: they end up in links, and a name that points here from
// outside must not make a browser treat us as its own site. Probes ask by address, so health is for any host.
func (s *Server) checkHost(next echo.HandlerFunc) echo.HandlerFunc {
	allowed := allowedHosts(s.options.Hosts, s.options.BaseURL)
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		probe := path == "/healthz" || path == "/readyz" || path == "/metrics"
		if len(allowed) == 0 || probe || slices.Contains(allowed, hostOf(c.Request().Host)) {
			return next(c)
		}
		return problem.New(http.StatusMisdirectedRequest, "This server does not answer for that host name. SLUICE_ALLOWED_HOSTS lists the names that it does.")
	}
}

// allowedHosts are the names without ports. Where the base URL alone says them, this machine's own names are allowed too.
func allowedHosts(setting []string, base string) []string {
	var hosts []string
	for _, h := range setting {
		hosts = append(hosts, hostOf(h))
	}
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" {
		hosts = append(hosts, strings.ToLower(u.Hostname()))
		if len(setting) == 0 {
			hosts = append(hosts, "localhost", "127.0.0.1", "::1")
		}
	}
	return hosts
}

func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// proxies are the networks whose word on where a request comes from is believed.
type proxies []netip.Prefix

func parseProxies(settings []string) (proxies, error) {
	var all proxies
	for _, text := range settings {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			all = append(all, prefix.Masked())
			continue
		}
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q is neither an address nor a network", text)
		}
		all = append(all, netip.PrefixFrom(addr, addr.BitLen()))
	}
	return all, nil
}

func (p proxies) trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(addr.Unmap()) })
}

// clientAddress is the address of the client: the last one in X-Forwarded-For that is not a trusted proxy's, where a
// trusted proxy sent the request.
func (p proxies) clientAddress(r *http.Request) string {
	peer := peerAddress(r)
	if !p.trust(peer) {
		return peer.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values(echo.HeaderXForwardedFor), ","), ",")
	client := peer
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(hop), "[]"))
		if err != nil {
			break
		}
		client = addr.Unmap()
		if !p.trust(client) {
			break
		}
	}
	return client.String()
}

func peerAddress(r *http.Request) netip.Addr {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	return netip.IPv6Unspecified() // no network peer: a test, or a socket
}

// trustProxies drops what clients claim about the way their request took, and believes it of trusted proxies.
func (s *Server) trustProxies(next echo.HandlerFunc) echo.HandlerFunc {
	claims := []string{
		echo.HeaderXForwardedProto, echo.HeaderXForwardedProtocol, echo.HeaderXForwardedSsl, echo.HeaderXUrlScheme,
		"X-Forwarded-Host", "Forwarded", echo.HeaderXRealIP,
	}
	return func(c echo.Context) error {
		r := c.Request()
		if !s.proxies.trust(peerAddress(r)) {
			for _, name := range append(claims, echo.HeaderXForwardedFor) {
				r.Header.Del(name)
			}
			return next(c)
		}
		if host := r.Header.Get("X-Forwarded-Host"); host != "" {
			r.Host = strings.TrimSpace(strings.Split(host, ",")[0])
		}
		return next(c)
	}
}

// sentAsIs reports what must not be compressed here: files come compressed already, and probes are small.
func (s *Server) sentAsIs(c echo.Context) bool {
	path := c.Request().URL.Path
	return strings.HasPrefix(path, web.Prefix) || path == "/metrics" || path == "/healthz" || path == "/readyz"
}

package confluence

import (
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

const (
	gatewayHost = "api.atlassian.com"
	maxBaseURL  = 2000
)

// gatewayPath is the path of Atlassian's API gateway, which names the site by its cloud id.
var gatewayPath = regexp.MustCompile(`^/ex/confluence/([A-Za-z0-9-]{1,64})(/|$)`)

// NormalizeURL turns what people paste (the site, a page of it, the gateway) into the base URL of requests: for Cloud it
// ends in /wiki exactly once, for Data Center in the context path if there is one. *wiki.InvalidError where it cannot be
// an address of the deployment.
func NormalizeURL(raw string, d wiki.Deployment) (string, error) {
	raw = strings.TrimSpace(raw)
	switch {
	case raw == "":
		return "", wiki.Invalid("base_url", "is required, such as https://example.atlassian.net/wiki")
	case len(raw) > maxBaseURL:
		return "", wiki.Invalid("base_url", "is too long")
	case !strings.Contains(raw, "://"):
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || !validHost(u) {
		return "", wiki.Invalid("base_url", "is not a web address such as https://example.atlassian.net/wiki")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "https" && u.Scheme != "http" {
		return "", wiki.Invalid("base_url", "must begin with https:// or http://")
	}
	if u.User != nil {
		return "", wiki.Invalid("base_url", "must not contain a user name or password; enter them in their own fields")
	}
	u.Host = canonicalHost(u)
	atlassian := isAtlassian(u.Hostname())
	if atlassian {
		u.Scheme, u.Host = "https", u.Hostname()
	}
	var at string
	switch {
	case d == wiki.DataCenter && atlassian:
		return "", wiki.Invalid("base_url", "is an address of Confluence Cloud; choose Cloud instead of Data Center")
	case d == wiki.DataCenter:
		at = contextPath(u.Path)
	case gatewayPath.MatchString(u.Path):
		at = "/ex/confluence/" + gatewayPath.FindStringSubmatch(u.Path)[1] + "/wiki"
	case u.Hostname() == gatewayHost:
		return "", wiki.Invalid("base_url", "lacks the cloud id: https://api.atlassian.com/ex/confluence/CLOUD-ID")
	default:
		at = "/wiki"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: at}).String(), nil
}

var hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

func validHost(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if u.Opaque != "" || len(host) > 253 {
		return false
	}
	if p := u.Port(); len(p) > 5 || strings.HasSuffix(u.Host, ":") {
		return false
	}
	return net.ParseIP(host) != nil || hostName.MatchString(host)
}

// canonicalHost is in lower case, without the final dot and the scheme's own port, so that one site has one spelling.
func canonicalHost(u *url.URL) string {
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return host
	}
	return host + ":" + port
}

func isAtlassian(host string) bool {
	return host == gatewayHost || strings.HasSuffix(host, ".atlassian.net") || strings.HasSuffix(host, ".jira.com")
}

// contextPath cuts a path before the first part that belongs to Confluence itself.
func contextPath(p string) string {
	var kept []string
	for part := range strings.SplitSeq(strings.Trim(path.Clean("/"+p), "/"), "/") {
		if part == "" || strings.HasSuffix(part, ".action") || slices.Contains(ownPaths(), part) {
			break
		}
		kept = append(kept, part)
	}
	if len(kept) == 0 {
		return ""
	}
	return "/" + strings.Join(kept, "/")
}

// ownPaths are the first parts of the paths of Data Center's pages and calls.
func ownPaths() []string {
	return []string{"display", "spaces", "space", "pages", "rest", "x", "plugins", "admin", "people", "download", "s", "questions", "users", "label", "collector"}
}

// isGateway reports whether a base URL is the gateway's, which is no address for people.
func isGateway(base string) bool {
	u, err := url.Parse(base)
	return err == nil && gatewayPath.MatchString(u.Path)
}

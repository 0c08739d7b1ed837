package session

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// Access says who may use a route.
type Access string

// The kinds of access. ForSearch is everybody who is signed in, or everybody at all where search is public.
const (
	ForAnyone   Access = "anyone"
	ForSearch   Access = "search"
	ForSignedIn Access = "signed in"
	ForAdmin    Access = "admin"
)

// Group registers page routes that have the same access.
type Group struct {
	echo  *echo.Echo
	guard echo.MiddlewareFunc
}

// GET registers a handler for GET.
func (g Group) GET(path string, handler echo.HandlerFunc) { g.echo.GET(path, handler, g.guard) }

// POST registers a handler for POST.
func (g Group) POST(path string, handler echo.HandlerFunc) { g.echo.POST(path, handler, g.guard) }

// Routes are the groups in which pages are mounted.
type Routes struct {
	Anyone   Group // sign-in, set-up, invitations
	Search   Group // search and page view
	SignedIn Group // one's own account
	Admin    Group // the rest
}

// Routes returns the groups over e. Each loads the session first.
func (m *Manager) Routes(e *echo.Echo) Routes {
	group := func(access Access) Group { return Group{echo: e, guard: m.Guard(access)} }
	return Routes{Anyone: group(ForAnyone), Search: group(ForSearch), SignedIn: group(ForSignedIn), Admin: group(ForAdmin)}
}

// Guard is the middleware of page routes: it loads the session and lets pass whom access names. Others are sent to
// sign in (or, before there is any account, to set up) and back afterwards; who is signed in but may not gets 403.
func (m *Manager) Guard(access Access) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return m.Load(func(c echo.Context) error {
			identity := Identity(c)
			switch {
			case access == ForAnyone,
				access == ForSearch && m.MaySearch(c),
				access == ForSignedIn && identity.Known(),
				access == ForAdmin && identity.IsAdmin():
				return next(c)
			case identity.Known():
				return echo.NewHTTPError(http.StatusForbidden, "Only an administrator may do this.")
			}
			return m.askToSignIn(c)
		})
	}
}

// askToSignIn sends the visitor to the sign-in page, from where ReturnTo leads back. htmx gets a header that makes it
// load the page as a whole.
func (m *Manager) askToSignIn(c echo.Context) error {
	needed, err := m.options.Accounts.NeedsSetup(c.Request().Context())
	if err != nil {
		return err
	}
	target := SetUpPath
	if !needed {
		target = SignInPath
		if next := here(c); next != "/" {
			target += "?next=" + url.QueryEscape(next)
		}
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	if c.Request().Header.Get("HX-Request") == "true" {
		c.Response().Header().Set("HX-Redirect", target)
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.Redirect(http.StatusSeeOther, target)
}

// here is the page that the visitor is on: for anything but a plain GET, the one the request came from.
func here(c echo.Context) string {
	r := c.Request()
	from := r.Referer()
	if r.Header.Get("HX-Request") == "true" {
		from = r.Header.Get("HX-Current-URL")
	} else if r.Method == http.MethodGet {
		return LocalPath(r.URL.RequestURI())
	}
	u, err := url.Parse(from)
	if err != nil || u.Host != r.Host {
		return "/"
	}
	return LocalPath(u.RequestURI())
}

// ReturnTo is where to go after signing in: the local path in the request's "next" parameter (query or form), or "/".
func ReturnTo(c echo.Context) string { return LocalPath(c.FormValue("next")) }

// LocalPath returns target if it is a path (with query) on this very site, and "/" otherwise, so that no link can send
// people elsewhere. Sign-in and sign-out pages count as elsewhere: returning to them would go round in circles.
func LocalPath(target string) string {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || len(target) > 2000 {
		return "/"
	}
	for _, r := range target {
		if r == '\\' || r < 0x20 || r == 0x7f { // browsers take a backslash for a slash and drop tabs and line ends
			return "/"
		}
	}
	u, err := url.Parse(target)
	if err != nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" {
		return "/"
	}
	switch u.Path {
	case SignInPath, "/sign-out", SetUpPath:
		return "/"
	}
	return target
}

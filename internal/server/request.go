package server

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/api"
	"github.com/sluicehq/sluice/internal/server/input"
	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
)

// identifyRequest gives every request an id, under which the log has it and which its answer carries. One that a proxy
// in front has given is kept, if it looks like an id.
func (s *Server) identifyRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !looksLikeID(id) {
			id = strings.ToLower(rand.Text()[:16])
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		c.SetRequest(c.Request().WithContext(api.WithRequestID(c.Request().Context(), id)))
		return next(c)
	}
}

func looksLikeID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	})
}

// headAsGet answers HEAD as GET everywhere. net/http, which looks at the method of its own request, leaves the body out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context()) // a copy
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// checkText refuses what no part of the program could store or look for: an address or a form with NUL or broken UTF-8
// in it, and a form that cannot be read to its end. The API and MCP check their input by field.
func checkText(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if isAPI(r.URL.Path) || r.URL.Path == mcpPath {
			return next(c)
		}
		if !input.IsText(r.URL.Path) {
			return echo.ErrNotFound
		}
		values := c.QueryParams()
		if r.Method == http.MethodPost {
			form, err := c.FormParams() // holds the query's as well
			if errors.Is(err, echo.ErrStatusRequestEntityTooLarge) {
				return err
			}
			if err != nil {
				return problem.New(http.StatusBadRequest, "The form could not be read. Load the page again and send it once more.")
			}
			values = form
		}
		for name, list := range values {
			if !input.IsText(name) || slices.ContainsFunc(list, func(v string) bool { return !input.IsText(v) }) {
				return problem.New(http.StatusBadRequest, "The address or the form holds characters that are no text. Type them again.")
			}
		}
		return next(c)
	}
}

// logAccess notes every request, and where it comes from for whatever is told later of it. Queries and bodies stay out:
// what people search is theirs. So do the secrets that stand in a few paths, because the route is logged in their place.
func (s *Server) logAccess(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		origin := auth.Origin{Address: c.RealIP(), UserAgent: c.Request().UserAgent()}
		if cookie, err := c.Cookie(session.DeviceCookieName); err == nil {
			origin.Device = cookie.Value
		}
		ctx := auth.WithOrigin(c.Request().Context(), origin)
		c.SetRequest(c.Request().WithContext(ctx))
		if err := next(c); err != nil {
			c.Error(err)
		}
		took, status, route := time.Since(began), c.Response().Status, c.Path()
		if s.options.Observe != nil {
			s.options.Observe(c.Request().Method, route, status, took)
		}
		level := slog.LevelInfo
		if quiet(route) && status < 400 {
			level = slog.LevelDebug
		}
		ctx = c.Request().Context() // the handlers know by now who it was
		s.options.Log.LogAttrs(ctx, level, "request",
			slog.String("request", session.RequestID(c)), slog.String("method", c.Request().Method), slog.String("route", route),
			slog.String("path", loggedPath(c)), slog.Int("status", status), slog.Float64("ms", float64(took.Microseconds())/1000),
			slog.Int64("bytes", c.Response().Size), slog.String("client", c.RealIP()), slog.String("user", auth.FromContext(ctx).Email))
		return nil
	}
}

// quiet routes are asked all the time by machines.
func quiet(route string) bool {
	return route == "/healthz" || route == "/readyz" || route == "/metrics" || strings.HasPrefix(route, "/static/") || strings.HasSuffix(route, "/live")
}

func loggedPath(c echo.Context) string {
	if c.Param("secret") != "" {
		return c.Path()
	}
	return c.Request().URL.Path
}

// recoverPanics turns a panic into an error with its stack in the log.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				s.options.Log.ErrorContext(c.Request().Context(), "handler panicked", "request", session.RequestID(c), "panic", p, "stack", string(debug.Stack()))
				err = errPanic
			}
		}()
		return next(c)
	}
}

var errPanic = problem.New(500, "Something went wrong on the server. Its log has the cause, under the request's id.")

// answerError tells the client what went wrong: programs by a problem, people by a page. The log has the cause of what
// is the server's fault.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := problem.From(err)
	if p.Internal() && !errors.Is(err, error(errPanic)) {
		s.options.Log.ErrorContext(c.Request().Context(), "request failed", "request", session.RequestID(c), "status", p.Status, "err", err)
	}
	p.RequestID = session.RequestID(c)
	if s.pages == nil || forPrograms(c.Request().URL.Path) {
		if !p.Internal() {
			p.RequestID = ""
		}
		api.Write(c, p)
		return
	}
	maps.Copy(c.Response().Header(), p.GetHeaders())
	page := session.ErrorPage{Status: p.Status, Title: p.Title, Detail: p.Detail, RequestID: p.RequestID, Fields: append([]wiki.FieldError(nil), p.Errors...)}
	render := func(c echo.Context) error { return s.pages.RenderError(c, page) }
	if errors.Is(err, echo.ErrNotFound) || errors.Is(err, echo.ErrMethodNotAllowed) {
		// No route, so nobody has looked yet who this is; the page's head shows it. Where that fails, it goes without.
		if s.options.Sessions.Load(render)(c) == nil {
			return
		}
	}
	if err := render(c); err != nil {
		s.options.Log.ErrorContext(c.Request().Context(), "error page failed", "request", session.RequestID(c), "err", err)
	}
}

// forPrograms reports whether the address is one that programs use.
func forPrograms(path string) bool {
	return isAPI(path) || path == mcpPath || path == "/openapi.json" || path == "/healthz" || path == "/readyz" || path == "/metrics"
}

func isAPI(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/problem"
)

// Accounts is what the server needs of auth.Service.
type Accounts interface {
	Authenticate(ctx context.Context, secret string) (auth.Identity, error)
}

// onAPI limits a middleware to the calls of the API.
func (s *Server) onAPI(m echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		guarded := m(next)
		return func(c echo.Context) error {
			if isAPI(c.Request().URL.Path) {
				return guarded(c)
			}
			return next(c)
		}
	}
}

// authenticate finds out who makes an API call: by token where there is one, by the browser's session otherwise.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	withSession := s.options.Sessions.Load(next)
	return func(c echo.Context) error {
		if c.Request().Header.Get(echo.HeaderAuthorization) == "" {
			return withSession(c)
		}
		if err := s.takeToken(c); err != nil {
			return err
		}
		return next(c)
	}
}

// tokenOnly is for agents, which have no sessions.
func (s *Server) tokenOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Header.Get(echo.HeaderAuthorization) == "" {
			if s.options.PublicSearch {
				return next(c)
			}
			return problem.New(http.StatusUnauthorized, "This needs an API token (Authorization: Bearer …).")
		}
		if err := s.takeToken(c); err != nil {
			return err
		}
		return next(c)
	}
}

// takeToken puts the identity of the request's token into its context.
func (s *Server) takeToken(c echo.Context) error {
	scheme, secret, found := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !found || !strings.EqualFold(scheme, "bearer") {
		return problem.New(http.StatusUnauthorized, "The Authorization header must be: Bearer TOKEN.")
	}
	ctx := c.Request().Context()
	identity, err := s.options.Accounts.Authenticate(ctx, strings.TrimSpace(secret))
	if errors.Is(err, auth.ErrToken) {
		// Good tokens from the same address, which may be many people's, are not held up.
		if wait := s.limits.failures.take(c.RealIP()); wait > 0 {
			return problem.New(http.StatusTooManyRequests, "Too many requests with bad tokens. Slow down.").Retry(wait)
		}
	}
	if err != nil {
		return err
	}
	if wait := s.limits.tokens.take(identity.TokenID); wait > 0 {
		return problem.New(http.StatusTooManyRequests, "This token makes too many requests. Slow down.").Retry(wait)
	}
	c.SetRequest(c.Request().WithContext(auth.WithIdentity(ctx, identity)))
	return nil
}

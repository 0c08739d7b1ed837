// Package session is what page handlers and the server share: who is signed in, signing in and out, one-time messages,
// where to return after signing in, and who may see which routes. Session data is kept by scs; whether a session is
// still good is decided by package auth at every request, so that revoking it or changing a role works at once.
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/wiki"
)

// The paths that the server itself sends people to; the pages are mounted there.
const (
	SignInPath = "/sign-in"
	SetUpPath  = "/set-up"
)

// CookieName is the name of the session cookie.
const CookieName = "sluice_session"

// DeviceCookieName is the name of the cookie by which a browser is known at the next sign-in.
const DeviceCookieName = "sluice_device"

const deviceLifetime = 365 * 24 * time.Hour

// Lifetime is how long a session lasts at most; auth ends it earlier when it is idle.
const Lifetime = 30 * 24 * time.Hour

// The keys of the session data.
const (
	keySession = "session"
	keyFlashes = "flashes"
)

// Accounts is what sessions need of auth.Service.
type Accounts interface {
	NeedsSetup(ctx context.Context) (bool, error)
	StartSession(ctx context.Context, userID string) (auth.Session, error)
	EndSession(ctx context.Context, sessionID string) error
	SessionIdentity(ctx context.Context, sessionID string) (auth.Identity, error)
}

// Options are the parts and settings of a Manager.
type Options struct {
	Accounts Accounts
	Store    scs.Store // pgxstore in the program
	// Secure marks the cookie as for https only even where the request does not show it (the base URL is https).
	Secure bool
	// PublicSearch lets nobody in particular search and read pages.
	PublicSearch bool
	Log          *slog.Logger
}

// Manager signs people in and out and knows who they are. It is safe for concurrent use.
type Manager struct {
	options       Options
	plain, secure *scs.SessionManager // the same sessions; they differ in the cookie's Secure flag
}

// New returns a Manager. It starts nothing.
func New(options Options) *Manager {
	plain := scs.New()
	plain.Store = options.Store
	plain.Lifetime = Lifetime
	plain.HashTokenInStore = true
	plain.Cookie.Name = CookieName
	plain.Cookie.HttpOnly = true
	plain.Cookie.SameSite = http.SameSiteLaxMode
	plain.Cookie.Path = "/"
	secure := *plain // shares the context key, so that either finds the data of the other
	secure.Cookie.Secure = true
	return &Manager{options: options, plain: plain, secure: &secure}
}

// Load is the middleware that every route with sessions needs: it puts the visitor's identity into the request's
// context and saves what the handler changed before the response's header is written.
func (m *Manager) Load(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var token string
		if cookie, err := c.Cookie(CookieName); err == nil {
			token = cookie.Value
		}
		ctx, err := m.plain.Load(c.Request().Context(), token)
		if err != nil {
			return fmt.Errorf("load session: %w: %w", wiki.ErrUnavailable, err)
		}
		identity, err := m.identify(ctx)
		if err != nil {
			return err
		}
		c.SetRequest(c.Request().WithContext(auth.WithIdentity(ctx, identity)))
		c.Response().Header().Add(echo.HeaderVary, "Cookie")
		c.Response().Before(func() { m.save(c) })
		return next(c)
	}
}

// identify returns who the session in ctx belongs to. A session that was revoked or has been idle for too long is
// destroyed, with its cookie.
func (m *Manager) identify(ctx context.Context) (auth.Identity, error) {
	id := m.plain.GetString(ctx, keySession)
	if id == "" {
		return auth.Identity{}, nil
	}
	identity, err := m.options.Accounts.SessionIdentity(ctx, id)
	if errors.Is(err, wiki.ErrNotFound) {
		if err := m.plain.Destroy(ctx); err != nil {
			return auth.Identity{}, fmt.Errorf("drop ended session: %w: %w", wiki.ErrUnavailable, err)
		}
		return auth.Identity{}, nil
	}
	return identity, err
}

// save stores changed session data and sets the cookie.
func (m *Manager) save(c echo.Context) {
	ctx := c.Request().Context()
	manager := m.plain
	if m.options.Secure || c.Scheme() == "https" {
		manager = m.secure
	}
	switch manager.Status(ctx) {
	case scs.Modified:
		token, expiry, err := manager.Commit(ctx)
		if err != nil {
			m.options.Log.ErrorContext(ctx, "session not saved", "err", err)
			return
		}
		manager.WriteSessionCookie(ctx, c.Response(), token, expiry)
	case scs.Destroyed:
		manager.WriteSessionCookie(ctx, c.Response(), "", time.Time{})
	case scs.Unmodified:
	}
}

// SignIn makes the request's session that of a user whose password (or link, or set-up code) was just checked. The
// session's token is renewed, so that one planted before is worth nothing.
func (m *Manager) SignIn(c echo.Context, userID string) error {
	ctx := c.Request().Context()
	if old := m.plain.GetString(ctx, keySession); old != "" {
		if err := m.options.Accounts.EndSession(ctx, old); err != nil && !errors.Is(err, wiki.ErrNotFound) {
			return err
		}
	}
	started, err := m.options.Accounts.StartSession(ctx, userID)
	if err != nil {
		return err
	}
	if err := m.plain.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w: %w", wiki.ErrUnavailable, err)
	}
	m.plain.Put(ctx, keySession, started.ID)
	m.keepDevice(c, started.Device)
	identity, err := m.options.Accounts.SessionIdentity(ctx, started.ID)
	if err != nil {
		return err
	}
	c.SetRequest(c.Request().WithContext(auth.WithIdentity(ctx, identity)))
	return nil
}

// keepDevice lets the browser keep the mark by which it is known at the next sign-in. Only that page gets it.
func (m *Manager) keepDevice(c echo.Context, mark string) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure wherever the browser came by https, as the session's
		Name: DeviceCookieName, Value: mark, Path: SignInPath, MaxAge: int(deviceLifetime.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: m.options.Secure || c.Scheme() == "https",
	})
}

// SignOut ends the request's session, if there is one, and drops its cookie.
func (m *Manager) SignOut(c echo.Context) error {
	ctx := c.Request().Context()
	if id := m.plain.GetString(ctx, keySession); id != "" {
		if err := m.options.Accounts.EndSession(ctx, id); err != nil && !errors.Is(err, wiki.ErrNotFound) {
			return err
		}
	}
	if err := m.plain.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w: %w", wiki.ErrUnavailable, err)
	}
	c.SetRequest(c.Request().WithContext(auth.WithIdentity(ctx, auth.Identity{})))
	return nil
}

// Renew gives the session a new token; to be called after a change of the person's own password or role.
func (m *Manager) Renew(c echo.Context) error {
	if err := m.plain.RenewToken(c.Request().Context()); err != nil {
		return fmt.Errorf("renew session: %w: %w", wiki.ErrUnavailable, err)
	}
	return nil
}

// Identity returns who makes the request; the zero Identity is nobody.
func Identity(c echo.Context) auth.Identity { return auth.FromContext(c.Request().Context()) }

// MaySearch reports whether whoever makes the request may search and read pages.
func (m *Manager) MaySearch(c echo.Context) bool {
	return m.options.PublicSearch || Identity(c).Known()
}

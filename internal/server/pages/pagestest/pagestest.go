// Package pagestest serves the pages over hand-written fakes with the behaviour of the real services and plenty of
// data, for the browser tests of package pages and for looking at the pages while working on them (see preview).
package pagestest

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/sluicehq/sluice/internal/secret"
	"github.com/sluicehq/sluice/internal/server/pages"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/web"
)

// The accounts of the fake.
const (
	AdminEmail  = "ada@example.org"
	ReaderEmail = "rita@example.org"
	Password    = "correct horse battery staple"
)

// Policy is the content security policy of the real server; the pages must work under it.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Site is a server of pages over fakes. The fakes may be changed while it serves.
type Site struct {
	Handler  http.Handler
	Sources  *Sources
	Search   *Search
	Accounts *Accounts
	System   *System
	Instance *Instance
}

// New builds a site. Log receives what the pages log.
func New(log *slog.Logger) (*Site, error) {
	assets, err := web.NewAssets()
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	keyring, err := secret.NewKeyring(key)
	if err != nil {
		return nil, fmt.Errorf("make keyring: %w", err)
	}
	site := &Site{Sources: NewSources(), Search: NewSearch(), Accounts: NewAccounts(), System: &System{}, Instance: &Instance{}}
	sessions := session.New(session.Options{Accounts: site.Accounts, Store: memstore.NewWithCleanupInterval(0), Log: log})
	handlers, err := pages.New(pages.Options{
		Sessions: sessions, Accounts: site.Accounts, Sources: site.Sources, Search: site.Search, System: site.System, Instance: site.Instance,
		Assets: assets, Sealer: keyring, Demo: true, Log: log,
	})
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner = true
	e.HTTPErrorHandler = errorHandler(handlers, log)
	e.Use(middleware.RequestID(), secure)
	e.GET(web.Prefix+"*", echo.WrapHandler(assets))
	handlers.Register(sessions.Routes(e))
	e.RouteNotFound("/*", sessions.Load(func(echo.Context) error { return echo.ErrNotFound }))
	site.Handler = e
	return site, nil
}

func secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Content-Security-Policy", Policy)
		return next(c)
	}
}

// started is when the program began: the moments in the data stand still, as stored ones do.
var started = time.Now()

// ago is a moment before the program began.
func ago(d time.Duration) time.Time { return started.Add(-d).UTC() }

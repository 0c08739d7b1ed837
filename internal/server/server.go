// Package server is the program's HTTP side: routes, middleware, sessions, errors, and the handlers that belong to the
// server itself. What pages and API calls do is in packages pages, api and mcp; who may call what is in routes.go. It is
// the only package that knows status codes.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/api"
	"github.com/sluicehq/sluice/internal/server/pages"
	"github.com/sluicehq/sluice/internal/server/session"
)

// Options are the parts and settings of a Server.
type Options struct {
	// Pages, API and MCP are nil in a process that serves only health and metrics.
	Pages *pages.Options
	API   *api.Options
	MCP   http.Handler

	Sessions *session.Manager
	Accounts Accounts
	Keys     KeyStore // of idempotent requests
	Ready    func(ctx context.Context) error
	Metrics  http.Handler
	// Observe is told of every request that a route answered; may be nil.
	Observe func(method, route string, status int, took time.Duration)

	// Trace begins the trace of a request; may be nil. What it returns is called with the route and the answer's status.
	Trace func(r *http.Request) (ctx context.Context, end func(route string, status int))

	Assets       http.Handler
	BaseURL      string // public URL; empty: as the browser sees it
	PublicSearch bool
	Hosts        []string // that requests may name; empty: the base URL's, or any
	Proxies      []string // addresses and networks whose X-Forwarded-* are believed
	// DrainDelay is how long Serve goes on answering after its end where readiness is watched.
	DrainDelay time.Duration
	Log        *slog.Logger
}

// Server answers HTTP. It is safe for concurrent use.
type Server struct {
	options Options
	echo    *echo.Echo
	pages   *pages.Pages
	api     *api.API
	limits  *limiter
	proxies proxies
	asked   atomic.Int64 // when readiness was last asked for, in Unix nanoseconds
}

// New returns a server with all of its routes. It starts nothing.
func New(o Options) (*Server, error) {
	if o.Log == nil || o.Ready == nil || o.Metrics == nil {
		return nil, errors.New("server: a part is missing from the options")
	}
	trusted, err := parseProxies(o.Proxies)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, echo: echo.New(), limits: newLimiter(time.Now), proxies: trusted}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.IPExtractor = trusted.clientAddress
	if o.Pages != nil {
		if s.pages, err = pages.New(*o.Pages); err != nil {
			return nil, err
		}
	}
	if err := s.routes(); err != nil {
		return nil, err
	}
	return s, nil
}

// Handler is the whole server as one handler.
func (s *Server) Handler() http.Handler { return headAsGet(s.echo) }

// The patience with clients. A slow one holds a connection and a little memory, nothing else.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 90 * time.Second // adding a source asks its site first
	idleTimeout       = 2 * time.Minute
	maxHeader         = 64 << 10
	drainTimeout      = 15 * time.Second
)

// watched is how recent the last question of /readyz must be for somebody to be taken to watch it.
const watched = time.Minute

// patient is the HTTP server with its limits.
func (s *Server) patient(ctx context.Context) *http.Server {
	return &http.Server{
		Handler: s.closing(ctx, s.Handler()), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
}

// Serve answers requests on the listener until ctx ends, then lets those under way finish. It closes the listener. Where
// readiness is watched it goes on answering for the drain delay first, so that whoever watches sends nothing here any
// more when the listener closes; every answer then closes its connection.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := s.patient(ctx)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	if s.isWatched() {
		select {
		case <-time.After(s.options.DrainDelay):
		case err := <-failed:
			return fmt.Errorf("serve HTTP: %w", err)
		}
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		s.options.Log.WarnContext(ctx, "requests were cut off at shutdown", "err", err)
		_ = server.Close()
	}
	<-failed //nolint:errcheck // http.ErrServerClosed
	return nil
}

// closing ends every connection after its answer once ctx has ended.
func (s *Server) closing(ctx context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) isWatched() bool {
	at := s.asked.Load()
	return at != 0 && time.Since(time.Unix(0, at)) < watched
}

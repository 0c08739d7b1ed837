package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server"
)

// Run serves until ctx ends: the listener's requests, and in the background the scheduler, the embedding backlog and the
// sweeps. Parts that requests rely on stop after the last request. serving is called once requests are answered. It
// returns the first error that was not asked for.
func (a *App) Run(ctx context.Context, listener net.Listener, serving func(url string)) error {
	if err := a.welcomeFirstAdmin(ctx, listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	web, err := a.NewServer(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	serving(a.URL(listener.Addr()))
	group, ctx := errgroup.WithContext(ctx)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group.Go(func() error {
		defer stop()
		return web.Serve(ctx, listener)
	})
	group.Go(func() error { return a.Accounts.Run(background) })
	group.Go(func() error { return a.Instance.Run(background) })
	group.Go(func() error { return a.work(background) })
	group.Go(func() error { return a.profile(background) })
	group.Go(func() error { return a.watchCluster(background) })
	group.Go(func() error { return boundMemory(background) })
	group.Go(func() error { return giveBackMemory(background, a.Log) })
	for _, run := range a.Background {
		group.Go(func() error { return run(background) })
	}
	return group.Wait()
}

// Work works on sync runs and the embedding backlog until ctx ends, without serving anything.
func (a *App) Work(ctx context.Context) error { return a.work(ctx) }

func (a *App) work(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.Scheduler.Run(ctx) })
	group.Go(func() error { return a.completeIndex(ctx) })
	if a.Options.Works {
		group.Go(func() error { return a.embed(ctx) })
		group.Go(func() error { return a.foldEarly(ctx) })
	}
	return group.Wait()
}

// foldEarly looks after the search index where a sync adds chunks faster than the scheduler's task comes round.
func (a *App) foldEarly(ctx context.Context) error {
	for {
		select {
		case <-a.index.Due():
		case <-ctx.Done():
			return nil
		}
		if err := a.index.Fold(ctx); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "search index not maintained during a sync; it is tried again in half a minute", "err", err)
		}
	}
}

// completeIndex sees to it that every chunk can be found by its words, whichever version of the program stored it.
func (a *App) completeIndex(ctx context.Context) error {
	tick := time.NewTicker(indexEvery)
	defer tick.Stop()
	for {
		if err := a.index.Complete(ctx); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "the index of words is not complete; trying again", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// embed works on the backlog. A model whose vectors do not fit those that are stored is a mistake in the settings, which
// the log and the pages tell; search by words goes on meanwhile.
func (a *App) embed(ctx context.Context) error {
	if err := a.Backlog.Run(ctx); err != nil {
		a.Log.ErrorContext(ctx, "embedding is off: the model does not fit what is stored", "err", err)
	}
	<-ctx.Done()
	return nil
}

// watchCluster ends the program when its database server cannot be kept running.
func (a *App) watchCluster(ctx context.Context) error {
	if a.Cluster == nil {
		return nil
	}
	select {
	case <-a.Cluster.Done():
		return fmt.Errorf("the private database server: %w", a.Cluster.Err())
	case <-ctx.Done():
		return nil
	}
}

// welcomeFirstAdmin makes the first account from the settings, or says in the log how a person makes it.
func (a *App) welcomeFirstAdmin(ctx context.Context, addr net.Addr) error {
	if a.Config.AdminEmail != "" {
		created, err := a.Accounts.EnsureAdmin(ctx, a.Config.AdminEmail, a.Config.AdminPassword)
		if created {
			a.Log.InfoContext(ctx, "first administrator created", "email", a.Config.AdminEmail)
		}
		return err
	}
	if !a.Config.Serves() {
		return nil
	}
	needed, err := a.Accounts.NeedsSetup(ctx)
	if err != nil || !needed {
		return err
	}
	code, err := a.Accounts.SetUpCode(ctx)
	if err != nil {
		return err
	}
	a.Log.WarnContext(ctx, "there is no account yet: open the address and enter the code", "address", a.URL(addr)+"/set-up", "code", code)
	return nil
}

// URL is where a browser finds the server that listens at addr.
func (a *App) URL(addr net.Addr) string {
	if a.Config.BaseURL != "" {
		return strings.TrimSuffix(a.Config.BaseURL, "/")
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// operator is the identity under which the program acts by itself.
func (a *App) operator(ctx context.Context) context.Context {
	return auth.WithIdentity(ctx, auth.Operator())
}

// profile serves Go's profiler on its own loopback address, where one is set.
func (a *App) profile(ctx context.Context) error {
	if a.Config.PprofListen == "" {
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.Config.PprofListen)
	if err != nil {
		return fmt.Errorf("listen for the profiler: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	profiler := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = profiler.Close() })
	defer stop()
	a.Log.InfoContext(ctx, "profiler listens", "address", listener.Addr().String())
	if err := profiler.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the profiler: %w", err)
	}
	return nil
}

// NewServer returns the HTTP side: everything, or health and metrics alone where this process only works. Once ctx has
// ended it says that it is not ready.
func (a *App) NewServer(ctx context.Context) (*server.Server, error) {
	o := server.Options{
		Ready: func(probe context.Context) error {
			if ctx.Err() != nil {
				return errStopping
			}
			return a.ready(probe)
		},
		Metrics: a.Metrics.Handler(), Observe: a.Metrics.Request, Trace: a.Traces.Request, Hosts: a.Config.AllowedHosts, Proxies: a.Config.TrustedProxies,
		BaseURL: a.Config.BaseURL, PublicSearch: a.Config.PublicSearch, Accounts: a.Accounts, DrainDelay: a.Config.DrainDelay, Log: a.Log,
	}
	if a.Config.Serves() {
		if err := a.addWeb(&o); err != nil {
			return nil, err
		}
	}
	return server.New(o) //nolint:contextcheck // each request brings its own
}

var errStopping = errors.New("the program is stopping")

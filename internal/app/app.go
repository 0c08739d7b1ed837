// Package app builds the program from its settings and says in which order its parts start and stop. It is the only
// package that knows both the features and the adapters behind their interfaces; nothing else decides what is wired to
// what. New starts nothing but the private database server, so that commands can use the parts without serving.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/confluence"
	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/backlog"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/metrics"
	"github.com/sluicehq/sluice/internal/observe"
	"github.com/sluicehq/sluice/internal/postgres/accountstore"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/embedstore"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/schedule"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/secret"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
)

// Build names the program's version.
type Build = metrics.Build

// Options are what a process adds to its settings.
type Options struct {
	Build Build
	// Demo marks the instance as the demonstration; SignInNote then stands on its sign-in page.
	Demo       bool
	SignInNote string
	// Works tells whether this process works on sync runs and the embedding backlog once it runs. Commands that only
	// look or ask do not.
	Works bool
}

// App is the program's parts. Close it.
type App struct {
	Config  config.Config
	Options Options
	Log     *slog.Logger
	Metrics *metrics.Metrics
	Traces  *observe.Traces

	database
	Keyring   *secret.Keyring
	Accounts  *auth.Service
	Instance  *instance.Service
	Embedder  embedding.Embedder
	Backlog   *backlog.Worker
	Scheduler *schedule.Scheduler
	Sources   *Sources
	Searcher  *Searcher
	System    *System
	// Background is what runs beside the parts, until the program stops.
	Background []func(ctx context.Context) error

	accounts *accountstore.Store
	contents *contentstore.Store
	index    *searchstore.Store
	vectors  *embedstore.Store
}

// New builds the parts: the database first, then what keeps things in it, then what uses those.
func New(ctx context.Context, cfg config.Config, log *slog.Logger, o Options) (_ *App, err error) {
	a := &App{Config: cfg, Options: o, Log: log, Metrics: metrics.New(o.Build), Traces: observe.Off()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(ctx))
		}
	}()
	if a.Traces, err = observe.New(ctx, os.Getenv, o.Build.Version, log); err != nil {
		return nil, err
	}
	if a.Keyring, err = loadKeys(cfg); err != nil {
		return nil, err
	}
	if a.Embedder, err = newEmbedder(cfg, log); err != nil {
		return nil, err
	}
	if a.database, err = openDatabase(ctx, cfg, a.Traces, log); err != nil {
		return nil, err
	}

	a.accounts = accountstore.New(a.DB.Pool)
	a.index = searchstore.New(a.DB, searchstore.Options{Logger: log})
	a.vectors = embedstore.New(a.DB, log)
	if a.contents, err = contentstore.New(a.DB, a.index); err != nil {
		return nil, err
	}

	a.Accounts = auth.New(auth.Options{Store: a.accounts, SetUpKey: a.Keyring.Derive("set-up code"), Log: log})
	a.Instance = instance.New(a.accounts, a.Accounts, log)
	a.Backlog = backlog.New(a.vectors, a.Embedder, backlog.Options{Logger: log})
	sites, err := newSites(cfg, o.Build, a.Metrics, a.Traces, log)
	if err != nil {
		return nil, err
	}
	if a.Scheduler, err = a.newScheduler(sites.syncs); err != nil {
		return nil, err
	}
	a.Sources = &Sources{audit: a.Accounts, Service: sources.NewService(sources.Options{
		Store: a.contents, Queue: a.Scheduler, Sealer: sealer{cfg}, Dial: sites.forms.Dial, NormalizeURL: confluence.NormalizeURL,
		NextSync: schedule.Next, Logger: log,
	})}
	a.Searcher = &Searcher{metrics: a.Metrics, traces: a.Traces, Searcher: search.New(a.searched(), a.Embedder, search.Options{Observer: a.Metrics, Logger: log})}
	a.System = newSystem(a)
	a.measure() //nolint:contextcheck // the figures are asked for later, by whoever collects them
	return a, nil
}

// newScheduler returns the scheduler: with the syncer where this process works, without it where it only asks.
func (a *App) newScheduler(sites *confluence.Pool) (*schedule.Scheduler, error) {
	o := schedule.Options{
		Pool: a.DB.Pool, Store: a.contents, KeepRuns: a.Config.RunRetention, KeepDeleted: a.Config.DeletedRetention,
		Name: processName(), Logger: a.Log,
	}
	if a.Options.Works {
		indexer := index.New(a.contents, index.Options{Wake: a.Backlog.Wake, Logger: a.Log})
		syncer := spacesync.New(a.contents, indexer, spacesync.Options{RenderMacros: a.Config.RenderMacros, Logger: a.Log})
		o.Syncer = measuredSyncer{syncer, a.Metrics, a.Traces}
		o.Dial = func(ctx context.Context, sourceID string) (spacesync.Site, error) {
			return a.dial(ctx, sites, sourceID)
		}
		o.AfterRun = func(ctx context.Context, sourceID string, _ spacesync.Progress) {
			if err := a.index.Maintain(ctx); err != nil && ctx.Err() == nil {
				a.Log.WarnContext(ctx, "search index not maintained after a run", "source", sourceID, "err", err)
			}
		}
		o.Tasks = []schedule.Task{
			{Name: "search-index", Every: indexEvery, Do: a.index.Maintain},
			{Name: "chunk-counts", Every: indexEvery, Do: a.contents.FoldCounts},
		}
	}
	return schedule.New(o)
}

// searched is what searches read: the replica where there is one, the primary where not or while it is away.
func (a *App) searched() search.Store {
	if a.Read == a.DB {
		return a.index
	}
	replica := searchstore.New(a.DB, searchstore.Options{Reader: a.Read, Logger: a.Log})
	return searchstore.NewReplica(replica, a.index, a.Log)
}

// dial returns the site of a source with its stored credentials.
func (a *App) dial(ctx context.Context, sites *confluence.Pool, sourceID string) (spacesync.Site, error) {
	source, err := a.Sources.Get(ctx, sourceID)
	if err != nil {
		return nil, err
	}
	access, err := a.Sources.Access(ctx, source.ConnectionID)
	if err != nil {
		return nil, err
	}
	return sites.Client(access)
}

// processName tells processes apart in the run history.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + ":" + strconv.Itoa(os.Getpid())
}

// Close lets go of the database, and stops the private server unless another process uses it. It is called last.
func (a *App) Close(ctx context.Context) error {
	if err := a.Traces.Close(ctx); err != nil {
		a.Log.WarnContext(ctx, "the last traces are lost", "err", err)
	}
	if err := a.database.close(ctx); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

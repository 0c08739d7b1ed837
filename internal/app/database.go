package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/observe"
	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres"
)

// database is where everything is kept.
type database struct {
	Cluster *pgserver.Instance // nil where a server of the user's is used
	URL     string
	DB      *postgres.DB
	Read    *postgres.DB // answers searches; the same as DB where there is no replica
}

// How many connections a process keeps at most, and how long a statement may take.
const (
	maxConns         = 16
	statementTimeout = 2 * time.Minute
	closeTimeout     = 30 * time.Second
)

// openDatabase starts or joins the private server where no other is set, migrates, and connects.
func openDatabase(ctx context.Context, cfg config.Config, traces *observe.Traces, log *slog.Logger) (d database, err error) {
	defer func() {
		if err != nil {
			_ = d.close(ctx) // the error that led here says more
		}
	}()
	d.URL = cfg.DatabaseURL
	if d.URL == "" {
		d.Cluster, err = pgserver.Open(ctx, pgserver.Options{DataDir: cfg.DataDir, BinDir: cfg.PGBinDir, Logger: log})
		if err != nil {
			return d, err
		}
		d.URL = d.Cluster.DSN()
	}
	if _, err = postgres.Migrate(ctx, d.URL, log); err != nil {
		return d, err
	}
	primary := postgres.Options{URL: d.URL, MaxConns: maxConns, StatementTimeout: statementTimeout, Tracer: traces.QueryTracer()}
	if d.DB, err = postgres.Open(ctx, primary); err != nil {
		return d, err
	}
	d.Read = d.DB
	if cfg.DatabaseReadURL != "" {
		d.Read, err = postgres.Open(ctx, postgres.Options{
			URL: cfg.DatabaseReadURL, MaxConns: maxConns, Application: "sluice search", StatementTimeout: statementTimeout,
			Tracer: traces.QueryTracer(), MayBeAway: true,
		})
		if err != nil {
			return d, fmt.Errorf("read replica: %w", err)
		}
	}
	return d, nil
}

func (d *database) close(ctx context.Context) error {
	if d.Read != nil && d.Read != d.DB {
		d.Read.Close()
	}
	if d.DB != nil {
		d.DB.Close()
	}
	if d.Cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return d.Cluster.Close(ctx)
}

// ready reports whether the database answers; a schema that lacks migrations cannot be, for New migrates. The replica
// does not count: while it is away the primary answers.
func (d *database) ready(ctx context.Context) error {
	return postgres.Translate(d.DB.Ping(ctx))
}

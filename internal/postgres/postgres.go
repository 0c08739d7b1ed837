// Package postgres is the program's access to PostgreSQL: the pool, transactions, migrations, and the translation of
// the database's errors into the kinds of package wiki. The stores, one package each below this one, hold the queries.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxvector "github.com/pgvector/pgvector-go/pgx"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Options configure a pool; only URL is required.
type Options struct {
	// URL is a connection string as pgx and libpq understand it.
	URL string
	// MaxConns is the most connections the pool opens; 0: pgx's default (the number of cores, at least 4).
	MaxConns int
	// Application is shown in pg_stat_activity; empty: "sluice".
	Application string
	// StatementTimeout ends a statement that takes longer, on the server; 0: never. It does not apply to migrations.
	StatementTimeout time.Duration
	// MayBeAway makes Open succeed while nobody answers; the pool connects once somebody does.
	MayBeAway bool
	// Tracer is told of every query; may be nil.
	Tracer pgx.QueryTracer
}

// DB is a pool of connections to one database. It is safe for concurrent use, and can be passed to sqlc's queries.
type DB struct {
	*pgxpool.Pool
}

// How long a connection may take, and how long one is kept. Connections are renewed so that a server that was replaced
// (a failover, an upgrade) gets its share.
const (
	connectTimeout  = 5 * time.Second
	connLifetime    = time.Hour
	connIdle        = 10 * time.Minute
	healthCheckEach = 30 * time.Second
)

// Open returns a pool over a migrated database; see Migrate. It connects once, so that a wrong address is told at once
// (wiki.ErrUnavailable). Close it.
func Open(ctx context.Context, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", hideURL(err))
	}
	if o.MaxConns > 0 {
		cfg.MaxConns = int32(o.MaxConns)
	}
	cfg.MaxConnLifetime, cfg.MaxConnIdleTime, cfg.HealthCheckPeriod = connLifetime, connIdle, healthCheckEach
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	cfg.ConnConfig.Tracer = o.Tracer
	params := cfg.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = "sluice"
		if o.Application != "" {
			params["application_name"] = o.Application
		}
	}
	params["timezone"] = "UTC"
	if o.StatementTimeout > 0 {
		params["statement_timeout"] = fmt.Sprint(o.StatementTimeout.Milliseconds())
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if err := pgxvector.RegisterTypes(ctx, conn); err != nil {
			return fmt.Errorf("pgvector's types (is the database migrated?): %w", err)
		}
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", Translate(err))
	}
	if err := pool.Ping(ctx); err != nil && !(o.MayBeAway && errors.Is(Translate(err), wiki.ErrUnavailable)) {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", Translate(hideURL(err)))
	}
	return &DB{Pool: pool}, nil
}

// InTx runs f in a transaction, which is committed when f returns nil and rolled back otherwise. A transaction that the
// server gave up for the sake of another one (deadlock, serialization) is run again, so f must be repeatable.
func (db *DB) InTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, db.Pool, f)
		if err == nil || try == maxTries || !repeatable(err) || ctx.Err() != nil {
			return err
		}
	}
}

// maxTries is how often a transaction is run that loses to others.
const maxTries = 4

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/sluicehq/sluice/internal/postgres/dbsqlc"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/migrations"
)

// What the database must be at least.
const (
	minServer      = 150000 // server_version_num of PostgreSQL 15
	minVectorMajor = 0
	minVectorMinor = 7
)

// lockWait bounds how long a migration waits for a table that others use, so that it never holds up all of their queries
// behind it. A migration that cannot get its lock fails whole and is tried again.
const (
	lockWait     = 5 * time.Second
	migrateTries = 5
)

// Migrate brings the schema up to date, ours and that of the job queue. Several processes may call it at once: a lock in
// the database makes them take turns. It returns how many migrations were applied. A schema that is newer than this
// program is left alone: its migrations are additive, so that the old version can serve beside the new one.
func Migrate(ctx context.Context, url string, log *slog.Logger) (int, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, fmt.Errorf("database address: %w", hideURL(err))
	}
	cfg.ConnectTimeout = connectTimeout
	cfg.RuntimeParams["application_name"] = "sluice migrate"
	cfg.RuntimeParams["lock_timeout"] = strconv.FormatInt(lockWait.Milliseconds(), 10)
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	if err := checkServer(ctx, cfg); err != nil {
		return 0, err
	}
	applied, err := migrateSchema(ctx, db, log)
	if err != nil {
		return applied, err
	}
	more, err := migrateQueue(ctx, url)
	return applied + more, err
}

// Pending returns how many migrations of this program the database lacks, the job queue's left aside.
func Pending(ctx context.Context, db *DB) (int, error) {
	conn := stdlib.OpenDBFromPool(db.Pool)
	defer conn.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, migrations.FS)
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return 0, fmt.Errorf("state of migrations: %w", Translate(err))
	}
	pending := 0
	for _, s := range status {
		if s.State == goose.StatePending {
			pending++
		}
	}
	return pending, nil
}

func migrateSchema(ctx context.Context, db *sql.DB, log *slog.Logger) (int, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return 0, fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS,
		goose.WithSessionLocker(locker), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	applied := 0
	for try := 1; ; try++ {
		results, err := provider.Up(ctx)
		for _, r := range results {
			if r.Error == nil {
				applied++
				log.InfoContext(ctx, "migrated", "migration", r.Source.Path, "took", r.Duration.Round(time.Millisecond))
			}
		}
		if err == nil {
			return applied, nil
		}
		if try == migrateTries || ctx.Err() != nil || !lockTimedOut(err) {
			return applied, fmt.Errorf("migrate: %w", Translate(err))
		}
		log.WarnContext(ctx, "a table is in use; migrating again", "err", err)
	}
}

func lockTimedOut(err error) bool { return strings.Contains(err.Error(), "55P03") }

// migrateQueue brings the tables of River up to date; River takes no lock of its own, so ours is taken around it.
func migrateQueue(ctx context.Context, url string) (int, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return 0, fmt.Errorf("database address: %w", hideURL(err))
	}
	cfg.MaxConns = 2
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return 0, fmt.Errorf("migrate job queue: %w", Translate(err))
	}
	defer pool.Close()
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, fmt.Errorf("migrate job queue: %w", err)
	}
	applied := 0
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := dbsqlc.New().LockQueueMigration(ctx, tx); err != nil {
			return err
		}
		result, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err == nil {
			applied = len(result.Versions)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("migrate job queue: %w", Translate(err))
	}
	return applied, nil
}

// checkServer reports, in words, a server that is too old or lacks pgvector.
func checkServer(ctx context.Context, cfg *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("reach the database: %w", Translate(hideURL(err)))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	q := dbsqlc.New()
	server, err := q.ServerVersion(ctx, conn)
	if err != nil {
		return fmt.Errorf("reach the database: %w", Translate(err))
	}
	if server.Number < minServer {
		return fmt.Errorf("the database is PostgreSQL %s; version 15 or later is needed: %w", server.Version, wiki.ErrInvalid)
	}
	vector, err := q.VectorVersion(ctx, conn)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("the database server has no pgvector; install it there (the package is called postgresql-%d-pgvector on Debian): %w", server.Number/10000, wiki.ErrInvalid)
	}
	if err != nil {
		return fmt.Errorf("look for pgvector: %w", Translate(err))
	}
	if !atLeast(vector, minVectorMajor, minVectorMinor) {
		return fmt.Errorf("pgvector is %s; 0.7 or later is needed (after updating the package: ALTER EXTENSION vector UPDATE): %w", vector, wiki.ErrInvalid)
	}
	return nil
}

func atLeast(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	return errA == nil && errB == nil && (a > major || a == major && b >= minor)
}

// Package accountstore keeps accounts, tokens, sessions, links, throttles, the audit log, instance settings, search
// statistics and idempotency keys in PostgreSQL. Its queries are in sql/accounts.
package accountstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/wiki"
)

// queryTimeout bounds every statement; all of them are small.
const queryTimeout = 10 * time.Second

// beginner is a pool or a transaction (whose Begin is a savepoint).
type beginner interface {
	dbsqlc.DBTX
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Store is the database's side of accounts. It is safe for concurrent use, except inside Within.
type Store struct {
	db beginner
	q  *dbsqlc.Queries
}

var _ auth.Store = (*Store)(nil)

// New returns a Store on the pool, which stays the caller's.
func New(pool *pgxpool.Pool) *Store { return &Store{db: pool, q: dbsqlc.New()} }

// Within runs do in one transaction on the store it passes.
func (s *Store) Within(ctx context.Context, do func(auth.Store) error) error {
	return s.within(ctx, func(tx *Store) error { return do(tx) })
}

func (s *Store) within(ctx context.Context, do func(*Store) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var inner error
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		inner = do(&Store{db: tx, q: s.q})
		return inner
	})
	if inner != nil {
		return inner // translated where it arose
	}
	return translate("transaction", err)
}

// translate turns what pgx says into the program's kinds of error.
func translate(action string, err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%s: %w", action, wiki.ErrNotFound)
	case errors.As(err, &pg) && pg.Code == "23505": // unique_violation
		return fmt.Errorf("%s: %w: %w", action, wiki.ErrConflict, err)
	case errors.As(err, &pg) && pg.Code == "23503": // foreign_key_violation: what it refers to has just gone
		return fmt.Errorf("%s: %w: %w", action, wiki.ErrNotFound, err)
	case errors.As(err, &pg) && pg.Code[:2] != "57" && pg.Code[:2] != "53" && pg.Code[:2] != "08":
		return fmt.Errorf("%s: %w", action, err) // our fault, not the server's state
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", action, err)
	default:
		return fmt.Errorf("%s: %w: %w", action, wiki.ErrUnavailable, err)
	}
}

func gone(action string, rows int64, err error) error {
	if err == nil && rows == 0 {
		return fmt.Errorf("%s: %w", action, wiki.ErrNotFound)
	}
	return translate(action, err)
}

// InstanceID returns the name of this installation.
func (s *Store) InstanceID(ctx context.Context) (string, error) {
	var id string
	value, err := s.q.GetSetting(ctx, s.db, "instance_id")
	if err != nil {
		return "", translate("read instance id", err)
	}
	if err := json.Unmarshal(value, &id); err != nil {
		return "", fmt.Errorf("read instance id: %w", err)
	}
	return id, nil
}

// Sweep deletes what is past the limits.
func (s *Store) Sweep(ctx context.Context, l auth.SweepLimits) (int64, error) {
	var total int64
	for _, sweep := range []func(context.Context) (int64, error){
		func(ctx context.Context) (int64, error) { return s.q.SweepSessionData(ctx, s.db, l.Now) },
		func(ctx context.Context) (int64, error) {
			return s.q.SweepUserSessions(ctx, s.db, dbsqlc.SweepUserSessionsParams{IdleSince: l.SessionIdle, CreatedSince: l.SessionCreated})
		},
		func(ctx context.Context) (int64, error) { return s.q.SweepLinks(ctx, s.db, l.Now) },
		func(ctx context.Context) (int64, error) {
			return s.q.SweepThrottles(ctx, s.db, dbsqlc.SweepThrottlesParams{Before: l.Throttles, Now: &l.Now})
		},
		func(ctx context.Context) (int64, error) { return s.q.SweepAddresses(ctx, s.db, l.Addresses) },
		func(ctx context.Context) (int64, error) { return s.q.SweepAudit(ctx, s.db, l.Audit) },
		func(ctx context.Context) (int64, error) { return s.q.SweepSearches(ctx, s.db, l.Searches) },
		func(ctx context.Context) (int64, error) { return s.q.SweepKeys(ctx, s.db, l.Keys) },
	} {
		n, err := sweepOnce(ctx, sweep)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

func sweepOnce(ctx context.Context, sweep func(context.Context) (int64, error)) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	n, err := sweep(ctx)
	return n, translate("sweep", err)
}

package contentstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// SaveFailure notes that a page could not be stored, and how often so far; the next try is later each time.
func (s *Store) SaveFailure(ctx context.Context, sourceID string, f spacesync.Failure) (int, error) {
	tries, err := s.q.SaveFailure(ctx, s.db, dbsqlc.SaveFailureParams{
		SourceID: sourceID, PageID: f.ID, Type: string(f.Type), Title: f.Title, Url: f.URL, Error: f.Error,
	})
	if err != nil {
		return 0, fmt.Errorf("failure of page %s: %w", f.ID, postgres.Translate(err))
	}
	return int(tries), nil
}

// DueFailures returns the failed pages whose next try is due, or all of them.
func (s *Store) DueFailures(ctx context.Context, sourceID string, all bool) ([]spacesync.Failure, error) {
	rows, err := s.q.DueFailures(ctx, s.db, dbsqlc.DueFailuresParams{SourceID: sourceID, AllOfThem: all})
	if err != nil {
		return nil, fmt.Errorf("failures of %s: %w", sourceID, postgres.Translate(err))
	}
	failures := make([]spacesync.Failure, len(rows))
	for i, r := range rows {
		failures[i] = spacesync.Failure{ID: r.PageID, Type: wiki.ContentType(r.Type), Title: r.Title, LastAt: r.LastAt}
	}
	return failures, nil
}

// ClearFailures forgets failures.
func (s *Store) ClearFailures(ctx context.Context, sourceID string, ids []string) error {
	if err := s.q.ClearFailures(ctx, s.db, dbsqlc.ClearFailuresParams{SourceID: sourceID, Ids: ids}); err != nil {
		return fmt.Errorf("failures of %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

// SetPending makes these pages (id → reason) the ones that wait for an admin's decision.
func (s *Store) SetPending(ctx context.Context, sourceID string, reasons map[string]string) error {
	p := dbsqlc.AddPendingParams{SourceID: sourceID, Ids: []string{}, Reasons: []string{}}
	for id, reason := range reasons {
		p.Ids = append(p.Ids, id)
		p.Reasons = append(p.Reasons, reason)
	}
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.q.KeepPending(ctx, tx, dbsqlc.KeepPendingParams{SourceID: sourceID, Ids: p.Ids}); err != nil {
			return err
		}
		return s.q.AddPending(ctx, tx, p)
	})
	if err != nil {
		return fmt.Errorf("pending deletions of %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

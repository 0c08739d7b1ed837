package searchstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// maintenanceLock is the advisory lock of maintenance.
const maintenanceLock = 7103_0003

// How much is done at once, and when it is worth doing.
const (
	foldLeast = 200    // fresh chunks; see Options.FoldFrom
	foldMost  = 4000   // chunks of one fold, and of one step of completing an index
	mergeOf   = 4      // segments of about one size become one
	bigEnough = 250000 // chunks; larger segments are left alone
	termsRead = 4000   // terms of one piece of a merge
)

// Maintain keeps the index fast: fresh chunks are folded into segments, small segments merged, removed chunks dropped.
// What is found does not depend on it. It does nothing while another process is at it, and is cheap where nothing is to
// be done: call it every half minute while pages are stored, and after each run.
func (s *Store) Maintain(ctx context.Context) error {
	for {
		more, err := s.maintainOnce(ctx)
		if err != nil {
			return fmt.Errorf("maintain the search index: %w", postgres.Translate(err))
		}
		if !more {
			return nil
		}
	}
}

// maintainOnce does one piece of work in a transaction and reports whether there may be more.
func (s *Store) maintainOnce(ctx context.Context) (more bool, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		more = false
		mine, err := s.q.TryLockMaintenance(ctx, tx, maintenanceLock)
		if err != nil || !mine {
			return err
		}
		if err := s.q.ResetFuture(ctx, tx); err != nil {
			return err
		}
		n, err := s.q.CountFresh(ctx, tx, dbsqlc.CountFreshParams{Version: inverted.Version, Most: s.foldFrom})
		if err != nil {
			return err
		}
		if n >= int64(s.foldFrom) {
			more = true
			return s.fold(ctx, tx)
		}
		due, err := s.mergesDue(ctx, tx)
		if err != nil || len(due) == 0 {
			return err
		}
		more = true
		return s.merge(ctx, tx, due)
	})
	return more, err
}

// fold makes a segment of fresh chunks. Those that are gone already are left out; even if nothing remains a segment is
// made, because readers notice by it that they have to ask for everything fresh.
func (s *Store) fold(ctx context.Context, tx pgx.Tx) error {
	rows, err := s.q.FreshToFold(ctx, tx, dbsqlc.FreshToFoldParams{Version: inverted.Version, Most: foldMost})
	if err != nil {
		return err
	}
	var docs []inverted.Doc
	var done, gone []int64
	for _, r := range rows {
		done = append(done, r.ChunkID)
		if r.Removed {
			gone = append(gone, r.ChunkID)
			continue
		}
		d, err := decode(r.ChunkID, r.SourceID, r.PageID, r.Words)
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	if _, err := s.addSegment(ctx, tx, docs); err != nil {
		return err
	}
	if err := s.q.DeleteFresh(ctx, tx, done); err != nil {
		return err
	}
	return s.forget(ctx, tx, gone)
}

// forget drops the notes of removed chunks that no segment holds any more.
func (s *Store) forget(ctx context.Context, tx pgx.Tx, ids []int64) error {
	return s.q.ForgetRemoved(ctx, tx, dbsqlc.ForgetRemovedParams{Ids: ids, Version: inverted.Version})
}

// addSegment writes a segment of documents and returns its id.
func (s *Store) addSegment(ctx context.Context, tx pgx.Tx, docs []inverted.Doc) (int64, error) {
	segment := inverted.Build(docs)
	id, err := s.q.AddSegment(ctx, tx, dbsqlc.AddSegmentParams{Docs: int32(len(docs)), Header: segment.Header.Encode(), Version: inverted.Version})
	if err != nil {
		return 0, err
	}
	rows := make([]dbsqlc.SavePostingsParams, 0, len(segment.Postings))
	for term, data := range segment.Postings {
		rows = append(rows, dbsqlc.SavePostingsParams{SegmentID: id, Term: term, Data: data})
	}
	slices.SortFunc(rows, func(a, b dbsqlc.SavePostingsParams) int {
		if a.Term < b.Term {
			return -1
		}
		return 1
	})
	_, err = s.q.SavePostings(ctx, tx, rows)
	return id, err
}

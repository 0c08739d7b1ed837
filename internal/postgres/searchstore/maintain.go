package searchstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// The advisory locks of maintenance. Folding and merging go on beside one another, so that fresh chunks do not pile up
// while large segments are merged; each shares the first lock. Whoever needs all to stand still holds it alone, as do
// programs from before there were parts.
const (
	maintenanceLock = 7103_0003
	foldLock        = 7103_0004
	mergeLock       = 7103_0005
)

// How much is done at once, and when it is worth doing.
const (
	foldLeast = 200    // fresh chunks; see Options.FoldFrom
	foldRead  = 2000   // of them in memory at once
	foldMost  = 6000   // chunks of one fold
	foldSoon  = 4000   // added chunks that make maintenance due before its time
	stepMost  = 4000   // chunks of one step of completing an index
	smallest  = 1000   // chunks; segments up to here are of one size
	mergeOf   = 4      // segments of about one size become one
	bigEnough = 250000 // chunks; larger segments are left alone
	termsRead = 1000   // terms of one piece of a merge
)

// Maintain keeps the index fast: fresh chunks are folded into segments, small segments merged, removed chunks dropped.
// What is found does not depend on it. It leaves to other processes what they are at, and is cheap where nothing is to
// be done: call it every half minute while pages are stored, and after each run.
func (s *Store) Maintain(ctx context.Context) error {
	if err := s.Fold(ctx); err != nil {
		return err
	}
	return s.repeat(ctx, mergeLock, s.mergeOnce)
}

// Fold is the part of Maintain that cannot wait while a sync adds chunks, because every reader holds the fresh ones in
// memory: call it whenever Due tells. It does not wait for merges.
func (s *Store) Fold(ctx context.Context) error { return s.repeat(ctx, foldLock, s.foldOnce) }

// Due tells that this process has added so many chunks since it last told that Fold should be called.
func (s *Store) Due() <-chan struct{} { return s.due }

// noteAdded counts towards Due.
func (s *Store) noteAdded(chunks int) {
	if s.added.Add(int64(chunks)) < foldSoon {
		return
	}
	s.added.Store(0)
	select {
	case s.due <- struct{}{}:
	default: // told already
	}
}

// repeat does a part of maintenance, a transaction for each piece, until there is no more to do or another process is at it.
func (s *Store) repeat(ctx context.Context, part int64, once func(ctx context.Context, tx pgx.Tx) (more bool, err error)) error {
	for more := true; more; {
		err := s.db.InTx(ctx, func(tx pgx.Tx) error {
			more = false
			mine, err := s.q.TryLockPart(ctx, tx, dbsqlc.TryLockPartParams{Maintenance: maintenanceLock, Part: part})
			if err == nil && mine {
				more, err = once(ctx, tx)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("maintain the search index: %w", postgres.Translate(err))
		}
	}
	return nil
}

// foldOnce makes a segment of fresh chunks, where there are enough, and reports whether it did.
func (s *Store) foldOnce(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	if err := s.q.ResetFuture(ctx, tx); err != nil {
		return false, err
	}
	n, err := s.q.CountFresh(ctx, tx, dbsqlc.CountFreshParams{Version: inverted.Version, Most: s.foldFrom})
	if err != nil || n < int64(s.foldFrom) {
		return false, err
	}
	return true, s.fold(ctx, tx)
}

// mergeOnce merges some segments, where there are enough, and reports whether it did.
func (s *Store) mergeOnce(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	due, err := s.mergesDue(ctx, tx)
	if err != nil || len(due) == 0 {
		return false, err
	}
	return true, s.merge(ctx, tx, due)
}

// fold makes a segment of fresh chunks. Those that are gone already are left out; even if nothing remains a segment is
// made, because readers notice by it that they have to ask for everything fresh.
func (s *Store) fold(ctx context.Context, tx pgx.Tx) error {
	b := inverted.NewBuilder()
	var done, gone []int64
	for after := int64(0); len(done) < foldMost; {
		rows, err := s.q.FreshToFold(ctx, tx, dbsqlc.FreshToFoldParams{Version: inverted.Version, After: after, Most: foldRead})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			after = r.ChunkID
			done = append(done, r.ChunkID)
			if r.Removed {
				gone = append(gone, r.ChunkID)
			} else if err := b.AddEncoded(r.ChunkID, inverted.PageKey{SourceID: r.SourceID, PageID: r.PageID}, r.Words); err != nil {
				return fmt.Errorf("words of chunk %d: %w", r.ChunkID, err)
			}
		}
	}
	if _, err := s.addSegment(ctx, tx, b.Segment()); err != nil {
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

// addSegment writes a segment and returns its id.
func (s *Store) addSegment(ctx context.Context, tx pgx.Tx, segment inverted.Segment) (int64, error) {
	docs := int32(len(segment.Header.ChunkIDs))
	id, err := s.q.AddSegment(ctx, tx, dbsqlc.AddSegmentParams{Docs: docs, Header: segment.Header.Encode(), Version: inverted.Version})
	if err != nil {
		return 0, err
	}
	rows := make([]dbsqlc.SavePostingsParams, 0, len(segment.Postings))
	for term, data := range segment.Postings {
		rows = append(rows, dbsqlc.SavePostingsParams{SegmentID: id, Term: term, Data: data})
	}
	slices.SortFunc(rows, func(a, b dbsqlc.SavePostingsParams) int { return cmp.Compare(a.Term, b.Term) })
	_, err = s.q.SavePostings(ctx, tx, rows)
	return id, err
}

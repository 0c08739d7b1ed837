package searchstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// maintenanceLock is the advisory lock of maintenance.
const maintenanceLock = 7103_0003

// How much is done at once, and when it is worth doing.
const (
	foldLeast = 200    // fresh chunks; see Options.FoldFrom
	foldMost  = 4000   // chunks of one fold, and of one piece of a rebuild
	mergeOf   = 4      // segments of about one size become one
	bigEnough = 250000 // chunks; larger segments are left alone
	termsRead = 4000   // terms of one piece of a merge
)

// Maintain keeps the index fast: fresh chunks are folded into segments, small segments merged, removed chunks dropped.
// What is found does not depend on it. It does nothing while another process is at it, and is cheap where nothing is to
// be done: call it every half minute while pages are stored, and after each run.
func (s *Store) Maintain(ctx context.Context) error {
	if err := s.rebuildIfOutdated(ctx); err != nil {
		return fmt.Errorf("build the search index: %w", postgres.Translate(err))
	}
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
		n, err := s.q.CountFresh(ctx, tx, s.foldFrom)
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
	rows, err := s.q.FreshToFold(ctx, tx, foldMost)
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
	if err := s.addSegment(ctx, tx, docs); err != nil {
		return err
	}
	if err := s.q.DeleteFresh(ctx, tx, done); err != nil {
		return err
	}
	return s.q.ForgetRemoved(ctx, tx, gone)
}

func (s *Store) addSegment(ctx context.Context, tx pgx.Tx, docs []inverted.Doc) error {
	segment := inverted.Build(docs)
	id, err := s.q.AddSegment(ctx, tx, dbsqlc.AddSegmentParams{Docs: int32(len(docs)), Header: segment.Header.Encode()})
	if err != nil {
		return err
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
	return err
}

// rebuildIfOutdated builds the index of all chunks where it was written by another version of the analysis, or never.
func (s *Store) rebuildIfOutdated(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		version, err := s.q.IndexVersion(ctx, tx)
		if err != nil || version == inverted.Version {
			return err
		}
		mine, err := s.q.TryLockMaintenance(ctx, tx, maintenanceLock)
		if err != nil || !mine {
			return err
		}
		if version != 0 {
			if err := s.rebuild(ctx, tx); err != nil {
				return err
			}
		}
		return s.q.SetIndexVersion(ctx, tx, inverted.Version)
	})
}

// rebuild indexes all chunks. Pages that are stored meanwhile wait for it, searches do not see it before it is done.
func (s *Store) rebuild(ctx context.Context, tx pgx.Tx) error {
	if err := s.q.LockFresh(ctx, tx); err != nil {
		return err
	}
	if err := s.q.ClearIndex(ctx, tx); err != nil {
		return err
	}
	analyzers := map[string]*analysis.Analyzer{}
	var after int64
	for {
		rows, err := s.q.ChunksAfter(ctx, tx, dbsqlc.ChunksAfterParams{After: after, Most: foldMost})
		if err != nil || len(rows) == 0 {
			return err
		}
		docs := make([]inverted.Doc, len(rows))
		for i, r := range rows {
			a := analyzers[r.TextConfig]
			if a == nil {
				a = analysis.New(r.TextConfig)
				analyzers[r.TextConfig] = a
			}
			docs[i] = inverted.Analyze(a, inverted.Fields{
				Title: r.Title, Heading: r.HeadingPath, Section: r.SectionTitle, Body: r.BodyText, Content: r.Content,
			})
			docs[i].ChunkID, docs[i].SourceID, docs[i].PageID = r.ID, r.SourceID, r.PageID
		}
		if err := s.addSegment(ctx, tx, docs); err != nil {
			return err
		}
		after = rows[len(rows)-1].ID
	}
}

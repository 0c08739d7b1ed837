package searchstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// Complete indexes the chunks that the index of this version lacks: those that were stored before there was an index, or
// by a program that writes another version of it. It does so in small transactions beside searches and syncs, goes on
// where an earlier call stopped, and does nothing while another process is at it. The first call looks at all chunks,
// later ones only while another version is in use: call it at the start and every half minute, in every process. What
// versions wrote that nobody uses any more is dropped.
func (s *Store) Complete(ctx context.Context) error {
	if err := s.complete(ctx); err != nil {
		return fmt.Errorf("complete the search index: %w", postgres.Translate(err))
	}
	return nil
}

func (s *Store) complete(ctx context.Context) error {
	others, err := s.q.NoteUse(ctx, s.db, inverted.Version)
	if err != nil {
		return err
	}
	if s.checked.Load() && !others {
		return nil
	}
	if _, err := s.q.DropUnused(ctx, s.db, inverted.Version); err != nil {
		return err
	}
	for {
		found, err := s.compare(ctx)
		if err != nil {
			return err
		}
		whole := len(found.missing)+len(found.damaged)+len(found.torn) == 0
		if err := s.q.SetComplete(ctx, s.db, dbsqlc.SetCompleteParams{Version: inverted.Version, Complete: whole}); err != nil {
			return err
		}
		if whole {
			s.checked.Store(true)
			return s.db.InTx(ctx, func(tx pgx.Tx) error { return s.forget(ctx, tx, found.stray) })
		}
		s.log.InfoContext(ctx, "the index of words is being completed", "chunks", len(found.missing))
		mine, err := s.indexMissing(ctx, found)
		if err != nil || !mine {
			return err
		}
	}
}

// comparison is what the index differs in from the chunks.
type comparison struct {
	segments []int64 // all of this version
	missing  []int64 // chunks that are not in the index, ascending
	damaged  []int64 // segments that cannot be read; their chunks are missing
	torn     []int64 // fresh chunks whose words cannot be read; they are missing as well
	stray    []int64 // removed chunks that the index does not hold
}

// compare looks at one state of the database.
func (s *Store) compare(ctx context.Context) (c comparison, err error) {
	var indexed, chunks, removed []int64
	err = pgx.BeginTxFunc(ctx, s.db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		c = comparison{}
		if c.segments, err = s.q.SegmentIDs(ctx, tx, inverted.Version); err != nil {
			return err
		}
		if indexed, c.torn, err = s.freshChunks(ctx, tx); err != nil {
			return err
		}
		for _, id := range c.segments {
			rows, err := s.q.SegmentHeaders(ctx, tx, []int64{id})
			if err != nil || len(rows) == 0 {
				return err
			}
			header, err := inverted.DecodeHeader(rows[0].Header)
			if errors.Is(err, inverted.ErrDamaged) {
				c.damaged = append(c.damaged, id)
				continue
			}
			indexed = append(indexed, header.ChunkIDs...)
		}
		if removed, err = s.q.RemovedChunks(ctx, tx); err != nil {
			return err
		}
		chunks, err = s.q.ChunkIDs(ctx, tx)
		return err
	})
	if err != nil {
		return c, err
	}
	slices.Sort(indexed)
	c.missing, c.stray = without(chunks, indexed), without(removed, indexed)
	return c, nil
}

// freshChunks returns the ids of the chunks that are in no segment: those whose words can be read, and the others.
func (s *Store) freshChunks(ctx context.Context, tx pgx.Tx) (sound, torn []int64, err error) {
	for after := int64(0); ; {
		rows, err := s.q.FreshToFold(ctx, tx, dbsqlc.FreshToFoldParams{Version: inverted.Version, After: after, Most: foldRead})
		if err != nil || len(rows) == 0 {
			return sound, torn, err
		}
		for _, r := range rows {
			after = r.ChunkID
			if inverted.Readable(r.Words) {
				sound = append(sound, r.ChunkID)
			} else {
				torn = append(torn, r.ChunkID)
			}
		}
	}
}

// without returns what is in list and not in others; both ascend.
func without(list, others []int64) []int64 {
	var left []int64
	for _, id := range list {
		for len(others) > 0 && others[0] < id {
			others = others[1:]
		}
		if len(others) == 0 || others[0] != id {
			left = append(left, id)
		}
	}
	return left
}

// indexMissing makes segments of what is missing and reports whether it came to the end. It did not where another process
// has changed the segments since the comparison: that one may have indexed the same.
func (s *Store) indexMissing(ctx context.Context, found comparison) (mine bool, err error) {
	segments := found.segments
	if len(found.damaged)+len(found.torn) > 0 {
		mine, err = s.ifUnchanged(ctx, segments, func(tx pgx.Tx) error {
			if err := s.q.DeleteFresh(ctx, tx, found.torn); err != nil {
				return err
			}
			return s.q.DeleteSegments(ctx, tx, found.damaged)
		})
		if err != nil || !mine {
			return false, err
		}
		segments = without(segments, found.damaged)
	}
	for ids := range slices.Chunk(found.missing, stepMost) {
		var added int64
		mine, err = s.ifUnchanged(ctx, segments, func(tx pgx.Tx) (err error) {
			added, err = s.indexChunks(ctx, tx, ids)
			return err
		})
		if err != nil || !mine {
			return false, err
		}
		segments = append(slices.Clip(segments), added)
	}
	return true, nil
}

// ifUnchanged runs f in a transaction of maintenance, unless another process is at it or the segments are others by now.
func (s *Store) ifUnchanged(ctx context.Context, segments []int64, f func(tx pgx.Tx) error) (mine bool, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) (err error) {
		if mine, err = s.q.TryLockMaintenance(ctx, tx, maintenanceLock); err != nil || !mine {
			return err
		}
		present, err := s.q.SegmentIDs(ctx, tx, inverted.Version)
		if mine = slices.Equal(present, segments); err != nil || !mine {
			return err
		}
		return f(tx)
	})
	return mine, err
}

// indexChunks makes a segment of chunks.
func (s *Store) indexChunks(ctx context.Context, tx pgx.Tx, ids []int64) (int64, error) {
	rows, err := s.q.ChunksToIndex(ctx, tx, ids)
	if err != nil {
		return 0, err
	}
	analyzers := map[string]*analysis.Analyzer{}
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
	return s.addSegment(ctx, tx, inverted.Build(docs))
}

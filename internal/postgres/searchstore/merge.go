package searchstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// mergesDue returns segments of about one size that are worth merging, or those that are full of removed chunks.
func (s *Store) mergesDue(ctx context.Context, tx pgx.Tx) ([]int64, error) {
	sizes, err := s.q.SegmentSizes(ctx, tx, inverted.Version)
	if err != nil {
		return nil, err
	}
	byTier := map[int][]int64{}
	total := 0
	for _, r := range sizes {
		total += int(r.Docs)
		if r.Docs >= bigEnough {
			continue
		}
		t := tier(int(r.Docs))
		byTier[t] = append(byTier[t], r.ID)
		if len(byTier[t]) == mergeOf {
			return byTier[t], nil
		}
	}
	return s.wornOut(ctx, tx, sizes, total)
}

// tier is the size class of a segment: each is mergeOf times the one below.
func tier(docs int) int {
	t := 0
	for docs > smallest {
		docs /= mergeOf
		t++
	}
	return t
}

// wornOut returns a segment of which more than a quarter is gone.
func (s *Store) wornOut(ctx context.Context, tx pgx.Tx, sizes []dbsqlc.SegmentSizesRow, total int) ([]int64, error) {
	removed, err := s.q.RemovedChunks(ctx, tx)
	if err != nil || len(removed)*20 <= total {
		return nil, err
	}
	for _, r := range sizes {
		rows, err := s.q.SegmentHeaders(ctx, tx, []int64{r.ID})
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		header, err := inverted.DecodeHeader(rows[0].Header)
		if err != nil {
			return nil, fmt.Errorf("segment %d: %w", r.ID, err)
		}
		n := 0
		for _, id := range header.ChunkIDs {
			if _, ok := slices.BinarySearch(removed, id); ok {
				n++
			}
		}
		if n*4 > len(header.ChunkIDs) {
			return []int64{r.ID}, nil
		}
	}
	return nil, nil
}

// merge writes one segment in the place of several, term by term, so that memory stays small.
func (s *Store) merge(ctx context.Context, tx pgx.Tx, ids []int64) error {
	rows, err := s.q.SegmentHeaders(ctx, tx, ids)
	if err != nil {
		return err
	}
	removed, err := s.q.RemovedChunks(ctx, tx)
	if err != nil {
		return err
	}
	headers := make([]*inverted.Header, len(rows))
	place := map[int64]int{}
	for i, r := range rows {
		if headers[i], err = inverted.DecodeHeader(r.Header); err != nil {
			return fmt.Errorf("segment %d: %w", r.ID, err)
		}
		place[r.ID] = i
	}
	var gone []int64
	merged, numbers := inverted.Merge(headers, func(id int64) bool {
		_, ok := slices.BinarySearch(removed, id)
		if ok {
			gone = append(gone, id)
		}
		return !ok
	})
	id, err := s.q.AddSegment(ctx, tx, dbsqlc.AddSegmentParams{Docs: int32(len(merged.ChunkIDs)), Header: merged.Encode(), Version: inverted.Version})
	if err != nil {
		return err
	}
	if err := s.mergePostings(ctx, tx, ids, place, numbers, id); err != nil {
		return err
	}
	if err := s.q.DeleteSegments(ctx, tx, ids); err != nil {
		return err
	}
	return s.forget(ctx, tx, gone)
}

func (s *Store) mergePostings(ctx context.Context, tx pgx.Tx, ids []int64, place map[int64]int, numbers [][]int32, into int64) error {
	after := ""
	for {
		until, err := s.pieceEnd(ctx, tx, ids, after)
		if err != nil || until == "" {
			return err
		}
		rows, err := s.q.PostingsAfter(ctx, tx, dbsqlc.PostingsAfterParams{Segments: ids, After: after, Until: until})
		if err != nil {
			return err
		}
		var out []dbsqlc.SavePostingsParams
		for len(rows) > 0 {
			n := 1
			for n < len(rows) && rows[n].Term == rows[0].Term {
				n++
			}
			var lists [][]byte
			var renumber [][]int32
			for _, r := range rows[:n] {
				lists = append(lists, r.Data)
				renumber = append(renumber, numbers[place[r.SegmentID]])
			}
			if data := inverted.MergePostings(lists, renumber); data != nil {
				out = append(out, dbsqlc.SavePostingsParams{SegmentID: into, Term: rows[0].Term, Data: data})
			}
			rows = rows[n:]
		}
		if _, err := s.q.SavePostings(ctx, tx, out); err != nil {
			return err
		}
		after = until
	}
}

// pieceEnd returns the term at which the next piece of a merge ends: the nearest among the segments, so that no piece is
// larger than one of each.
func (s *Store) pieceEnd(ctx context.Context, tx pgx.Tx, ids []int64, after string) (string, error) {
	end := ""
	for _, id := range ids {
		term, err := s.q.TermAt(ctx, tx, dbsqlc.TermAtParams{Segment: id, After: after, Size: termsRead})
		if err != nil {
			return "", err
		}
		if term != "" && (end == "" || term < end) {
			end = term
		}
	}
	return end, nil
}

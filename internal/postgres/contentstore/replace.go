package contentstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/wiki"
)

var _ index.Store = (*Store)(nil)

// ReplacePages stores pages of one source and swaps their chunks in one transaction: whoever reads meanwhile sees all of
// a page's old chunks or all of the new ones, and a crash leaves the old ones. An error means that none of the pages was
// stored. Chunks whose hash is already there keep their row and their vector. Where fence names a run, pages are written
// only while that run is still its worker's (wiki.ErrConflict otherwise). The pages are removed from other sources of
// the same site: they have moved. The answers are in the order of the pages.
func (s *Store) ReplacePages(ctx context.Context, fence index.Fence, pages []index.Page) ([]index.Stored, error) {
	if len(pages) == 0 {
		return nil, nil
	}
	sourceID := pages[0].Record.SourceID
	b, err := s.prepare(ctx, sourceID, pages)
	if err == nil {
		err = s.db.InTx(ctx, func(tx pgx.Tx) error { return b.replace(ctx, tx, fence) })
	}
	if err != nil {
		return nil, fmt.Errorf("store %s of %s: %w", named(pages), sourceID, postgres.Translate(err))
	}
	return b.stored(), nil
}

func named(pages []index.Page) string {
	if len(pages) == 1 {
		return "page " + pages[0].Record.Ref.ID
	}
	return fmt.Sprintf("%d pages", len(pages))
}

// replace writes the batch. It may run again after a transaction that was rolled back.
func (b *batch) replace(ctx context.Context, tx pgx.Tx, fence index.Fence) error {
	begun, err := b.q.BeginBatch(ctx, tx, dbsqlc.BeginBatchParams{RunID: fence.RunID, Attempt: int32(fence.Attempt)})
	if err != nil {
		return err
	}
	if !begun.Own {
		return lostRun(fence)
	}
	pages, changed, err := b.lock(ctx, tx)
	if err != nil || len(pages) == 0 {
		return err
	}
	x, err := b.exchange(ctx, tx, pages)
	if err != nil {
		return err
	}
	if err := x.clear(ctx, tx); err != nil {
		return err
	}
	if err := b.takeOver(ctx, tx, pages); err != nil {
		return err
	}
	if err := b.q.PlanOnce(ctx, tx); err != nil {
		return err
	}
	if err := b.upsert(ctx, tx, pages); err != nil {
		return err
	}
	if err := x.add(ctx, tx); err != nil {
		return err
	}
	if len(changed) > 0 {
		if err := b.q.StaleIncluders(ctx, tx, dbsqlc.StaleIncludersParams{SourceID: b.sourceID, Ids: changed}); err != nil {
			return fmt.Errorf("pages that include them: %w", err)
		}
	}
	return b.checkFence(ctx, tx, fence) // again: a batch takes a while
}

// lock locks the rows of the batch that are there, in one order for all writers, and returns the pages that are to be
// written, and the ids of those of them in which others that include them show something new.
func (b *batch) lock(ctx context.Context, tx pgx.Tx) (pages []*prepared, changed []string, err error) {
	rows, err := b.q.LockPages(ctx, tx, dbsqlc.LockPagesParams{SourceID: b.sourceID, Ids: b.ids()})
	if err != nil {
		return nil, nil, err
	}
	byID := make(map[string]dbsqlc.LockPagesRow, len(rows))
	for _, row := range rows {
		byID[row.PageID] = row
	}
	for _, p := range b.pages {
		row, there := byID[p.Record.Ref.ID]
		p.row = there
		p.stored = index.Stored{Created: !there || row.IsDeleted}
		if !there && p.Record.Reprocessed || there && stale(row, p.Record) {
			p.stored = index.Stored{Stale: true}
			continue
		}
		pages = append(pages, p)
		if !there || row.IsDeleted || row.Restricted != p.Record.Restricted || row.Title != p.Record.Ref.Title || !bytes.Equal(row.ContentHash, p.Record.ContentHash) {
			changed = append(changed, p.Record.Ref.ID)
		}
	}
	return pages, changed, nil
}

// stale reports whether the store knows better than r: it was written by somebody who asked the site later, or, for a
// body that came from the store, the page has changed since.
func stale(row dbsqlc.LockPagesRow, r index.Record) bool {
	if r.Reprocessed {
		return row.IsDeleted || int(row.Version) != r.Ref.Version || !row.VersionAt.Equal(r.Ref.VersionAt)
	}
	return !row.IsDeleted && row.SyncedAt.After(r.FetchedAt)
}

func (s *Store) checkFence(ctx context.Context, tx pgx.Tx, fence index.Fence) error {
	if fence.RunID == 0 {
		return nil
	}
	own, err := s.q.OwnsRun(ctx, tx, dbsqlc.OwnsRunParams{ID: fence.RunID, Attempt: int32(fence.Attempt)})
	if err != nil {
		return err
	}
	if !own {
		return lostRun(fence)
	}
	return nil
}

func lostRun(fence index.Fence) error {
	return fmt.Errorf("run %d is no longer this worker's: %w", fence.RunID, wiki.ErrConflict)
}

func (b *batch) upsert(ctx context.Context, tx pgx.Tx, pages []*prepared) error {
	rows := make([]dbsqlc.UpsertPagesParams, len(pages))
	bodies := dbsqlc.SaveBodiesParams{SourceID: b.sourceID}
	for i, p := range pages {
		rows[i] = p.params
		bodies.Ids = append(bodies.Ids, p.Record.Ref.ID)
		bodies.Bodies = append(bodies.Bodies, p.body)
	}
	var first error
	b.q.UpsertPages(ctx, tx, rows).Exec(func(_ int, err error) {
		if first == nil {
			first = err
		}
	})
	if first != nil {
		return first
	}
	return b.q.SaveBodies(ctx, tx, bodies)
}

// takeOver ends what waited for the pages, and removes them from the other sources of their site. Pages that came from
// the store itself have not moved.
func (b *batch) takeOver(ctx context.Context, tx pgx.Tx, pages []*prepared) error {
	byID := make(map[string]*prepared, len(pages))
	var ids []string
	for _, p := range pages {
		if !p.Record.Reprocessed {
			byID[p.Record.Ref.ID] = p
			ids = append(ids, p.Record.Ref.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	held, err := b.q.SettlePages(ctx, tx, dbsqlc.SettlePagesParams{SourceID: b.sourceID, Ids: ids})
	if err != nil {
		return err
	}
	for _, h := range held {
		p := byID[h.PageID]
		if _, _, err := b.softDelete(ctx, tx, h.SourceID, []string{h.PageID}, "moved to "+p.Record.SpaceKey); err != nil {
			return err
		}
		p.stored.TakenFrom = append(p.stored.TakenFrom, h.SourceID)
	}
	return nil
}

func emptyNotNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

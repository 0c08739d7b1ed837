package contentstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/wiki"
)

var _ index.Store = (*Store)(nil)

// ReplacePage stores a page and swaps its chunks in one transaction: whoever reads meanwhile sees all of the old chunks
// or all of the new ones, and a crash leaves the old ones. Chunks whose hash is already there keep their row and their
// vector. Where fence names a run, the page is written only while that run is still its worker's (wiki.ErrConflict
// otherwise). The page is removed from other sources of the same site: it has moved.
func (s *Store) ReplacePage(ctx context.Context, fence index.Fence, r index.Record, chunks []index.Chunk) (index.Stored, error) {
	var stored index.Stored
	body := s.pack.EncodeAll([]byte(r.Storage), nil)
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		var err error
		stored, err = s.replace(ctx, tx, fence, r, chunks, body)
		return err
	})
	if err != nil {
		return index.Stored{}, fmt.Errorf("store page %s of %s: %w", r.Ref.ID, r.SourceID, postgres.Translate(err))
	}
	return stored, nil
}

func (s *Store) replace(ctx context.Context, tx pgx.Tx, fence index.Fence, r index.Record, chunks []index.Chunk, body []byte) (index.Stored, error) {
	if err := s.checkFence(ctx, tx, fence); err != nil {
		return index.Stored{}, err
	}
	stored := index.Stored{Created: true}
	changed := true // what others that include the page show of it
	row, err := s.q.LockPage(ctx, tx, dbsqlc.LockPageParams{SourceID: r.SourceID, PageID: r.Ref.ID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		if r.Reprocessed {
			return index.Stored{Stale: true}, nil
		}
	case err != nil:
		return index.Stored{}, err
	default:
		if stale(row, r) {
			return index.Stored{Stale: true}, nil
		}
		stored.Created = row.IsDeleted
		changed = row.IsDeleted || row.Restricted != r.Restricted || row.Title != r.Ref.Title || !bytes.Equal(row.ContentHash, r.ContentHash)
	}
	if err := s.upsert(ctx, tx, r, len(chunks), body); err != nil {
		return index.Stored{}, err
	}
	if err := s.swap(ctx, tx, r, chunks, &stored); err != nil {
		return index.Stored{}, err
	}
	if changed {
		err := s.q.StaleIncluders(ctx, tx, dbsqlc.StaleIncludersParams{
			SourceID: r.SourceID, PageID: r.Ref.ID, SpaceKey: r.SpaceKey, Title: r.Ref.Title,
		})
		if err != nil {
			return index.Stored{}, fmt.Errorf("pages that include it: %w", err)
		}
	}
	if r.Reprocessed {
		return stored, nil
	}
	return stored, s.takeOver(ctx, tx, r, &stored)
}

// stale reports whether the store knows better than r: it was written by somebody who asked the site later, or, for a
// body that came from the store, the page has changed since.
func stale(row dbsqlc.LockPageRow, r index.Record) bool {
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
		return fmt.Errorf("run %d is no longer this worker's: %w", fence.RunID, wiki.ErrConflict)
	}
	return nil
}

func (s *Store) upsert(ctx context.Context, tx pgx.Tx, r index.Record, chunks int, body []byte) error {
	metadata, err := json.Marshal(r.Metadata)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	crumbs, err := json.Marshal(emptyNotNil(r.Ancestors))
	if err != nil {
		return fmt.Errorf("breadcrumb: %w", err)
	}
	ids := make([]string, len(r.Ancestors))
	for i, a := range r.Ancestors {
		ids[i] = a.ID
	}
	_, err = s.q.UpsertPage(ctx, tx, dbsqlc.UpsertPageParams{
		SourceID: r.SourceID, PageID: r.Ref.ID, SpaceKey: r.SpaceKey, Type: string(r.Ref.Type), Title: r.Ref.Title, Url: r.Ref.URL,
		Version: int32(r.Ref.Version), VersionAt: r.Ref.VersionAt, ParentID: r.Ref.ParentID, ParentType: r.Ref.ParentType,
		Position: int32(r.Ref.Position), Path: pagePath(ids, r.Ref.ID), AncestorIds: ids, Breadcrumb: crumbs,
		AuthorID: r.Ref.EditorID, AuthorName: r.AuthorName, CreatedByID: r.Ref.AuthorID, CreatedByName: r.CreatedByName,
		Labels: emptyNotNil(r.Labels), JiraKeys: emptyNotNil(r.JiraKeys), Markdown: r.Markdown,
		OwnRestricted: r.OwnRestricted, Restricted: r.Restricted, ChunkCount: int32(chunks),
		ConverterVersion: int32(r.ConverterVersion), TextConfig: &r.TextConfig, ContentHash: r.ContentHash, Metadata: metadata,
		SyncedAt: r.FetchedAt, CreatedAt: r.Ref.CreatedAt,
	})
	if err != nil {
		return err
	}
	return s.q.SaveBody(ctx, tx, dbsqlc.SaveBodyParams{SourceID: r.SourceID, PageID: r.Ref.ID, Storage: body})
}

// pagePath is the materialised path: /ancestor/…/page.
func pagePath(ancestors []string, id string) string {
	return "/" + strings.Join(append(slices.Clone(ancestors), id), "/")
}

// swap replaces the page's chunks by chunks, as far as they differ.
func (s *Store) swap(ctx context.Context, tx pgx.Tx, r index.Record, chunks []index.Chunk, stored *index.Stored) error {
	rows, err := s.q.ChunkHashes(ctx, tx, dbsqlc.ChunkHashesParams{PageID: r.Ref.ID, SourceID: r.SourceID})
	if err != nil {
		return err
	}
	old := make([]oldChunk, len(rows))
	for i, row := range rows {
		old[i] = oldChunk{id: row.ID, number: int(row.ChunkNumber)}
		copy(old[i].hash[:], row.Hash)
	}
	hashes := make([][32]byte, len(chunks))
	for i, c := range chunks {
		hashes[i] = c.Hash
	}
	p := planChunks(old, hashes)
	if len(p.removed) > 0 {
		if err := s.q.DeleteChunks(ctx, tx, p.removed); err != nil {
			return err
		}
	}
	var move dbsqlc.PlaceChunksParams
	for i, k := range p.kept {
		if k < 0 {
			continue
		}
		stored.ChunksKept++
		row := rows[k]
		if int(row.ChunkNumber) != p.numbers[i] || row.Url != chunks[i].URL || row.Anchor != chunks[i].Anchor {
			move.Ids = append(move.Ids, row.ID)
			move.Numbers = append(move.Numbers, int32(p.numbers[i]))
			move.Urls = append(move.Urls, chunks[i].URL)
			move.Anchors = append(move.Anchors, chunks[i].Anchor)
		}
	}
	if len(move.Ids) > 0 {
		if err := s.q.PlaceChunks(ctx, tx, move); err != nil {
			return err
		}
	}
	added, err := s.addChunks(ctx, tx, r, chunks, p)
	if err != nil {
		return err
	}
	stored.ChunksCreated, stored.ChunksDeleted = len(added), len(p.removed)
	return s.replaced(ctx, tx, r.SourceID, r.Ref.ID, p.removed, added)
}

func (s *Store) addChunks(ctx context.Context, tx pgx.Tx, r index.Record, chunks []index.Chunk, p plan) ([]AddedChunk, error) {
	params := dbsqlc.AddChunksParams{SourceID: r.SourceID, PageID: r.Ref.ID, Title: r.Ref.Title, TextConfig: r.TextConfig}
	byNumber := map[int32]index.Chunk{}
	for i, c := range chunks {
		if p.kept[i] >= 0 {
			continue
		}
		number := int32(p.numbers[i])
		byNumber[number] = c
		params.Numbers = append(params.Numbers, number)
		params.Urls = append(params.Urls, c.URL)
		params.HeadingPaths = append(params.HeadingPaths, c.HeadingPath)
		params.SectionTitles = append(params.SectionTitles, c.SectionTitle)
		params.Anchors = append(params.Anchors, c.Anchor)
		params.Contents = append(params.Contents, c.Content)
		params.BodyTexts = append(params.BodyTexts, c.BodyText)
		params.Hashes = append(params.Hashes, bytes.Clone(c.Hash[:]))
	}
	if len(byNumber) == 0 {
		return nil, nil
	}
	rows, err := s.q.AddChunks(ctx, tx, params)
	if err != nil {
		return nil, err
	}
	added := make([]AddedChunk, len(rows))
	for i, row := range rows {
		c := byNumber[row.ChunkNumber]
		added[i] = AddedChunk{
			ID: row.ID, Title: r.Ref.Title, HeadingPath: c.HeadingPath, SectionTitle: c.SectionTitle,
			Content: c.Content, BodyText: c.BodyText, TextConfig: r.TextConfig,
		}
	}
	return added, nil
}

func (s *Store) replaced(ctx context.Context, tx pgx.Tx, sourceID, pageID string, removed []int64, added []AddedChunk) error {
	if s.indexer == nil || len(removed)+len(added) == 0 {
		return nil
	}
	if err := s.indexer.Replaced(ctx, tx, sourceID, pageID, removed, added); err != nil {
		return fmt.Errorf("index chunks: %w", err)
	}
	return nil
}

// takeOver ends what waited for the page, and removes it from the other sources of its site.
func (s *Store) takeOver(ctx context.Context, tx pgx.Tx, r index.Record, stored *index.Stored) error {
	others, err := s.q.SettlePage(ctx, tx, dbsqlc.SettlePageParams{PageID: r.Ref.ID, SourceID: r.SourceID})
	if err != nil {
		return err
	}
	for _, other := range others {
		if _, _, err := s.softDelete(ctx, tx, other, []string{r.Ref.ID}, "moved to "+r.SpaceKey); err != nil {
			return err
		}
	}
	stored.TakenFrom = others
	return nil
}

func emptyNotNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

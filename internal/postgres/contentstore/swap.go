package contentstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
)

// exchange is what a batch changes in the table of chunks.
type exchange struct {
	*batch
	removed []int64
	placed  dbsqlc.PlaceChunksParams
	added   dbsqlc.AddChunksParams
	words   map[place][]byte // of the added chunks
}

// place names a chunk of a batch before it has an id.
type place struct {
	page   string
	number int32
}

// exchange compares the chunks of pages with the stored ones.
func (b *batch) exchange(ctx context.Context, tx pgx.Tx, pages []*prepared) (*exchange, error) {
	old, err := b.oldChunks(ctx, tx, pages)
	if err != nil {
		return nil, err
	}
	x := &exchange{batch: b, added: dbsqlc.AddChunksParams{SourceID: b.sourceID}, words: map[place][]byte{}}
	for _, p := range pages {
		x.plan(p, old[p.Record.Ref.ID])
	}
	return x, nil
}

// clear removes the chunks that go, and moves those that stay to their places.
func (x *exchange) clear(ctx context.Context, tx pgx.Tx) error {
	if len(x.removed) > 0 {
		if err := x.q.DeleteChunks(ctx, tx, x.removed); err != nil {
			return err
		}
	}
	if len(x.placed.Ids) == 0 {
		return nil
	}
	return x.q.PlaceChunks(ctx, tx, x.placed)
}

// addedAtOnce is how many chunks one statement writes, some 300 kB: a connection holds on to the parameters of its last
// large statement.
const addedAtOnce = 128

// some returns a part of the chunks to add.
func some(p dbsqlc.AddChunksParams, from, to int) dbsqlc.AddChunksParams {
	return dbsqlc.AddChunksParams{
		SourceID: p.SourceID, PageIds: p.PageIds[from:to], Urls: p.Urls[from:to], Numbers: p.Numbers[from:to], Titles: p.Titles[from:to],
		HeadingPaths: p.HeadingPaths[from:to], SectionTitles: p.SectionTitles[from:to], Anchors: p.Anchors[from:to],
		Contents: p.Contents[from:to], BodyTexts: p.BodyTexts[from:to], Hashes: p.Hashes[from:to], TextConfigs: p.TextConfigs[from:to],
	}
}

// add writes the chunks that come.
func (x *exchange) add(ctx context.Context, tx pgx.Tx) error {
	if len(x.added.Numbers) == 0 {
		return nil
	}
	added := make([]AddedChunk, 0, len(x.added.Numbers))
	for from := 0; from < len(x.added.Numbers); from += addedAtOnce {
		rows, err := x.q.AddChunks(ctx, tx, some(x.added, from, min(from+addedAtOnce, len(x.added.Numbers))))
		if err != nil {
			return err
		}
		for _, row := range rows {
			added = append(added, AddedChunk{ID: row.ID, PageID: row.PageID, Words: x.words[place{row.PageID, row.ChunkNumber}]})
		}
	}
	if x.indexer == nil {
		return nil
	}
	if err := x.indexer.Added(ctx, tx, x.sourceID, added); err != nil {
		return fmt.Errorf("index chunks: %w", err)
	}
	return nil
}

// oldChunks are the stored chunks of pages, by page and in order. Pages without a row have none.
func (b *batch) oldChunks(ctx context.Context, tx pgx.Tx, pages []*prepared) (map[string][]oldChunk, error) {
	var ids []string
	for _, p := range pages {
		if p.row {
			ids = append(ids, p.Record.Ref.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := b.q.ChunkHashes(ctx, tx, dbsqlc.ChunkHashesParams{SourceID: b.sourceID, Ids: ids})
	if err != nil {
		return nil, err
	}
	old := make(map[string][]oldChunk, len(ids))
	for _, r := range rows {
		c := oldChunk{id: r.ID, hash: hashOf(r.Hash), number: int(r.ChunkNumber), url: r.Url, anchor: r.Anchor}
		old[r.PageID] = append(old[r.PageID], c)
	}
	return old, nil
}

// plan adds what becomes of one page's chunks, and counts it.
func (x *exchange) plan(p *prepared, old []oldChunk) {
	hashes := make([][32]byte, len(p.Chunks))
	for i, c := range p.Chunks {
		hashes[i] = c.Hash
	}
	plan := planChunks(old, hashes)
	x.removed = append(x.removed, plan.removed...)
	p.stored.ChunksDeleted = len(plan.removed)
	for i, k := range plan.kept {
		if k < 0 {
			x.come(p, i, int32(plan.numbers[i]))
			continue
		}
		p.stored.ChunksKept++
		c := p.Chunks[i]
		if o := old[k]; o.number != plan.numbers[i] || o.url != c.URL || o.anchor != c.Anchor {
			x.placed.Ids = append(x.placed.Ids, o.id)
			x.placed.Numbers = append(x.placed.Numbers, int32(plan.numbers[i]))
			x.placed.Urls = append(x.placed.Urls, c.URL)
			x.placed.Anchors = append(x.placed.Anchors, c.Anchor)
		}
	}
}

// come adds a chunk that is not stored yet.
func (x *exchange) come(p *prepared, chunk int, number int32) {
	r, c := p.Record, p.Chunks[chunk]
	p.stored.ChunksCreated++
	x.added.PageIds = append(x.added.PageIds, r.Ref.ID)
	x.added.Numbers = append(x.added.Numbers, number)
	x.added.Urls = append(x.added.Urls, c.URL)
	x.added.Titles = append(x.added.Titles, r.Ref.Title)
	x.added.HeadingPaths = append(x.added.HeadingPaths, c.HeadingPath)
	x.added.SectionTitles = append(x.added.SectionTitles, c.SectionTitle)
	x.added.Anchors = append(x.added.Anchors, c.Anchor)
	x.added.Contents = append(x.added.Contents, c.Content)
	x.added.BodyTexts = append(x.added.BodyTexts, c.BodyText)
	x.added.Hashes = append(x.added.Hashes, c.Hash[:])
	x.added.TextConfigs = append(x.added.TextConfigs, r.TextConfig)
	if x.indexer != nil {
		x.words[place{r.Ref.ID, number}] = p.wordsOf(x.Store, chunk)
	}
}

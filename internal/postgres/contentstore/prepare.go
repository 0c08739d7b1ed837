package contentstore

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
)

// batch is pages of one source on their way into the database.
type batch struct {
	*Store
	sourceID string
	pages    []*prepared
}

// prepared is a page with all of it that can be made before the transaction, which should be short.
type prepared struct {
	index.Page
	params dbsqlc.UpsertPagesParams
	body   []byte   // compressed
	words  [][]byte // by chunk; nil where the chunk seemed to be stored already

	row    bool // there was one, live or deleted
	stored index.Stored
}

// prepare does the work that needs no lock: packing bodies, writing JSON, analysing the words of chunks that are new as
// far as can be seen now.
func (s *Store) prepare(ctx context.Context, sourceID string, pages []index.Page) (*batch, error) {
	b := &batch{Store: s, sourceID: sourceID, pages: make([]*prepared, len(pages))}
	seen := make(map[string]bool, len(pages))
	for i, p := range pages {
		if p.Record.SourceID != sourceID || seen[p.Record.Ref.ID] {
			return nil, fmt.Errorf("page %s of %s cannot be in this batch", p.Record.Ref.ID, p.Record.SourceID)
		}
		seen[p.Record.Ref.ID] = true
		b.pages[i] = &prepared{Page: p}
	}
	known, err := b.knownChunks(ctx)
	if err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, p := range b.pages {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return p.prepare(s, known)
		})
	}
	return b, g.Wait()
}

func (b *batch) ids() []string {
	ids := make([]string, len(b.pages))
	for i, p := range b.pages {
		ids[i] = p.Record.Ref.ID
	}
	return ids
}

func (b *batch) stored() []index.Stored {
	list := make([]index.Stored, len(b.pages))
	for i, p := range b.pages {
		list[i] = p.stored
	}
	return list
}

// knownChunks are the hashes of the chunks that the pages have now. Where nothing is derived from chunks nobody asks.
func (b *batch) knownChunks(ctx context.Context) (map[[32]byte]bool, error) {
	if b.indexer == nil {
		return nil, nil
	}
	rows, err := b.q.ChunkHashes(ctx, b.db, dbsqlc.ChunkHashesParams{SourceID: b.sourceID, Ids: b.ids()})
	if err != nil {
		return nil, err
	}
	known := make(map[[32]byte]bool, len(rows))
	for _, r := range rows {
		known[hashOf(r.Hash)] = true
	}
	return known, nil
}

func hashOf(b []byte) (h [32]byte) {
	copy(h[:], b)
	return h
}

func (p *prepared) prepare(s *Store, known map[[32]byte]bool) error {
	r := p.Record
	metadata, err := json.Marshal(r.Metadata)
	if err != nil {
		return fmt.Errorf("page %s: metadata: %w", r.Ref.ID, err)
	}
	crumbs, err := json.Marshal(emptyNotNil(r.Ancestors))
	if err != nil {
		return fmt.Errorf("page %s: breadcrumb: %w", r.Ref.ID, err)
	}
	ids := make([]string, len(r.Ancestors))
	for i, a := range r.Ancestors {
		ids[i] = a.ID
	}
	p.params = dbsqlc.UpsertPagesParams{
		SourceID: r.SourceID, PageID: r.Ref.ID, SpaceKey: r.SpaceKey, Type: string(r.Ref.Type), Title: r.Ref.Title, Url: r.Ref.URL,
		Version: int32(r.Ref.Version), VersionAt: r.Ref.VersionAt, ParentID: r.Ref.ParentID, ParentType: r.Ref.ParentType,
		Position: int32(r.Ref.Position), Path: pagePath(ids, r.Ref.ID), AncestorIds: ids, Breadcrumb: crumbs,
		AuthorID: r.Ref.EditorID, AuthorName: r.AuthorName, CreatedByID: r.Ref.AuthorID, CreatedByName: r.CreatedByName,
		Labels: emptyNotNil(r.Labels), JiraKeys: emptyNotNil(r.JiraKeys), Markdown: r.Markdown,
		OwnRestricted: r.OwnRestricted, Restricted: r.Restricted, ChunkCount: int32(len(p.Chunks)),
		ConverterVersion: int32(r.ConverterVersion), TextConfig: &p.Record.TextConfig, ContentHash: r.ContentHash, Metadata: metadata,
		SyncedAt: r.FetchedAt, CreatedAt: r.Ref.CreatedAt,
	}
	p.body = s.pack.EncodeAll([]byte(r.Storage), nil)
	p.words = make([][]byte, len(p.Chunks))
	if s.indexer == nil {
		return nil
	}
	var fresh []index.Chunk
	var at []int
	for i, c := range p.Chunks {
		if !known[c.Hash] {
			fresh, at = append(fresh, c), append(at, i)
		}
	}
	for j, words := range s.indexer.Words(r, fresh) {
		p.words[at[j]] = words
	}
	return nil
}

// wordsOf are the words of a chunk that has to be added.
func (p *prepared) wordsOf(s *Store, chunk int) []byte {
	if p.words[chunk] == nil { // it was there a moment ago
		p.words[chunk] = s.indexer.Words(p.Record, p.Chunks[chunk:chunk+1])[0]
	}
	return p.words[chunk]
}

// pagePath is the materialised path: /ancestor/…/page.
func pagePath(ancestors []string, id string) string {
	return "/" + strings.Join(append(slices.Clone(ancestors), id), "/")
}

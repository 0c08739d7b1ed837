package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluicehq/sluice/internal/embedding/backlog"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/embedstore"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// ingest measures how fast pages are stored beside what is there, with all indexes in place: without the index of words,
// with it, with its maintenance, and their vectors. What it stores it removes again.
func ingest(ctx context.Context, c *searchtest.Corpus, g *generator, pages int) error {
	bare, err := contentstore.New(c.DB, nil)
	if err != nil {
		return err
	}
	first := 10_000_000 // no page of the wiki has such a number
	for _, way := range []struct {
		name  string
		store *contentstore.Store
	}{{"pages without words", bare}, {"pages with words", c.Content}} {
		g.reseed(uint64(first))
		ids, batches := map[string][]string{}, map[string][]index.Page{}
		for n := range pages {
			r, list, _ := page(g, first+n)
			ids[r.SourceID] = append(ids[r.SourceID], r.Ref.ID)
			batches[r.SourceID] = append(batches[r.SourceID], index.Page{Record: r, Chunks: list})
		}
		began := time.Now()
		for _, batch := range batches {
			if _, err := way.store.ReplacePages(ctx, index.Fence{}, batch); err != nil {
				return err
			}
		}
		report(way.name+", a transaction for each space", pages*pageChunks, began)
		if way.store == c.Content {
			began = time.Now()
			if err := c.Store.Maintain(ctx); err != nil {
				return err
			}
			report("maintenance of the words after it", pages*pageChunks, began)
			if err := embed(ctx, c, g); err != nil {
				return err
			}
		}
		for source, list := range ids {
			if _, _, err := c.Content.SoftDelete(ctx, index.Fence{}, source, list, "measured"); err != nil {
				return err
			}
		}
		first += pages
	}
	return c.Store.Maintain(ctx)
}

// embed gives vectors to the chunks that have none, as the backlog does.
func embed(ctx context.Context, c *searchtest.Corpus, g *generator) error {
	store := embedstore.New(c.DB, slog.New(slog.DiscardHandler))
	began, n := time.Now(), 0
	for {
		chunks, more, err := store.Claim(ctx, c.Embedder.Model().ID, 64, time.Minute)
		if err != nil {
			return fmt.Errorf("claim chunks: %w", err)
		}
		save := make([]backlog.Vector, len(chunks))
		for i, k := range chunks {
			save[i] = backlog.Vector{ChunkID: k.ID, Values: g.vector(g.r.IntN(topics))}
		}
		if err := store.Save(ctx, c.Embedder.Model().ID, save); err != nil {
			return fmt.Errorf("save vectors: %w", err)
		}
		if n += len(chunks); !more {
			report("their vectors into the index", n, began)
			return nil
		}
	}
}

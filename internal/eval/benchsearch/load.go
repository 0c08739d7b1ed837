package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/postgres/embedstore"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// copiedPages is how many pages one COPY brings.
const copiedPages = 500

// load stores the generated wiki in bulk: rows first, then the words of all of them, then the vector index. It prints how
// long each took.
func load(ctx context.Context, c *searchtest.Corpus, g *generator, chunks int) error {
	if err := sourcesOf(ctx, c); err != nil {
		return err
	}
	g.reseed(2)
	began := time.Now()
	pages := chunks / pageChunks
	for n := 0; n < pages; n += copiedPages {
		if err := copyPages(ctx, c, g, n, min(n+copiedPages, pages)); err != nil {
			return err
		}
	}
	report("rows with their vectors, bulk", pages*pageChunks, began)
	began = time.Now()
	if err := errors.Join(c.Store.Complete(ctx), c.Store.Maintain(ctx)); err != nil {
		return err
	}
	report("index of words, bulk", pages*pageChunks, began)
	began = time.Now()
	m := (&model{}).Model()
	vectors := embedstore.New(c.DB, slog.New(slog.DiscardHandler))
	if err := errors.Join(vectors.UseModel(ctx, m), vectors.EnsureIndex(ctx, m)); err != nil {
		return err
	}
	report("index of vectors, bulk", pages*pageChunks, began)
	_, err := c.DB.Exec(ctx, "VACUUM ANALYZE")
	return err
}

func report(what string, chunks int, began time.Time) {
	took := time.Since(began)
	fmt.Printf("%s: %d chunks in %s, %.0f chunks/s\n", what, chunks, took.Round(10*time.Millisecond), float64(chunks)/took.Seconds())
}

func sourcesOf(ctx context.Context, c *searchtest.Corpus) error {
	_, err := c.DB.Exec(ctx, `INSERT INTO connections (id, name, base_url, deployment, token_sealed) VALUES ('c', 'c', 'https://c.example.com', 'cloud', '')`)
	if err != nil {
		return err
	}
	_, err = c.DB.Exec(ctx, `INSERT INTO sources (source_id, name, connection_id) SELECT 'S' || n, 'S' || n, 'c' FROM generate_series(0, $1 - 1) n`, spaces)
	return err
}

// copyPages stores pages from..to-1, and their chunks with vectors near the centre of their topic.
func copyPages(ctx context.Context, c *searchtest.Corpus, g *generator, from, to int) error {
	var pages, chunks [][]any
	for n := from; n < to; n++ {
		r, list, topic := page(g, n)
		pages = append(pages, []any{
			r.SourceID, r.Ref.ID, r.SpaceKey, r.Ref.Title, r.Ref.URL, 1, r.Ref.VersionAt, r.Ref.VersionAt, "/" + r.Ref.ID, r.AuthorName, r.Labels,
			len(list), r.ContentHash, r.Ref.CreatedAt,
		})
		for i, k := range list {
			chunks = append(chunks, []any{
				r.SourceID, k.URL, (i + 1) * 1024, r.Ref.Title, k.HeadingPath, k.SectionTitle, k.Content, k.BodyText, k.Hash[:],
				map[string]string{"page_id": r.Ref.ID},
				pgvector.NewHalfVector(g.vector(topic)), "generated",
			})
		}
	}
	_, err := c.DB.CopyFrom(ctx, pgx.Identifier{"confluence_pages"}, []string{
		"source_id", "page_id", "space_key", "title", "url", "version", "version_at", "last_modified", "path", "author_name", "labels",
		"chunk_count", "content_hash", "created_at",
	}, pgx.CopyFromRows(pages))
	if err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	_, err = c.DB.CopyFrom(ctx, pgx.Identifier{"chunks"}, []string{
		"source_id", "url", "chunk_number", "title", "heading_path", "section_title", "content", "body_text", "hash", "metadata", "embedding", "embedding_model",
	}, pgx.CopyFromRows(chunks))
	if err != nil {
		return fmt.Errorf("chunks: %w", err)
	}
	return nil
}

// model is the embedder of the queries. Their vectors are made beforehand: the time of embedding is not measured.
type model struct{ vectors map[string][]float32 }

func (m *model) Model() embedding.Model {
	return embedding.Model{ID: "generated", Dimensions: dimensions, FusionWeight: 0.3}
}

func (m *model) EmbedQuery(_ context.Context, text string) (embedding.Query, error) {
	return embedding.Query{Vector: m.vectors[text]}, nil
}

func (m *model) EmbedDocuments(context.Context, []embedding.Document) ([][]float32, error) {
	return nil, errors.New("documents have generated vectors")
}

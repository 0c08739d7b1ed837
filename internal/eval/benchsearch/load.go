package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/embedstore"
	"github.com/sluicehq/sluice/internal/search/searchtest"
	"github.com/sluicehq/sluice/internal/wiki"
)

// load stores the generated wiki as a sync does, page by page, and reports how fast that was.
func load(ctx context.Context, c *searchtest.Corpus, g *generator, chunks int) error {
	g.reseed(2)
	if err := sourcesOf(ctx, c); err != nil {
		return err
	}
	began := time.Now()
	var maintenance time.Duration
	for n := range chunks / pageChunks {
		r, list := page(g, n)
		if _, err := c.Content.ReplacePages(ctx, index.Fence{}, []index.Page{{Record: r, Chunks: list}}); err != nil {
			return err
		}
		if n%1000 == 999 {
			start := time.Now()
			if err := c.Store.Maintain(ctx); err != nil {
				return err
			}
			maintenance += time.Since(start)
		}
	}
	start := time.Now()
	if err := c.Store.Maintain(ctx); err != nil {
		return err
	}
	maintenance += time.Since(start)
	took := time.Since(began)
	fmt.Printf("stored %d chunks in %s, %.0f chunks/s; of that maintenance of the word index %s (%.0f %%)\n",
		chunks, took.Round(time.Second), float64(chunks)/took.Seconds(), maintenance.Round(time.Second), 100*maintenance.Seconds()/took.Seconds())
	return nil
}

func sourcesOf(ctx context.Context, c *searchtest.Corpus) error {
	_, err := c.DB.Exec(ctx, `INSERT INTO connections (id, name, base_url, deployment, token_sealed) VALUES ('c', 'c', 'https://c.example.com', 'cloud', '')`)
	if err != nil {
		return err
	}
	_, err = c.DB.Exec(ctx, `INSERT INTO sources (source_id, name, connection_id) SELECT 'S' || n, 'S' || n, 'c' FROM generate_series(0, $1 - 1) n`, spaces)
	return err
}

func page(g *generator, n int) (index.Record, []index.Chunk) {
	topic := g.r.IntN(topics)
	id := fmt.Sprint(100000 + n)
	source := fmt.Sprintf("S%d", topic/3)
	at := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.r.IntN(4*365*24)) * time.Hour)
	title := g.topicWord(topic) + " " + g.topicWord(topic) + " " + g.commonWord()
	r := index.Record{
		SourceID: source, SpaceKey: source, AuthorName: "Author " + g.common[topic%40], Labels: []string{g.topic[topic][0]}, TextConfig: "english",
		Ref: wiki.ContentRef{
			ID: id, Type: wiki.TypePage, Title: title, Version: 1, VersionAt: at, EditorID: "e", AuthorID: "e", CreatedAt: at,
			URL: "https://c.example.com/" + id,
		}, FetchedAt: at, Storage: id,
	}
	sum := sha256.Sum256([]byte(id))
	r.ContentHash = sum[:]
	if g.r.IntN(10) < 3 {
		r.Labels = append(r.Labels, "wide")
	}
	chunks := make([]index.Chunk, pageChunks)
	for i := range chunks {
		text := g.text(topic, chunkWords)
		section := g.topicWord(topic) + " " + g.commonWord()
		chunks[i] = index.Chunk{
			URL: r.Ref.URL, HeadingPath: section, SectionTitle: section, Content: text, BodyText: text,
			Hash: sha256.Sum256([]byte(id + text)),
		}
	}
	return r, chunks
}

// vectors gives the chunks vectors near the centre of their topic, and makes the index over them.
func vectors(ctx context.Context, c *searchtest.Corpus, g *generator, m embedding.Model) error {
	began := time.Now()
	_, err := c.DB.Exec(ctx, `CREATE UNLOGGED TABLE bench_vectors (id bigint PRIMARY KEY, v halfvec)`)
	if err != nil {
		return err
	}
	rows, err := c.DB.Query(ctx, `SELECT k.id, p.labels[1] FROM chunks k JOIN confluence_pages p USING (source_id, page_id) ORDER BY k.id`)
	if err != nil {
		return err
	}
	type item struct {
		ID    int64
		Label string
	}
	items, err := pgx.CollectRows(rows, pgx.RowToStructByPos[item])
	if err != nil {
		return err
	}
	topicOf := map[string]int{}
	for i, words := range g.topic {
		topicOf[words[0]] = i
	}
	g.reseed(3)
	_, err = c.DB.CopyFrom(ctx, pgx.Identifier{"bench_vectors"}, []string{"id", "v"}, pgx.CopyFromSlice(len(items), func(i int) ([]any, error) {
		return []any{items[i].ID, pgvector.NewHalfVector(g.vector(topicOf[items[i].Label]))}, nil
	}))
	if err != nil {
		return err
	}
	_, err = c.DB.Exec(ctx, `UPDATE chunks k SET embedding = v.v, embedding_model = 'generated' FROM bench_vectors v WHERE v.id = k.id`)
	if err != nil {
		return err
	}
	if _, err = c.DB.Exec(ctx, `DROP TABLE bench_vectors`); err != nil {
		return err
	}
	fmt.Printf("vectors of %d chunks in %s\n", len(items), time.Since(began).Round(time.Second))
	began = time.Now()
	store := embedstore.New(c.DB, slog.New(slog.DiscardHandler))
	if err := errors.Join(store.UseModel(ctx, m), store.EnsureIndex(ctx, m)); err != nil {
		return err
	}
	fmt.Printf("vector index in %s\n", time.Since(began).Round(time.Second))
	_, err = c.DB.Exec(ctx, "VACUUM ANALYZE")
	return err
}

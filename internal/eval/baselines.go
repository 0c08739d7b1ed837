package eval

import (
	"context"
	"fmt"
	"os"

	"github.com/blevesearch/bleve/v2"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// baselineHits is how many chunks or pages a baseline is asked for, before they are folded and filtered.
const baselineHits = 200

// Baselines prepares what others would have built over the same chunks and vectors: the original design's vector query
// over ivfflat with a LEFT JOIN, PostgreSQL's plainto_tsquery with ts_rank_cd, and bleve as it comes. close removes what
// they keep on disk.
func Baselines(ctx context.Context, c *searchtest.Corpus) (list []System, cleanUp func(), err error) {
	_, err = c.DB.Exec(ctx, fmt.Sprintf(`
DROP TABLE IF EXISTS baseline_chunks; -- of a run that was interrupted
CREATE TABLE baseline_chunks AS SELECT k.id, k.source_id, k.page_id, k.title, k.body_text,
	k.embedding::vector(%d) AS embedding, to_tsvector('english', k.title || ' ' || k.heading_path || ' ' || k.body_text) AS tsv
	FROM chunks k WHERE k.embedding IS NOT NULL;
CREATE INDEX ON baseline_chunks USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100);
CREATE INDEX ON baseline_chunks USING gin (tsv);
ANALYZE baseline_chunks`, c.Embedder.Model().Dimensions))
	if err != nil {
		return nil, nil, fmt.Errorf("tables of the baselines: %w", err)
	}
	index, cleanUp, err := bleveIndex(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return []System{
		{Name: "original", Answer: filtered(c.Search, func(ctx context.Context, query string) ([]string, error) { return original(ctx, c, query) })},
		{Name: "ts_rank_cd", Answer: filtered(c.Search, func(ctx context.Context, query string) ([]string, error) { return tsRank(ctx, c, query) })},
		{Name: "bleve", Answer: filtered(c.Search, func(_ context.Context, query string) ([]string, error) { return bleveAnswer(index, query) })},
	}, cleanUp, nil
}

// originalSQL is the query of the design that this program carries out.
const originalSQL = `SELECT c.title, 1 - (c.embedding <=> $1) AS similarity
FROM baseline_chunks c LEFT JOIN confluence_pages p ON p.page_id = c.page_id AND p.source_id = c.source_id
WHERE p.is_deleted IS NOT TRUE AND p.restricted IS NOT TRUE ORDER BY c.embedding <=> $1 LIMIT $2`

func original(ctx context.Context, c *searchtest.Corpus, query string) ([]string, error) {
	q, err := c.Embedder.EmbedQuery(ctx, query)
	if err != nil || q.Vector == nil {
		return nil, err
	}
	return foldRows(ctx, c, originalSQL, pgvector.NewVector(q.Vector), baselineHits)
}

const tsRankSQL = `SELECT c.title, ts_rank_cd(c.tsv, q) AS rank
FROM baseline_chunks c LEFT JOIN confluence_pages p ON p.page_id = c.page_id AND p.source_id = c.source_id, plainto_tsquery('english', $1) q
WHERE c.tsv @@ q AND p.is_deleted IS NOT TRUE AND p.restricted IS NOT TRUE ORDER BY rank DESC, c.id LIMIT $2`

func tsRank(ctx context.Context, c *searchtest.Corpus, query string) ([]string, error) {
	return foldRows(ctx, c, tsRankSQL, query, baselineHits)
}

// foldRows runs a query of titles and keeps the first row of each.
func foldRows(ctx context.Context, c *searchtest.Corpus, sql string, args ...any) ([]string, error) {
	rows, err := c.DB.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var title string
		var score float64
		err := row.Scan(&title, &score)
		return title, err
	})
	return firstOnly(list), err
}

func firstOnly(list []string) []string {
	seen := map[string]bool{}
	var kept []string
	for _, t := range list {
		if !seen[t] {
			seen[t] = true
			kept = append(kept, t)
		}
	}
	return kept
}

// bleveIndex indexes the chunks as bleve's documentation does it, ranked by BM25 where the version has it.
func bleveIndex(ctx context.Context, c *searchtest.Corpus) (index bleve.Index, cleanUp func(), err error) {
	dir, err := os.MkdirTemp("", "sluice-eval-")
	if err != nil {
		return nil, nil, err
	}
	cleanUp = func() {
		if index != nil {
			index.Close() //nolint:errcheck // it is thrown away
		}
		os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	}
	mapping := bleve.NewIndexMapping()
	mapping.ScoringModel = "bm25"
	mapping.DefaultAnalyzer = "en"
	if index, err = bleve.New(dir+"/index", mapping); err != nil {
		cleanUp()
		return nil, nil, err
	}
	rows, err := c.DB.Query(ctx, `SELECT c.id::text, c.title, c.body_text FROM baseline_chunks c
		JOIN confluence_pages p USING (page_id, source_id) WHERE NOT p.restricted`)
	if err != nil {
		cleanUp()
		return nil, nil, err
	}
	batch := index.NewBatch()
	var id, title, body string
	_, err = pgx.ForEachRow(rows, []any{&id, &title, &body}, func() error {
		if batch.Size() == 1000 {
			if err := index.Batch(batch); err != nil {
				return err
			}
			batch.Reset()
		}
		return batch.Index(id, map[string]string{"title": title, "body": body})
	})
	if err == nil {
		err = index.Batch(batch)
	}
	if err != nil {
		cleanUp()
		return nil, nil, fmt.Errorf("bleve: %w", err)
	}
	return index, cleanUp, nil
}

func bleveAnswer(index bleve.Index, query string) ([]string, error) {
	request := bleve.NewSearchRequestOptions(bleve.NewMatchQuery(query), baselineHits, 0, false)
	request.Fields = []string{"title"}
	result, err := index.Search(request)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, h := range result.Hits {
		if t, ok := h.Fields["title"].(string); ok {
			list = append(list, t)
		}
	}
	return firstOnly(list), nil
}

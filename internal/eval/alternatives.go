package eval

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// alternativesSQL makes what the other ways of a keyword leg in PostgreSQL read, over the chunks as they are: BM25 weights
// (k1 1.2, b 0.75) of each chunk as a sparse vector beside its words, and the same weights as lists of a word's chunks.
const alternativesSQL = `
DROP TABLE IF EXISTS alternative_weights, alternative_words, alternative_chunks, alternative_postings; -- of a run that was interrupted
CREATE TABLE alternative_weights AS
	SELECT k.id, t.lexeme, cardinality(t.positions)::real AS tf, sum(cardinality(t.positions)) OVER (PARTITION BY k.id)::real AS len
	FROM chunks k, unnest(to_tsvector('english', k.title || ' ' || k.heading_path || ' ' || k.body_text)) t;
CREATE TABLE alternative_words AS
	SELECT lexeme, row_number() OVER ()::int AS dim, df, ln(1 + (n - df + 0.5) / (df + 0.5))::real AS idf
	FROM (SELECT lexeme, count(*)::int AS df FROM alternative_weights GROUP BY 1) d, (SELECT count(*) AS n FROM chunks) c;
CREATE UNIQUE INDEX ON alternative_words (lexeme) INCLUDE (dim, df, idf);
ANALYZE alternative_words;
WITH scored AS (
	SELECT w.id, w.lexeme, d.dim, (w.tf * 2.2 / (w.tf + 1.2 * (0.25 + 0.75 * w.len / avg(w.len) OVER ())))::real AS weight
	FROM alternative_weights w JOIN alternative_words d USING (lexeme)
), written AS (
	SELECT id, ('{' || string_agg(dim || ':' || weight, ',' ORDER BY dim) || '}/1000000000')::sparsevec AS bm25 FROM scored GROUP BY id
)
SELECT k.id, to_tsvector('english', k.title || ' ' || k.heading_path || ' ' || k.body_text) AS tsv, w.bm25
	INTO alternative_chunks FROM chunks k JOIN written w USING (id);
CREATE INDEX ON alternative_chunks USING gin (tsv) WITH (fastupdate = off);
CREATE TABLE alternative_postings AS
	SELECT lexeme, array_agg(id) AS ids, array_agg((tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len / mean)))::real) AS weights
	FROM alternative_weights, (SELECT avg(len)::real AS mean FROM alternative_weights) m GROUP BY lexeme;
CREATE UNIQUE INDEX ON alternative_postings (lexeme);
DROP TABLE alternative_weights;
ANALYZE alternative_chunks, alternative_postings`

const dropAlternativesSQL = `DROP TABLE alternative_words, alternative_chunks, alternative_postings`

// Alternatives prepares the other ways in which PostgreSQL alone can answer with BM25: candidates from GIN ordered by a
// sparse vector, and lists of postings added up in SQL. They answer with ids of chunks. cleanUp drops their tables.
func Alternatives(ctx context.Context, c *searchtest.Corpus) (list []System, cleanUp func() error, err error) {
	if _, err := c.DB.Exec(ctx, alternativesSQL); err != nil {
		return nil, nil, fmt.Errorf("tables of the alternatives: %w", err)
	}
	return []System{
		{Name: "sparse vectors", Answer: func(ctx context.Context, query string) ([]string, error) { return sparse(ctx, c, query) }},
		{Name: "postings in SQL", Answer: func(ctx context.Context, query string) ([]string, error) { return postings(ctx, c, query) }},
	}, func() error {
		_, err := c.DB.Exec(ctx, dropAlternativesSQL)
		return err
	}, nil
}

// term is a word of a question.
type term struct {
	Lexeme string
	Dim    int
	Df     int
	Idf    float64
}

const termsSQL = `SELECT lexeme, dim, df, idf::float8 FROM alternative_words WHERE lexeme = ANY(tsvector_to_array(to_tsvector('english', $1)))`

func terms(ctx context.Context, c *searchtest.Corpus, query string) ([]term, error) {
	rows, err := c.DB.Query(ctx, termsSQL, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[term])
}

// Candidates of the sparse vectors: what the rarest words find, up to so many (few words, many words).
const (
	fewCandidates  = 20_000
	manyCandidates = 50_000
	manyWords      = 8
)

const sparseSQL = `SELECT id::text FROM alternative_chunks WHERE tsv @@ $1::tsquery ORDER BY bm25 <#> $2::sparsevec LIMIT $3`

func sparse(ctx context.Context, c *searchtest.Corpus, query string) ([]string, error) {
	words, err := terms(ctx, c, query)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	slices.SortFunc(words, func(a, b term) int { return a.Df - b.Df })
	limit := fewCandidates
	if len(words) > manyWords {
		limit = manyCandidates
	}
	var must []string
	sum := 0
	for i, w := range words {
		if sum += w.Df; i > 0 && sum > limit {
			break
		}
		must = append(must, "'"+strings.ReplaceAll(w.Lexeme, "'", "''")+"'")
	}
	slices.SortFunc(words, func(a, b term) int { return a.Dim - b.Dim })
	weights := make([]string, len(words))
	for i, w := range words {
		weights[i] = fmt.Sprintf("%d:%g", w.Dim, math.Max(w.Idf, 1e-6))
	}
	return ids(ctx, c, sparseSQL, strings.Join(must, " | "), "{"+strings.Join(weights, ",")+"}/1000000000", baselineHits)
}

const postingsSQL = `SELECT u.id::text FROM alternative_words w JOIN alternative_postings p USING (lexeme), unnest(p.ids, p.weights) u (id, weight)
WHERE w.lexeme = ANY(tsvector_to_array(to_tsvector('english', $1))) GROUP BY u.id ORDER BY sum(u.weight * w.idf) DESC LIMIT $2`

func postings(ctx context.Context, c *searchtest.Corpus, query string) ([]string, error) {
	return ids(ctx, c, postingsSQL, query, baselineHits)
}

func ids(ctx context.Context, c *searchtest.Corpus, sql string, args ...any) ([]string, error) {
	rows, err := c.DB.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

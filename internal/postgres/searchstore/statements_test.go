package searchstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
	"github.com/sluicehq/sluice/internal/wiki"
)

// statements keeps what is sent to the database.
type statements struct {
	mu   sync.Mutex
	list []pgx.TraceQueryStartData
}

// TraceQueryStart implements pgx.QueryTracer.
func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	s.add(d.SQL, d.Args)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (s *statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (s *statements) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	s.add(d.SQL, d.Args)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (s *statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func (s *statements) add(sql string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(sql, "FROM") {
		s.list = append(s.list, pgx.TraceQueryStartData{SQL: sql, Args: args})
	}
}

// direction is an embedder whose queries all point one way.
type direction struct{}

func (direction) Model() embedding.Model {
	return embedding.Model{ID: "it's:3", Dimensions: 3, FusionWeight: 0.3}
}

func (direction) EmbedQuery(context.Context, string) (embedding.Query, error) {
	return embedding.Query{Vector: []float32{1, 1, 0.5}}, nil
}

func (direction) EmbedDocuments(context.Context, []embedding.Document) ([][]float32, error) {
	return nil, errors.New("this test makes its vectors itself")
}

// watched returns a searcher over a pool of its own, which tells of its statements, and that pool.
func watched(t *testing.T, db *postgres.DB, o search.Options) (*search.Searcher, *statements) {
	t.Helper()
	seen := &statements{}
	own, err := postgres.Open(t.Context(), postgres.Options{URL: db.Config().ConnString(), Application: "watched", Tracer: seen})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	return search.New(searchstore.New(own, searchstore.Options{}), direction{}, o), seen
}

// many stores a few pages in the usual way and multiplies their chunks, so that the planner has a choice.
func many(t *testing.T, db *postgres.DB) {
	t.Helper()
	c := searchtest.ForTest(t, db, nil)
	for i := range 60 {
		if err := c.Add(t.Context(), page(i, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		`INSERT INTO chunks (source_id, chunk_number, title, content, body_text, hash, metadata)
			SELECT source_id, chunk_number, title, content || repeat(' more', 100), body_text || repeat(' more', 100), hash, metadata FROM chunks, generate_series(1, 300)`,
		`UPDATE chunks SET embedding_model = 'it''s:3', embedding = ('[' || id % 17 || ',1,' || id % 31 || ']')::halfvec`,
		`CREATE INDEX chunks_hnsw_test ON chunks USING hnsw ((embedding::halfvec(3)) halfvec_cosine_ops) WITH (m = 4, ef_construction = 16)
			WHERE embedding_model = E'it''s:3'`,
		"ANALYZE",
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// No statement of a search reads the whole of chunks or postings, as the planner decides by itself.
func TestSearchReadsNoWholeTable(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	many(t, db)
	if err := maintainer(db).Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, seen := watched(t, db, search.Options{Now: clock})
	for _, r := range []search.Request{
		{Query: "common alpha", Facets: true},
		{Query: "commun alpha", Mode: search.Keyword},
		{Query: `"of a section" -delta`, Mode: search.Hybrid},
		{Query: "alpha", Mode: search.Vector, Limit: 50},
		{Query: "label:nowhere alpha", Mode: search.Vector},
		{Query: "space:S"},
	} {
		if _, err := s.Search(t.Context(), r); err != nil {
			t.Fatalf("%q: %v", r.Query, err)
		}
	}
	if _, err := s.Suggest(t.Context(), "page", 5); err != nil {
		t.Fatal(err)
	}
	vector := []float32{1, 1, 0.5}
	for _, n := range []search.NearestQuery{
		{Vector: vector, Model: "it's:3", Limit: 200}, {Vector: vector, Model: "it's:3", Limit: 200, Among: []int64{1, 2, 3, 50, 700}},
	} {
		sql, args := searchstore.VectorSQL(n)
		seen.add(sql, args)
	}
	for what, n := range map[string]int{"search_segments": 1, "body_text": 1, "search_postings": 1, "<=>": 2} {
		found := 0
		for _, q := range seen.list {
			if strings.Contains(q.SQL, what) {
				found++
			}
		}
		if found < n {
			t.Errorf("%d statements with %q were seen, want %d at least", found, what, n)
		}
	}
	for _, q := range seen.list {
		rows, err := db.Query(t.Context(), "EXPLAIN "+q.SQL, q.Args...)
		if err != nil {
			t.Fatalf("%s: %v", q.SQL, err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", q.SQL, err)
		}
		if whole := strings.Join(plan, "\n"); strings.Contains(q.SQL, "name: Look") && !strings.Contains(whole, "confluence_pages_search_changed") {
			t.Errorf("the check for changes goes through all pages:\n%s", whole)
		}
		for _, line := range plan {
			if strings.Contains(line, "Seq Scan on chunks") || strings.Contains(line, "Seq Scan on search_postings") {
				t.Errorf("%s\n%s", q.SQL, strings.Join(plan, "\n"))
			}
		}
	}
}

// waiting counts the statements of the watched pool that are being carried out.
func waiting(t *testing.T, db *postgres.DB) (n int) {
	t.Helper()
	err := db.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'watched' AND state = 'active'`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits until the watched pool has statements under way, or none.
func eventually(t *testing.T, db *postgres.DB, some bool) {
	t.Helper()
	for range 500 {
		if waiting(t, db) > 0 == some {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("after 5 s: %d statements under way", waiting(t, db))
}

// Whoever waits for a search and leaves ends its statements in the database, and so does the deadline: here a lock on one
// of the tables holds them up.
func TestSearchEndsInTheDatabase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		table   string
		mode    search.Mode
		timeout time.Duration
		leave   bool
	}{
		{"search_segments", search.Keyword, time.Minute, true},
		{"search_postings", search.Keyword, time.Minute, true},
		{"chunks", search.Keyword, time.Minute, true},
		{"chunks", search.Vector, time.Minute, true},
		{"search_segments", search.Keyword, 300 * time.Millisecond, false},
		{"chunks", search.Keyword, 300 * time.Millisecond, false},
	} {
		t.Run(fmt.Sprintf("%s %s leave=%v", tt.table, tt.mode, tt.leave), func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			c := searchtest.ForTest(t, db, nil)
			for i := range 4 {
				if err := c.Add(t.Context(), page(i, 1)); err != nil {
					t.Fatal(err)
				}
			}
			if err := maintainer(db).Maintain(t.Context()); err != nil {
				t.Fatal(err)
			}
			s, _ := watched(t, db, search.Options{Timeout: tt.timeout, Now: clock})
			if _, err := s.Suggest(t.Context(), "page", 1); err != nil { // loads the index
				t.Fatal(err)
			}
			lock, err := db.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Rollback(context.WithoutCancel(t.Context()))
			if _, err := lock.Exec(t.Context(), "LOCK TABLE "+tt.table); err != nil {
				t.Fatal(err)
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			answer := make(chan error, 1)
			go func() {
				_, err := s.Search(ctx, search.Request{Query: "common", Mode: tt.mode})
				answer <- err
			}()
			if tt.leave {
				eventually(t, db, true)
				leave()
			}
			err = <-answer
			if want := map[bool]error{true: context.Canceled, false: wiki.ErrUnavailable}[tt.leave]; !errors.Is(err, want) {
				t.Errorf("answered %v, want %v", err, want)
			}
			eventually(t, db, false)
		})
	}
}

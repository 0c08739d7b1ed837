package embedstore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/postgres"
)

// fill adds n chunks with vectors of the model.
func fill(t *testing.T, db *postgres.DB, model string, n int) {
	t.Helper()
	exec(t, db, `INSERT INTO chunks (source_id, chunk_number, content, hash, metadata, embedding, embedding_model)
SELECT 's', i, '', sha256(convert_to(i::text, 'UTF8')), '{"page_id":"1"}', (SELECT array_agg(random()) FROM generate_series(1, $1::int + 0 * i))::real[]::halfvec, $2
FROM generate_series(1, $3::int) i`, embeddingtest.Dimensions, model, n)
}

func indexes(t *testing.T, s *Store, db *postgres.DB) map[string]bool {
	t.Helper()
	rows, err := s.q.VectorIndexes(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, r := range rows {
		found[r.Name] = r.Valid
	}
	return found
}

func maintain(t *testing.T, s *Store, m embedding.Model) {
	t.Helper()
	if err := s.Maintain(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestIndexIsMadeWhenItIsWorthWhileAndUsed(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	s.indexFrom = 1000
	m := use(t, s, `it's a "model"\`)
	fill(t, db, m.ID, 999)
	maintain(t, s, m)
	if got := indexes(t, s, db); len(got) != 0 {
		t.Errorf("index over few vectors: %v", got)
	}
	fill(t, db, m.ID, 1)
	exec(t, db, "INSERT INTO chunks (source_id, chunk_number, content, hash, metadata) SELECT 's', i, '', '', '{\"page_id\":\"2\"}' FROM generate_series(1, 200) i")
	maintain(t, s, m)
	if got := indexes(t, s, db); len(got) != 0 {
		t.Errorf("index in the middle of a first load: %v", got)
	}
	exec(t, db, "DELETE FROM chunks WHERE embedding IS NULL")
	maintain(t, s, m)
	maintain(t, s, m)
	if diff := cmp.Diff(map[string]bool{IndexName(m.ID): true}, indexes(t, s, db)); diff != "" {
		t.Errorf("indexes (-want +got):\n%s", diff)
	}
	if got := plan(t, db, m.ID); !strings.Contains(got, IndexName(m.ID)) {
		t.Errorf("the index is not used:\n%s", got)
	}
}

// plan explains a search, with sequential scans made dear: the table is small.
func plan(t *testing.T, db *postgres.DB, model string) string {
	t.Helper()
	exec(t, db, "ANALYZE chunks")
	conn, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, set := range []string{"SET enable_seqscan = off", "SET enable_sort = off"} {
		if _, err := conn.Exec(t.Context(), set); err != nil {
			t.Fatal(err)
		}
	}
	defer conn.Exec(t.Context(), "RESET ALL")
	rows, err := conn.Query(t.Context(), "EXPLAIN SELECT id FROM chunks WHERE embedding_model = "+literal(model)+
		" ORDER BY embedding::halfvec(64) <=> '"+vectorText(1)+"'::halfvec(64) LIMIT 10")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var text strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		text.WriteString(line + "\n")
	}
	return text.String()
}

func TestLeftoversAreDropped(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	s.indexFrom = 10
	old, m := use(t, s, "old"), use(t, s, "new")
	fill(t, db, old.ID, 20)
	maintain(t, s, old)
	if diff := cmp.Diff(map[string]bool{IndexName(old.ID): true}, indexes(t, s, db)); diff != "" {
		t.Fatalf("indexes (-want +got):\n%s", diff)
	}
	exec(t, db, "UPDATE chunks SET embedding_model = 'new'")
	fill(t, db, old.ID, 1)
	// What a crash in the middle of CREATE INDEX CONCURRENTLY leaves behind.
	exec(t, db, "CREATE INDEX "+IndexName(m.ID)+" ON chunks USING hnsw ((embedding::halfvec(64)) halfvec_cosine_ops) WHERE embedding_model = 'new'")
	exec(t, db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = $1::text::regclass", IndexName(m.ID))
	maintain(t, s, m)
	if diff := cmp.Diff(map[string]bool{IndexName(old.ID): true, IndexName(m.ID): true}, indexes(t, s, db)); diff != "" {
		t.Errorf("while the old model has vectors (-want +got):\n%s", diff)
	}
	exec(t, db, "DELETE FROM chunks WHERE embedding_model = 'old'")
	exec(t, db, "UPDATE embedding_models SET chosen_at = now() - interval '2 days' WHERE model_id = 'old'")
	exec(t, db, "INSERT INTO embedding_failures (chunk_id, model_id, error, next_try_at) VALUES (99999, 'new', 'x', now())")
	maintain(t, s, m)
	if diff := cmp.Diff(map[string]bool{IndexName(m.ID): true}, indexes(t, s, db)); diff != "" {
		t.Errorf("when it has none any more (-want +got):\n%s", diff)
	}
	var models, failures int
	if err := db.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM embedding_models), (SELECT count(*) FROM embedding_failures)").Scan(&models, &failures); err != nil || models != 1 || failures != 0 {
		t.Errorf("%d models, %d failures, %v", models, failures, err)
	}
}

func TestOneProcessAtATimeLooksAfterIndexes(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	s.indexFrom = 10
	m := use(t, s, "m")
	fill(t, db, m.ID, 20)
	conn, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if locked, err := s.q.TryIndexLock(t.Context(), conn); err != nil || !locked {
		t.Fatal(locked, err)
	}
	maintain(t, s, m)
	if got := indexes(t, s, db); len(got) != 0 {
		t.Errorf("index while another process is at it: %v", got)
	}
	if err := s.q.EndIndexLock(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	maintain(t, s, m)
	if got := indexes(t, s, db); len(got) != 1 {
		t.Errorf("indexes: %v", got)
	}
}

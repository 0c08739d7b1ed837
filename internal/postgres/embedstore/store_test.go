package embedstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/backlog"
	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/wiki"
)

const lease = time.Minute

func setup(t *testing.T) (*Store, *postgres.DB) {
	t.Helper()
	db := postgrestest.New(t)
	exec(t, db, "INSERT INTO sources (source_id, name) VALUES ('s', 'S')")
	return New(db, slog.New(slog.NewTextHandler(t.Output(), nil))), db
}

func exec(t *testing.T, db *postgres.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// addChunk adds a chunk and returns its id. Equal texts have equal hashes.
func addChunk(t *testing.T, db *postgres.DB, text string) int64 {
	t.Helper()
	var id int64
	err := db.QueryRow(t.Context(), `INSERT INTO chunks (source_id, chunk_number, title, heading_path, content, body_text, hash, metadata)
VALUES ('s', 1, 'Title', 'Part > Section', $1::text, $1::text, sha256(convert_to($1::text, 'UTF8')), '{"page_id":"1"}') RETURNING id`, text).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func use(t *testing.T, s *Store, id string) embedding.Model {
	t.Helper()
	m := embedding.Model{ID: id, Dimensions: embeddingtest.Dimensions}
	if err := s.UseModel(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func claim(t *testing.T, s *Store, model string, n int) []int64 {
	t.Helper()
	chunks, _, err := s.Claim(t.Context(), model, n, lease)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, c := range chunks {
		ids = append(ids, c.ID)
	}
	return ids
}

func save(t *testing.T, s *Store, model string, ids ...int64) {
	t.Helper()
	var list []backlog.Vector
	for _, id := range ids {
		v := make([]float32, embeddingtest.Dimensions)
		v[id%embeddingtest.Dimensions] = 1
		list = append(list, backlog.Vector{ChunkID: id, Values: v})
	}
	if err := s.Save(t.Context(), model, list); err != nil {
		t.Fatal(err)
	}
}

func TestClaimTakesTheNewestOnceEach(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	use(t, s, "m")
	var ids []int64
	for i := range 5 {
		ids = append(ids, addChunk(t, db, fmt.Sprint("text ", i)))
	}
	chunks, more, err := s.Claim(t.Context(), "m", 2, lease)
	if err != nil || !more {
		t.Fatal(more, err)
	}
	want := []backlog.Chunk{
		{ID: ids[4], Document: embedding.Document{Context: "Title > Part > Section", Text: "text 4"}},
		{ID: ids[3], Document: embedding.Document{Context: "Title > Part > Section", Text: "text 3"}},
	}
	if diff := cmp.Diff(want, chunks); diff != "" {
		t.Errorf("first claim (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{ids[2], ids[1], ids[0]}, claim(t, s, "m", 9)); diff != "" {
		t.Errorf("second claim (-want +got):\n%s", diff)
	}
	if got := claim(t, s, "m", 9); got != nil {
		t.Errorf("third claim: %v", got)
	}
	if err := s.Release(t.Context(), ids[:1]); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "UPDATE embedding_leases SET until = now() - interval '1 s' WHERE chunk_id = $1", ids[1])
	if diff := cmp.Diff([]int64{ids[1], ids[0]}, claim(t, s, "m", 9)); diff != "" {
		t.Errorf("released, and out of time (-want +got):\n%s", diff)
	}
}

func TestClaimsAtTheSameTimeShareTheWork(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	use(t, s, "m")
	want := map[int64]bool{}
	for i := range 60 {
		want[addChunk(t, db, fmt.Sprint("text ", i))] = true
	}
	results := make(chan []int64)
	for range 4 {
		go func() {
			var mine []int64
			for len(mine) < 60 {
				chunks, more, err := s.Claim(context.WithoutCancel(t.Context()), "m", 7, lease)
				if err != nil {
					t.Error(err)
				}
				for _, c := range chunks {
					mine = append(mine, c.ID)
				}
				if !more {
					break
				}
			}
			results <- mine
		}()
	}
	got := map[int64]bool{}
	for range 4 {
		for _, id := range <-results {
			if got[id] {
				t.Errorf("chunk %d was given twice", id)
			}
			got[id] = true
		}
	}
	for _, id := range claim(t, s, "m", 60) { // a worker that lost every race may leave some to the next round
		got[id] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
}

func TestVectorsAreSavedAndCounted(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	use(t, s, "m")
	a, b := addChunk(t, db, "a"), addChunk(t, db, "b")
	claim(t, s, "m", 9)
	save(t, s, "m", a, 12345) // a chunk that is gone is passed over
	var similarity float64
	err := db.QueryRow(t.Context(), "SELECT 1 - (embedding <=> $1::halfvec) FROM chunks WHERE id = $2 AND embedding_model = 'm'",
		vectorText(int(a%embeddingtest.Dimensions)), a).Scan(&similarity)
	if err != nil || similarity < 0.999 {
		t.Errorf("similarity %v, %v", similarity, err)
	}
	counts, err := s.Counts(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(backlog.Counts{Embedded: 1, Missing: 1}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if err := s.Release(t.Context(), []int64{b}); err != nil {
		t.Fatal(err)
	}
	var leases int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM embedding_leases").Scan(&leases); err != nil || leases != 0 {
		t.Errorf("%d leases left, %v", leases, err)
	}
}

func vectorText(place int) string {
	list := slices.Repeat([]string{"0"}, embeddingtest.Dimensions)
	list[place] = "1"
	return "[" + strings.Join(list, ",") + "]"
}

func TestVectorOfTheSameTextIsCopied(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	use(t, s, "m")
	first := addChunk(t, db, "same")
	claim(t, s, "m", 9)
	save(t, s, "m", first)
	second := addChunk(t, db, "same")
	other := addChunk(t, db, "other")
	if diff := cmp.Diff([]int64{other}, claim(t, s, "m", 9)); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
	var same bool
	if err := db.QueryRow(t.Context(), "SELECT a.embedding = b.embedding FROM chunks a, chunks b WHERE a.id = $1 AND b.id = $2", first, second).Scan(&same); err != nil || !same {
		t.Errorf("copied: %v, %v", same, err)
	}
}

func TestFailuresAreSetAsideForLongerEachTime(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	use(t, s, "m")
	id := addChunk(t, db, "poison")
	for _, want := range []float64{60, 120, 240} {
		claim(t, s, "m", 9)
		if err := s.SetAside(t.Context(), "m", []backlog.Failure{{ChunkID: id, Reason: "too odd"}}); err != nil {
			t.Fatal(err)
		}
		var wait float64
		if err := db.QueryRow(t.Context(), "SELECT extract(epoch FROM next_try_at - last_at) FROM embedding_failures WHERE chunk_id = $1", id).Scan(&wait); err != nil || wait != want {
			t.Errorf("waits %v s, want %v (%v)", wait, want, err)
		}
		if got := claim(t, s, "m", 9); got != nil {
			t.Fatalf("claimed although set aside: %v", got)
		}
		exec(t, db, "UPDATE embedding_failures SET next_try_at = now()")
	}
	counts, err := s.Counts(t.Context(), "m")
	if err != nil || counts.Failed != 1 || counts.Problem != "too odd" {
		t.Errorf("counts %+v, %v", counts, err)
	}
	exec(t, db, "UPDATE embedding_failures SET tries = 1000")
	if err := s.SetAside(t.Context(), "m", []backlog.Failure{{ChunkID: id, Reason: "too odd"}}); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, "m", 9); got != nil {
		t.Errorf("claimed: %v", got)
	}
	use(t, s, "n")
	if diff := cmp.Diff([]int64{id}, claim(t, s, "n", 9)); diff != "" {
		t.Errorf("another model may try (-want +got):\n%s", diff)
	}
	save(t, s, "n", id)
	if counts, err = s.Counts(t.Context(), "m"); err != nil || counts.Failed != 0 {
		t.Errorf("after success: %+v, %v", counts, err)
	}
}

func TestNewModelReplacesVectorsWhileTheOldServe(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	use(t, s, "old")
	a, b, c := addChunk(t, db, "a"), addChunk(t, db, "b"), addChunk(t, db, "c")
	claim(t, s, "old", 9)
	save(t, s, "old", a, b, c)
	use(t, s, "new")
	d := addChunk(t, db, "d")
	if diff := cmp.Diff([]int64{d}, claim(t, s, "new", 9)); diff != "" {
		t.Errorf("chunks without any vector come first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{c, b, a}, claim(t, s, "new", 9)); diff != "" {
		t.Errorf("then those of the old model (-want +got):\n%s", diff)
	}
	serving := func(want string) {
		t.Helper()
		if got, err := s.ServingModel(t.Context(), "new", "old"); err != nil || got != want {
			t.Errorf("serving %q (%v), want %q", got, err, want)
		}
	}
	serving("old")
	save(t, s, "new", d, c)
	serving("new")
	if got, err := s.ServingModel(t.Context(), "third"); err != nil || got != "" {
		t.Errorf("a model without vectors serves: %q, %v", got, err)
	}
	exec(t, db, "DELETE FROM embedding_leases")
	if got := claim(t, s, "old", 9); got != nil {
		t.Errorf("a worker with the old model undoes the new one's work: %v", got)
	}
	counts, err := s.Counts(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(backlog.Counts{Embedded: 2, Other: 2}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestModelOfAnotherLengthIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	use(t, s, "m")
	err := s.UseModel(t.Context(), embedding.Model{ID: "m", Dimensions: 3})
	if !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("error: %v", err)
	}
}

func TestWorkerEmbedsEverything(t *testing.T) {
	t.Parallel()
	s, db := setup(t)
	for i := range 50 {
		addChunk(t, db, fmt.Sprint("text ", i%40))
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := backlog.New(s, embeddingtest.New(), backlog.Options{BatchSize: 8, Poll: 10 * time.Millisecond})
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for w.Stats().Embedded < 40 {
		select {
		case err := <-done:
			t.Fatalf("Run ended: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	for missing := 1; missing > 0; {
		counts, err := s.Counts(t.Context(), "test")
		if err != nil {
			t.Fatal(err)
		}
		missing = counts.Missing
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

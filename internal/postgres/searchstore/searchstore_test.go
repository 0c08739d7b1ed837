package searchstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/inverted"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// maintainer folds everything at once, so that small tests see segments.
func maintainer(db *postgres.DB) *searchstore.Store {
	return searchstore.New(db, searchstore.Options{FoldFrom: 1})
}

func page(i, version int) searchtest.Page {
	words := []string{"alpha", "beta", "gamma", "delta", "epsilon"}
	var b strings.Builder
	fmt.Fprintf(&b, "<p>common %s page%d version%d</p>", words[i%len(words)], i, version)
	for n := range i % 4 {
		fmt.Fprintf(&b, "<h2>Part %d</h2><p>%s</p>", n, strings.Repeat(words[(i+n)%len(words)]+" filler text of a section ", 20))
	}
	return searchtest.Page{Source: "S", ID: fmt.Sprint(i), Title: fmt.Sprintf("Page %d about %s", i, words[i%len(words)]), Body: b.String(), Version: version}
}

// answer is what a searcher says to a few queries.
func answer(t *testing.T, s *search.Searcher) []string {
	t.Helper()
	var out []string
	for _, q := range []string{"common", "alpha", "beta filler", "page7", "version2", `"of a section"`, "gamma -delta"} {
		r, err := s.Search(t.Context(), search.Request{Query: q, Limit: 50, Verbatim: true})
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, h := range r.Hits {
			list = append(list, fmt.Sprintf("%s(%.3f)", h.PageID, h.Score))
		}
		out = append(out, fmt.Sprintf("%s: %d %s", q, r.Total, strings.Join(list, " ")))
	}
	return out
}

func fresh(db *postgres.DB) *search.Searcher {
	return search.New(searchstore.New(db, searchstore.Options{}), nil, search.Options{Now: clock})
}

// Whatever maintenance does, readers that follow along and readers that start anew find the same as before.
func TestMaintenanceChangesNoAnswer(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := searchtest.ForTest(t, db, nil)
	m := maintainer(db)
	for round := range 6 {
		for i := range 8 {
			if err := c.Add(t.Context(), page(round*5+i, round+1)); err != nil {
				t.Fatal(err)
			}
		}
		before := answer(t, c.Search)
		if err := m.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, answer(t, c.Search)); diff != "" {
			t.Errorf("round %d, a reader that follows (-before +after):\n%s", round, diff)
		}
		if diff := cmp.Diff(answer(t, fresh(db)), answer(t, c.Search)); diff != "" {
			t.Errorf("round %d, a new reader (-new +following):\n%s", round, diff)
		}
	}
	var segments, left, postings int
	err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM search_segments), (SELECT count(*) FROM search_fresh),
		(SELECT count(*) FROM search_postings WHERE segment_id NOT IN (SELECT id FROM search_segments))`).Scan(&segments, &left, &postings)
	if err != nil || segments == 0 || segments > 4 || left != 0 || postings != 0 {
		t.Errorf("%d segments, %d fresh chunks, %d stray postings, %v; want 1 to 4, none, none", segments, left, postings, err)
	}
}

// Maintenance is due after many chunks, not after few, and once.
func TestDue(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	s := searchstore.New(db, searchstore.Options{})
	add := func(from, chunks int) {
		t.Helper()
		added := make([]contentstore.AddedChunk, chunks)
		for i := range added {
			added[i] = contentstore.AddedChunk{ID: int64(from + i), PageID: "1", Words: inverted.Doc{}.Encode()}
		}
		if err := db.InTx(t.Context(), func(tx pgx.Tx) error { return s.Added(t.Context(), tx, "S", added) }); err != nil {
			t.Fatal(err)
		}
	}
	due := func() bool {
		select {
		case <-s.Due():
			return true
		default:
			return false
		}
	}
	add(1, 3000)
	if due() {
		t.Error("due after 3,000 chunks")
	}
	add(3001, 3000)
	if !due() || due() {
		t.Error("after 6,000 chunks it should be due, once")
	}
	if err := s.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(t, db); got.Segments != 1 || got.Docs != 6000 || got.Fresh != 0 {
		t.Errorf("after maintenance: %+v", got)
	}
}

func TestRemovedPagesAreNotFound(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := searchtest.ForTest(t, db, nil)
	m := maintainer(db)
	for i := range 10 {
		if err := c.Add(t.Context(), page(i, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer(t, c.Search)
	if _, _, err := c.Content.SoftDelete(t.Context(), index.Fence{}, "S", []string{"7"}, "gone"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*search.Searcher{c.Search, fresh(db)} {
		if got := answer(t, s)[3]; got != "page7: 0 " {
			t.Errorf("after the deletion: %q", got)
		}
	}
	if err := c.Content.DeleteSource(t.Context(), "S"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*search.Searcher{c.Search, fresh(db)} {
		if got := answer(t, s)[0]; got != "common: 0 " {
			t.Errorf("after the deletion of the source: %q", got)
		}
	}
	for range 3 { // what the removed chunks left is swept
		if err := m.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var docs int
	if err := db.QueryRow(t.Context(), "SELECT coalesce(sum(docs), 0) FROM search_segments").Scan(&docs); err != nil || docs != 0 {
		t.Errorf("segments hold %d chunks, %v; want none", docs, err)
	}
}

// A page is found by its old or its new words at every moment, while it is replaced and maintained over and over.
func TestReplacedPageIsAlwaysFound(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := searchtest.ForTest(t, db, nil)
	m := maintainer(db)
	if err := c.Add(t.Context(), page(1, 1), page(2, 1), page(3, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var searches atomic.Int32
	wg.Go(func() {
		for ctx.Err() == nil {
			r, err := c.Search.Search(ctx, search.Request{Query: "page3", Verbatim: true})
			if ctx.Err() != nil {
				return
			}
			if err != nil || len(r.Hits) != 1 {
				t.Errorf("search %d: %d hits, %v", searches.Load(), len(r.Hits), err)
				return
			}
			searches.Add(1)
		}
	})
	for version := 2; (version < 25 || searches.Load() < 5) && !t.Failed(); version++ {
		if err := c.Add(t.Context(), page(3, version)); err != nil {
			t.Error(err)
		}
		if err := m.Maintain(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
}

// indexState is what a database holds of the index, for all versions.
type indexState struct{ Segments, Docs, Fresh, Removed, Versions int }

func stateOf(t *testing.T, db *postgres.DB) (s indexState) {
	t.Helper()
	err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM search_segments), (SELECT coalesce(sum(docs), 0) FROM search_segments),
		(SELECT count(*) FROM search_fresh), (SELECT count(*) FROM search_removed), (SELECT count(*) FROM search_builds)`).
		Scan(&s.Segments, &s.Docs, &s.Fresh, &s.Removed, &s.Versions)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What the index lacks is indexed, whatever the reason, and found as if it had always been there; readers that follow
// along are told meanwhile.
func TestComplete(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]string{
		"never indexed":        "DELETE FROM search_segments; DELETE FROM search_fresh; DELETE FROM search_builds",
		"another version's":    "UPDATE search_segments SET version = 99; UPDATE search_fresh SET version = 99; UPDATE search_builds SET version = 99",
		"fresh words lost":     "DELETE FROM search_fresh",
		"a damaged segment":    "UPDATE search_segments SET header = 'x'",
		"damaged fresh words":  "UPDATE search_fresh SET words = 'x'",
		"damaged, chunks gone": "UPDATE search_segments SET header = 'x'; DELETE FROM search_fresh; DELETE FROM chunks",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			c := searchtest.ForTest(t, db, nil)
			for i := range 10 {
				if i == 5 { // some are in a segment, some are fresh
					if err := maintainer(db).Maintain(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if err := c.Add(t.Context(), page(i, 1)); err != nil {
					t.Fatal(err)
				}
			}
			want := answer(t, c.Search)
			if _, err := db.Exec(t.Context(), harm); err != nil {
				t.Fatal(err)
			}
			if name == "damaged, chunks gone" {
				want = answer(t, search.New(searchtest.ForTest(t, postgrestest.New(t), nil).Store, nil, search.Options{Now: clock}))
			}
			if err := maintainer(db).Complete(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, answer(t, fresh(db))); diff != "" {
				t.Errorf("a new reader (-before +completed)\n%s", diff)
			}
			if diff := cmp.Diff(want, answer(t, c.Search)); diff != "" {
				t.Errorf("a reader that follows (-before +completed)\n%s", diff)
			}
			before := stateOf(t, db)
			if err := maintainer(db).Complete(t.Context()); err != nil {
				t.Fatal(err)
			}
			if after := stateOf(t, db); after != before {
				t.Errorf("a second time changed %+v to %+v", before, after)
			}
		})
	}
}

// An index that is being completed says so in every answer.
func TestIncompleteIsTold(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := searchtest.ForTest(t, db, nil)
	if err := c.Add(t.Context(), page(1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := c.Store.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, complete := range []bool{true, false, true} {
		if _, err := db.Exec(t.Context(), "UPDATE search_builds SET complete = $1", complete); err != nil {
			t.Fatal(err)
		}
		r, err := c.Search.Search(t.Context(), search.Request{Query: "common", Mode: search.Keyword})
		if err != nil || slices.Contains(r.Degraded, "keyword") == complete || (len(r.Notes) == 0) != complete {
			t.Errorf("complete %v: degraded %v, notes %v, %v", complete, r.Degraded, r.Notes, err)
		}
	}
}

// Several processes that complete one index at once index nothing twice.
func TestCompleteTogether(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := searchtest.ForTest(t, db, nil)
	for i := range 20 {
		if err := c.Add(t.Context(), page(i, 1)); err != nil {
			t.Fatal(err)
		}
	}
	want, chunks := answer(t, c.Search), stateOf(t, db).Fresh
	if _, err := db.Exec(t.Context(), "DELETE FROM search_fresh"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := maintainer(db).Complete(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := maintainer(db).Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(t, db); got.Docs != chunks {
		t.Errorf("%d chunks are indexed, want %d", got.Docs, chunks)
	}
	if diff := cmp.Diff(want, answer(t, fresh(db))); diff != "" {
		t.Errorf("(-before +completed)\n%s", diff)
	}
}

// Two versions keep an index each; neither forgets a removed chunk that the other may hold, and what is left of one that
// nobody uses any more goes after a day.
func TestVersionsSideBySide(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := searchtest.ForTest(t, db, nil)
	for i := range 10 {
		if err := c.Add(t.Context(), page(i, 1)); err != nil {
			t.Fatal(err)
		}
	}
	m := maintainer(db)
	if err := m.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As if another version had indexed the same, and stored one page that this one does not know of.
	for _, statement := range []string{
		"INSERT INTO search_builds (version, complete) VALUES (99, true)",
		"INSERT INTO search_segments (docs, header, version) SELECT docs, 'of another version', 99 FROM search_segments",
	} {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Add(t.Context(), page(11, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), "UPDATE search_fresh SET version = 99, words = 'of another version'"); err != nil {
		t.Fatal(err)
	}
	if got := answer(t, c.Search)[0]; !strings.HasPrefix(got, "common: 10 ") {
		t.Errorf("the other version's page: %s", got)
	}
	if err := m.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := answer(t, c.Search)[0]; !strings.HasPrefix(got, "common: 11 ") {
		t.Errorf("after completion: %s", got)
	}
	if _, _, err := c.Content.SoftDelete(t.Context(), index.Fence{}, "S", []string{"1", "2", "3", "4", "5", "6"}, "gone"); err != nil {
		t.Fatal(err)
	}
	if err := m.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stateOf(t, db).Removed == 0 {
		t.Error("removed chunks that the other version holds are forgotten")
	}
	if _, err := db.Exec(t.Context(), "UPDATE search_builds SET used_at = now() - interval '2 days' WHERE version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := m.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	err := db.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM search_segments WHERE version = 99) + (SELECT count(*) FROM search_fresh WHERE version = 99)").Scan(&left)
	if got := stateOf(t, db); err != nil || left != 0 || got.Versions != 1 || got.Removed != 0 {
		t.Errorf("left of the other version: %d, %+v, %v", left, got, err)
	}
	if got := answer(t, c.Search)[0]; !strings.HasPrefix(got, "common: 5 ") {
		t.Errorf("at the end: %s", got)
	}
}

// Rows of a restored backup carry transaction ids of another server; what is written after them must be found.
func TestRestoredTransactionIDs(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := searchtest.ForTest(t, db, nil)
	if err := c.Add(t.Context(), page(1, 1)); err != nil {
		t.Fatal(err)
	}
	_, err := db.Exec(t.Context(), "UPDATE search_fresh SET changed = 1::bigint << 60; UPDATE confluence_pages SET search_changed = 1::bigint << 60")
	if err != nil {
		t.Fatal(err)
	}
	answer(t, c.Search)
	if err := c.Add(t.Context(), page(7, 1)); err != nil {
		t.Fatal(err)
	}
	if got := answer(t, c.Search)[3]; !strings.HasPrefix(got, "page7: 1 ") {
		t.Errorf("found %q", got)
	}
	if err := maintainer(db).Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	var future int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM confluence_pages WHERE search_changed > 1::bigint << 59").Scan(&future); err != nil || future != 0 {
		t.Errorf("%d pages with ids of another server, %v", future, err)
	}
}

// The exact scan and the index scan must name the same expression as the index that embedstore makes, or the planner
// reads the whole table.
func TestNearestUsesTheIndex(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	ctx := t.Context()
	c := searchtest.ForTest(t, db, nil)
	if err := c.Add(ctx, page(1, 1), page(2, 1), page(3, 1)); err != nil {
		t.Fatal(err)
	}
	_, err := db.Exec(ctx, `UPDATE chunks SET embedding_model = 'it''s:3', embedding = ('[' || id || ',1,0.5]')::halfvec;
		CREATE INDEX chunks_hnsw_test ON chunks USING hnsw ((embedding::halfvec(3)) halfvec_cosine_ops) WHERE embedding_model = E'it''s:3'`)
	if err != nil {
		t.Fatal(err)
	}
	near, err := c.Store.Nearest(ctx, search.NearestQuery{Vector: []float32{1, 1, 0.5}, Model: "it's:3", Limit: 2})
	if err != nil || len(near) != 2 || near[0].Similarity < near[1].Similarity {
		t.Fatalf("nearest = %+v, %v", near, err)
	}
	among, err := c.Store.Nearest(ctx, search.NearestQuery{Vector: []float32{1, 1, 0.5}, Model: "it's:3", Limit: 5, Among: []int64{near[1].ID}})
	if err != nil || len(among) != 1 || among[0].ID != near[1].ID {
		t.Errorf("among = %+v, %v", among, err)
	}
	plan := explain(t, db, searchstore.VectorSQL)
	if !slices.ContainsFunc(plan, func(l string) bool { return strings.Contains(l, "chunks_hnsw_test") }) {
		t.Errorf("plan does not use the index:\n%s", strings.Join(plan, "\n"))
	}
}

package eval_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding/uselite"
	"github.com/sluicehq/sluice/internal/eval"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

var update = flag.Bool("update", false, "write the golden ranks anew")

const (
	queriesFile = "testdata/queries.txt"
	goldenFile  = "testdata/ranks.golden"
)

// TestRelevance measures the answers to the judged set. Its table is printed with -v; the first hits of every query stand
// in a golden file, so that a change of ranking shows as a difference.
func TestRelevance(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	model, err := uselite.New(uselite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := searchtest.ForTest(t, postgrestest.New(t), model)
	if err := eval.LoadDemo(ctx, c); err != nil {
		t.Fatal(err)
	}
	if err := c.Embed(ctx); err != nil {
		t.Fatal(err)
	}
	queries := judged(t, c)
	baselines, cleanUp, err := eval.Baselines(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cleanUp)
	report, err := eval.Run(ctx, append(eval.Searchers(c.Search), baselines...), queries)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", report)
	for _, kind := range report.Kinds {
		hybrid := report.Means["hybrid"][kind].NDCG
		better := max(report.Means["keyword"][kind].NDCG, report.Means["vector"][kind].NDCG)
		if hybrid < better-0.0005 {
			t.Errorf("%s: hybrid %.4f, but one leg alone %.4f", kind, hybrid, better)
		}
		for _, baseline := range []string{"original", "ts_rank_cd", "bleve"} {
			if b := report.Means[baseline][kind].NDCG; kind == eval.All && hybrid <= b {
				t.Errorf("hybrid %.4f is no better than %s %.4f", hybrid, baseline, b)
			}
		}
	}
	golden(t, ranks(report, queries))
}

// judged reads the judged set and checks that its titles exist.
func judged(t *testing.T, c *searchtest.Corpus) []eval.Query {
	t.Helper()
	text, err := os.ReadFile(queriesFile)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := eval.ParseQueries(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) < 80 {
		t.Errorf("%d queries, want 80 at least", len(queries))
	}
	for _, q := range queries {
		for title := range q.Grades {
			var n int
			err := c.DB.QueryRow(t.Context(), "SELECT count(*) FROM confluence_pages WHERE title = $1 AND NOT is_deleted", title).Scan(&n)
			if err != nil || n != 1 {
				t.Errorf("%q: %d pages are called %q, %v", q.Text, n, title, err)
			}
		}
	}
	return queries
}

// shownRanks is how many hits of a query the golden file has.
const shownRanks = 5

func ranks(r *eval.Report, queries []eval.Query) string {
	var b strings.Builder
	for _, q := range queries {
		fmt.Fprintf(&b, "%s\n", q.Text)
		found := r.Answers["hybrid"][q.Text]
		for _, title := range found[:min(len(found), shownRanks)] {
			fmt.Fprintf(&b, "  %d %s\n", q.Grades[title], title)
		}
	}
	return b.String()
}

func golden(t *testing.T, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(goldenFile, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the ranking changed; look at each difference, then run with -update (-golden +now):\n%s", diff)
	}
}

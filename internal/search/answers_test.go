package search_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Everything that people and attackers type gets an answer or a clear refusal.
func TestOddQueries(t *testing.T) {
	t.Parallel()
	c := corpus(t, embeddingtest.New())
	if err := c.Embed(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"the of and", "how do i", `"`, `"the"`, "'; DROP TABLE chunks; --", "a & b | !c:*", "(((", "\x00", "\xff\xfe", "restart\x00", "%_%", `\`, "space:",
		"label:\"", "-", "- -", strings.Repeat("a", 3900), strings.Repeat("x ", 1900), strings.Repeat("restart ", 400), "👍", "\u200b", "under:1 restart",
		`"restart" "ingress"`, `-"restart it" ingress`, "OR AND NOT", "author:''", "jira:x",
	} {
		for _, mode := range []search.Mode{search.Hybrid, search.Keyword, search.Vector} {
			r, err := c.Search.Search(t.Context(), search.Request{Query: q, Mode: mode, Facets: true, Explain: true})
			if err != nil && !errors.Is(err, wiki.ErrInvalid) {
				t.Errorf("%q (%s): %v", q, mode, err)
			}
			if err == nil && (r.Hits == nil || r.Degraded == nil) {
				t.Errorf("%q (%s): a list is null", q, mode)
			}
		}
	}
}

func TestEmbedderDown(t *testing.T) {
	t.Parallel()
	embedder := embeddingtest.New()
	c := corpus(t, embedder)
	if err := c.Embed(t.Context()); err != nil {
		t.Fatal(err)
	}
	embedder.Fail(wiki.ErrUnavailable)
	r := find(t, c, search.Request{Query: "ingress controller"})
	if diff := cmp.Diff([]string{"vector"}, r.Degraded); diff != "" || !strings.HasPrefix(ids(r), "1") {
		t.Errorf("found %q, degraded (-want +got):\n%s", ids(r), diff)
	}
	if r := find(t, c, search.Request{Query: "OPS-12"}); len(r.Degraded) != 0 {
		t.Errorf("degraded = %v for an issue key, which needs no vectors", r.Degraded)
	}
}

func TestCancelledSearchEnds(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	find(t, c, search.Request{Query: "restart"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Search.Search(ctx, search.Request{Query: "ingress"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}

func many(t *testing.T, n int) *searchtest.Corpus {
	t.Helper()
	c := searchtest.ForTest(t, postgrestest.New(t), nil)
	for i := range n {
		add(t, c, searchtest.Page{
			Source: "S", ID: fmt.Sprint(100 + i), Title: fmt.Sprintf("Page %d", i), Updated: searchtest.Now.AddDate(0, 0, -i),
			Body: "<p>" + strings.Repeat("needle ", 1+i%3) + strings.Repeat("hay ", i) + "</p>",
		})
	}
	return c
}

// Following the cursors shows every page once, also when pages come and go meanwhile.
func TestCursors(t *testing.T) {
	t.Parallel()
	c := many(t, 25)
	for _, sort := range []search.Sort{search.ByRelevance, search.ByDate} {
		seen := map[string]int{}
		r := search.Request{Query: "needle", Limit: 7, Sort: sort}
		for {
			got := find(t, c, r)
			for _, h := range got.Hits {
				seen[h.PageID]++
			}
			if got.NextCursor == "" {
				break
			}
			r.Cursor = got.NextCursor
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s: page %s was shown %d times", sort, id, n)
			}
		}
		if sort == search.ByRelevance && len(seen) != 25 {
			t.Errorf("%s: %d pages, want 25", sort, len(seen))
		}
	}
	first := find(t, c, search.Request{Query: "needle", Limit: 7})
	if _, err := c.Search.Search(t.Context(), search.Request{Query: "hay", Limit: 7, Cursor: first.NextCursor}); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("another search's cursor: error = %v, want wiki.ErrInvalid", err)
	}
	gone := first.Hits[len(first.Hits)-1].PageID
	if _, _, err := c.Content.SoftDelete(t.Context(), index.Fence{}, "S", []string{gone}, "test"); err != nil {
		t.Fatal(err)
	}
	if r := find(t, c, search.Request{Query: "needle", Limit: 7, Cursor: first.NextCursor}); len(r.Hits) != 7 {
		t.Errorf("after the page of the cursor went: %d hits, want 7", len(r.Hits))
	}
}

func TestSortByDate(t *testing.T) {
	t.Parallel()
	r := find(t, many(t, 6), search.Request{Query: "needle", Sort: search.ByDate})
	for i := 1; i < len(r.Hits); i++ {
		if r.Hits[i].LastModified.After(r.Hits[i-1].LastModified) {
			t.Errorf("hit %d is newer than the one before", i)
		}
	}
	if len(r.Hits) < 3 {
		t.Errorf("%d hits", len(r.Hits))
	}
}

// What is code on the page is code in its snippets, whatever way it took through the database.
func TestCodeInSnippets(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	for query, want := range map[string]string{
		"rollout":         "kubectl -n ingress \uE000rollout\uE001 restart deployment/ingress-nginx-controller",
		"heap allocation": "--max-old-space-size=4096",
	} {
		p := find(t, c, search.Request{Query: query}).Hits[0].Passages[0]
		if len(p.Code) == 0 {
			t.Errorf("%q: no code in %q", query, p.Snippet)
			continue
		}
		if got := string([]rune(p.Snippet)[p.Code[0].Start:p.Code[0].End]); got != want || p.Code[0].Block != (query == "rollout") {
			t.Errorf("%q: first code %q, %+v; want %q", query, got, p.Code[0], want)
		}
	}
}

func TestSamePageUnderTwoSources(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, postgrestest.New(t), nil)
	body := "<p>The mirror of a page about quokkas.</p>"
	add(t, c,
		searchtest.Page{Source: "A", ID: "1", Title: "Quokkas", Body: body},
		searchtest.Page{Source: "B", ID: "9", Title: "Quokkas", Body: body, BaseURL: "https://mirror.example.com"})
	r := find(t, c, search.Request{Query: "quokkas"})
	if len(r.Hits) != 1 || len(r.Hits[0].AlsoIn) != 1 {
		t.Errorf("%d hits, also in %v; want one hit, also in another source", len(r.Hits), r.Hits[0].AlsoIn)
	}
}

func TestJiraKeyBringsItsPagesFirst(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, postgrestest.New(t), nil)
	add(t, c,
		searchtest.Page{Source: "A", ID: "1", Title: "OPS 7 and 7 OPS", Body: "<p>" + strings.Repeat("OPS 7 ", 30) + "</p>"},
		searchtest.Page{Source: "A", ID: "2", Title: "Other", Body: "<p>" + strings.Repeat("filler text ", 100) + `</p><p><ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">OPS-7</ac:parameter></ac:structured-macro></p>`})
	for _, q := range []string{"OPS-7", "ops-7", `"OPS-7"`} {
		if got := ids(find(t, c, search.Request{Query: q})); !strings.HasPrefix(got, "2") {
			t.Errorf("%s found %q, want 2 first", q, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	add(t, c,
		searchtest.Page{Source: "OPS", ID: "20", Title: "Ingress certificates", Body: "<h2>Rolling back</h2><p>a</p>"},
		searchtest.Page{Source: "OPS", ID: "21", Title: "Nothing", Body: "<h2>Rolling back</h2><p>b</p>"})
	for typed, want := range map[string]string{
		"ingr": "Ingress certificates|Restarting the ingress controller", "rest": "Restarting the ingress controller",
		"rolling b": "Rolling back", "geh": "", "": "", "zzz": "", "contr ingr": "Restarting the ingress controller",
	} {
		list, err := c.Search.Suggest(t.Context(), typed, 8)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, s := range list {
			texts = append(texts, s.Text)
		}
		if got := strings.Join(texts, "|"); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if _, err := c.Search.Suggest(t.Context(), "x", 21); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("limit 21: %v, want wiki.ErrInvalid", err)
	}
}

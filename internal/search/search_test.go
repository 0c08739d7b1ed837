package search_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
	"github.com/sluicehq/sluice/internal/wiki"
)

// corpus is a small wiki that most tests search.
func corpus(t *testing.T, embedder embedding.Embedder) *searchtest.Corpus {
	t.Helper()
	c := searchtest.ForTest(t, postgrestest.New(t), embedder)
	add(t, c,
		searchtest.Page{Source: "OPS", ID: "1", Title: "Restarting the ingress controller", Labels: []string{"runbook", "kubernetes"}, Body: `
			<p>When the ingress controller hangs, restart it. Traffic moves to the other replicas meanwhile.</p>
			<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[kubectl -n ingress rollout restart deployment/ingress-nginx-controller]]></ac:plain-text-body></ac:structured-macro>
			<h2>Afterwards</h2><p>Look at the dashboards for errors. The incident was OPS-12.</p>`},
		searchtest.Page{Source: "OPS", ID: "2", Title: "Node memory limits", Body: `
			<p>Set <code>--max-old-space-size=4096</code> where a service dies with <code>FATAL ERROR: Reached heap limit Allocation failed</code>.
			The setting app.kubernetes.io/managed-by is left alone. See <a href="https://jira.example.com/browse/PLAT-77">the ticket</a>.</p>`},
		searchtest.Page{
			Source: "OPS", ID: "3", Title: "On-call handover", Author: "Edsger Dijkstra", Type: wiki.TypeBlogPost,
			Updated: searchtest.Now.AddDate(-1, -1, 0), Body: `<p>The handover takes place every Monday. Nobody restarts anything during it.</p>`,
		},
		searchtest.Page{
			Source: "DEV", ID: "4", Title: "Prometheus scrape interval", Labels: []string{"monitoring"},
			Body: `<p>We scrape every 30 seconds. The parameter scrape_interval is set in prometheus.yml; parseScrapeConfig reads it.</p>`,
		},
		searchtest.Page{Source: "DEV", ID: "5", Title: "Gehälter und Zulagen", Restricted: true, Body: `<p>Confidential salaries of everybody.</p>`},
		searchtest.Page{Source: "DEV", ID: "6", Title: "監視の設定", Body: `<p>監視ダッシュボードの設定方法を説明します。</p>`},
	)
	return c
}

func newDB(t *testing.T) *postgres.DB {
	t.Helper()
	return postgrestest.New(t)
}

func id(n int) string { return strconv.Itoa(n) }

func add(t *testing.T, c *searchtest.Corpus, pages ...searchtest.Page) {
	t.Helper()
	if err := c.Add(t.Context(), pages...); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, c *searchtest.Corpus, r search.Request) search.Results {
	t.Helper()
	results, err := c.Search.Search(t.Context(), r)
	if err != nil {
		t.Fatalf("search %+v: %v", r, err)
	}
	return results
}

func ids(r search.Results) string {
	var list []string
	for _, h := range r.Hits {
		list = append(list, h.PageID)
	}
	return strings.Join(list, " ")
}

func TestKeywordSearch(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	for _, tt := range []struct {
		name  string
		query string
		want  string // ids, best first; a prefix
	}{
		{"words", "ingress controller", "1"},
		{"stems", "restarted", "1 3"},
		{"question", "how do I restart the ingress controller?", "1"},
		{"flag whole", "--max-old-space-size", "2"},
		{"flag with value", "--max-old-space-size=4096", "2"},
		{"flag by part", "old-space", "2"},
		{"error text", "FATAL ERROR: Reached heap limit", "2"},
		{"dotted name", "app.kubernetes.io/managed-by", "2"},
		{"snake case", "scrape_interval", "4"},
		{"camel case", "parseScrapeConfig", "4"},
		{"part of camel case", "parse config", "4"},
		{"file", "prometheus.yml", "4"},
		{"issue key in text", "OPS-12", "1"},
		{"issue key in an address", "PLAT-77", "2"},
		{"label", "runbook", "1"},
		{"phrase", `"left alone"`, "2"},
		{"phrase with other words", `"controller hangs" incident`, "1"},
		{"exclusion", "restart -ingress", "3"},
		{"joined words", "hand over monday", "3"},
		{"chinese, japanese", "監視", "6"},
		{"without accents", "gehalter", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := find(t, c, search.Request{Query: tt.query, Verbatim: true})
			if got := ids(r); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("%q found %q, want %q first", tt.query, got, tt.want)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	for _, tt := range []struct{ query, want string }{
		{"restart space:ops type:page", "1"},
		{"type:blogpost", "3"},
		{"label:runbook", "1"},
		{"author:dijkstra restart", "3"},
		{`author:"Grace Hopper" heap`, "2"},
		{"jira:OPS-12", "1"},
		{"has:jira heap", "2"},
		{"before:2026-01-01", "3"},
		{"after:2026-01-01 restart", "1"},
		{"space:NOPE restart", ""},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			if got := ids(find(t, c, search.Request{Query: tt.query})); got != tt.want {
				t.Errorf("%q found %q, want %q", tt.query, got, tt.want)
			}
		})
	}
}

func TestRestrictedPagesOnlyForThoseWhoMay(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	if got := ids(find(t, c, search.Request{Query: "salaries"})); got != "" {
		t.Errorf("found %q, want nothing", got)
	}
	if got := ids(find(t, c, search.Request{Query: "salaries", IncludeRestricted: true})); got != "5" {
		t.Errorf("found %q, want 5", got)
	}
}

func TestCorrection(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	r := find(t, c, search.Request{Query: "ingres contorllers"})
	if !r.Corrected || r.Suggestion != "ingress controller" || ids(r) != "1" {
		t.Errorf("corrected %v to %q, found %q", r.Corrected, r.Suggestion, ids(r))
	}
	r = find(t, c, search.Request{Query: "contorller", Verbatim: true}) //nolint:misspell // on purpose
	if r.Corrected || r.Suggestion != "controller" || ids(r) != "" {
		t.Errorf("verbatim: corrected %v to %q, found %q", r.Corrected, r.Suggestion, ids(r))
	}
}

// TestPageOfSeveralPassages: of two pages with the same best passage, the one that has more of them comes first, and the
// explanation adds up.
func TestPageOfSeveralPassages(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, newDB(t), nil)
	section := "<h2>Part</h2><p>" + strings.Repeat("The turbine is inspected by the crew in daylight. ", 12) + "</p>"
	other := "<h2>Part</h2><p>" + strings.Repeat("A lamp is replaced when nobody works there today. ", 12) + "</p>"
	add(t, c,
		searchtest.Page{Source: "OPS", ID: "mentions", Title: "Mill", Body: section + other + other},
		searchtest.Page{Source: "OPS", ID: "about", Title: "Mill", Body: section + section + section},
	)
	r := find(t, c, search.Request{Query: "turbine", Explain: true})
	if ids(r) != "about mentions" {
		t.Fatalf("found %q, want the page that is about it first", ids(r))
	}
	for i, h := range r.Hits {
		k, terms := h.Explain.Keyword, 0.0
		for _, x := range h.Explain.Terms {
			terms += x.Score
		}
		if several := i == 0; several != (k.OtherPassages > 0) || math.Abs(k.Score-k.OtherPassages-terms) > 0.001 {
			t.Errorf("%s: score %v, of it %v from other passages, terms %v", h.PageID, k.Score, k.OtherPassages, terms)
		}
	}
}

// TestCorrectionsThatShareAStem: their postings are asked for once and used for each.
func TestCorrectionsThatShareAStem(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, newDB(t), nil)
	add(t, c, searchtest.Page{Source: "OPS", ID: "1", Title: "Quota", Body: "<p>It is calculated every night; nobody calculates it by hand.</p>"})
	if err := searchstore.New(c.DB, searchstore.Options{FoldFrom: 1}).Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := find(t, c, search.Request{Query: "calcualted"}); !r.Corrected || ids(r) != "1" { //nolint:misspell // on purpose
		t.Errorf("corrected %v to %q, found %q", r.Corrected, r.Suggestion, ids(r))
	}
}

func TestHybridFindsByMeaning(t *testing.T) {
	t.Parallel()
	c := corpus(t, embeddingtest.New())
	r := find(t, c, search.Request{Query: "restart ingress"})
	if len(r.Degraded) != 1 || r.Degraded[0] != "vector" {
		t.Errorf("degraded = %v before anything is embedded, want vector", r.Degraded)
	}
	if err := c.Embed(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = find(t, c, search.Request{Query: "restart ingress", Explain: true, Facets: true})
	if len(r.Degraded) != 0 || !strings.HasPrefix(ids(r), "1") {
		t.Fatalf("degraded %v, found %q", r.Degraded, ids(r))
	}
	e := r.Hits[0].Explain
	if e == nil || e.Keyword == nil || e.Vector == nil || len(e.Terms) == 0 {
		t.Errorf("explanation = %+v, want both legs and terms", e)
	}
	if len(r.Facets.Space) == 0 || r.Facets.Space[0].Value != "OPS" {
		t.Errorf("facets = %+v", r.Facets)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	for _, r := range []search.Request{
		{Query: ""},
		{Query: "   "},
		{Query: "?!"},
		{Query: "x", Limit: -1},
		{Query: "x", Limit: 51},
		{Query: strings.Repeat("x ", 5000)},
		{Query: "x", Mode: "magic"},
		{Query: "x", Cursor: "nonsense"},
		{Query: "x", Sort: "magic"},
	} {
		if _, err := c.Search.Search(t.Context(), r); !errors.Is(err, wiki.ErrInvalid) {
			t.Errorf("%+v: error = %v, want wiki.ErrInvalid", r, err)
		}
	}
}

// The likeness of the best pages by words counts, though none of their chunks is among the nearest.
func TestLikenessBeyondTheNearest(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, newDB(t), embeddingtest.New())
	long := strings.Repeat("Valve pressure seldom rises before noon; engineers write reports about pumps. ", 12)
	pages := []searchtest.Page{
		{Source: "S", ID: "like", Title: "Turbine turbine turbine", Body: "<p>" + long + "The turbine needs gravel oil.</p>"},
		{Source: "S", ID: "unlike", Title: "Turbine turbine turbine", Body: "<p>" + long + "The turbine needs gravel ink.</p>"},
	}
	for i := range 240 { // nearer to the query than the two, but their words are not what it asks
		pages = append(pages, searchtest.Page{Source: "S", ID: id(i), Title: "Gravel " + id(i), Body: "<p>Oil.</p>"})
	}
	add(t, c, pages...)
	if err := c.Embed(t.Context()); err != nil {
		t.Fatal(err)
	}
	vector := map[string]*search.LegExplain{}
	for _, h := range find(t, c, search.Request{Query: "turbine gravel oil", Explain: true, Limit: 50}).Hits {
		vector[h.PageID] = h.Explain.Vector
	}
	like, unlike := vector["like"], vector["unlike"]
	if like == nil || unlike == nil || like.Rank != 0 || like.Score <= unlike.Score || unlike.Score <= 0 {
		t.Errorf("the vector leg says %+v and %+v, want scores without ranks, the first higher", like, unlike)
	}
}

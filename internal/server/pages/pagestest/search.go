package pagestest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Search is a fake searcher over a few made-up hits. "nothing" finds nothing, "scrpae" is corrected, "down" fails.
type Search struct {
	mu       sync.Mutex // guards requests
	requests []search.Request
}

// NewSearch returns the fake.
func NewSearch() *Search { return &Search{} }

// Requests are the searches so far.
func (s *Search) Requests() []search.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func mark(s string) string { return string(search.MarkStart) + s + string(search.MarkEnd) }

// Search implements pages.Searcher.
func (s *Search) Search(_ context.Context, r search.Request) (search.Results, error) {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	results := search.Results{Query: r.Query, Mode: search.Hybrid, TookMS: 7.4, Degraded: []string{}}
	switch {
	case strings.TrimSpace(r.Query) == "":
		return results, wiki.Invalid("q", "must not be empty")
	case r.Query == "down":
		return results, fmt.Errorf("query: %w", wiki.ErrUnavailable)
	case r.Query == "nothing":
		return results, nil
	case r.Query == "scrpae interval":
		results.Suggestion, results.Corrected = "scrape interval", true
	case r.Query == "degraded":
		results.Degraded = []string{"vector"}
		results.Notes = []string{"no page has the label \"runbok\""}
	}
	start, _ := strconv.Atoi(r.Cursor)
	const total = 27
	for i := start; i < min(start+10, total); i++ {
		results.Hits = append(results.Hits, hit(i, r))
	}
	results.Total = total
	if start+10 < total {
		results.NextCursor = strconv.Itoa(start + 10)
	}
	results.Facets = search.Facets{
		Space:   []search.FacetValue{{Value: "OBS", Count: 19}, {Value: "OPS", Count: 6}, {Value: "PLAT", Count: 2}},
		Label:   labels(14),
		Author:  []search.FacetValue{{Value: "Grace Hopper", Count: 11}, {Value: "Edsger Dijkstra", Count: 9}, {Value: "Barbara Liskov", Count: 7}},
		Type:    []search.FacetValue{{Value: "page", Count: 25}, {Value: "blogpost", Count: 2}},
		Updated: []search.FacetValue{{Value: "week", Count: 3}, {Value: "month", Count: 9}, {Value: "year", Count: 21}, {Value: "older", Count: 6}},
	}
	return results, nil
}

func labels(n int) []search.FacetValue {
	names := []string{"runbook", "how-to", "prometheus", "alerting", "architecture", "draft", "onboarding", "postmortem", "deprecated", "kubernetes", "slo", "tracing", "logging", "a-label-with-a-rather-long-name-that-needs-cutting"}
	var list []search.FacetValue
	for i, name := range names[:n] {
		list = append(list, search.FacetValue{Value: name, Count: 20 - i})
	}
	return list
}

func hit(i int, r search.Request) search.Hit {
	titles := []string{"Scrape interval and retention", "How to drop a high-cardinality label", "Alerting rules: a walk-through", "Tail sampling with the collector", "On-call handbook"}
	title := titles[i%len(titles)]
	if i >= len(titles) {
		title += " (part " + strconv.Itoa(i/len(titles)+1) + ")"
	}
	h := search.Hit{
		PageID: strconv.Itoa(1001 + i%3), SourceID: "confluence_OBS", Kind: "confluence", SpaceKey: "OBS", Title: title, TitleMarked: strings.Replace(title, "Scrape interval", mark("Scrape interval"), 1),
		URL: SiteURL + "/wiki/spaces/OBS/pages/1001", Type: "page", Author: []string{"Grace Hopper", "Edsger Dijkstra"}[i%2], LastModified: ago(time.Duration(i*31+2) * time.Hour),
		Labels: []string{"prometheus", "how-to"}, JiraKeys: []string{"OPS-12", "OBS-" + strconv.Itoa(340+i)}, Breadcrumbs: []string{"Observability", "Metrics", "Prometheus", "Operating Prometheus", "Configuration reference"},
		Score: 0.913 - float64(i)*0.03, SectionTitle: "Choosing an interval",
		Snippet: "The global " + mark("scrape") + " " + mark("interval") + " is 30 seconds. A shorter " + mark("interval") + " doubles the number of samples and the memory of the head block; change it per job, never globally, and look at the churn of series first.",
	}
	var code []search.CodeSpan
	if i == 1 {
		h.Snippet, code = codeSnippet()
	}
	h.Passages = []search.Passage{
		{ChunkID: "1", Code: code, SectionTitle: h.SectionTitle, Snippet: h.Snippet, Anchor: "Choosing-an-interval", URL: h.URL + "#Choosing-an-interval"},
		{ChunkID: "2", SectionTitle: "Limits", Snippet: "With a " + mark("scrape") + " timeout above the " + mark("interval") + " the target is skipped.", Anchor: "Limits", URL: h.URL},
	}
	if i == 2 {
		h.Type, h.Breadcrumbs, h.JiraKeys = "blogpost", []string{"Observability"}, nil
	}
	if i == 3 {
		h.Restricted, h.AlsoIn = true, []string{"confluence_OBS_2"}
	}
	if r.Explain {
		h.Explain = &search.Explain{
			Legs: []string{"keyword", "vector"}, Keyword: &search.LegExplain{Rank: 1, Score: 14.21, Normalised: 1, Weight: 0.75}, Vector: &search.LegExplain{Rank: 3, Score: 0.61, Normalised: 0.82, Weight: 0.25},
			Terms: []search.TermScore{{Term: "scrape", DF: 212, IDF: 3.1, Score: 8.2}, {Term: "interval", DF: 540, IDF: 2.2, Score: 6.01}}, Boosts: []search.Boost{{Reason: "words in the title", Value: 0.02}}, FusedScore: 0.913,
		}
	}
	return h
}

// codeSnippet has code within a line and in lines of its own, one of them longer than a narrow screen.
func codeSnippet() (string, []search.CodeSpan) {
	const name = "scrape_timeout"
	listing := "scrape_configs:\n  - job_name: api\n    " + mark("scrape") + "_" + mark("interval") + ": 30s\n" +
		"    params: { match: ['{__name__=~\"http_requests_total|http_request_duration_seconds_bucket|process_cpu_seconds_total\"}'] }"
	text := "A shorter " + mark("interval") + " needs a shorter " + name + ", too:\n" + listing + "\n…"
	span := func(part string, block bool) search.CodeSpan {
		before, _, _ := strings.Cut(text, part)
		start := utf8.RuneCountInString(before)
		return search.CodeSpan{Start: start, End: start + utf8.RuneCountInString(part), Block: block}
	}
	return text, []search.CodeSpan{span(name, false), span(listing, true)}
}

// Suggest implements pages.Searcher.
func (s *Search) Suggest(_ context.Context, prefix string, _ int) ([]search.Suggestion, error) {
	return []search.Suggestion{
		{Text: prefix + " interval", Kind: "phrase"},
		{Text: prefix + " timeout", Kind: "phrase"},
		{Text: "Scrape interval and retention", Kind: "title", Source: "confluence_OBS", PageID: "1001"},
	}, nil
}

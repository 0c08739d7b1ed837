package mcp

import (
	"context"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
)

// The budgets of an answer, in tokens.
const (
	defaultTokens = 4000
	leastTokens   = 200
	mostTokens    = 40000
)

type searchInput struct {
	Query         string   `json:"query" jsonschema:"what to look for: words, a question, an issue key, or \"a phrase\""`
	Spaces        []string `json:"spaces,omitempty" jsonschema:"only these space keys"`
	Labels        []string `json:"labels,omitempty" jsonschema:"only pages with one of these labels"`
	Jira          []string `json:"jira,omitempty" jsonschema:"only pages that name one of these JIRA issue keys"`
	HasJira       bool     `json:"has_jira,omitempty" jsonschema:"only pages that name some JIRA issue"`
	Authors       []string `json:"authors,omitempty" jsonschema:"only pages last edited by one of these people (part of the name suffices)"`
	Types         []string `json:"types,omitempty" jsonschema:"page or blogpost"`
	Under         []string `json:"under,omitempty" jsonschema:"only pages below one of these page ids"`
	Sources       []string `json:"sources,omitempty" jsonschema:"only these source ids"`
	UpdatedAfter  string   `json:"updated_after,omitempty" jsonschema:"only pages changed at or after this day (2026-01-31)"`
	UpdatedBefore string   `json:"updated_before,omitempty" jsonschema:"only pages changed before this day"`
	Mode          string   `json:"mode,omitempty" jsonschema:"hybrid (default), keyword or vector"`
	Limit         int      `json:"limit,omitempty" jsonschema:"pages to return, 1 to 25, default 8"`
	Cursor        string   `json:"cursor,omitempty" jsonschema:"next_cursor of the result before"`
	MaxTokens     int      `json:"max_tokens,omitempty" jsonschema:"budget for the answer, default 4000"`
}

type searchOutput struct {
	Results    []searchResult `json:"results"`
	Total      int            `json:"total"`
	NextCursor string         `json:"next_cursor,omitempty"`
	Suggestion string         `json:"suggestion,omitempty"`
	Degraded   []string       `json:"degraded,omitempty"`
}

type searchResult struct {
	PageID       string    `json:"page_id"`
	SourceID     string    `json:"source_id"`
	Space        string    `json:"space"`
	Title        string    `json:"title"`
	Section      string    `json:"section,omitempty"`
	URL          string    `json:"url"`
	LastModified time.Time `json:"last_modified"`
}

func (t *tools) search(ctx context.Context, in searchInput) (string, searchOutput, error) {
	request, err := in.request()
	if err != nil {
		return "", searchOutput{}, err
	}
	request.IncludeRestricted = t.admin
	results, err := t.Searcher.Search(ctx, request)
	if err != nil {
		return "", searchOutput{}, err
	}
	if t.Statistics != nil && in.Cursor == "" {
		t.Statistics.RecordSearch(ctx, instance.SearchEvent{
			Query: results.Query, Mode: string(results.Mode), Spaces: in.Spaces, Total: results.Total,
			TookMS: results.TookMS, Degraded: len(results.Degraded) > 0,
		})
	}
	text, shown := renderResults(results, budget(in.MaxTokens))
	out := searchOutput{
		Results: []searchResult{}, Total: results.Total, NextCursor: results.NextCursor,
		Suggestion: results.Suggestion, Degraded: results.Degraded,
	}
	for _, hit := range results.Hits[:shown] {
		out.Results = append(out.Results, searchResult{
			PageID: hit.PageID, SourceID: hit.SourceID, Space: hit.SpaceKey, Title: inline(hit.Title),
			Section: inline(hit.SectionTitle), URL: hitURL(hit), LastModified: hit.LastModified,
		})
	}
	return text, out, nil
}

func (in searchInput) request() (search.Request, error) {
	r := search.Request{
		Query: in.Query, Mode: search.Mode(in.Mode), Limit: in.Limit, Cursor: in.Cursor,
		Filters: search.Filters{
			Spaces: in.Spaces, Labels: in.Labels, Jira: in.Jira, HasJira: in.HasJira, Authors: in.Authors, Types: in.Types,
			Under: in.Under, Sources: in.Sources,
		},
	}
	switch r.Mode {
	case "", search.Hybrid, search.Keyword, search.Vector:
	default:
		return r, wiki.Invalid("mode", "must be hybrid, keyword or vector")
	}
	if r.Limit <= 0 {
		r.Limit = 8
	}
	r.Limit = min(r.Limit, 25)
	var err error
	if r.Filters.UpdatedAfter, err = instant("updated_after", in.UpdatedAfter); err != nil {
		return r, err
	}
	r.Filters.UpdatedBefore, err = instant("updated_before", in.UpdatedBefore)
	return r, err
}

func instant(field, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return &at, nil
		}
	}
	return nil, wiki.Invalid(field, "write a day (2026-01-31) or a time (2026-01-31T15:04:05Z)")
}

func budget(tokens int) int {
	if tokens <= 0 {
		return defaultTokens
	}
	return min(max(tokens, leastTokens), mostTokens)
}

// renderResults writes the hits within the budget and returns how many of them it wrote: at least one.
func renderResults(results search.Results, tokens int) (text string, shown int) {
	a := newAnswer(tokens)
	if len(results.Hits) == 0 {
		a.printf("No page matches %q.", inline(results.Query))
		if results.Suggestion != "" {
			a.printf(" Did you mean %q?", inline(results.Suggestion))
		}
		for _, note := range results.Notes {
			a.printf(" %s", inline(note))
		}
		return a.String(), 0
	}
	a.printf("%d of %d matching pages for %q.\n", len(results.Hits), results.Total, inline(results.Query))
	if len(results.Degraded) > 0 {
		a.printf("The search had to do without: %s.\n", strings.Join(results.Degraded, ", "))
	}
	for i, hit := range results.Hits {
		if a.full() && i > 0 {
			a.printf("\n(%d more hits did not fit max_tokens.)\n", len(results.Hits)-i)
			return a.String(), i
		}
		renderHit(a, i+1, hit)
	}
	if results.NextCursor != "" {
		a.printf("\nMore results: cursor=%s\n", results.NextCursor)
	}
	return a.String(), len(results.Hits)
}

func renderHit(a *answer, number int, hit search.Hit) {
	a.printf("\n%d. %s\n   url: %s\n   page_id: %s  source_id: %s  space: %s", number, inline(hit.Title), hitURL(hit), hit.PageID, hit.SourceID, hit.SpaceKey)
	if len(hit.Breadcrumbs) > 0 {
		titles := make([]string, len(hit.Breadcrumbs))
		for i, title := range hit.Breadcrumbs {
			titles[i] = inline(title)
		}
		a.printf("  in: %s", cutText(strings.Join(titles, " > "), 200))
	}
	a.printf("\n   updated: %s by %s", hit.LastModified.Format(time.DateOnly), inline(hit.Author))
	if len(hit.JiraKeys) > 0 {
		a.printf("  jira: %s", strings.Join(hit.JiraKeys[:min(10, len(hit.JiraKeys))], ", "))
	}
	if len(hit.Labels) > 0 {
		a.printf("  labels: %s", inline(strings.Join(hit.Labels[:min(10, len(hit.Labels))], ", ")))
	}
	a.printf("\n")
	if len(hit.Passages) == 0 {
		a.untrusted(hit.Snippet)
		return
	}
	for i, passage := range hit.Passages {
		if i > 0 && a.full() {
			return
		}
		if passage.SectionTitle != "" {
			a.printf("   section: %s\n", inline(passage.SectionTitle))
		}
		a.untrusted(passage.Snippet)
	}
}

func hitURL(hit search.Hit) string {
	if len(hit.Passages) > 0 && hit.Passages[0].URL != "" {
		return hit.Passages[0].URL
	}
	return hit.URL
}

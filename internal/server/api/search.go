package api

import (
	"context"
	"net/http"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
)

// searchInput is the query of GET /api/search. The cursor is checked by the searcher, which made it.
type searchInput struct {
	Query         string   `query:"q" required:"true" maxLength:"2000" doc:"What to look for. May hold the search box's syntax: \"a phrase\", -word, space:OPS, label:x, …" example:"scrape interval"`
	Space         []string `query:"space,explode" doc:"Space keys."`
	Label         []string `query:"label,explode" doc:"Labels."`
	Jira          []string `query:"jira,explode" doc:"JIRA issue keys that the page names." example:"OPS-12"`
	HasJira       bool     `query:"has_jira" doc:"Only pages that name some JIRA issue."`
	Author        []string `query:"author,explode" doc:"Names (or parts of them) or account ids of authors."`
	Type          []string `query:"type,explode" doc:"page or blogpost."`
	Under         []string `query:"under,explode" doc:"Ids of ancestor pages."`
	UpdatedAfter  string   `query:"updated_after" doc:"Only pages changed at or after this day (2026-01-31) or time (RFC 3339)." example:"2026-01-31"`
	UpdatedBefore string   `query:"updated_before" doc:"Only pages changed before this day or time."`
	Source        []string `query:"source,explode" doc:"Source ids."`
	Kind          []string `query:"kind,explode" doc:"Kinds of source."`
	Mode          string   `query:"mode" enum:"hybrid,keyword,vector" default:"hybrid" doc:"Which ranking is used."`
	Sort          string   `query:"sort" enum:"relevance,date" default:"relevance" doc:"The order of hits."`
	Limit         int      `query:"limit" minimum:"1" maximum:"50" default:"10" doc:"Hits per page."`
	Cursor        string   `query:"cursor" maxLength:"2000" doc:"The next_cursor of the page before."`
	Explain       bool     `query:"explain" doc:"Says of each hit how its score came about."`
	Verbatim      bool     `query:"verbatim" doc:"Searches the words as typed, without correcting them."`
}

type searchOutput struct{ Body search.Results }

type suggestInput struct {
	Query string `query:"q" required:"true" maxLength:"200" doc:"What was typed so far."`
	Limit int    `query:"limit" minimum:"1" maximum:"20" default:"8" doc:"How many suggestions."`
}

type suggestOutput struct {
	Body struct {
		Suggestions []search.Suggestion `json:"suggestions"`
	}
}

func (a *API) addSearch() {
	add(a, operation{
		id: "search", method: http.MethodGet, path: "/api/search", tag: "Search", access: session.ForSearch,
		summary:     "Search pages",
		description: "In snippets, matched words stand between U+E000 and U+E001; a passage's code says from which to which character (marks included) its snippet is code. Filters that repeat match any of their values.",
	}, a.search)
	add(a, operation{
		id: "suggest", method: http.MethodGet, path: "/api/suggest", tag: "Search", access: session.ForSearch,
		summary: "Complete what is being typed",
	}, a.suggest)
}

func (a *API) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	request, err := in.request()
	if err != nil {
		return nil, err
	}
	request.IncludeRestricted = auth.FromContext(ctx).IsAdmin()
	results, err := a.options.Searcher.Search(ctx, request)
	if err != nil {
		return nil, err
	}
	if request.Cursor == "" {
		a.options.Instance.RecordSearch(ctx, instance.SearchEvent{
			Query: results.Query, Mode: string(results.Mode), Spaces: request.Filters.Spaces, Total: results.Total,
			TookMS: results.TookMS, Degraded: len(results.Degraded) > 0,
		})
	}
	return &searchOutput{Body: results}, nil
}

func (in *searchInput) request() (search.Request, error) {
	after, before := day(in.UpdatedAfter), day(in.UpdatedBefore)
	var faults []wiki.FieldError
	if after == nil && in.UpdatedAfter != "" {
		faults = append(faults, wiki.FieldError{Field: "updated_after", Message: notATime})
	}
	if before == nil && in.UpdatedBefore != "" {
		faults = append(faults, wiki.FieldError{Field: "updated_before", Message: notATime})
	}
	if len(faults) > 0 {
		return search.Request{}, &wiki.InvalidError{Fields: faults}
	}
	return search.Request{
		Query: in.Query, Mode: search.Mode(in.Mode), Sort: search.Sort(in.Sort), Limit: in.Limit, Cursor: in.Cursor,
		Facets: true, Explain: in.Explain, Verbatim: in.Verbatim,
		Filters: search.Filters{
			Spaces: in.Space, Labels: in.Label, Jira: in.Jira, HasJira: in.HasJira, Authors: in.Author, Types: in.Type,
			Under: in.Under, Sources: in.Source, Kinds: in.Kind, UpdatedAfter: after, UpdatedBefore: before,
		},
	}, nil
}

const notATime = "Write a day (2026-01-31) or a time (2026-01-31T15:04:05Z)."

// day reads a day or a time; nil where it is neither.
func day(text string) *time.Time {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return &t
		}
	}
	return nil
}

func (a *API) suggest(ctx context.Context, in *suggestInput) (*suggestOutput, error) {
	suggestions, err := a.options.Searcher.Suggest(ctx, in.Query, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &suggestOutput{}
	out.Body.Suggestions = suggestions
	return out, nil
}

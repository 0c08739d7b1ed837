package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

// suggestions is how many completions are offered under the box.
const suggestions = 8

// showSearch is the home page and, with a query, its answer. Every state is in the address.
func (p *Pages) showSearch(c echo.Context) error {
	q := readQuery(c.QueryParams())
	view, err := p.searchView(c, q)
	if err != nil {
		return err
	}
	if isFragment(c) && c.Request().Header.Get("HX-Target") == "more" && view.Error == nil {
		return p.render(c, http.StatusOK, views.HitList(view.Hits, view.More))
	}
	title := "Search"
	if text := q.Get("q"); text != "" {
		title = text
	}
	status := http.StatusOK
	if view.Error != nil && view.Fault == "" && !isFragment(c) { // a query without words is no failure
		status = http.StatusServiceUnavailable
	}
	return p.render(c, status, views.Search(p.chrome(c, title, "search"), view))
}

func (p *Pages) searchView(c echo.Context, q query) (views.SearchPage, error) {
	ctx := c.Request().Context()
	view := views.SearchPage{Query: q.Get("q"), Chips: p.chips(q), AllClear: q.clear(), Hidden: hiddenParams(q)}
	if strings.TrimSpace(view.Query) == "" && !q.filtered() {
		return view, p.homeView(c, &view)
	}
	view.Asked = true
	request, err := q.request(p.Now())
	if err == nil {
		identity := session.Identity(c)
		request.IncludeRestricted = identity.IsAdmin()
		request.OpenFacets = !q.Has("cursor") // only so another value can be added to what is chosen
		request.Explain = identity.IsAdmin() && q.Get("explain") == "true"
		var results search.Results
		if results, err = p.Search.Search(ctx, request); err == nil {
			p.recordSearch(ctx, q, results)
			return view, p.answerView(c, q, results, &view)
		}
	}
	if faults, ok := fieldErrors(err); ok {
		for _, text := range faults {
			view.Fault = strings.TrimSpace(view.Fault + " " + text)
		}
		view.Error = &views.Alert{Tone: views.Info, Title: "Nothing was searched", Text: view.Fault}
		view.Asked = view.Query != ""
		if !view.Asked { // filters without words: the box waits for them
			view.Error, view.Fault = nil, ""
			return view, p.homeView(c, &view)
		}
		return view, nil
	}
	if !errors.Is(err, wiki.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
		return view, err
	}
	p.Log.ErrorContext(ctx, "search failed", "err", err)
	view.Error = &views.Alert{
		Tone: views.Bad, Title: "Search does not answer right now",
		Text: "The database did not reply in time. Nothing is lost; try again in a moment.", URL: c.Request().URL.RequestURI(), Action: "Try again",
	}
	return view, nil
}

// recordSearch counts the first page of each answer for the analytics.
func (p *Pages) recordSearch(ctx context.Context, q query, r search.Results) {
	if p.Instance == nil || q.Has("cursor") {
		return
	}
	p.Instance.RecordSearch(ctx, instance.SearchEvent{
		Query: r.Query, Mode: string(r.Mode), Spaces: q.Values["space"], Total: r.Total, TookMS: r.TookMS, Degraded: len(r.Degraded) > 0,
	})
}

// homeView fills the page before anything was asked: the spaces there are.
func (p *Pages) homeView(c echo.Context, view *views.SearchPage) error {
	dir, err := p.sourcesOf(c.Request().Context())
	if err != nil {
		return err
	}
	for _, s := range dir.list {
		if len(view.Spaces) == 12 {
			break
		}
		view.Spaces = append(view.Spaces, views.SpaceLink{
			Key: s.SpaceKey, Name: s.Name, Pages: plural(s.TotalPages, "page"), URL: "/?" + url.Values{"space": {s.SpaceKey}}.Encode(),
		})
	}
	if len(dir.list) == 0 {
		view.First = &views.Alert{Tone: views.Info, Title: "Nothing to search yet", Text: "An administrator connects Confluence spaces; they become searchable while they are read."}
		if session.Identity(c).IsAdmin() {
			view.First.Text = "Connect a Confluence space; it becomes searchable while it is read."
			view.First.URL, view.First.Action = "/sources/new", "Add spaces"
		}
	}
	return nil
}

func (p *Pages) answerView(c echo.Context, q query, r search.Results, view *views.SearchPage) error {
	dir, err := p.sourcesOf(c.Request().Context())
	if err != nil {
		return err
	}
	now := p.Now()
	view.Summary = summary(r)
	for _, h := range r.Hits {
		view.Hits = append(view.Hits, hitView(q, h, dir, now))
	}
	if r.NextCursor != "" {
		view.More = views.More{URL: q.change(func(v url.Values) { v.Set("cursor", r.NextCursor) }), Text: "More results"}
	}
	view.Facets = facets(q, r.Facets, dir)
	sort := q.Get("sort")
	view.Sorts = []views.Tab{
		{Text: "Relevance", URL: q.with("sort", ""), Current: sort != string(search.ByDate)},
		{Text: "Newest", URL: q.with("sort", string(search.ByDate)), Current: sort == string(search.ByDate)},
	}
	if session.Identity(c).IsAdmin() {
		view.Explain = &views.Tab{Text: "Explain ranking", URL: q.with("explain", "true")}
		if q.Get("explain") == "true" {
			view.Explain = &views.Tab{Text: "Hide explanation", URL: q.with("explain", "")}
		}
	}
	if r.Suggestion != "" {
		view.Did = &views.DidYouMean{
			Text: r.Suggestion, URL: q.with("q", r.Suggestion), Corrected: r.Corrected, VerbatimURL: q.with("verbatim", "true"), Typed: q.Get("q"),
		}
	}
	for _, leg := range r.Degraded {
		view.Alerts = append(view.Alerts, degraded(leg))
	}
	for _, note := range r.Notes {
		view.Alerts = append(view.Alerts, views.Alert{Tone: views.Info, Text: sentence(note)})
	}
	if len(r.Hits) == 0 {
		view.NoResult = &views.NoResult{Text: "No page has these words.", Tips: tips(q, dir)}
		if q.filtered() {
			view.NoResult.Text = "No page has these words under these filters."
		}
	}
	return nil
}

func summary(r search.Results) string {
	text := plural(r.Total, "page")
	if r.TotalIsLowerBound {
		text = "More than " + text
	}
	if r.TookMS < 1 {
		return text + " in under 1 ms"
	}
	return text + " in " + duration(r.TookMS/1000)
}

func degraded(leg string) views.Alert {
	switch leg {
	case "vector":
		return views.Alert{Tone: views.Warn, Title: "Found by words only", Text: "Search by meaning is not available right now, so pages that use other words may be missing."}
	case "keyword":
		return views.Alert{Tone: views.Warn, Title: "Search by words is incomplete", Text: "Pages that have the words may be missing right now."}
	default:
		return views.Alert{Tone: views.Warn, Title: "Part of the search was not available", Text: "Without: " + leg + "."}
	}
}

// tips are what to try when nothing was found, the most useful first.
func tips(q query, dir directoryEntry) []views.Tab {
	var list []views.Tab
	if q.filtered() {
		list = append(list, views.Tab{Text: "Search without filters", URL: q.clear()})
	}
	text := q.Get("q")
	if strings.Contains(text, `"`) {
		list = append(list, views.Tab{Text: "Search the words without quotation marks", URL: q.with("q", strings.ReplaceAll(text, `"`, ""))})
	}
	if words := strings.Fields(text); len(words) > 3 {
		list = append(list, views.Tab{Text: "Use fewer words, the rarest ones first"})
	}
	list = append(list, views.Tab{Text: "Check the spelling, or use another word for the same thing"})
	for _, s := range dir.list {
		if s.State == "running" || s.LastSyncTimestamp == nil {
			list = append(list, views.Tab{Text: "Some spaces are still being read; try again later"})
			break
		}
	}
	return list
}

// suggest completes what is being typed. It never fails: suggestions are a convenience.
func (p *Pages) suggest(c echo.Context) error {
	text := strings.TrimSpace(c.QueryParam("q"))
	var view views.Suggestions
	if text != "" && utf8.RuneCountInString(text) <= 200 {
		ctx, cancel := context.WithTimeout(c.Request().Context(), time.Second)
		defer cancel()
		found, err := p.Search.Suggest(ctx, text, suggestions)
		if err != nil && !errors.Is(err, context.Canceled) {
			p.Log.WarnContext(ctx, "no suggestions", "err", err)
		}
		dir, err := p.sourcesOf(ctx)
		if err != nil {
			p.Log.WarnContext(ctx, "no sources for suggestions", "err", err)
		}
		for _, s := range found {
			item := views.SuggestItem{Text: s.Text, URL: "/?" + url.Values{"q": {s.Text}}.Encode()}
			if s.PageID != "" {
				item.Page, item.URL, item.Note = true, pageURL(s.Source, s.PageID), dir.byID[s.Source].SpaceKey
			}
			view.Items = append(view.Items, item)
		}
	}
	return p.render(c, http.StatusOK, views.SuggestList(view))
}

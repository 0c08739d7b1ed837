package pages

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
)

// The parameters of a search in the address, as in the API; "updated" is the page's own shorthand for the two dates.
var listParams = []string{"space", "label", "jira", "author", "type", "under", "source", "kind"} //nolint:gochecknoglobals // a constant table

// query is the state of the search page: exactly what its address says.
type query struct{ url.Values }

// readQuery keeps the parameters that mean something and drops the rest.
func readQuery(values url.Values) query {
	q := query{url.Values{}}
	for _, name := range slices.Concat([]string{"q", "sort", "mode", "has_jira", "updated", "updated_after", "updated_before", "cursor", "explain", "verbatim"}, listParams) {
		for _, v := range values[name] {
			if v != "" && !slices.Contains(q.Values[name], v) {
				q.Add(name, v)
			}
		}
	}
	return q
}

// filtered reports whether anything narrows the search.
func (q query) filtered() bool {
	return slices.ContainsFunc(slices.Concat([]string{"has_jira", "updated", "updated_after", "updated_before"}, listParams), q.Has)
}

// change returns the address after a change; every change starts again at the first hit.
func (q query) change(change func(url.Values)) string {
	next := url.Values{}
	for name, values := range q.Values {
		next[name] = slices.Clone(values)
	}
	next.Del("cursor")
	change(next)
	if len(next) == 0 {
		return "/"
	}
	return "/?" + next.Encode()
}

// with sets a parameter, or removes it when value is empty.
func (q query) with(name, value string) string {
	return q.change(func(v url.Values) {
		v.Del(name)
		if value != "" {
			v.Set(name, value)
		}
	})
}

// toggle adds a value of a parameter that may repeat, or takes it away.
func (q query) toggle(name, value string) string {
	return q.change(func(v url.Values) {
		if !slices.Contains(v[name], value) {
			v.Add(name, value)
			return
		}
		v[name] = slices.DeleteFunc(v[name], func(s string) bool { return s == value })
		if len(v[name]) == 0 {
			v.Del(name)
		}
	})
}

// clear removes all filters.
func (q query) clear() string {
	return q.change(func(v url.Values) {
		for _, name := range slices.Concat([]string{"has_jira", "updated", "updated_after", "updated_before"}, listParams) {
			v.Del(name)
		}
	})
}

// request makes the search that the address asks for.
func (q query) request(now time.Time) (search.Request, error) {
	r := search.Request{
		Query: q.Get("q"), Mode: search.Mode(q.Get("mode")), Sort: search.Sort(q.Get("sort")), Cursor: q.Get("cursor"), Facets: true,
		Verbatim: q.Get("verbatim") == "true",
		Filters: search.Filters{
			Spaces: q.Values["space"], Labels: q.Values["label"], Jira: q.Values["jira"], Authors: q.Values["author"], Types: q.Values["type"],
			Under: q.Values["under"], Sources: q.Values["source"], Kinds: q.Values["kind"], HasJira: q.Get("has_jira") == "true",
		},
	}
	for name, target := range map[string]**time.Time{"updated_after": &r.Filters.UpdatedAfter, "updated_before": &r.Filters.UpdatedBefore} {
		if text := q.Get(name); text != "" {
			t, err := readTime(text)
			if err != nil {
				return r, wiki.Invalid(name, "This is no date; write it as 2026-01-31.")
			}
			*target = &t
		}
	}
	if days, ok := updatedWithin[q.Get("updated")]; ok {
		edge := now.AddDate(0, 0, -days)
		if q.Get("updated") == "older" {
			r.Filters.UpdatedBefore = &edge
		} else {
			r.Filters.UpdatedAfter = &edge
		}
	}
	return r, nil
}

// updatedWithin is the edge of each value of the "updated" facet, in days back from now; "older" is what lies before.
var updatedWithin = map[string]int{"week": 7, "month": 30, "year": 365, "older": 365} //nolint:gochecknoglobals // a constant table

func readTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}

// pageURL is the address of a stored page in our own pages.
func pageURL(sourceID, pageID string) string {
	return "/pages/" + url.PathEscape(sourceID) + "/" + url.PathEscape(pageID)
}

func sourceURL(id string) string { return "/sources/" + url.PathEscape(id) }

func runURL(id string) string { return "/runs/" + url.PathEscape(id) }

// moreURL is the present address with another cursor.
func moreURL(u *url.URL, cursor string) string {
	if cursor == "" {
		return ""
	}
	values := u.Query()
	values.Set("cursor", cursor)
	return u.Path + "?" + values.Encode()
}

// limitOf reads a limit between 1 and most, or answers usual.
func limitOf(text string, usual, most int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return min(n, most)
	}
	return usual
}

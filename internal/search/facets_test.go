package search_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
	"github.com/sluicehq/sluice/internal/wiki"
)

// shelves is a wiki whose pages differ in all that facets count.
func shelves(t *testing.T, pages int) *searchtest.Corpus {
	t.Helper()
	c := searchtest.ForTest(t, newDB(t), embeddingtest.New())
	words := []string{"needle", "thread", "button", "zipper", "needle and thread"}
	for i := range pages {
		p := searchtest.Page{
			Source: []string{"OPS", "DEV", "HR"}[i%3], ID: id(i), Title: "Page " + id(i), Labels: [][]string{{"runbook"}, {"draft", "howto"}, nil, {"howto"}}[i%4],
			Author: []string{"Grace Hopper", "Edsger Dijkstra"}[i/2%2], Updated: searchtest.Now.AddDate(0, 0, -i*i),
			Body: "<p>" + strings.Repeat(words[i%len(words)]+" ", 1+i%3) + "lies in drawer " + fmt.Sprint(i) + "</p>", Restricted: i%11 == 10,
		}
		if i%7 == 3 {
			p.Type = wiki.TypeBlogPost
		}
		if err := c.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// facetValues are the facets as maps.
func facetValues(f search.Facets) map[string]map[string]int {
	all := map[string]map[string]int{}
	for name, list := range map[string][]search.FacetValue{"space": f.Space, "label": f.Label, "author": f.Author, "type": f.Type, "updated": f.Updated} {
		all[name] = map[string]int{}
		for _, v := range list {
			all[name][v.Value] = v.Count
		}
	}
	return all
}

// An open facet counts as a search would that chooses nothing in it, but that what is listed counts as it is listed; and
// the hits are as ever.
func TestOpenFacets(t *testing.T) {
	t.Parallel()
	c := shelves(t, 40)
	if err := c.Embed(t.Context()); err != nil {
		t.Fatal(err)
	}
	month := searchtest.Now.AddDate(0, -1, 0)
	clearing := map[string]func(f *search.Filters){
		"space": func(f *search.Filters) { f.Spaces = nil }, "label": func(f *search.Filters) { f.Labels = nil },
		"author": func(f *search.Filters) { f.Authors = nil }, "type": func(f *search.Filters) { f.Types = nil },
		"updated": func(f *search.Filters) { f.UpdatedAfter = nil },
	}
	for _, filters := range []search.Filters{
		{},
		{Spaces: []string{"OPS"}},
		{Spaces: []string{"ops", "HR"}, Labels: []string{"howto"}},
		{Labels: []string{"runbook"}, Authors: []string{"grace"}, UpdatedAfter: &month},
		{Types: []string{"page"}, Sources: []string{"OPS", "DEV"}},
		{Spaces: []string{"OPS"}, Labels: []string{"draft"}, Authors: []string{"dijkstra"}, Types: []string{"blogpost"}, UpdatedAfter: &month},
		{Spaces: []string{"NOWHERE"}},
	} {
		for _, query := range []string{"needle", "needle drawer -button", `"and thread"`, "howto", "type:page", "type:page needle"} {
			for _, mode := range []search.Mode{search.Keyword, search.Hybrid, search.Vector} {
				for _, sort := range []search.Sort{search.ByRelevance, search.ByDate} {
					r := search.Request{Query: query, Mode: mode, Sort: sort, Filters: filters, Facets: true}
					narrow := find(t, c, r)
					want := facetValues(narrow.Facets)
					for facet, empty := range clearing {
						if facet == "type" && strings.HasPrefix(query, "type:") {
							continue // what the text chooses stays
						}
						wider := r
						empty(&wider.Filters)
						counts := facetValues(find(t, c, wider).Facets)[facet]
						exact := mode == search.Keyword && sort == search.ByRelevance
						if several := facet == "label" || facet == "updated"; several && !exact { // a page counts for more than one value
							delete(want, facet)
							continue
						}
						if !exact {
							maps.Copy(counts, want[facet])
						}
						want[facet] = counts
					}
					r.OpenFacets = true
					open := find(t, c, r)
					got := facetValues(open.Facets)
					maps.DeleteFunc(got, func(facet string, _ map[string]int) bool { return want[facet] == nil })
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%q, %s, %s, %+v (-one search each +one for all):\n%s", query, mode, sort, filters, diff)
					}
					open.Facets, open.TookMS, narrow.Facets, narrow.TookMS = search.Facets{}, 0, search.Facets{}, 0
					if diff := cmp.Diff(narrow, open); diff != "" {
						t.Errorf("%q, %s, %s, %+v: the answer differs (-closed +open):\n%s", query, mode, sort, filters, diff)
					}
				}
			}
		}
	}
}

// More of a list is had though the span of time that it is limited to moves on.
func TestCursorOfRecentPages(t *testing.T) {
	t.Parallel()
	c := shelves(t, 12)
	edge := searchtest.Now.AddDate(0, -1, 0)
	r := search.Request{Query: "drawer", Limit: 2, Filters: search.Filters{UpdatedAfter: &edge}}
	r.Cursor = find(t, c, r).NextCursor
	later := edge.Add(time.Second)
	r.Filters.UpdatedAfter = &later
	if got := find(t, c, r); len(got.Hits) != 2 {
		t.Errorf("%d hits, want 2", len(got.Hits))
	}
	r.Filters.UpdatedAfter = nil
	if _, err := c.Search.Search(t.Context(), r); err == nil {
		t.Error("a cursor of recent pages leads on in all pages")
	}
}

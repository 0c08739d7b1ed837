package search_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// What stands on restricted pages alone is told to nobody who may not read them: no correction, completion or note
// gives it away, and a word of theirs is as unknown as one that no page has.
func TestRestrictedPagesStayUnknown(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	add(t, c, searchtest.Page{
		Source: "DEV", ID: "7", Title: "Zirconium acquisition", Labels: []string{"takeover"}, Author: "Barbara Liskov", Restricted: true,
		Body: `<h2>Hafnium subsidiary</h2><p>The rutherfordium negotiations are SECRET-9.</p>`,
	}, searchtest.Page{Source: "DEV", ID: "8", Title: "Hafnium", Restricted: true, Body: `<h2>Hafnium subsidiary</h2><p>More.</p>`})
	for _, tt := range []struct {
		typed, meant string
	}{{"rutherfordum", "rutherfordium"}, {"zircomium acquisitoin", "zirconium acquisition"}, {"hafniumsubsidiary", "hafnium subsidiary"}} {
		r := find(t, c, search.Request{Query: tt.typed})
		if r.Suggestion != "" || r.Corrected {
			t.Errorf("%q: a reader is told of %q", tt.typed, r.Suggestion)
		}
		if r = find(t, c, search.Request{Query: tt.typed, IncludeRestricted: true}); r.Suggestion != tt.meant {
			t.Errorf("%q: an admin is told of %q, want %q", tt.typed, r.Suggestion, tt.meant)
		}
	}
	answer := func(query string) search.Results {
		r := find(t, c, search.Request{Query: query, Facets: true})
		r.Query, r.TookMS = "", 0
		for i, note := range r.Notes {
			r.Notes[i], _, _ = strings.Cut(note, "“")
		}
		return r
	}
	for _, tt := range [][2]string{
		{"rutherfordium", "lawrencium"},
		{"ingress rutherfordium", "ingress lawrencium"},
		{"label:takeover", "label:makeover"},
		{"author:liskov restart", "author:hoare restart"},
		{"jira:SECRET-9", "jira:NOWHERE-9"},
		{"SECRET-9", "NOWHERE-9"},
		{`under:"Zirconium acquisition"`, `under:"No such page"`},
		{`"Hafnium subsidiary"`, `"Helium subsidiary"`},
	} {
		if diff := cmp.Diff(answer(tt[1]), answer(tt[0])); diff != "" {
			t.Errorf("a reader learns that %q exists (-%s +%s):\n%s", tt[0], tt[1], tt[0], diff)
		}
	}
	for _, prefix := range []string{"zirc", "hafnium", "acqui"} {
		list, err := c.Search.Suggest(t.Context(), prefix, 0)
		if err != nil || len(list) != 0 {
			t.Errorf("%q is completed to %v, %v", prefix, list, err)
		}
	}
}

// A word that pages have, but hardly, is searched together with one that they often have, which is offered; its own pages
// come first, and alone where the words are wanted as they are typed.
func TestRareWordIsOfferedACorrection(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, newDB(t), nil)
	for i := range 110 {
		add(t, c, searchtest.Page{Source: "S", ID: id(i), Title: "Cluster " + id(i), Body: "<p>How a deployment is made.</p>"})
	}
	add(t, c, searchtest.Page{Source: "S", ID: "slip", Title: "Slip", Body: "<p>About a deplyoment.</p>"}) //nolint:misspell // on purpose
	r := find(t, c, search.Request{Query: "deplyoment"})                                                   //nolint:misspell // on purpose
	if r.Corrected || r.Suggestion != "deployment" || r.Total != 111 || r.Hits[0].PageID != "slip" {
		t.Errorf("corrected %v, suggestion %q, %d found: %q; want the page with the word first, and deployment offered", r.Corrected, r.Suggestion, r.Total, ids(r))
	}
	r = find(t, c, search.Request{Query: "deplyoment", Verbatim: true}) //nolint:misspell // on purpose
	if r.Suggestion != "deployment" || ids(r) != "slip" {
		t.Errorf("verbatim: suggestion %q, found %q; want the page with the word alone", r.Suggestion, ids(r))
	}
}

// In how many chunks a word is, is explained by those that whoever asks may read.
func TestExplainCountsWhatMayBeRead(t *testing.T) {
	t.Parallel()
	c := corpus(t, nil)
	add(t, c, searchtest.Page{Source: "DEV", ID: "7", Title: "Hafnium", Restricted: true, Body: `<p>The handover of the hafnium.</p>`})
	for restricted, want := range map[bool]int{false: 1, true: 2} {
		for _, h := range find(t, c, search.Request{Query: "handover", Explain: true, IncludeRestricted: restricted}).Hits {
			if len(h.Explain.Terms) != 1 || h.Explain.Terms[0].DF != want {
				t.Errorf("restricted pages %v: page %s is explained by %+v, want handover in %d chunks", restricted, h.PageID, h.Explain.Terms, want)
			}
		}
	}
}

package demo

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

func fixed() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func newDemo(t *testing.T) *Demo {
	t.Helper()
	d, err := New(fixed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func truths(d *Demo) map[string]confluencetest.Truth {
	all := map[string]confluencetest.Truth{}
	for _, key := range Spaces() {
		for _, p := range d.Site.Truth(key, AccountID) {
			all[key+"/"+p.Title] = p
		}
	}
	return all
}

func TestContentIsEnoughAndWellFormed(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	all := truths(d)
	if len(all) < 140 {
		t.Errorf("%d pages, want at least 140", len(all))
	}
	restricted, blogs, deepest := 0, 0, 0
	for name, p := range all {
		if err := wellFormed(p.Storage); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(p.Storage, "{{") || strings.Contains(p.Storage, ":::") || strings.Contains(p.Storage, "raw HTML omitted") {
			t.Errorf("%s: a mark was not converted", name)
		}
		if p.Modified.After(fixed()) {
			t.Errorf("%s was modified in the future, %s", name, p.Modified)
		}
		if p.Restricted {
			restricted++
		}
		if p.Type == "blogpost" {
			blogs++
		}
		deepest = max(deepest, len(p.Ancestors))
	}
	if restricted < 3 || blogs < 4 || deepest < 3 {
		t.Errorf("%d restricted pages, %d blog posts, %d levels", restricted, blogs, deepest)
	}
}

func wellFormed(storage string) error {
	dec := xml.NewDecoder(strings.NewReader(`<root xmlns:ac="ac" xmlns:ri="ri">` + storage + `</root>`))
	dec.Entity = xml.HTMLEntity
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("not well-formed: %w", err)
		}
	}
}

var pageLink = regexp.MustCompile(`<ri:page (?:ri:space-key="([^"]*)" )?ri:content-title="([^"]*)" />`)

func TestLinksBetweenPagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := truths(newDemo(t))
	for name, p := range all {
		for _, m := range pageLink.FindAllStringSubmatch(p.Storage, -1) {
			key, _, _ := strings.Cut(name, "/")
			if m[1] != "" {
				key = m[1]
			}
			if _, ok := all[key+"/"+m[2]]; !ok {
				t.Errorf("%s links to %s/%s, which does not exist", name, key, m[2])
			}
		}
		if strings.Contains(p.Storage, `ri:account-id=""`) {
			t.Errorf("%s mentions somebody who does not exist", name)
		}
	}
}

func TestEveryStepOfTheScriptChangesTheSite(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	for n := range d.Steps() + 2*journalLines {
		before := snapshot(d)
		what, err := d.Step(n)
		if err != nil {
			t.Fatal(err)
		}
		if after := snapshot(d); cmp.Equal(before, after) && !strings.HasPrefix(what, "comment") {
			t.Errorf("step %d, %s, changed nothing", n, what)
		}
	}
	notes := truths(d)["OPS/Handover notes"]
	if got := strings.Count(notes.Storage, "<li>"); got != 4+journalLines {
		t.Errorf("the handover notes have %d lines, want %d", got, 4+journalLines)
	}
}

func snapshot(d *Demo) map[string]confluencetest.Truth {
	byID := map[string]confluencetest.Truth{}
	for name, p := range truths(d) {
		key, _, _ := strings.Cut(name, "/")
		byID[key+p.ID] = p
	}
	return byID
}

func TestDatesMoveIntoThePast(t *testing.T) {
	t.Parallel()
	early := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d, err := New(func() time.Time { return early })
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range truths(d) {
		if p.Modified.After(early) {
			t.Errorf("%s was modified on %s, after %s", name, p.Modified, early)
		}
	}
}

func TestLinksForPeopleShowThePage(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	tests := map[string]struct {
		path   string
		status int
		want   string
	}{
		"a page":            {"/wiki/spaces/SHOP/pages/" + d.ids["SHOP/Voucher rules"] + "/Voucher+rules", 200, "VCH-07"},
		"a home page":       {"/wiki/spaces/OPS/overview", 200, "three in the morning"},
		"a restricted page": {"/wiki/spaces/SHOP/pages/" + d.ids["SHOP/Fraud scoring"], 404, "may not see it"},
		"no page":           {"/wiki/spaces/SHOP/pages/1/x", 404, "no such page"},
		"an issue":          {"/browse/OPS-97", 200, "Runbook: PostgreSQL connections exhausted"},
		"no issue":          {"/browse/nothing", 404, "no such page"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			d.Site.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("status %d, want %d and %q in:\n%s", w.Code, tt.status, tt.want, w.Body)
			}
		})
	}
}

func TestEveryLinkOfTheAPIOpensInABrowser(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	get := func(path string, credentials bool) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		if credentials {
			r.SetBasicAuth(Email, Token)
		}
		d.Site.ServeHTTP(w, r)
		return w
	}
	opened := 0
	for _, list := range []string{"pages", "blogposts"} {
		for path := "/wiki/api/v2/" + list + "?limit=250&status=current"; path != ""; {
			var answer struct {
				Results []struct {
					Title string `json:"title"`
					Links struct {
						WebUI string `json:"webui"`
					} `json:"_links"`
				} `json:"results"`
				Links struct {
					Next string `json:"next"`
				} `json:"_links"`
			}
			if err := json.Unmarshal(get(path, true).Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			for _, row := range answer.Results {
				opened++
				w := get("/wiki"+row.Links.WebUI, true)
				if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<h1>"+html.EscapeString(row.Title)+"</h1>") {
					t.Errorf("%s (%s): status %d", row.Links.WebUI, row.Title, w.Code)
				}
			}
			path = answer.Links.Next
		}
	}
	if opened < 140 {
		t.Errorf("%d links, want at least 140", opened)
	}
	page := get("/wiki/spaces/OPS/pages/"+d.ids["OPS/Runbook: API error rate above 2 %"], false).Body.String()
	if !strings.Contains(page, `<h2 id="What-it-usually-is">`) {
		t.Errorf("the headings have no anchors:\n%s", page)
	}
}

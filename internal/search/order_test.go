package search_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// Of pages that say the same, the fresh one comes first, and the one higher up; no such thing outweighs what pages say.
func TestTiesAreBroken(t *testing.T) {
	t.Parallel()
	old := searchtest.Now.AddDate(-3, 0, 0)
	deep := []index.Crumb{{ID: "100", Title: "A"}, {ID: "101", Title: "B"}, {ID: "102", Title: "C"}, {ID: "103", Title: "D"}}
	say := func(text string) string {
		return "<p>" + text + strings.Repeat(" Something else is written here, too.", 8) + "</p>"
	}
	for _, tt := range []struct {
		name  string
		query string
		pages []searchtest.Page
		want  string
	}{
		{"freshness", "sprocket gearing", []searchtest.Page{
			{ID: "1", Title: "First", Body: say("The sprocket and its gearing."), Updated: old},
			{ID: "2", Title: "Other", Body: say("The sprocket and its gearing.")},
		}, "2 1"},
		{"hierarchy", "sprocket gearing", []searchtest.Page{
			{ID: "1", Title: "First", Body: say("The sprocket and its gearing."), Ancestors: deep},
			{ID: "2", Title: "Other", Body: say("The sprocket and its gearing.")},
		}, "2 1"},
		{"title", "gearing sprocket", []searchtest.Page{
			{ID: "1", Title: "Gearing", Body: say("The sprocket.")},
			{ID: "2", Title: "Gearing sprocket", Body: say("Nothing.")},
		}, "2 1"},
		{"what an old, deep page says", "sprocket gearing", []searchtest.Page{
			{ID: "1", Title: "First", Body: say("The sprocket needs gearing. Gearing of a sprocket is done by hand."), Updated: old, Ancestors: deep},
			{ID: "2", Title: "Other", Body: say("A sprocket.")},
		}, "1 2"},
		{"what a page says whose title says less", "sprocket gearing lubricant", []searchtest.Page{
			{ID: "1", Title: "First", Body: say("Lubricant for the sprocket gearing. Sprocket gearing needs lubricant.")},
			{ID: "2", Title: "Sprocket", Body: say("Nothing.")},
		}, "1 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := searchtest.ForTest(t, newDB(t), nil)
			for _, p := range tt.pages {
				p.Source = "S"
				add(t, c, p)
			}
			for i := range 20 { // so that the words are rare
				add(t, c, searchtest.Page{Source: "S", ID: id(1000 + i), Title: "Filler " + id(i), Body: say("Nothing of it.")})
			}
			r := find(t, c, search.Request{Query: tt.query, Explain: true})
			if got := ids(r); got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			for _, h := range r.Hits {
				sum := 0.0
				for _, boost := range h.Explain.Boosts {
					sum += boost.Value
				}
				if sum <= 0 || sum > 0.1 {
					t.Errorf("page %s: boosts of %.3f (%+v), which is more than a tie needs, or none", h.PageID, sum, h.Explain.Boosts)
				}
			}
		})
	}
}

// Of passages that say nearly the same, one is shown.
func TestNearDuplicatePassages(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	words := func(n int) string {
		var b strings.Builder
		for i := range 120 {
			fmt.Fprintf(&b, "word%d ", n*1000+i)
		}
		return b.String()
	}
	for _, region := range []string{"Frankfurt", "Dublin", "Ohio"} {
		fmt.Fprintf(&body, "<h2>%s</h2><p>The flywheel in %s is turned by hand. %s</p>", region, region, words(1))
	}
	fmt.Fprintf(&body, "<h2>Reasons</h2><p>A flywheel keeps turning. %s</p>", words(2))
	c := searchtest.ForTest(t, newDB(t), nil)
	add(t, c, searchtest.Page{Source: "S", ID: "1", Title: "Regions", Body: body.String()}, searchtest.Page{Source: "S", ID: "2", Title: "Other", Body: "<p>Nothing.</p>"})
	var sections []string
	for _, p := range find(t, c, search.Request{Query: "flywheel"}).Hits[0].Passages {
		sections = append(sections, p.SectionTitle)
	}
	if len(sections) != 2 || sections[0] != "Reasons" && sections[1] != "Reasons" {
		t.Errorf("passages of %q, want one of the regions and the reasons", sections)
	}
}

// Each source is read in its own language, and a query is understood in all of them.
func TestTextConfigurations(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, newDB(t), nil)
	add(t, c,
		searchtest.Page{Source: "EN", ID: "1", Title: "One", Body: "<p>Restarting the houses.</p>"},
		searchtest.Page{Source: "DE", ID: "2", Title: "Zwei", Config: "german", Body: "<p>Die Häuser am Fluss. Neue Einstellungen.</p>"},
		searchtest.Page{Source: "FR", ID: "3", Title: "Trois", Config: "french", Body: "<p>Les chevaux blancs de l’écurie.</p>"},
		searchtest.Page{Source: "MX", ID: "4", Title: "Four", Config: "simple", Body: "<p>Restarting, Einstellungen, chevaux.</p>"})
	for query, want := range map[string]string{
		"restart": "1", "restarting": "1 4", "Haus": "2", "hauser": "2", "Einstellung": "2", "Einstellungen": "2 4", "cheval": "3", "chevaux": "3 4", "écurie": "3", "ecuries": "3", "l'écurie": "3",
	} {
		found := strings.Fields(ids(find(t, c, search.Request{Query: query, Verbatim: true})))
		if len(found) != len(strings.Fields(want)) {
			t.Errorf("%q found %q, want %s", query, found, want)
			continue
		}
		for _, page := range found {
			if !strings.Contains(want, page) {
				t.Errorf("%q found %q, want %s", query, found, want)
			}
		}
	}
}

// Chinese, Japanese and Korean are found by parts of what is written without spaces, beside other scripts too.
func TestCJK(t *testing.T) {
	t.Parallel()
	c := searchtest.ForTest(t, newDB(t), nil)
	add(t, c,
		searchtest.Page{Source: "S", ID: "1", Title: "如何重启服务器", Body: "<p>先停止nginx服务，然后重启服务器。</p>"},
		searchtest.Page{Source: "S", ID: "2", Title: "監視の設定", Body: "<p>監視ダッシュボードの設定方法を説明します。</p>"},
		searchtest.Page{Source: "S", ID: "3", Title: "모니터링 설정", Body: "<p>대시보드에서 모니터링을 설정합니다.</p>"})
	for query, want := range map[string]string{
		"重启": "1", "服务器重启": "1", "nginx服务": "1", "停止": "1", "器": "1", "ダッシュボード": "2", "設定方法": "2", "監視": "2", "모니터링": "3", "대시보드": "3", `"重启服务器"`: "1", `"服务器先停止"`: "",
	} {
		r := find(t, c, search.Request{Query: query})
		if got := ids(r); got != want {
			t.Errorf("%q found %q, want %q", query, got, want)
		}
		if len(r.Hits) > 0 && !strings.ContainsRune(r.Hits[0].Snippet+r.Hits[0].TitleMarked, search.MarkStart) {
			t.Errorf("%q: nothing is marked in %q", query, r.Hits[0].Snippet)
		}
	}
}

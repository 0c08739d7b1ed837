package e2e_test

import (
	"net/url"
	"strings"
	"testing"
)

// Whatever is asked for, the API answers or says by field what is wrong, and the page shows something to go on with.
func TestSearchTakesAnyInput(t *testing.T) {
	t.Parallel()
	i := start(t)
	i.connect(t, "OPS")
	reader := i.signedIn(t, readerEmail)
	q := url.QueryEscape
	long := q(strings.Repeat("scrape interval ", 625))
	for _, tt := range []struct {
		name, query string
		wrong       string // field that is refused; empty: there is an answer
		finds       bool
	}{
		{name: "no query", query: "", wrong: "q"},
		{name: "empty", query: "q=", wrong: "q"},
		{name: "white space", query: "q=%20%09%20", wrong: "q"},
		{name: "10,000 characters", query: "q=" + long, wrong: "q"},
		{name: "10,000 characters without a space", query: "q=" + strings.Repeat("x", 10_000), wrong: "q"},
		{name: "stop words", query: "q=" + q("how do I the of"), finds: false},
		{name: "stop words of a title", query: "q=" + q("on a"), finds: true},
		{name: "punctuation", query: "q=" + q("?!.,;:()[]{}"), wrong: "q"},
		{name: "a hyphen", query: "q=-", wrong: "q"},
		{name: "NUL", query: "q=scrape%00interval", wrong: "q"},
		{name: "no UTF-8", query: "q=scrape%ff%feinterval", wrong: "q"},
		{name: "NUL in a filter", query: "q=scrape&space=%00", wrong: "space"},
		{name: "control characters", query: "q=" + q("scrape\a\x1binterval"), finds: true},
		{name: "directions and no width", query: "q=" + q("\u202escrape\u200b interval"), finds: true},
		{name: "an open quotation", query: "q=" + q(`"scrape interval`), finds: true},
		{name: "quotation marks", query: "q=" + q(`" "" scrape "`), finds: true},
		{name: "SQL", query: "q=" + q("scrape'; DROP TABLE chunks; --"), finds: true},
		{name: "tsquery", query: "q=" + q("scrape & !interval | a:* <-> (b"), finds: true},
		{name: "LIKE", query: "q=" + q(`scrape%_\`), finds: true},
		{name: "an exclusion alone", query: "q=" + q("-scrape"), finds: true},
		{name: "a filter without a value", query: "q=" + q("scrape space:"), finds: true},
		{name: "a filter that is none", query: "q=" + q("scrape colour:red"), finds: true},
		{name: "a type that is none", query: "q=" + q("scrape type:wiki"), finds: true},
		{name: "a bad date in the box", query: "q=" + q("scrape after:2026-99-99"), finds: true},
		{name: "a space that is none", query: "q=" + q("scrape space:NOWHERE"), finds: false},
		{name: "a filter alone", query: "q=" + q("label:prometheus"), finds: true},
		{name: "limit 0", query: "q=scrape&limit=0", wrong: "limit"},
		{name: "limit -1", query: "q=scrape&limit=-1", wrong: "limit"},
		{name: "limit 100000", query: "q=scrape&limit=100000", wrong: "limit"},
		{name: "limit beyond numbers", query: "q=scrape&limit=99999999999999999999", wrong: "limit"},
		{name: "limit in words", query: "q=scrape&limit=ten", wrong: "limit"},
		{name: "no cursor", query: "q=scrape&cursor=nonsense", wrong: "cursor"},
		{name: "cursor of nothing", query: "q=scrape&cursor=e30", wrong: "cursor"},
		{name: "cursor of another search", query: "q=scrape&cursor=" + q("eyJxIjoieCIsIm8iOjEwLCJzIjoiYSIsInAiOiJiIn0"), wrong: "cursor"},
		{name: "bad date", query: "q=scrape&updated_after=yesterday", wrong: "updated_after"},
		{name: "no such day", query: "q=scrape&updated_before=2026-02-30", wrong: "updated_before"},
		{name: "mode", query: "q=scrape&mode=magic", wrong: "mode"},
		{name: "a filter of 9,000 characters", query: "q=scrape&space=" + strings.Repeat("S", 9000), finds: false},
		{name: "a filter 500 times", query: "q=scrape" + strings.Repeat("&space=OPS", 500), finds: true},
	} {
		a := i.call(t, i.reader, "GET", "/api/search?"+tt.query, nil)
		switch {
		case tt.wrong != "":
			var p problem
			a.decode(t, &p)
			if a.status != 400 || len(p.Errors) != 1 || p.Errors[0].Field != tt.wrong || p.Errors[0].Message == "" {
				t.Errorf("%s: status %d, %+v; want 400 and what is wrong with %s", tt.name, a.status, p, tt.wrong)
			}
		case a.status != 200:
			t.Errorf("%s: status %d: %s", tt.name, a.status, a.body)
		default:
			var r struct {
				Total int
				Hits  []struct{ Title string }
				Notes []string
			}
			a.decode(t, &r)
			if found := len(r.Hits) > 0; found != tt.finds || r.Total < len(r.Hits) {
				t.Errorf("%s: %d hits of %d, want some: %v", tt.name, len(r.Hits), r.Total, tt.finds)
			}
			if len(strings.Join(r.Notes, "")) > 500 {
				t.Errorf("%s: notes of %d bytes", tt.name, len(strings.Join(r.Notes, "")))
			}
		}
		page := reader.get(t, "/?"+tt.query)
		noText := strings.Contains(tt.query, "%00") || strings.Contains(tt.query, "%ff") // nothing that a form sends
		switch {
		case noText && page.status != 400:
			t.Errorf("%s: the page's status is %d, want 400", tt.name, page.status)
		case !noText && (page.status >= 500 || !strings.Contains(string(page.body), "<form")):
			t.Errorf("%s: the page's status is %d, or it has no form to try again with", tt.name, page.status)
		}
	}
	if strings.Contains(i.logs.String(), `"level":"ERROR"`) {
		t.Errorf("errors were logged:\n%s", i.logs.String())
	}
}

package confluencetest

import (
	"net/url"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database run these tests too
)

// newLibrary is a site whose zone is five and a half hours ahead of UTC, at 10:00 UTC.
func newLibrary(t *testing.T) (*Site, *visitor) {
	t.Helper()
	c := newClock()
	site, ada, _ := newVisited(t, Options{Clock: c.now})
	at := func(s string) time.Time {
		parsed, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	site.AddSpace(Space{Key: "OPS", Name: "Operations", NoHomepage: true})
	site.SetVersion(site.HomePage("ENG"), 1, at("2020-01-01 00:00:00"))
	alpha := site.AddPage("ENG", Page{Title: "Alpha", Body: "<p>red fox</p>", Author: "ada", Modified: at("2026-11-24 09:59:59"), Created: at("2026-01-01 00:00:00"), Labels: []string{"one", "two"}})
	site.AddPage("ENG", Page{Title: "Beta \"quoted\"", Body: "<p>red hen</p>", Author: "bob", Parent: alpha, Modified: at("2026-11-24 08:30:10"), Created: at("2026-02-01 00:00:00"), Labels: []string{"two"}})
	site.AddPage("OPS", Page{Title: "Gamma", Author: "bob", Root: true, Modified: at("2026-11-23 20:00:00"), Created: at("2026-03-01 00:00:00")})
	site.AddBlogPost("OPS", Page{Title: "News", Author: "bob", Modified: at("2026-10-01 00:00:00"), Created: at("2026-10-01 00:00:00"), Labels: []string{"one"}})
	return site, ada
}

func TestCQL(t *testing.T) {
	t.Parallel()
	_, ada := newLibrary(t)
	tests := map[string]struct {
		cql  string
		want []string
	}{
		"space":                      {`space = "eng" and title != "Engineering Home"`, []string{"Alpha", `Beta "quoted"`}},
		"unknown space":              {`space = NOWHERE`, nil},
		"list":                       {`space in (ENG, OPS) and type in (blogpost)`, []string{"News"}},
		"not in list":                {`type = page and space not in (ENG)`, []string{"Gamma"}},
		"label":                      {`label = ONE`, []string{"Alpha", "News"}},
		"label in list":              {`label in ("one", "two")`, []string{"Alpha", `Beta "quoted"`, "News"}},
		"escaped quote":              {`title = "Beta \"quoted\""`, []string{`Beta "quoted"`}},
		"single quotes":              {`title = 'alpha'`, []string{"Alpha"}},
		"injection":                  {`title="a" or type=blogpost`, []string{"News"}},
		"left to right":              {`label = one or label = two and type = blogpost`, []string{"News"}},
		"parentheses":                {`label = one or (label = two and type = blogpost)`, []string{"Alpha", "News"}},
		"negation later":             {`type = page and not label = two and space = ENG and title != "Engineering Home"`, nil},
		"text":                       {`text ~ "red fox"`, []string{"Alpha"}},
		"creator":                    {`creator = bob and type = page`, []string{`Beta "quoted"`, "Gamma"}},
		"current user":               {`creator = currentUser() and type = page and title ~ alpha`, []string{"Alpha"}},
		"now":                        {`lastmodified >= now("-90m")`, []string{"Alpha", `Beta "quoted"`}},
		"now at the minute":          {`lastmodified >= now("-1m")`, []string{"Alpha"}},
		"now without sign is future": {`lastmodified >= now("90m")`, nil},
		"literal in the site's zone": {`lastmodified >= "2026-11-24 15:29"`, []string{"Alpha"}},
		"literal with slashes":       {`lastmodified >= "2026/11/24 14:00"`, []string{"Alpha", `Beta "quoted"`}},
		"date is midnight there":     {`lastmodified >= "2026-11-24"`, []string{"Alpha", `Beta "quoted"`, "Gamma"}},
		"start of day":               {`lastmodified >= startOfDay() and space = OPS`, []string{"Gamma"}},
		"created":                    {`created < "2026-02-15" and created > "2025-01-01" and type = page`, []string{"Alpha", `Beta "quoted"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantTitles(t, ada.search(tt.cql, ""), tt.want...)
		})
	}
}

func TestCQLOrder(t *testing.T) {
	t.Parallel()
	_, ada := newLibrary(t)
	for cql, want := range map[string]string{
		`type = page order by lastmodified asc`:       `Engineering Home,Gamma,Beta "quoted",Alpha`,
		`type = page ORDER BY created desc`:           `Engineering Home,Gamma,Beta "quoted",Alpha`,
		`type = page order by space desc, title desc`: `Gamma,Engineering Home,Beta "quoted",Alpha`,
	} {
		if got := strings.Join(ada.search(cql, "&limit=1"), ","); got != want {
			t.Errorf("%s: got %s, want %s", cql, got, want)
		}
	}
}

func TestBadCQLIsRefused(t *testing.T) {
	t.Parallel()
	_, ada := newLibrary(t)
	for cql, want := range map[string]string{
		``:                               "required",
		`status = current`:               "No field exists with the name: 'status'",
		`type = novel`:                   "is not a content type",
		`not space = ENG`:                "cannot come first",
		`space = "ENG`:                   "never closed",
		`(space = ENG`:                   "never closed",
		`space = ENG and`:                "expected a field",
		`space ~ ENG`:                    "cannot be used",
		`lastmodified ~ "2026-01-01"`:    "cannot be used",
		`lastmodified > "2026-01-01T00"`: "is not a date",
		`lastmodified > now("-1x")`:      "is not an increment",
		`lastmodified > later()`:         "no function",
		`space = ENG order by label`:     "cannot be used in ORDER BY",
		`space = ENG space = OPS`:        "unexpected",
		`title = ""`:                     "needs a value",
	} {
		answer := ada.get("/rest/api/content/search?cql="+url.QueryEscape(cql), 400)
		if got, _ := answer["message"].(string); !strings.Contains(got, want) {
			t.Errorf("%s: message %q, want %q in it", cql, got, want)
		}
	}
	ada.get("/rest/api/content/search?cql="+url.QueryEscape(`text ~ ""`), 500)
}

func TestDayGranularity(t *testing.T) {
	t.Parallel()
	site, ada := newLibrary(t)
	site.Configure(func(b *Behaviour) { b.DayGranularity = true })
	wantTitles(t, ada.search(`lastmodified >= now("-1m")`, ""), "Alpha", `Beta "quoted"`, "Gamma")
}

func TestDateLiteralsFollowDaylightSaving(t *testing.T) {
	t.Parallel()
	site, ada := newLibrary(t)
	zone, err := time.LoadLocation("Australia/Adelaide")
	if err != nil {
		t.Fatal(err)
	}
	site.Configure(func(b *Behaviour) { b.Zone = zone })
	// Half past two does not exist there on that night: clocks went from 02:00 at +9:30 to 03:00 at +10:30.
	site.AddPage("OPS", Page{Title: "Night", Modified: time.Date(2026, 10, 3, 17, 0, 0, 0, time.UTC), Root: true})
	for literal, want := range map[string][]string{"2026-10-04 03:30": {"Night"}, "2026-10-04 03:31": nil} {
		wantTitles(t, ada.search(`title = night and lastmodified >= "`+literal+`"`, ""), want...)
	}
}

func FuzzParseCQL(f *testing.F) {
	for _, seed := range []string{
		`space = ENG and type in (page, blogpost) and lastmodified >= now("-90m") order by lastmodified asc`,
		`title = "a\"b" or not (label = 'x')`, `((((`, `"`, `a = \`, `id in (1,2,3)`, `x=now(`, `created < endOfMonth("-1M")`,
	} {
		f.Add(seed)
	}
	site := New(Options{Clock: newClock().now})
	site.AddUser(User{ID: "ada"})
	site.AddSpace(Space{Key: "ENG", Name: "Engineering"})
	e := &searcher{site: site, user: site.users["ada"], now: site.now(), zone: time.UTC}
	f.Fuzz(func(t *testing.T, query string) {
		parsed, err := parseCQL(query, e)
		if err != nil {
			return
		}
		for _, x := range site.contents {
			if again, err := parseCQL(query, e); err != nil || again.where(e, x) != parsed.where(e, x) {
				t.Errorf("%q is not read the same way twice: %v", query, err)
			}
		}
	})
}

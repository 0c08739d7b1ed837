package spacesync_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// What a site may do with times, indexes and cursors, whichever reading of its documentation is the true one: edits are found
// by the next run all the same, in time zones far from ours, and whatever the search index thinks.
func TestHostileReadings(t *testing.T) {
	t.Parallel()
	zone := func(hours float64) *time.Location { return time.FixedZone("site", int(hours*3600)) }
	for name, behave := range map[string]func(*confluencetest.Behaviour){
		"far west":               func(b *confluencetest.Behaviour) { b.Zone = zone(-11) },
		"far east":               func(b *confluencetest.Behaviour) { b.Zone = zone(13.75) },
		"day granularity":        func(b *confluencetest.Behaviour) { b.DayGranularity, b.Zone = true, zone(-11) },
		"index behind by an age": func(b *confluencetest.Behaviour) { b.IndexLag = 1000 * time.Hour },
		"index behind a little":  func(b *confluencetest.Behaviour) { b.IndexLag = 10 * time.Minute },
		"empty last page":        func(b *confluencetest.Behaviour) { b.TrailingPage = true },
		"v1 is gone":             func(b *confluencetest.Behaviour) { b.V1Removed = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ids := filled(t, confluencetest.Options{}, spacesync.Options{}, 20)
			s.sync("eng")
			s.wiki.Configure(behave)
			for n := range 4 { // edits at all times of a day
				s.clock.sleep(5*time.Hour + 40*time.Minute)
				s.wiki.Edit(ids[n], wordOf(ids[n], 9), "")
				s.wiki.EditMinor(ids[n+4], wordOf(ids[n+4], 9), "")
				s.wiki.AddPage("ENG", confluencetest.Page{Title: name + ids[n], Body: "<p>new</p>", Parent: ids[n]})
				s.clock.sleep(time.Minute)
				if p := s.sync("eng"); p.Created != 1 || p.Updated != 2 {
					t.Errorf("run %d: created %d, updated %d, want 1 and 2", n, p.Created, p.Updated)
				}
				s.agree("ENG")
			}
		})
	}
}

// On Data Center the search index is the only feed: what it shows late is found by later runs, as long as it lags less than the
// overlap, and by a comparison whenever.
func TestLateIndexOfDataCenter(t *testing.T) {
	t.Parallel()
	s, ids := filled(t, confluencetest.Options{DataCenter: true}, spacesync.Options{}, 10)
	s.sync("eng")
	s.wiki.Configure(func(b *confluencetest.Behaviour) { b.IndexLag = 10 * time.Minute })
	s.clock.sleep(time.Hour)
	s.wiki.Edit(ids[0], "<p>late</p>", "")
	if p := s.sync("eng"); p.Updated != 0 {
		t.Fatalf("updated %d: the index did not lag", p.Updated)
	}
	s.clock.sleep(11 * time.Minute)
	if p := s.sync("eng"); p.Updated != 1 {
		t.Errorf("updated %d, want the late one", p.Updated)
	}
	s.wiki.Configure(func(b *confluencetest.Behaviour) { b.IndexLag = 1000 * time.Hour })
	s.wiki.Edit(ids[1], "<p>later</p>", "")
	s.compare("eng")
	s.agree("ENG")
}

// A cursor that expires in the middle of a listing costs a listing, and nothing of the space.
func TestExpiredCursors(t *testing.T) {
	t.Parallel()
	s, ids := filled(t, confluencetest.Options{}, spacesync.Options{}, 60)
	s.wiki.Configure(func(b *confluencetest.Behaviour) { b.CursorLife = time.Minute })
	s.wiki.Inject(confluencetest.Before(func() { s.clock.sleep(time.Hour) }).WithQuery("cursor").Times(2))
	s.wiki.Inject(confluencetest.ClipLimit(20))
	s.wiki.Trash(ids[5])
	s.wiki.Label(ids[6], "late")
	if p := s.compare("eng"); p.Deleted != 1 || p.Updated != 1 || p.Unchanged != 59 {
		t.Errorf("deleted %d, updated %d, unchanged %d", p.Deleted, p.Updated, p.Unchanged)
	}
	s.agree("ENG")
}

// What a sync must never send, as its traps have it: literal dates, offsets on Cloud, lists without a status, rendered bodies,
// the restrictions of ancestors, children, deprecated calls, and keys that are not quoted.
func TestWhatIsNeverAsked(t *testing.T) {
	t.Parallel()
	const key = `~ada" or type = "page`
	for name, o := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSim(t, o, spacesync.Options{}, "ENG")
			id := s.wiki.AddSpace(confluencetest.Space{Key: key, Name: "Ada", Type: "personal"})
			if o.DataCenter {
				id = ""
			}
			personal := s.source(wiki.Space{ID: id, Key: key, Name: "Ada"}, sources.OnDemand, sources.Include)
			for _, k := range []string{"ENG", key} {
				parent := ""
				if !o.DataCenter {
					parent = s.wiki.AddFolder(k, confluencetest.Page{Title: "Outer", Parent: s.wiki.AddFolder(k, confluencetest.Page{Title: "Inner"})})
				}
				for range 30 {
					page := s.wiki.AddPage(k, confluencetest.Page{Title: "Below " + parent, Body: "<p>text</p>", Parent: parent, Labels: []string{"a"}})
					s.wiki.Attach(page, confluencetest.Attachment{Name: "plan.pdf", Data: []byte("x")})
				}
				s.wiki.AddBlogPost(k, confluencetest.Page{Title: "News", Body: "<p>news</p>"})
				s.wiki.Archive(s.wiki.AddPage(k, confluencetest.Page{Title: "Old", Body: "<p>old</p>"}))
			}
			for range 2 {
				s.compare("eng")
				s.compare(personal)
				s.clock.sleep(time.Hour)
				s.sync("eng")
				s.sync(personal)
				s.clock.sleep(time.Hour)
				s.wiki.Edit(s.wiki.HomePage("ENG"), "<p>home</p>", "")
			}
			s.sync("eng")
			s.agree("ENG")
			s.diff(key, s.wantUnder(key, sources.Include), bare(s.pages(personal)))
			for _, r := range s.wiki.Requests() {
				q, err := url.ParseQuery(r.Query)
				s.ok(err)
				cql, list := q.Get("cql"), strings.HasSuffix(r.Path, "/pages") || strings.HasSuffix(r.Path, "/blogposts")
				for what, sent := range map[string]bool{
					"a date literal":                 strings.Contains(cql, `lastmodified >= "`),
					"an unquoted key":                strings.Contains(cql, "space") && !strings.Contains(cql, `"ENG"`) && !strings.Contains(cql, `"~ada\" or type = \"page"`),
					"an offset on Cloud":             !o.DataCenter && q.Has("start"),
					"a list without a status":        list && len(q["status"]) == 0,
					"a rendered body":                strings.Contains(r.Query, "view"),
					"bodies in a search":             cql != "" && strings.Contains(q.Get("expand"), "body"),
					"restrictions of ancestors":      strings.Contains(r.Query, "ancestors.restrictions"),
					"children":                       strings.Contains(r.Path, "/children"),
					"a deprecated call on Cloud":     !o.DataCenter && (strings.Contains(r.Path, "/rest/api/space") || strings.HasSuffix(r.Path, "/rest/api/content")),
					"the bytes of an attachment":     strings.Contains(r.Path, "download"),
					"a doubled context":              strings.Contains(r.Path, "/wiki/wiki"),
					"a cursor that is encoded twice": strings.Contains(q.Get("cursor"), "%"),
				} {
					if sent {
						t.Errorf("%s was asked for: %s %s", what, r.Path, r.Query)
					}
				}
			}
		})
	}
}

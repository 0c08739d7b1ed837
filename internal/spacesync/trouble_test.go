package spacesync_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// deployments are the kinds of site that trouble is tried with.
func deployments() map[string]confluencetest.Options {
	return map[string]confluencetest.Options{"cloud": {}, "datacenter": {DataCenter: true, ContextPath: "/confluence"}}
}

// filled is a simulated space of n pages below its home page, synced.
func filled(t *testing.T, o confluencetest.Options, so spacesync.Options, n int) (s *sim, ids []string) {
	t.Helper()
	s = newSim(t, o, so, "ENG")
	for i := range n {
		ids = append(ids, s.wiki.AddPage("ENG", confluencetest.Page{Title: fmt.Sprintf("Page %d", i), Body: fmt.Sprintf("<p>text %d</p>", i)}))
	}
	s.compare("eng")
	s.agree("ENG")
	s.clock.sleep(time.Hour)
	return s, ids
}

// waiting are the pages that wait for a decision, by why.
func (b *bench) waiting(id string) map[string]int {
	b.t.Helper()
	list, err := b.store.PendingDeletions(b.t.Context(), id, "", 1000)
	b.ok(err)
	reasons := map[string]int{}
	for _, p := range list {
		reasons[p.Reason]++
	}
	return reasons
}

func (b *bench) waits(id string, want map[string]int) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.waiting(id)); diff != "" {
		b.t.Errorf("pages that wait for a decision (-want +got):\n%s", diff)
	}
}

// bodies is how many requests for bodies came since the counters were reset.
func (s *sim) bodies() (n int) {
	for _, r := range s.wiki.Requests() {
		if strings.Contains(r.Query, "body") {
			n++
		}
	}
	return n
}

// Against a whole site: a mass deletion waits for a person; what returns needs no decision and no fetching.
func TestGuardAtASite(t *testing.T) {
	t.Parallel()
	for name, o := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ids := filled(t, o, spacesync.Options{}, 60)
			for _, id := range ids[:30] {
				s.wiki.Trash(id)
			}
			s.wiki.Purge(ids[29])
			stored := s.pages("eng")
			want := map[string]int{"trashed": 29, "not found": 1}
			if p := s.compare("eng"); p.Deleted != 0 || !strings.Contains(p.Note, "30 of 61 pages") {
				t.Errorf("deleted %d, note %q", p.Deleted, p.Note)
			}
			s.waits("eng", want)
			s.same("eng", stored)
			for _, id := range ids[:20] {
				s.wiki.Restore(id)
			}
			s.wiki.ResetCounters()
			s.compare("eng") // ten are few enough to go unasked
			if n := s.bodies(); n > 0 {
				t.Errorf("%d bodies were fetched of pages that were there all the time", n)
			}
			s.waits("eng", map[string]int{})
			s.agree("ENG")
			for _, id := range ids[:20] {
				s.wiki.Trash(id)
			}
			s.compare("eng")
			s.waits("eng", map[string]int{"trashed": 20})
			if n, err := s.store.DropPending(t.Context(), "eng", false); err != nil || n != 20 {
				t.Errorf("dismissed %d, %v", n, err)
			}
			s.waits("eng", map[string]int{})
			s.compare("eng")
			s.waits("eng", map[string]int{"trashed": 20}) // still missing, so it is asked again
			if n, err := s.store.DropPending(t.Context(), "eng", true); err != nil || n != 20 {
				t.Errorf("confirmed %d, %v", n, err)
			}
			s.agree("ENG")
			s.compare("eng")
			s.waits("eng", map[string]int{})
		})
	}
}

// One restriction at the top hides a whole space at once and removes nothing of it: it comes back without being fetched,
// or goes for good when somebody says so. A few pages below a restriction go as ever.
func TestManyPagesBecomeRestricted(t *testing.T) {
	t.Parallel()
	for name, o := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ids := filled(t, o, spacesync.Options{}, 60)
			home := s.wiki.HomePage("ENG")
			hidden := func(what string) {
				t.Helper()
				for id, p := range s.pages("eng") {
					if !p.Restricted || p.Text == "" && id != home {
						t.Errorf("%s: page %s (%q) is shown, or has lost its text", what, id, p.Text)
					}
				}
				s.waits("eng", map[string]int{spacesync.ReasonRestricted: 61})
			}
			s.wiki.Restrict(home, confluencetest.Readers{Users: []string{robot}})
			if p := s.compare("eng"); p.Deleted != 0 || p.Skipped != 61 || !strings.Contains(p.Note, "61 of 61") {
				t.Errorf("deleted %d, skipped %d, note %q", p.Deleted, p.Skipped, p.Note)
			}
			hidden("compared")
			s.sync("eng")
			hidden("nothing changed")
			s.wiki.Edit(ids[0], "<p>secret</p>", "")
			s.clock.sleep(time.Minute)
			s.sync("eng")
			hidden("one was edited")
			n, err := s.store.DropPending(t.Context(), "eng", false)
			if err != nil || n != 61 {
				t.Errorf("dismissed %d, %v", n, err)
			}
			s.sync("eng") // it compares, because it was dismissed
			hidden("dismissed, and still restricted")

			s.wiki.Restrict(home, confluencetest.Readers{})
			s.wiki.ResetCounters()
			s.compare("eng")
			s.agree("ENG")
			s.waits("eng", map[string]int{})
			if n := s.bodies(); n != 1 {
				t.Errorf("%d requests for bodies, want one for the page that was edited", n)
			}

			// A run that only looks at what changed sees it, too.
			s.clock.sleep(time.Hour)
			s.sync("eng")
			s.wiki.Edit(home, "<p>closed</p>", "")
			s.wiki.Restrict(home, confluencetest.Readers{Users: []string{robot}})
			s.sync("eng")
			hidden("found by its edit")
			n, err = s.store.DropPending(t.Context(), "eng", true)
			if err != nil || n != 61 || len(s.pages("eng")) != 0 || s.strays() != 0 {
				t.Errorf("confirmed %d, %v; %d pages left", n, err, len(s.pages("eng")))
			}
			s.wiki.Restrict(home, confluencetest.Readers{})
			s.compare("eng")
			s.agree("ENG")
			s.wiki.Restrict(ids[3], confluencetest.Readers{Users: []string{robot}})
			if p := s.compare("eng"); p.Deleted != 1 {
				t.Errorf("one restricted page: deleted %d", p.Deleted)
			}
			s.waits("eng", map[string]int{})
			s.agree("ENG")
		})
	}
}

// A page that leaves its parent after it was listed, and before the parent is restricted, never was restricted.
func TestPageLeavesBeforeItsParentIsRestricted(t *testing.T) {
	t.Parallel()
	for name, o := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ids := filled(t, o, spacesync.Options{}, 30)
			s.wiki.Move(ids[1], ids[0])
			s.wiki.Move(ids[2], ids[1])
			s.compare("eng")
			s.wiki.Inject(confluencetest.Before(func() {
				time.Sleep(300 * time.Millisecond) // the listing is read beside it, and has been by now; the restrictions have not
				s.wiki.Move(ids[1], s.wiki.HomePage("ENG"))
				s.wiki.Restrict(ids[0], confluencetest.Readers{Users: []string{robot}})
			}).WithQuery("restrictions").Times(1))
			p := s.compare("eng")
			if p.Deleted != 1 {
				t.Errorf("deleted %d, want the parent alone", p.Deleted)
			}
			got := s.pages("eng")
			for _, id := range ids[1:3] {
				if got[id].Text == "" || got[id].Restricted {
					t.Errorf("page %s is gone or hidden: %+v", id, got[id])
				}
			}
			s.wiki.ClearFaults()
			s.sync("eng") // it compares again by itself
			s.agree("ENG")
		})
	}
}

// What is hidden is not shown by pages that include it either, whether it is kept for a decision or for admins.
func TestHiddenPagesLeaveWhatIncludesThem(t *testing.T) {
	t.Parallel()
	for _, rule := range []sources.RestrictedPages{sources.Skip, sources.Include} {
		t.Run(string(rule), func(t *testing.T) {
			t.Parallel()
			s, _ := filled(t, confluencetest.Options{}, spacesync.Options{}, 30)
			s.ok(s.store.UpdateSource(t.Context(), "eng", sources.SourceUpdate{SourceChange: sources.SourceChange{RestrictedPages: &rule}}))
			news := s.wiki.AddBlogPost("ENG", confluencetest.Page{Title: "News", Body: `<p>news</p><ac:structured-macro ac:name="include">` +
				`<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Page 3" /></ac:link></ac:parameter></ac:structured-macro>`})
			shows := func(want bool) {
				t.Helper()
				s.run("eng", sources.RunRequest{Kind: sources.KindReprocess})
				p := s.pages("eng")[news]
				if !strings.Contains(p.Text, "news") || p.Restricted || strings.Contains(p.Text, "text 3") != want {
					t.Errorf("the including page reads %q, restricted %v; the included text should be in it: %v", p.Text, p.Restricted, want)
				}
			}
			s.compare("eng")
			shows(true)
			s.wiki.Restrict(s.wiki.HomePage("ENG"), confluencetest.Readers{Users: []string{robot}})
			if p := s.compare("eng"); p.Regraded != 31 {
				t.Errorf("%d pages may be read by others", p.Regraded)
			}
			shows(false)
			s.wiki.Restrict(s.wiki.HomePage("ENG"), confluencetest.Readers{})
			if p := s.compare("eng"); p.Regraded != 31 {
				t.Errorf("%d pages may be read by others again", p.Regraded)
			}
			shows(true)
		})
	}
}

// A folder that the account may not read any more hides what is below it; one that the site does not answer about hides
// nothing, and lets nothing new in.
func TestAncestorThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newSim(t, confluencetest.Options{}, spacesync.Options{}, "ENG")
	folder := s.wiki.AddFolder("ENG", confluencetest.Page{Title: "Runbooks"})
	for i := range 40 {
		s.wiki.AddPage("ENG", confluencetest.Page{Title: fmt.Sprintf("Page %d", i), Body: "<p>text</p>", Parent: folder})
	}
	s.compare("eng")
	s.clock.sleep(time.Hour)
	stored := s.pages("eng")
	fresh := s.wiki.AddPage("ENG", confluencetest.Page{Title: "Fresh", Body: "<p>fresh</p>", Parent: folder})
	for _, path := range []string{`^/api/v2/folders/`, `/restriction`} {
		remove := s.wiki.Inject(confluencetest.Unavailable(500).On("GET", path))
		byHand := sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: true, Trigger: sources.TriggerManual}}
		if p := s.run("eng", byHand); p.Failed != 1 || p.Deleted != 0 {
			t.Errorf("%s: failed %d, deleted %d", path, p.Failed, p.Deleted)
		}
		remove()
		got := s.pages("eng")
		delete(got, fresh)
		s.diff(path, stored, got)
	}
	failures, err := s.store.Failures(t.Context(), "eng", "", 10)
	s.ok(err)
	if len(failures) != 1 || failures[0].PageID != fresh || !strings.Contains(failures[0].Error, "not known") || failures[0].Tries != 2 {
		t.Errorf("failures: %+v", failures)
	}
	s.wiki.MakeUnreadable(folder)
	s.compare("eng")
	s.waits("eng", map[string]int{spacesync.ReasonRestricted: 40})
	s.wiki.Heal(folder)
	s.run("eng", manualRun) // it compares: the run before saw that something is not as it should be
	s.compare("eng")
	s.agree("ENG")
	s.waits("eng", map[string]int{})
}

// A site that goes away in the middle pauses the run, which says so and goes on when it is back.
func TestOutageOfASite(t *testing.T) {
	t.Parallel()
	for name, o := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSim(t, o, spacesync.Options{}, "ENG")
			for i := range 80 {
				s.wiki.AddPage("ENG", confluencetest.Page{Title: fmt.Sprintf("Page %d", i), Body: "<p>text</p>"})
			}
			down := func(yes bool) { s.wiki.Configure(func(b *confluencetest.Behaviour) { b.Outage = yes }) }
			said := func() (told, back int) {
				s.ok(s.db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE message LIKE 'Confluence does not answer%'),
					count(*) FILTER (WHERE message LIKE 'Confluence answers again%') FROM sync_run_log`).Scan(&told, &back))
				return told, back
			}
			running, over := context.WithCancel(t.Context())
			defer over()
			var outages sync.WaitGroup
			for moment := 3; moment < 12; moment += 3 {
				s.wiki.Inject(confluencetest.Afterwards(func() {
					down(true)
					outages.Go(func() {
						for told, back := said(); told == back && running.Err() == nil; told, back = said() {
							time.Sleep(5 * time.Millisecond)
						}
						down(false)
					})
				}).After(moment).Times(1))
			}
			if p := s.compare("eng"); p.Created != 81 || p.Failed != 0 || p.Note != "" {
				t.Errorf("created %d, failed %d, note %q", p.Created, p.Failed, p.Note)
			}
			over()
			outages.Wait()
			s.agree("ENG")
			told, back := said()
			if told == 0 || told != back {
				t.Errorf("the log tells of %d outages and %d ends", told, back)
			}
		})
	}
}

// A token that is revoked at any moment of a run ends it with the reason, whatever the site answers then, and costs nothing.
func TestTokenRevokedAtAnyMoment(t *testing.T) {
	t.Parallel()
	for name, o := range deployments() {
		for _, unauthorized := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", name, unauthorized), func(t *testing.T) {
				t.Parallel()
				s, ids := filled(t, o, spacesync.Options{}, 12)
				s.wiki.Configure(func(b *confluencetest.Behaviour) { b.Unauthorized = unauthorized })
				folder := ids[11]
				if !o.DataCenter {
					folder = s.wiki.AddFolder("ENG", confluencetest.Page{Title: "Folder"})
				}
				stored, at := s.pages("eng"), watermark(t, s.bench, "eng")
				for moment := 0; ; moment++ {
					s.wiki.Edit(ids[0], fmt.Sprintf("<p>edit %d</p>", moment), "")
					s.wiki.Move(ids[1+moment%10], folder)
					s.clock.sleep(time.Minute)
					revoked := false
					remove := s.wiki.Inject(confluencetest.Before(func() { revoked = true; s.wiki.RevokeToken(token) }).After(moment).Times(1))
					_, err := s.try(t.Context(), "eng", sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: true}})
					remove()
					s.wiki.AddToken(robot, token)
					if !revoked {
						s.ok(err)
						t.Logf("%d moments", moment)
						break
					}
					if !errors.Is(err, wiki.ErrCredentials) {
						t.Errorf("moment %d: %v", moment, err)
					}
					got := s.pages("eng")
					if len(got) != len(stored) || len(s.waiting("eng")) > 0 {
						t.Errorf("moment %d: %d pages left of %d", moment, len(got), len(stored))
					}
					if !watermark(t, s.bench, "eng").Equal(at) {
						t.Errorf("moment %d: the watermark moved", moment)
					}
				}
				s.compare("eng")
				s.agree("ENG")
			})
		}
	}
}

// What is changed about a source while a run goes on is not lost with that run.
func TestSettingsChangedDuringARun(t *testing.T) {
	t.Parallel()
	s, ids := filled(t, confluencetest.Options{}, spacesync.Options{}, 60)
	s.wiki.Restrict(ids[0], confluencetest.Readers{Users: []string{robot}})
	s.compare("eng")
	include, german := sources.Include, "german"
	s.wiki.Inject(confluencetest.Before(func() {
		change := sources.SourceChange{RestrictedPages: &include, TextLanguage: &german}
		if err := s.store.UpdateSource(t.Context(), "eng", sources.SourceUpdate{SourceChange: change, ReconcileWanted: true}); err != nil {
			t.Error(err)
		}
	}).WithQuery("body-format").After(1).Times(1))
	s.run("eng", sources.RunRequest{SyncRequest: sources.SyncRequest{Full: true, Reconcile: true}})
	languages := func() (old, now int) {
		s.ok(s.db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE text_config = 'english'), count(*) FILTER (WHERE text_config = 'german') FROM chunks`).Scan(&old, &now))
		return old, now
	}
	if old, now := languages(); old != 60 || now != 0 {
		t.Fatalf("%d passages in the old language, %d in the new one: the change did not come in the middle", old, now)
	}
	ids, err := s.store.SourcesToReprocess(t.Context(), 0)
	if err != nil || len(ids) != 1 {
		t.Errorf("sources with outdated pages: %v, %v", ids, err)
	}
	if p := s.run("eng", sources.RunRequest{Kind: sources.KindReprocess}); p.Updated != 60 {
		t.Errorf("%d pages were made again", p.Updated)
	}
	if old, now := languages(); old != 0 || now != 60 {
		t.Errorf("%d passages in the old language, %d in the new one", old, now)
	}
	if p := s.sync("eng"); p.Created != 1 { // it compares, although the run before did
		t.Errorf("created %d: the restricted page was not let in", p.Created)
	}
	src, err := s.store.SyncSource(t.Context(), "eng")
	if err != nil || src.ReconcileWanted {
		t.Errorf("another comparison is wanted: %v", err)
	}
	s.diff("ENG", s.wantUnder("ENG", sources.Include), bare(s.pages("eng")))
}

// bare leaves out the names of ancestors, which the truth does not have.
func bare(pages map[string]page) map[string]page {
	for id, p := range pages {
		p.Crumbs = ""
		pages[id] = p
	}
	return pages
}

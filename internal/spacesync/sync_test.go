package spacesync_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// standard is a space with a tree: home, a folder below it, pages below that, and a blog post.
func standard() (f *fakeSite, home, folder, guide, step, post string) {
	f = newFake("ENG")
	home = f.add("ENG", wiki.TypePage, "", "Home")
	folder = f.add("ENG", "folder", home, "Runbooks")
	guide = f.add("ENG", wiki.TypePage, folder, "Guide")
	step = f.add("ENG", wiki.TypePage, guide, "Step")
	post = f.add("ENG", wiki.TypeBlogPost, "", "News")
	return f, home, folder, guide, step, post
}

func started(t *testing.T, f *fakeSite, r sources.RestrictedPages) *bench {
	t.Helper()
	b := newBench(t, f, spacesync.Options{Now: f.clock})
	b.source(*f.spaces["ENG"], sources.WeeklyReconciliation, r)
	b.sync("eng")
	f.took()
	return b
}

func TestFirstSync(t *testing.T) {
	t.Parallel()
	f, _, _, guide, _, _ := standard()
	f.change(guide, func(c *content) { c.labels = []string{"runbook", "alpha"} })
	b := newBench(t, f, spacesync.Options{})
	b.source(*f.spaces["ENG"], sources.WeeklyReconciliation, sources.Skip)
	p := b.sync("eng")
	if p.Listed != 4 || p.Created != 4 {
		t.Errorf("listed %d, created %d, want 4 of 4", p.Listed, p.Created)
	}
	b.same("eng", f.truth("ENG", false))
	src, err := b.store.SyncSource(t.Context(), "eng")
	b.ok(err)
	if want := f.now.Add(-15 * time.Minute).Truncate(time.Microsecond); src.Watermark == nil || !src.Watermark.Equal(want) {
		t.Errorf("watermark %v, want the site's clock at the start less the overlap, %v", src.Watermark, want)
	}
}

func TestIdleRunTakesThreeCalls(t *testing.T) {
	t.Parallel()
	f, _, _, _, _, _ := standard()
	b := started(t, f, sources.Skip)
	f.sleep(time.Hour)
	b.sync("eng")
	if n := f.took(); n > 3 {
		t.Errorf("%d calls", n)
	}
	f.sleep(time.Hour)
	p := b.sync("eng")
	if n := f.took(); n > 3 || p.Listed != 0 {
		t.Errorf("%d calls, %d listed", n, p.Listed)
	}
}

// Where our clock is behind the site's, the window is too short at first; no edit may be lost for that.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	f, _, _, guide, _, _ := standard()
	f.old = true // without the listing by date, the search is all there is
	b := newBench(t, f, spacesync.Options{Now: func() time.Time { return f.clock().Add(-3 * time.Hour) }})
	b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
	b.sync("eng")
	f.edit(guide, nil)
	f.sleep(2 * time.Hour)
	again := newBenchSyncer(b, spacesync.Options{Now: func() time.Time { return f.clock().Add(-3 * time.Hour) }})
	again.sync("eng")
	b.same("eng", f.truth("ENG", false))
}

func TestEditsAreFound(t *testing.T) {
	t.Parallel()
	for _, lag := range []bool{false, true} {
		t.Run(fmt.Sprintf("lag=%v", lag), func(t *testing.T) {
			t.Parallel()
			f, home, _, guide, step, post := standard()
			b := started(t, f, sources.Skip)
			f.sleep(time.Hour)
			b.sync("eng")
			f.lag = lag
			f.edit(guide, func(c *content) { c.ref.Title = "The guide" })
			f.edit(post, nil)
			fresh := f.add("ENG", wiki.TypePage, step, "Fresh")
			f.edit(fresh, func(c *content) { c.ref.Title = "Fresher" })
			p := b.sync("eng")
			if p.Created != 1 || p.Updated != 2 {
				t.Errorf("created %d, updated %d, want 1 and 2: %+v", p.Created, p.Updated, p)
			}
			b.same("eng", f.truth("ENG", false))
			_ = home
		})
	}
}

// What no date tells is found by a comparison.
func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	f, home, folder, guide, step, post := standard()
	other := f.add("ENG", wiki.TypePage, "", "Archive")
	b := started(t, f, sources.Skip)
	f.sleep(24 * time.Hour)
	b.sync("eng")
	f.change(folder, func(c *content) { c.ref.ParentID = other; c.ref.Title = "Old runbooks" })
	f.change(guide, func(c *content) { c.labels = []string{"new"}; c.ref.Position = 3 })
	f.change(home, func(c *content) { c.ref.URL = "https://wiki.test/ENG/overview" })
	old := f.add("ENG", wiki.TypePage, step, "Imported")
	f.change(old, func(c *content) { c.ref.VersionAt = f.now.Add(-1000 * time.Hour); c.ref.Version = 9 })
	f.change(post, func(c *content) { c.ref.Version = 7; c.ref.VersionAt = c.ref.VersionAt.Add(-time.Hour) })
	if p := b.sync("eng"); p.Created+p.Updated != 0 {
		t.Errorf("a run without a comparison saw what has no date: %+v", p)
	}
	b.compare("eng")
	b.same("eng", f.truth("ENG", false))
	var urls int
	b.ok(b.db.QueryRow(t.Context(), `SELECT count(*) FROM chunks WHERE page_id = $1 AND url = 'https://wiki.test/ENG/overview'`, home).Scan(&urls))
	if urls != 1 {
		t.Error("the chunks' address did not follow")
	}
	if p := b.compare("eng"); p.Updated+p.Created+p.Deleted != 0 {
		t.Errorf("a second comparison found differences: %+v", p)
	}
}

func TestRestrictedPages(t *testing.T) {
	t.Parallel()
	for _, policy := range []sources.RestrictedPages{sources.Skip, sources.Include} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			f, home, folder, guide, step, _ := standard()
			f.change(guide, func(c *content) { c.restricted = true })
			b := started(t, f, policy)
			include := policy == sources.Include
			b.same("eng", f.truth("ENG", include))
			// A page that is new below a restricted one inherits it, whoever finds it.
			f.sleep(time.Hour)
			b.sync("eng")
			f.add("ENG", wiki.TypePage, step, "Secret")
			b.sync("eng")
			b.same("eng", f.truth("ENG", include))
			// Folders carry restrictions, too.
			f.change(guide, func(c *content) { c.restricted = false })
			b.compare("eng")
			b.same("eng", f.truth("ENG", include))
			f.change(folder, func(c *content) { c.restricted = true })
			b.compare("eng")
			b.same("eng", f.truth("ENG", include))
			f.change(folder, func(c *content) { c.restricted = false })
			b.compare("eng")
			b.same("eng", f.truth("ENG", include))
			// The run that fetches a page for another reason sees its restriction, and that of what is below.
			f.sleep(time.Hour)
			b.sync("eng")
			f.edit(home, func(c *content) { c.restricted = true })
			b.sync("eng")
			b.same("eng", f.truth("ENG", include))
			f.edit(home, func(c *content) { c.restricted = false })
			b.sync("eng")
			b.sync("eng") // the first one asks for the comparison
			b.same("eng", f.truth("ENG", include))
		})
	}
}

// An ancestor that the account cannot see may be restricted.
func TestHiddenAncestor(t *testing.T) {
	t.Parallel()
	f, _, folder, guide, _, _ := standard()
	b := started(t, f, sources.Skip)
	f.fault = func(call string, ids []string) error {
		if call == "node" && ids[0] == folder {
			return wiki.ErrNotFound
		}
		return nil
	}
	b.compare("eng")
	if _, ok := b.pages("eng")[guide]; ok {
		t.Error("a page below a folder that cannot be read is still there")
	}
	f.fault = nil
	b.compare("eng")
	b.same("eng", f.truth("ENG", false))
}

func TestArchiveTrashPurgeRestore(t *testing.T) {
	t.Parallel()
	f, _, _, guide, step, post := standard()
	b := started(t, f, sources.Skip)
	f.change(guide, func(c *content) { c.ref.Status = wiki.StatusArchived })
	f.change(post, func(c *content) { c.ref.Status = wiki.StatusTrashed })
	b.sync("eng")
	if len(b.pages("eng")) != 4 {
		t.Error("a run without a comparison deleted")
	}
	if p := b.compare("eng"); p.Deleted != 2 {
		t.Errorf("deleted %d, want 2", p.Deleted)
	}
	b.same("eng", f.truth("ENG", false))
	f.change(guide, func(c *content) { c.ref.Status = wiki.StatusCurrent })
	f.change(post, func(c *content) { c.ref.Status = wiki.StatusCurrent })
	f.drop(step)
	b.compare("eng")
	b.same("eng", f.truth("ENG", false))
}

func TestAttachmentsAreReadAgain(t *testing.T) {
	t.Parallel()
	f, _, _, guide, _, _ := standard()
	b := started(t, f, sources.Skip)
	f.sleep(time.Hour)
	f.change(guide, func(c *content) {
		c.files = []wiki.Attachment{{ID: "att1", Title: "plan.pdf"}}
		c.filesAt = f.now
	})
	b.compare("eng")
	var title string
	b.ok(b.db.QueryRow(t.Context(), `SELECT metadata #>> '{asset_links,0,title}' FROM confluence_pages WHERE page_id = $1`, guide).Scan(&title))
	if title != "plan.pdf" {
		t.Errorf("attachment %q", title)
	}
}

func TestFullSyncFetchesEverything(t *testing.T) {
	t.Parallel()
	f, _, _, _, _, _ := standard()
	b := started(t, f, sources.Skip)
	p := b.run("eng", sources.RunRequest{SyncRequest: sources.SyncRequest{Full: true}})
	if p.Updated != 4 || p.ChunksKept != 4 || p.ChunksCreated != 0 {
		t.Errorf("updated %d, kept %d, created %d, want 4 pages with their 4 chunks kept", p.Updated, p.ChunksKept, p.ChunksCreated)
	}
	if p := b.sync("eng"); p.Updated != 0 {
		t.Errorf("the next run fetched everything again: %+v", p)
	}
}

func TestReprocess(t *testing.T) {
	t.Parallel()
	f, _, _, _, _, _ := standard()
	b := started(t, f, sources.Skip)
	before := b.pages("eng")
	_, err := b.db.Exec(t.Context(), `UPDATE confluence_pages SET converter_version = 1`)
	b.ok(err)
	p := b.run("eng", sources.RunRequest{Kind: sources.KindReprocess})
	if n := f.took(); n != 0 || p.Updated != 4 {
		t.Errorf("%d calls to the site, %d updated, want 0 and 4", n, p.Updated)
	}
	if p := b.run("eng", sources.RunRequest{Kind: sources.KindReprocess}); p.Listed != 0 {
		t.Errorf("%d pages left", p.Listed)
	}
	if p := b.run("eng", sources.RunRequest{Kind: sources.KindReprocess, SyncRequest: sources.SyncRequest{Full: true}}); p.Updated != 4 {
		t.Errorf("updated %d, want all", p.Updated)
	}
	b.same("eng", before)
}

func TestDataCenter(t *testing.T) {
	t.Parallel()
	f, _, _, guide, _, _ := standard()
	f.old = true
	b := started(t, f, sources.Skip)
	f.sleep(time.Hour)
	b.sync("eng")
	if n := f.took(); n > 3 {
		t.Errorf("%d calls", n)
	}
	f.edit(guide, nil)
	b.sync("eng")
	b.same("eng", f.truth("ENG", false))
}

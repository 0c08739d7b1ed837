package schedule_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/confluence"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

var (
	kills    = flag.Int("kills", 6, "how often the syncing process is killed in TestKilledAtRandom")
	killSeed = flag.Uint64("kill-seed", 0, "seed of its moments; 0: a new one, which is printed")
)

// wiped is a wiki of pages of several passages, each of which names its page and its version.
type wiped struct {
	*bench
	wiki     *confluencetest.Site
	ids      []string
	versions map[string]int
}

// text is a page's body: one to five passages of one version.
func (w *wiped) text(id string, version int) string {
	var b strings.Builder
	for i := range passages(id, version) {
		fmt.Fprintf(&b, "<h2>Section %d</h2><p>page%s stands at state%dx. %s</p>", i, id, version, strings.Repeat("Filler of a passage. ", 40))
	}
	return b.String()
}

func passages(id string, version int) int { return 1 + (int(id[len(id)-1])+version)%5 }

// editAll makes a new version of every page.
func (w *wiped) editAll() {
	for _, id := range w.ids {
		w.versions[id]++
		w.wiki.Edit(id, w.text(id, w.versions[id]), "")
	}
}

// The process that syncs is killed at random moments, of a first sync and of later ones in which every page changes, while
// people read and search. Whoever reads sees each page as a whole, old or new; every run that was killed is shown as
// interrupted and followed by one that goes on; and in the end the index is what the site holds.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d: repeat with -kill-seed=%d", seed, seed)
	r := rand.New(rand.NewPCG(seed, 2))
	w := &wiped{bench: newBench(t), wiki: confluencetest.New(confluencetest.Options{}), versions: map[string]int{}}
	w.wiki.AddUser(confluencetest.User{ID: "robot", Name: "Robot", Email: "robot@example.com"})
	w.wiki.AddToken("robot", "token")
	space := w.wiki.AddSpace(confluencetest.Space{Key: "ENG", Name: "Engineering", NoHomepage: true})
	for i := range 60 {
		id := w.wiki.AddPage("ENG", confluencetest.Page{Title: fmt.Sprintf("Page %d", i), Root: true})
		w.ids = append(w.ids, id)
	}
	w.editAll()
	w.sourceOf("acme", "ENG", wiki.Space{ID: space, Key: "ENG"})
	w.wiki.Inject(confluencetest.Slow(40*time.Millisecond).On("GET", `.`))
	site, err := confluence.NormalizeURL(w.wiki.Start(t), wiki.Cloud)
	w.ok(err)

	readers := w.read()
	asker := w.scheduler(nil, nil)
	syncer, interrupted, killed := w.process(site, "0"), map[string]bool{}, ""
	for n := 1; len(interrupted) < *kills; n++ {
		w.until("a run at work", func() bool {
			runs := w.runs("ENG")
			if len(runs) == 0 || runs[0].State == sources.RunSucceeded {
				if len(runs) > 0 {
					w.editAll()
				}
				w.enqueue(asker, "ENG", manual)
			}
			return len(runs) > 0 && runs[0].State == sources.RunRunning && runs[0].ID != killed
		})
		moment := time.Duration(r.Int64N(int64(600 * time.Millisecond)))
		time.Sleep(moment)
		w.ok(syncer.Process.Kill())
		if err := syncer.Wait(); err == nil {
			t.Error("the process was not killed")
		}
		if run := w.runs("ENG")[0]; run.State == sources.RunRunning {
			interrupted[run.ID], killed = true, run.ID
			var stored int
			w.ok(w.db.QueryRow(t.Context(), `SELECT count(*) FROM confluence_pages WHERE markdown LIKE '%stands at state' || $1::int || 'x%'`, w.versions[w.ids[0]]).Scan(&stored))
			t.Logf("killed in run %s after %s, with %d of %d pages stored", run.ID, moment.Round(time.Millisecond), stored, len(w.ids))
			// It is dead, so nobody has to wait until its silence is long enough.
			_, err := w.db.Exec(t.Context(), `UPDATE sync_runs SET heartbeat_at = now() - interval '1 hour' WHERE state = 'running'`)
			w.ok(err)
		}
		syncer = w.process(site, fmt.Sprint(n))
	}
	w.editAll() // and one that nobody disturbs
	w.until("the run that goes on", func() bool { return w.runs("ENG")[0].State == sources.RunSucceeded })
	w.enqueue(asker, "ENG", manual)
	w.until("the last run", func() bool { return w.runs("ENG")[0].State == sources.RunSucceeded })
	reads, found := readers()
	t.Logf("%d kills, %d reads, %d searches", len(interrupted), reads, found)
	w.complete(interrupted)
}

// complete fails where the runs are not told as they went, or the index is not what the site holds.
func (w *wiped) complete(interrupted map[string]bool) {
	runs := w.runs("ENG")
	for i, run := range runs {
		switch {
		case interrupted[run.ID] != run.Interrupted:
			w.t.Errorf("run %s: interrupted %v, want %v", run.ID, run.Interrupted, interrupted[run.ID])
		case run.Interrupted && (run.State != sources.RunFailed || run.FinishedAt == nil || run.Error == "" || i == 0):
			w.t.Errorf("run %s is %s (%q) and should be closed and followed by another", run.ID, run.State, run.Error)
		}
	}
	want, got := map[string]string{}, map[string]string{}
	for _, t := range w.wiki.Truth("ENG", "robot") {
		want[t.ID] = fmt.Sprintf("%s, version %d, %d passages, state %d", t.Title, t.Version, passages(t.ID, w.versions[t.ID]), w.versions[t.ID])
	}
	rows, err := w.db.Query(w.t.Context(), `SELECT p.page_id, p.title, p.version, count(k.id), min(substring(k.content from 'state(\d+)x')), max(substring(k.content from 'state(\d+)x'))
		FROM confluence_pages p JOIN chunks k USING (source_id, page_id) WHERE NOT p.is_deleted GROUP BY 1, 2, 3`)
	w.ok(err)
	defer rows.Close()
	for rows.Next() {
		var id, title, low, high string
		var version, n int
		w.ok(rows.Scan(&id, &title, &version, &n, &low, &high))
		got[id] = fmt.Sprintf("%s, version %d, %d passages, state %s", title, version, n, low)
		if low != high {
			got[id] += " to " + high
		}
	}
	w.ok(rows.Err())
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("index (-want +got):\n%s", diff)
	}
}

// read starts people who read and search all the time; the returned function ends them and tells how often they did.
func (w *wiped) read() (stop func() (reads, searches int64)) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var people sync.WaitGroup
	var reads, searches atomic.Int64
	searcher := search.New(searchstore.New(w.db, searchstore.Options{}), nil, search.Options{})
	each := func(what *atomic.Int64, look func(ctx context.Context, id string, seen bool) (bool, error)) {
		people.Go(func() {
			seen := map[string]bool{}
			for n := 0; ctx.Err() == nil; n++ {
				id := w.ids[(n*7)%len(w.ids)]
				there, err := look(ctx, id, seen[id])
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					w.t.Errorf("page %s: %v", id, err)
					return
				}
				seen[id] = seen[id] || there
				what.Add(1)
				time.Sleep(time.Millisecond) // others work on this machine, too
			}
		})
	}
	each(&reads, w.readPage)
	each(&searches, func(ctx context.Context, id string, seen bool) (bool, error) {
		return w.searchPage(ctx, searcher, id, seen)
	})
	return func() (int64, int64) {
		cancel()
		people.Wait()
		if reads.Load() == 0 || searches.Load() == 0 {
			w.t.Error("nobody read")
		}
		return reads.Load(), searches.Load()
	}
}

var state = regexp.MustCompile(`state(\d+)x`)

// readPage looks at a page and its passages at one moment.
func (w *wiped) readPage(ctx context.Context, id string, seen bool) (there bool, err error) {
	rows, err := w.db.Query(ctx, `SELECT p.chunk_count, coalesce(k.content, '') FROM confluence_pages p
		LEFT JOIN chunks k USING (source_id, page_id) WHERE p.page_id = $1 AND NOT p.is_deleted`, id)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	states, n, count := map[string]int{}, 0, 0
	for rows.Next() {
		var content string
		if err := rows.Scan(&count, &content); err != nil {
			return false, err
		}
		n++
		if m := state.FindStringSubmatch(content); m != nil {
			states[m[1]]++
		}
	}
	switch {
	case rows.Err() != nil:
		return false, rows.Err()
	case n == 0 && seen:
		return false, errors.New("it was there and is not any more")
	case n > 0 && (len(states) != 1 || n != count):
		return false, fmt.Errorf("%d passages of %d, of states %v", n, count, states)
	}
	for version := range states {
		var v int
		if _, err := fmt.Sscan(version, &v); err != nil || n != passages(id, v) {
			return false, fmt.Errorf("%d passages at state %d, want %d", n, v, passages(id, v))
		}
	}
	return n > 0, nil
}

// searchPage searches for the word that every passage of the page has and no other page.
func (w *wiped) searchPage(ctx context.Context, s *search.Searcher, id string, seen bool) (there bool, err error) {
	results, err := s.Search(ctx, search.Request{Query: "page" + id, Mode: search.Keyword, Verbatim: true})
	if err != nil {
		return false, err
	}
	if len(results.Hits) != 1 {
		if len(results.Hits) == 0 && !seen {
			return false, nil
		}
		return false, fmt.Errorf("%d hits, found before: %v", len(results.Hits), seen)
	}
	states := map[string]bool{}
	for _, p := range results.Hits[0].Passages {
		if m := state.FindStringSubmatch(p.Snippet); m != nil {
			states[m[1]] = true
		}
	}
	if results.Hits[0].PageID != id || len(states) != 1 {
		return false, fmt.Errorf("found page %s with states %v", results.Hits[0].PageID, states)
	}
	return true, nil
}

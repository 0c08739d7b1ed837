package spacesync_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
)

var (
	modelRounds = flag.Int("rounds", 6, "rounds of the model test, each deployment")
	modelSeed   = flag.Uint64("seed", 0, "seed of the model test; 0: a new one, which is printed")
)

// model edits a simulated site at random and syncs it under faults.
type model struct {
	*sim
	r     *rand.Rand
	cloud bool
	nodes []string // ids of pages and folders, whatever became of them

	mu     sync.Mutex // guards what edits change: they also come from requests of a run
	purged map[string]bool
	sick   map[string]bool
	dark   map[string]bool // made unreadable: nobody knows what it restricts
	lowest map[string]bool // pages that everybody could read all through the current run; nil outside
	number int

	runs, failed, killed, revoked, edits, mid, guarded, compared int
}

// After any sequence of edits, moves, deletions, faults and crashes, during runs and between them, the index equals what the
// account may see of the spaces, as soon as one quiet comparison of each gets through.
func TestModel(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]confluencetest.Options{
		"cloud":      {},
		"datacenter": {DataCenter: true, ContextPath: "/confluence"},
	} {
		for guard, percent := range map[string]int{"unguarded": 100, "guarded": 5} {
			t.Run(name+"/"+guard, func(t *testing.T) {
				t.Parallel()
				seed := *modelSeed
				if seed == 0 {
					seed = rand.Uint64()
				}
				t.Logf("seed %d: repeat with -run=TestModel/%s/%s -seed=%d", seed, name, guard, seed)
				o.Seed = seed
				m := newModel(t, o, percent)
				for round := 1; round <= *modelRounds && !t.Failed(); round++ {
					m.round()
					if t.Failed() {
						t.Errorf("round %d of seed %d", round, seed)
					}
				}
				t.Logf("%d rounds, %d runs (%d failed, of them %d killed and %d whose token was revoked), %d edits, %d of them during runs, "+
					"%d decisions of the guard; %d pages compared", *modelRounds, m.runs, m.failed, m.killed, m.revoked, m.edits, m.mid, m.guarded, m.compared)
			})
		}
	}
}

func newModel(t *testing.T, o confluencetest.Options, guardPercent int) *model {
	t.Helper()
	s := newSim(t, o, spacesync.Options{MaxOutage: time.Second}, "ENG", "OPS")
	s.wiki.AddSpace(confluencetest.Space{Key: "LAB", Name: "Not synced"})
	m := &model{sim: s, r: rand.New(rand.NewPCG(o.Seed, 1)), cloud: !o.DataCenter, purged: map[string]bool{}, sick: map[string]bool{}, dark: map[string]bool{}}
	minimum := 1
	for _, id := range []string{"eng", "ops"} {
		m.ok(s.store.UpdateSource(t.Context(), id, sources.SourceUpdate{
			SourceChange: sources.SourceChange{GuardPercent: &guardPercent, GuardMinimum: &minimum},
		}))
	}
	m.nodes = []string{m.wiki.HomePage("ENG"), m.wiki.HomePage("OPS")}
	for range 30 {
		m.add()
	}
	return m
}

// round makes edits, runs under faults a few times, and then once without.
func (m *model) round() {
	lag := time.Duration(m.r.IntN(3)) * 4 * time.Minute
	m.wiki.Configure(func(b *confluencetest.Behaviour) {
		b.IndexLag = lag
		b.DayGranularity = m.r.IntN(4) == 0
		b.TrailingPage = m.r.IntN(2) == 0
		b.V1Removed = m.cloud && m.r.IntN(2) == 0
		b.Unauthorized = m.r.IntN(2) == 0
	})
	for range 1 + m.r.IntN(3) {
		for range m.r.IntN(8) {
			m.edit()
			m.clock.sleep(time.Duration(m.r.IntN(120)) * time.Second)
		}
		if m.r.IntN(5) == 0 {
			m.policy()
		}
		m.troubled()
		m.clock.sleep(time.Duration(m.r.IntN(40)) * time.Minute)
	}
	m.wiki.ClearFaults()
	for id := range m.sick {
		dare(func() { m.wiki.Heal(id) })
	}
	clear(m.sick)
	clear(m.dark)
	m.clock.sleep(lag + time.Minute)
	m.wiki.FlushIndex()
	by := sources.SyncRequest{Reconcile: true, Trigger: sources.TriggerManual}
	for _, id := range []string{"eng", "ops", "eng"} { // what moved from one to the other is handed over
		m.run(id, sources.RunRequest{SyncRequest: by})
	}
	m.agree("ENG")
	m.agree("OPS")
	if n := m.strays(); n > 0 {
		m.t.Errorf("%d chunks without a page", n)
	}
	for _, id := range []string{"eng", "ops"} {
		if waiting, err := m.store.PendingDeletions(m.t.Context(), id, "", 1); err != nil || len(waiting) > 0 && m.r.IntN(3) == 0 {
			m.ok(err)
			m.guarded++
			_, err := m.store.DropPending(m.t.Context(), id, m.r.IntN(2) == 0)
			m.ok(err)
		}
	}
}

// policy lets a source change its mind about restricted pages.
func (m *model) policy() {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := []sources.RestrictedPages{sources.Skip, sources.Skip, sources.Include}[m.r.IntN(3)]
	m.ok(m.store.UpdateSource(m.t.Context(), []string{"eng", "ops"}[m.r.IntN(2)], sources.SourceUpdate{
		SourceChange: sources.SourceChange{RestrictedPages: &p}, ReconcileWanted: true,
	}))
}

// agree fails where the index is not what the site holds. What the guard keeps may be there beside it: hidden where it is
// restricted, and with any text where it is gone.
func (m *model) agree(key string) {
	m.t.Helper()
	id := strings.ToLower(key)
	src, err := m.store.SyncSource(m.t.Context(), id)
	m.ok(err)
	waiting, err := m.store.PendingDeletions(m.t.Context(), id, "", 10_000)
	m.ok(err)
	want, got := m.wantUnder(key, src.Restricted), m.pages(id)
	for _, w := range waiting {
		p, stored := got[w.PageID]
		switch _, there := want[w.PageID]; {
		case there:
			m.t.Errorf("page %s of %s is there for all and waits for its removal: %s", w.PageID, id, w.Reason)
		case !stored:
			m.t.Errorf("page %s of %s waits for its removal and is not stored", w.PageID, id)
		case w.Reason == spacesync.ReasonRestricted && !p.Restricted:
			m.t.Errorf("page %s of %s is restricted, kept, and not hidden", w.PageID, id)
		}
		delete(got, w.PageID)
	}
	for pid, p := range got {
		p.Crumbs = ""
		got[pid] = p
	}
	m.compared += len(want)
	m.diff(key, want, got)
}

// troubled runs a sync under faults and edits, and may kill it or take its rights away.
func (m *model) troubled() {
	id := []string{"eng", "ops"}[m.r.IntN(2)]
	for range m.r.IntN(3) {
		m.wiki.Inject(m.fault())
	}
	ctx, kill := context.WithCancel(m.t.Context())
	defer kill()
	revoked, weak := false, false
	switch m.r.IntN(8) {
	case 0, 1:
		m.wiki.Inject(confluencetest.Afterwards(func() { m.killed++; kill() }).After(m.r.IntN(12)).Times(1))
	case 2:
		m.wiki.Inject(confluencetest.Before(func() { revoked = true; m.wiki.RevokeToken(token) }).After(m.r.IntN(10)).Times(1))
	case 3: // what is restricted to the group is gone for a while, and looks like deleted
		m.wiki.Inject(confluencetest.Before(func() { weak = true; m.wiki.SetGroups(robot); m.look() }).After(m.r.IntN(10)).Times(1))
	case 4:
		m.wiki.Inject(confluencetest.Before(func() { m.policy() }).After(m.r.IntN(10)).Times(1))
	}
	before := m.safe()
	m.lowest = maps.Clone(before)
	stored := m.stored()
	mark, err := m.store.SyncSource(m.t.Context(), id)
	m.ok(err)
	p, err := m.try(ctx, id, sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: m.r.IntN(3) == 0, Full: m.r.IntN(12) == 0}})
	m.wiki.ClearFaults()
	m.runs++
	if revoked {
		m.revoked++
		m.wiki.AddToken(robot, token)
	}
	if weak {
		m.wiki.SetGroups(robot, "staff")
	}
	if err != nil {
		m.failed++
		after, serr := m.store.SyncSource(m.t.Context(), id)
		m.ok(serr)
		if mark.Watermark != nil && !after.Watermark.Equal(*mark.Watermark) || mark.Watermark == nil && after.Watermark != nil {
			m.t.Errorf("a run moved the watermark and failed: %v", err)
		}
	} else if sum := p.Created + p.Updated + p.Unchanged + p.Skipped + p.Failed; sum != p.Listed {
		m.t.Errorf("listed %d, accounted for %d", p.Listed, sum)
	}
	now := m.stored()
	for pid := range m.lowest {
		if stored[pid] && !now[pid] {
			m.t.Errorf("page %s was there for all all through, was shown, and was lost in a run of %s (%v)", pid, id, err)
		}
	}
	m.lowest = nil
}

// stored are the pages that readers see of either source, safe those on the site that everybody may see.
func (m *model) stored() map[string]bool {
	ids := map[string]bool{}
	for _, id := range []string{"eng", "ops"} {
		for pid, p := range m.pages(id) {
			if !p.Restricted {
				ids[pid] = true
			}
		}
	}
	return ids
}

func (m *model) safe() map[string]bool {
	safe := map[string]bool{}
	for _, key := range []string{"ENG", "OPS"} {
		for _, t := range m.wiki.Truth(key, robot) {
			if !t.Restricted && !m.dark[t.ID] && !slices.ContainsFunc(t.Ancestors, func(a string) bool { return m.dark[a] }) {
				safe[t.ID] = true
			}
		}
	}
	return safe
}

// look notes which pages have not been there for everybody at one moment of a run.
func (m *model) look() {
	if m.lowest == nil {
		return
	}
	safe := m.safe()
	maps.DeleteFunc(m.lowest, func(id string, _ bool) bool { return !safe[id] })
}

// fault is a misbehaviour that a run should outlast, or fail of without doing harm.
func (m *model) fault() confluencetest.Fault {
	switch m.r.IntN(15) {
	case 0:
		return confluencetest.Unavailable(503).Sometimes(0.2)
	case 1:
		return confluencetest.Truncated(200).Sometimes(0.1)
	case 2:
		return confluencetest.LoginPage().Sometimes(0.05)
	case 3:
		return confluencetest.Duplicates().Sometimes(0.5)
	case 4:
		return confluencetest.ClipLimit(1 + m.r.IntN(20))
	case 5:
		return confluencetest.RateLimited(0).Sometimes(0.2)
	case 6:
		return confluencetest.Reset().Sometimes(0.1)
	case 7:
		return confluencetest.RepeatedCursor().Sometimes(0.3)
	case 8:
		return confluencetest.EmptyPage().Sometimes(0.1)
	case 9:
		return confluencetest.Unavailable(500).On("GET", `^(/api/v2/folders/|/rest/api/content/\d+/restriction)`).Sometimes(0.7)
	case 10, 11, 12, 13:
		return confluencetest.Before(m.edit).Sometimes(0.4)
	default:
		return confluencetest.Unavailable(500).After(m.r.IntN(10)).Times(1 + m.r.IntN(4))
	}
}

// wantUnder is what the index of a space should hold under a rule about restricted pages.
func (s *sim) wantUnder(key string, rule sources.RestrictedPages) map[string]page {
	want := map[string]page{}
	for _, t := range s.wiki.Truth(key, robot) {
		if t.Restricted && rule == sources.Skip || !t.HasBody {
			continue
		}
		want[t.ID] = page{
			Title: t.Title, Version: t.Version, Labels: strings.Join(t.Labels, ","), Text: strings.TrimSuffix(strings.TrimPrefix(t.Storage, "<p>"), "</p>"),
			Path: "/" + strings.Join(append(t.Ancestors, t.ID), "/"), Restricted: t.Restricted,
		}
	}
	return want
}

func wordOf(id string, version int) string { return fmt.Sprintf("<p>word%sv%d</p>", id, version) }

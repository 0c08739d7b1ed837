package spacesync_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
)

var (
	modelRounds = flag.Int("rounds", 8, "rounds of the model test, each deployment")
	modelSeed   = flag.Uint64("seed", 0, "seed of the model test; 0: a new one, which is printed")
)

// model edits a simulated site at random and syncs it under faults.
type model struct {
	*sim
	r     *rand.Rand
	cloud bool
	nodes []string // ids of pages and folders

	gone   map[string]bool // into the trash, or for good
	sick   map[string]bool
	number int
	runs   int
	failed int
}

// After any sequence of edits, moves, deletions, faults and crashes, the index equals what the account may see of the
// spaces, as soon as one run of each gets through.
func TestModel(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]confluencetest.Options{
		"cloud":      {},
		"datacenter": {DataCenter: true, ContextPath: "/confluence"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := *modelSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("seed %d: repeat with -seed=%d", seed, seed)
			o.Seed = seed
			s := newSim(t, o, spacesync.Options{MaxOutage: time.Second}, "ENG", "OPS")
			s.wiki.AddSpace(confluencetest.Space{Key: "LAB", Name: "Not synced"})
			m := &model{sim: s, r: rand.New(rand.NewPCG(seed, 1)), cloud: !o.DataCenter, gone: map[string]bool{}, sick: map[string]bool{}}
			unlimited := 1_000_000
			for _, id := range []string{"eng", "ops"} {
				m.ok(s.store.UpdateSource(t.Context(), id, sources.SourceUpdate{SourceChange: sources.SourceChange{GuardMinimum: &unlimited}}))
			}
			for range 30 {
				m.add()
			}
			for round := 1; round <= *modelRounds && !t.Failed(); round++ {
				m.round()
				if t.Failed() {
					t.Errorf("round %d of seed %d", round, seed)
				}
			}
			t.Logf("%d rounds, %d runs, %d of them failed or were killed, %d contents", *modelRounds, m.runs, m.failed, m.number)
		})
	}
}

// round makes edits, runs under faults a few times, and then once without.
func (m *model) round() {
	lag := time.Duration(m.r.IntN(3)) * 4 * time.Minute
	m.wiki.Configure(func(b *confluencetest.Behaviour) {
		b.IndexLag = lag
		b.DayGranularity = m.r.IntN(4) == 0
		b.TrailingPage = m.r.IntN(2) == 0
		b.V1Removed = m.cloud && m.r.IntN(2) == 0
	})
	for range 1 + m.r.IntN(3) {
		for range m.r.IntN(8) {
			m.edit()
			m.clock.sleep(time.Duration(m.r.IntN(120)) * time.Second)
		}
		m.troubled()
		m.clock.sleep(time.Duration(m.r.IntN(40)) * time.Minute)
	}
	m.wiki.ClearFaults()
	for id := range m.sick {
		dare(func() { m.wiki.Heal(id) })
	}
	clear(m.sick)
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
}

// troubled runs a sync under faults, and may kill it.
func (m *model) troubled() {
	key := []string{"ENG", "OPS"}[m.r.IntN(2)]
	id := strings.ToLower(key)
	var remove []func()
	for range m.r.IntN(3) {
		remove = append(remove, m.wiki.Inject(m.fault()))
	}
	before, stored := m.safe(), m.stored()
	mark, err := m.store.SyncSource(m.t.Context(), id)
	m.ok(err)
	ctx, kill := context.WithCancel(m.t.Context())
	defer kill()
	if m.r.IntN(4) == 0 {
		remove = append(remove, m.wiki.Inject(confluencetest.Afterwards(kill).After(m.r.IntN(12)).Times(1)))
	}
	p, err := m.try(ctx, id, sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: m.r.IntN(3) == 0, Full: m.r.IntN(12) == 0}})
	for _, f := range remove {
		f()
	}
	m.runs++
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
	now, after := m.stored(), m.safe()
	for pid := range before {
		if stored[pid] && after[pid] && !now[pid] {
			m.t.Errorf("page %s is there for all, was stored, and was lost in a run of %s (%v)", pid, id, err)
		}
	}
}

// stored are the pages in the index of either source, safe those on the site that everybody may see.
func (m *model) stored() map[string]bool {
	ids := map[string]bool{}
	for _, id := range []string{"eng", "ops"} {
		for pid := range m.pages(id) {
			ids[pid] = true
		}
	}
	return ids
}

func (m *model) safe() map[string]bool {
	safe := map[string]bool{}
	for _, key := range []string{"ENG", "OPS"} {
		for _, t := range m.wiki.Truth(key, robot) {
			if !t.Restricted {
				safe[t.ID] = true
			}
		}
	}
	return safe
}

// fault is a misbehaviour that a run should outlast, or fail of without doing harm.
func (m *model) fault() confluencetest.Fault {
	switch m.r.IntN(9) {
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
		return confluencetest.Before(m.edit).After(m.r.IntN(6)).Times(1)
	default:
		return confluencetest.Unavailable(500).After(m.r.IntN(10)).Times(1 + m.r.IntN(4))
	}
}

func (m *model) add() string {
	m.number++
	key := []string{"ENG", "OPS"}[m.r.IntN(2)]
	p := confluencetest.Page{Title: fmt.Sprintf("Page %d", m.number), Body: fmt.Sprintf("<p>word%dv1</p>", m.number)}
	switch m.r.IntN(8) {
	case 0:
		m.wiki.AddBlogPost(key, p)
		return ""
	case 1:
		if m.cloud {
			m.nodes = append(m.nodes, m.wiki.AddFolder(key, p))
			return ""
		}
	}
	p.Root = m.r.IntN(5) == 0 || m.gone[m.wiki.HomePage(key)]
	id := m.wiki.AddPage(key, p)
	m.nodes = append(m.nodes, id)
	if parent := m.node(); parent != "" && m.r.IntN(2) == 0 {
		dare(func() { m.wiki.Move(id, parent) })
	}
	return id
}

// node is a page or folder, or "".
func (m *model) node() string {
	for range 20 {
		if id := m.nodes[m.r.IntN(len(m.nodes))]; !m.gone[id] {
			return id
		}
	}
	return ""
}

// page is a current page of a synced space, or "".
func (m *model) page() (confluencetest.Truth, bool) {
	list := m.wiki.Truth([]string{"ENG", "OPS"}[m.r.IntN(2)], robot)
	if len(list) == 0 {
		return confluencetest.Truth{}, false
	}
	return list[m.r.IntN(len(list))], true
}

func (m *model) home(id string) bool {
	return id == m.wiki.HomePage("ENG") || id == m.wiki.HomePage("OPS")
}

// dare does what the simulator refuses where it makes no sense: a move below itself, a change of what has been purged.
func dare(f func()) {
	defer func() {
		if v := recover(); v != nil && !strings.HasPrefix(fmt.Sprint(v), "confluencetest:") {
			panic(v)
		}
	}()
	f()
}

func (m *model) edit() {
	if m.r.IntN(4) == 0 {
		m.add()
		return
	}
	p, ok := m.page()
	if !ok {
		return
	}
	m.number++
	switch m.r.IntN(15) {
	case 0, 1, 2:
		m.wiki.Edit(p.ID, fmt.Sprintf("<p>word%sv%d</p>", p.ID, p.Version+1), "ada")
	case 3:
		m.wiki.Rename(p.ID, fmt.Sprintf("Renamed %d", m.number))
	case 4, 5:
		if parent := m.node(); parent != "" && p.Type == "page" {
			dare(func() { m.wiki.Move(p.ID, parent) })
		}
	case 6:
		m.wiki.Label(p.ID, fmt.Sprintf("label%d", m.r.IntN(5)))
	case 7:
		m.wiki.Restrict(p.ID, confluencetest.Readers{Users: []string{[]string{robot, robot, "ada"}[m.r.IntN(3)]}})
	case 8:
		if id := m.node(); id != "" {
			dare(func() { m.wiki.Restrict(id, confluencetest.Readers{}) })
		}
	case 9:
		if m.home(p.ID) { // the simulator puts new and restored pages below it
			return
		}
		m.wiki.Trash(p.ID)
		m.gone[p.ID] = true
		switch m.r.IntN(3) {
		case 0:
			m.wiki.Restore(p.ID)
			delete(m.gone, p.ID)
		case 1:
			m.wiki.Purge(p.ID)
		}
	case 10:
		if p.Type == "page" && m.cloud {
			m.wiki.Archive(p.ID)
			if m.r.IntN(2) == 0 {
				m.wiki.Unarchive(p.ID)
			}
		}
	case 11:
		key := []string{"ENG", "OPS", "LAB"}[m.r.IntN(3)]
		if !m.gone[m.wiki.HomePage(key)] && p.Type == "page" && !m.home(p.ID) {
			dare(func() { m.wiki.MoveToSpace(p.ID, key, "") })
		}
	case 12:
		m.sick[p.ID] = true
		m.wiki.Poison(p.ID, m.r.IntN(2) == 0)
	case 13:
		if p.Type == "page" && m.r.IntN(3) == 0 && !m.home(p.ID) {
			m.wiki.ConvertToBlogPost(p.ID)
			m.gone[p.ID] = true // as a place for others
		}
	case 14:
		m.wiki.SetVersion(p.ID, p.Version+1, p.Modified.Add(-time.Duration(m.r.IntN(100))*time.Hour))
	}
}

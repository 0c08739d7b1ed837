package spacesync_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

// add makes a page, a blog post or a folder, at any place: also below what is in the trash or archived.
func (m *model) add() {
	m.number++
	key := []string{"ENG", "OPS"}[m.r.IntN(2)]
	p := confluencetest.Page{Title: fmt.Sprintf("Page %d", m.number), Body: fmt.Sprintf("<p>word%dv1</p>", m.number), Root: m.r.IntN(5) == 0 || !m.bears(m.wiki.HomePage(key))}
	switch m.r.IntN(8) {
	case 0:
		m.wiki.AddBlogPost(key, p)
		return
	case 1:
		if m.cloud {
			m.nodes = append(m.nodes, m.wiki.AddFolder(key, p))
			return
		}
	}
	dare(func() {
		id := m.wiki.AddPage(key, p)
		m.nodes = append(m.nodes, id)
		if parent := m.pick(m.bears); parent != "" && m.r.IntN(2) == 0 {
			m.wiki.Move(id, parent)
		}
	})
}

// node is a page or folder that has not been purged, or "".
func (m *model) node() string { return m.pick(func(string) bool { return true }) }

func (m *model) pick(fits func(id string) bool) string {
	for range 20 {
		if id := m.nodes[m.r.IntN(len(m.nodes))]; !m.purged[id] && fits(id) {
			return id
		}
	}
	return ""
}

// bears reports whether something may be below a content. Data Center leaves what is in the trash out of the ancestors of a
// page, and is said to keep nothing below it.
func (m *model) bears(id string) bool { return m.cloud || m.wiki.StatusOf(id) != "trashed" }

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

// readers are those of a restriction: the account itself, its group, or somebody else.
func (m *model) readers() confluencetest.Readers {
	switch m.r.IntN(4) {
	case 0:
		return confluencetest.Readers{Users: []string{"ada"}}
	case 1:
		return confluencetest.Readers{Groups: []string{"staff"}}
	default:
		return confluencetest.Readers{Users: []string{robot}}
	}
}

// edit changes something, also while a run reads.
func (m *model) edit() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range 1 + m.r.IntN(2) {
		m.edits++
		if m.lowest != nil {
			m.mid++
		}
		dare(m.change)
		m.look()
	}
}

func (m *model) change() {
	if m.r.IntN(4) == 0 {
		m.add()
		return
	}
	p, ok := m.page()
	if !ok {
		return
	}
	m.number++
	switch m.r.IntN(19) {
	case 0, 1, 2:
		m.wiki.Edit(p.ID, wordOf(p.ID, p.Version+1), "ada")
	case 3:
		m.wiki.Rename(p.ID, fmt.Sprintf("Renamed %d", m.number))
	case 4, 5: // also below what is in the trash, archived, or of the other space
		if parent := m.pick(m.bears); parent != "" && p.Type == "page" {
			m.wiki.Move(p.ID, parent)
		}
	case 6:
		m.wiki.Label(p.ID, fmt.Sprintf("label%d", m.r.IntN(5)))
	case 7:
		m.wiki.Restrict(p.ID, m.readers())
	case 8, 9: // pages and folders, so that most restrictions are lifted again
		if id := m.node(); id != "" {
			m.wiki.Restrict(id, confluencetest.Readers{})
		}
	case 10:
		m.trash(p.ID)
	case 11: // an archived page keeps what is below it
		if p.Type == "page" && m.cloud {
			m.wiki.Archive(p.ID)
		}
	case 12:
		if id := m.node(); id != "" {
			m.revive(id)
		}
	case 13:
		if key := []string{"ENG", "OPS", "LAB"}[m.r.IntN(3)]; p.Type == "page" && !m.home(p.ID) && m.bears(m.wiki.HomePage(key)) {
			m.wiki.MoveToSpace(p.ID, key, "")
		}
	case 14:
		m.sick[p.ID] = true
		m.wiki.Poison(p.ID, m.r.IntN(2) == 0)
	case 15:
		if p.Type == "page" && m.r.IntN(3) == 0 && !m.home(p.ID) {
			m.wiki.ConvertToBlogPost(p.ID)
			m.purged[p.ID] = true // as a place for others
		}
	case 16:
		m.wiki.SetVersion(p.ID, p.Version+1, p.Modified.Add(-time.Duration(m.r.IntN(100))*time.Hour))
	case 17: // a folder, or what is left of an old page
		if id := m.node(); id != "" {
			m.wiki.Restrict(id, m.readers())
		}
	case 18:
		if id := m.node(); id != "" && m.r.IntN(3) == 0 {
			m.sick[id], m.dark[id] = true, true
			m.wiki.MakeUnreadable(id)
		}
	}
}

// trash puts a page into the trash, alone or with all below it, and may purge it. The home page too.
func (m *model) trash(id string) {
	if m.r.IntN(3) == 0 && !m.home(id) {
		m.wiki.TrashTree(id)
	} else {
		m.wiki.Trash(id)
	}
	switch m.r.IntN(4) {
	case 0:
		m.revive(id)
	case 1:
		if !m.home(id) { // the simulator puts new and restored pages below it
			m.wiki.Purge(id)
			m.purged[id] = true
		}
	}
}

// revive takes a page out of the trash or the archive, if it is there.
func (m *model) revive(id string) {
	switch m.wiki.StatusOf(id) {
	case "trashed": // it comes back below the home page
		home := m.wiki.HomePage(m.wiki.SpaceOf(id))
		if id == home || m.bears(home) {
			m.wiki.Restore(id)
		}
	case "archived":
		m.wiki.Unarchive(id)
	}
}

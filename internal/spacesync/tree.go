package spacesync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/index"
)

// node is a content of any type in the tree of a space.
type node struct {
	id, typ, title, url string
	parent, parentType  string
	position            int
	own                 bool // its own read restriction
	unreadable          bool // the site does not show it: what it restricts is not known
	// err: the site could not be asked about it; what is here was known before, if anything.
	err error
}

// tree is the tree of a space as far as it matters to pages: pages, blog posts, and whatever stands above them.
type tree map[string]*node

// maxDepth bounds the walk to the root: a listing taken during moves may hold a circle.
const maxDepth = 500

// above returns the ancestors of id, root first. complete is false where an ancestor is not known, or the way up is a
// circle.
func (t tree) above(id string) (ancestors []*node, complete bool) {
	n, ok := t[id]
	if !ok {
		return nil, false
	}
	for n.parent != "" {
		parent, ok := t[n.parent]
		if !ok || len(ancestors) == maxDepth {
			slices.Reverse(ancestors)
			return ancestors, false
		}
		ancestors = append(ancestors, parent)
		n = parent
	}
	slices.Reverse(ancestors)
	return ancestors, true
}

// crumbs is the breadcrumb of id, root first.
func (t tree) crumbs(id string) []index.Crumb {
	ancestors, _ := t.above(id)
	crumbs := make([]index.Crumb, len(ancestors))
	for i, a := range ancestors {
		crumbs[i] = index.Crumb{ID: a.id, Type: a.typ, Title: a.title, URL: a.url}
	}
	return crumbs
}

// restricted reports whether reading id is restricted, by itself or by an ancestor. Where an ancestor cannot be read
// the answer is yes: it may be restricted.
func (t tree) restricted(id string) bool {
	n, ok := t[id]
	if !ok || n.own || n.unreadable {
		return true
	}
	ancestors, complete := t.above(id)
	return !complete || slices.ContainsFunc(ancestors, func(a *node) bool { return a.own || a.unreadable })
}

// unsure reports whether the way up from id is a circle, as a listing shows it that is taken during moves, and nothing on
// it is known to be restricted.
func (t tree) unsure(id string) bool {
	ancestors, complete := t.above(id)
	return t[id] != nil && !complete && !t[id].own &&
		!slices.ContainsFunc(ancestors, func(a *node) bool { return a.own || a.unreadable })
}

// blind is why it is not known whether reading id is restricted: something above it could not be asked for, by a fault that
// says nothing about it. nil where it is known.
func (t tree) blind(id string) error {
	ancestors, _ := t.above(id)
	for _, a := range ancestors {
		if a.err != nil {
			return fmt.Errorf("whether everybody may read it is not known: %w", a.err)
		}
	}
	return nil
}

// missing returns the ancestors of the items that are named and not known, in order.
func (t tree) missing(items []*item) []*node {
	var list []*node
	seen := map[string]bool{}
	for _, it := range items {
		n := t[it.ref.ID]
		for depth := 0; n != nil && n.parent != "" && depth < maxDepth; depth++ {
			if seen[n.parent] {
				break
			}
			seen[n.parent] = true
			if t[n.parent] == nil {
				list = append(list, &node{id: n.parent, typ: n.parentType})
			}
			n = t[n.parent]
		}
	}
	slices.SortFunc(list, func(a, b *node) int { return strings.Compare(a.id, b.id) })
	return list
}

// children returns the child pages of every node that has some, in the order of the site. shown says which pages count.
func (t tree) children(shown func(id string) bool) map[string][]index.Child {
	byParent := map[string][]*node{}
	for _, n := range t {
		if n.parent != "" && shown(n.id) {
			byParent[n.parent] = append(byParent[n.parent], n)
		}
	}
	children := make(map[string][]index.Child, len(byParent))
	for parent, nodes := range byParent {
		slices.SortFunc(nodes, func(a, b *node) int {
			return cmp.Or(cmp.Compare(a.position, b.position), strings.Compare(a.title, b.title), strings.Compare(a.id, b.id))
		})
		for _, n := range nodes {
			children[parent] = append(children[parent], index.Child{ID: n.id, Title: n.title})
		}
	}
	return children
}

// moves compares stored pages with the tree and returns those whose place or inheritance differs. Pages that the tree does
// not have, or not as far up as the root, are left alone: they are deletion's business. So are those whose place or
// restrictions the site could not be asked for, until it can.
func (t tree) moves(pages []TreePage) []Move {
	stored := make(map[string]bool, len(pages))
	restricted := make(map[string]bool, len(pages))
	for _, p := range pages {
		stored[p.ID] = true
		restricted[p.ID] = t.restricted(p.ID)
	}
	children := t.children(func(id string) bool { return stored[id] && !restricted[id] })
	var moves []Move
	for _, p := range pages {
		if _, complete := t.above(p.ID); !complete || t.blind(p.ID) != nil {
			continue
		}
		m := Move{ID: p.ID, Breadcrumb: t.crumbs(p.ID), Children: children[p.ID], Restricted: restricted[p.ID]}
		ids := make([]string, len(m.Breadcrumb), len(m.Breadcrumb)+1)
		for i, c := range m.Breadcrumb {
			ids[i] = c.ID
		}
		m.Path = "/" + strings.Join(append(ids, p.ID), "/")
		if m.Path != p.Path || m.Restricted != p.Restricted || !slices.Equal(m.Breadcrumb, p.Breadcrumb) || !slices.Equal(m.Children, p.Children) {
			moves = append(moves, m)
		}
	}
	return moves
}

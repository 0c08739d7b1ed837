package spacesync

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/wiki"
)

// grove is home > folder > guide > step, and a circle of two.
func grove() tree {
	t := tree{}
	for _, n := range []node{
		{id: "home", typ: "page", title: "Home"},
		{id: "folder", typ: "folder", title: "Folder", parent: "home"},
		{id: "guide", typ: "page", title: "Guide", parent: "folder", position: 2},
		{id: "first", typ: "page", title: "First", parent: "folder", position: 1},
		{id: "step", typ: "page", title: "Step", parent: "guide"},
		{id: "yin", typ: "page", parent: "yang"},
		{id: "yang", typ: "page", parent: "yin"},
		{id: "orphan", typ: "page", parent: "nobody", parentType: "whiteboard"},
	} {
		t[n.id] = &n
	}
	return t
}

func TestRestrictionsAreInherited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change     func(t tree)
		restricted bool
	}{
		"open":              {func(tree) {}, false},
		"itself":            {func(t tree) { t["step"].own = true }, true},
		"a folder far up":   {func(t tree) { t["folder"].own = true }, true},
		"the root":          {func(t tree) { t["home"].own = true }, true},
		"a sibling":         {func(t tree) { t["first"].own = true }, false},
		"below":             {func(t tree) { t["below"] = &node{id: "below", parent: "step", own: true} }, false},
		"hidden ancestor":   {func(t tree) { t["folder"].unreadable = true }, true},
		"unknown ancestor":  {func(t tree) { delete(t, "home") }, true},
		"circle above":      {func(t tree) { t["home"].parent = "yin" }, true},
		"not in the tree":   {func(t tree) { delete(t, "step") }, true},
		"its own parent":    {func(t tree) { t["step"].parent = "step" }, true},
		"parent at the top": {func(t tree) { t["step"].parent = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := grove()
			c.change(g)
			if got := g.restricted("step"); got != c.restricted {
				t.Errorf("restricted: %v", got)
			}
		})
	}
}

func TestUnsureIsNotRestricted(t *testing.T) {
	t.Parallel()
	g := grove()
	if !g.unsure("yin") || g.unsure("step") || g.unsure("none") {
		t.Error("only a circle is unsure")
	}
	g["yang"].own = true
	if g.unsure("yin") {
		t.Error("a circle with a restriction on it is sure enough")
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	g := grove()
	var got []node
	items := []*item{{ref: wiki.ContentRef{ID: "orphan"}}, {ref: wiki.ContentRef{ID: "step"}}, {ref: wiki.ContentRef{ID: "yin"}}}
	for _, n := range g.missing(items) {
		got = append(got, *n)
	}
	if diff := cmp.Diff([]node{{id: "nobody", typ: "whiteboard"}}, got, cmp.AllowUnexported(node{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	g := grove()
	right := TreePage{ID: "home", Path: "/home", Breadcrumb: []index.Crumb{}}
	crumbs := []index.Crumb{{ID: "home", Type: "page", Title: "Home"}, {ID: "folder", Type: "folder", Title: "Folder"}}
	pages := []TreePage{
		right,
		{ID: "guide", Path: "/old/guide"},
		{ID: "first", Path: "/home/folder/first", Breadcrumb: crumbs},
		{ID: "step", Path: "/home/folder/guide/step", Breadcrumb: append(crumbs[:2:2], index.Crumb{ID: "guide", Type: "page", Title: "An old title"})},
		{ID: "yin", Path: "/yang/yin"},
		{ID: "gone", Path: "/gone"},
	}
	want := []Move{
		{ID: "guide", Path: "/home/folder/guide", Breadcrumb: crumbs, Children: []index.Child{{ID: "step", Title: "Step"}}},
		{ID: "step", Path: "/home/folder/guide/step", Breadcrumb: append(crumbs[:2:2], index.Crumb{ID: "guide", Type: "page", Title: "Guide"})},
	}
	if diff := cmp.Diff(want, g.moves(pages)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := g.children(func(string) bool { return true })["folder"]; got[0].ID != "first" || got[1].ID != "guide" {
		t.Errorf("children %v are not in the site's order", got)
	}
}

package spacesync

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

func newNode(it *item) *node {
	return &node{
		id: it.ref.ID, typ: string(it.ref.Type), title: it.ref.Title, url: it.ref.URL, parent: it.ref.ParentID,
		parentType: it.ref.ParentType, position: it.ref.Position, own: it.own,
	}
}

// place makes the stored places of pages follow the tree: paths, breadcrumbs, children and inherited restrictions of
// whole subtrees, where the run has listed any. It compares all of them, not only those below a page that changed: a run
// that died may have left some.
func (w *work) place(ctx context.Context, listed, compare bool) error {
	if !listed && !compare {
		return nil
	}
	pages, _, err := w.store.Tree(ctx, w.src.ID)
	if err != nil {
		return err
	}
	if err := w.saveNodes(ctx, pages, compare); err != nil {
		return err
	}
	ids := make([]string, len(pages))
	was := make(map[string]bool, len(pages))
	for i, p := range pages {
		ids[i], was[p.ID] = p.ID, p.Restricted
	}
	if err := w.conceal(ctx, ids); err != nil {
		return err
	}
	moves := slices.DeleteFunc(w.tree.moves(pages), func(m Move) bool {
		return w.concealed[m.ID] && !w.withheld[m.ID] || m.Restricted && w.src.Restricted == sources.Skip && !w.concealed[m.ID]
	})
	w.rec.change(func(p *Progress) {
		for _, m := range moves {
			if m.Restricted != was[m.ID] {
				p.Regraded++
			}
		}
	})
	return w.store.MovePages(ctx, w.run.Fence(), w.src.ID, moves)
}

// saveNodes keeps what the tree holds beside stored pages.
func (w *work) saveNodes(ctx context.Context, pages []TreePage, compare bool) error {
	stored := make(map[string]bool, len(pages))
	for _, p := range pages {
		stored[p.ID] = true
	}
	var nodes []TreeNode
	ids := []string{}
	for id, n := range w.tree {
		if stored[id] || n.typ == string(wiki.TypeBlogPost) {
			continue
		}
		ids = append(ids, id)
		if n.err == nil && (compare || w.fresh[id]) {
			nodes = append(nodes, TreeNode{
				ID: id, Type: n.typ, Title: n.title, ParentID: n.parent, ParentType: n.parentType, OwnRestricted: n.own || n.unreadable,
			})
		}
	}
	if err := w.store.SaveNodes(ctx, w.src.ID, nodes); err != nil || !compare {
		return err
	}
	return w.store.KeepNodes(ctx, w.src.ID, ids)
}

// trust makes sure that what was not there was not missing because the site takes us for somebody else by now: a revoked
// token looks like an empty space.
func (w *work) trust(ctx context.Context) error {
	if !w.gone {
		return nil
	}
	return w.canary(ctx)
}

// canary asks the site who we are, and fails where that is not who we were at the start.
func (w *work) canary(ctx context.Context) error {
	if _, err := w.alive(ctx); err != nil {
		return err
	}
	if w.me == "" {
		w.me = w.latestMe
	}
	if w.me != w.latestMe {
		return fmt.Errorf("the site took the credentials for %s at first and for %s now: %w", w.me, w.latestMe, wiki.ErrCredentials)
	}
	return nil
}

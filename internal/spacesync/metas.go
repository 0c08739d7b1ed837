package spacesync

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

// metaBatch is how many contents one question after labels and restrictions names.
const metaBatch = 100

// spaceMetas reads labels, ancestors and restrictions of the whole space. It comes from the search index, so what is
// missing from it, or all of it, is asked for in other ways.
func (w *work) spaceMetas(ctx context.Context) (map[string]wiki.Meta, error) {
	metas := map[string]wiki.Meta{}
	if w.archived { // the index is silent about archived spaces
		return metas, nil
	}
	err := w.whole(ctx, "the labels and restrictions of the space", func() error {
		clear(metas)
		for m, err := range w.site.SpaceMetas(ctx, w.src.SpaceKey) {
			if err != nil {
				return err
			}
			if m.ID != "" {
				metas[m.ID] = tidyMeta(m)
			}
		}
		return nil
	})
	if err != nil && (ctx.Err() != nil || fatal(err) || errors.Is(err, errGaveUp)) {
		return nil, err
	}
	if err != nil {
		w.log(ctx, "warn", fmt.Sprintf("%v; asking page by page", err))
	}
	return metas, nil
}

// restrictions finds out of every item whether its reading is restricted, in bulk first, then one by one from the
// site's store. Where the site does not answer about a page, the stored page stays as it is, and a new one fails.
func (w *work) restrictions(ctx context.Context, items []*item) error {
	var ask []*item
	for _, it := range items {
		it.own = it.meta.ReadRestricted
		if !it.known {
			ask = append(ask, it)
		}
	}
	if !w.archived {
		if err := w.askMetas(ctx, ask); err != nil {
			return err
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(w.options.Downloads)
	for _, it := range ask {
		if it.known {
			continue
		}
		if !w.archived {
			w.setAgain()
		}
		if w.archived && it.live() {
			it.own = it.was().OwnRestricted
			continue
		}
		g.Go(func() error { return w.askRestricted(gctx, it) })
	}
	return g.Wait()
}

// askMetas reads metas by id, in pieces that are halved where they fail.
func (w *work) askMetas(ctx context.Context, items []*item) error {
	for len(items) > 0 {
		piece := items[:min(len(items), metaBatch)]
		items = items[len(piece):]
		if err := w.askMetaPiece(ctx, piece); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) askMetaPiece(ctx context.Context, items []*item) error {
	var metas []wiki.Meta
	failed, err := w.attempt(ctx, func() (err error) {
		metas, err = w.site.Metas(ctx, idsOf(items))
		return err
	})
	if err != nil {
		return err
	}
	if failed != nil {
		if len(items) == 1 {
			return nil // asked for one by one
		}
		half := len(items) / 2
		if err := w.askMetaPiece(ctx, items[:half]); err != nil {
			return err
		}
		return w.askMetaPiece(ctx, items[half:])
	}
	byID := make(map[string]wiki.Meta, len(metas))
	for _, m := range metas {
		byID[m.ID] = tidyMeta(m)
	}
	for _, it := range items {
		if m, found := byID[it.ref.ID]; found {
			it.meta, it.known, it.own = m, true, m.ReadRestricted
		}
	}
	return nil
}

// askRestricted asks about one page.
func (w *work) askRestricted(ctx context.Context, it *item) error {
	restricted, err := w.site.ReadRestricted(ctx, it.ref.ID)
	switch {
	case err == nil:
		it.own = restricted
	case errors.Is(err, wiki.ErrNotFound) || errors.Is(err, wiki.ErrForbidden):
		it.own = true // it cannot be read (any more): whatever it holds is not for everybody
	case fatal(err):
		return err
	default:
		if _, alive := w.alive(ctx); alive != nil {
			return alive
		}
		if it.live() {
			it.own = it.was().OwnRestricted
			return nil
		}
		return w.fail(ctx, it, fmt.Errorf("its restrictions cannot be read: %w", err))
	}
	return nil
}

// complete looks up the ancestors that no listing names: folders and their kin, and pages that are not current.
func (w *work) complete(ctx context.Context, items []*item, metas map[string]wiki.Meta) error {
	for range maxDepth {
		missing := w.tree.missing(items)
		if len(missing) == 0 {
			return nil
		}
		found := make([]*node, len(missing))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(w.options.Downloads)
		for i, m := range missing {
			g.Go(func() (err error) {
				found[i], err = w.ancestor(gctx, m, metas)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, n := range found {
			w.tree[n.id] = n
			w.fresh[n.id] = true
		}
	}
	return nil
}

// ancestor reads one ancestor and whether its reading is restricted. One that the site hides may be restricted; of one
// that it could not be asked about nothing new is known, and nobody may conclude anything from that.
func (w *work) ancestor(ctx context.Context, m *node, metas map[string]wiki.Meta) (*node, error) {
	n := &node{id: m.id, typ: m.typ}
	var got wiki.Node
	err := w.whole(ctx, fmt.Sprintf("the %s with id %s", orContent(m.typ), m.id), func() (err error) {
		got, err = w.site.Node(ctx, m.id, m.typ)
		return err
	})
	if err == nil {
		n.title, n.parent, n.parentType = clean(got.Title), got.ParentID, got.ParentType
		if got.Type != "" {
			n.typ = got.Type
		}
		if meta, ok := metas[m.id]; ok {
			n.own = meta.ReadRestricted
			return n, nil
		}
		err = w.whole(ctx, fmt.Sprintf("the restrictions of %q (%s)", n.title, m.id), func() (err error) {
			n.own, err = w.site.ReadRestricted(ctx, m.id)
			return err
		})
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, wiki.ErrNotFound) || errors.Is(err, wiki.ErrForbidden):
		n.unreadable = true
		return n, nil
	case fatal(err) || errors.Is(err, errGaveUp):
		return nil, err
	}
	w.setAgain()
	n = &node{id: m.id, typ: m.typ, err: err}
	if was, ok := w.nodes[m.id]; ok {
		n.typ, n.title, n.parent, n.parentType, n.own = was.Type, was.Title, was.ParentID, was.ParentType, was.OwnRestricted
	}
	return n, nil
}

func orContent(typ string) string {
	if typ == "" {
		return "content"
	}
	return typ
}

// storedNodes reads what was known of the tree beside pages.
func (w *work) storedNodes(ctx context.Context) error {
	_, nodes, err := w.store.Tree(ctx, w.src.ID)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		w.nodes[n.ID] = n
	}
	return nil
}

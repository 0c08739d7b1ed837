package spacesync

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// bar settles listed pages whose reading is restricted and that are left out for it. A page that moved here restricted
// goes from the source that had it, too.
func (w *work) bar(ctx context.Context, items []*item) error {
	if err := w.conceal(ctx, slices.Sorted(maps.Keys(w.live))); err != nil || len(items) == 0 {
		return err
	}
	items = slices.DeleteFunc(items, func(it *item) bool {
		left := it.live() && !w.concealed[it.ref.ID]
		if left {
			w.rec.settle(it.ref.ID, skipped, skipPlace)
		}
		return left
	})
	var kept []MetaChange
	for _, it := range items {
		w.fresh[it.ref.ID] = true
		if w.withheld[it.ref.ID] && it.drifted() { // by what is stored later runs tell whether it is still restricted
			kept = append(kept, it.change())
		}
	}
	for piece := range slices.Chunk(kept, metaPieces) {
		if err := w.store.UpdateMeta(ctx, w.run.Fence(), w.src.ID, piece); err != nil {
			return err
		}
	}
	if _, err := w.store.Disown(ctx, w.run.Fence(), w.src.ID, idsOf(items), "restricted"); err != nil {
		return err
	}
	if err := w.store.ClearFailures(ctx, w.src.ID, idsOf(items)); err != nil {
		return err
	}
	for _, it := range items {
		w.rec.settle(it.ref.ID, skipped, skipRestricted)
	}
	return nil
}

// conceal takes those of the stored pages out of sight whose reading is restricted, by themselves or by what is above
// them. Few are removed. So many that the guard would ask a person before it deleted them are only hidden, at once, and
// kept: one restriction at the top of a space, or a folder that the account may not read any more, is as often a mistake
// as not, and when it is lifted the pages come back without being fetched again.
func (w *work) conceal(ctx context.Context, stored []string) error {
	if w.src.Restricted != sources.Skip {
		return nil
	}
	ids := slices.DeleteFunc(slices.Clone(stored), func(id string) bool {
		return w.concealed[id] || w.tree[id] == nil || w.tree.unsure(id) || !w.tree.restricted(id)
	})
	if len(ids) == 0 {
		return nil
	}
	if err := w.canary(ctx); err != nil { // whoever is taken for somebody else may read less
		return err
	}
	var fresh, hidden []string // hidden are those that an earlier run took out of sight
	for _, id := range ids {
		if shown, known := w.live[id]; shown || !known {
			fresh = append(fresh, id)
		} else {
			hidden = append(hidden, id)
		}
	}
	fresh, err := w.unmoved(ctx, fresh)
	if err != nil {
		return err
	}
	if len(fresh)+len(hidden) == 0 {
		return nil
	}
	live := max(len(w.live), len(stored))
	if !w.guarded(len(w.concealed)+len(fresh)+len(hidden), live) {
		hidden, err := w.unmoved(ctx, hidden)
		if err != nil {
			return err
		}
		ids := slices.Concat(fresh, hidden)
		for _, id := range ids {
			w.concealed[id] = true
		}
		return w.remove(ctx, ids, "restricted")
	}
	return w.withhold(ctx, fresh, hidden, live)
}

// withhold keeps restricted pages for an admin's decision, out of sight: fresh ones that readers saw until now, and those
// that are hidden already.
func (w *work) withhold(ctx context.Context, fresh, hidden []string, live int) error {
	ids := slices.Concat(fresh, hidden)
	for _, id := range ids {
		w.concealed[id], w.withheld[id] = true, true
	}
	n := len(w.concealed)
	if len(fresh) > 0 {
		w.setAgain() // a look at a tree that changed meanwhile may deceive; the next one tells
	}
	w.rec.change(func(p *Progress) { p.Regraded += len(fresh) })
	w.rec.note(fmt.Sprintf("%d of %d pages may not be read by everybody any more. They are hidden, and kept until an admin decides.", n, live))
	w.log(ctx, "warn", fmt.Sprintf("%d of %d pages are restricted now; hidden, and waiting for an admin's decision", n, live))
	return w.store.Withhold(ctx, w.run.Fence(), w.src.ID, ids)
}

// unmoved returns those of the pages whose way up to what restricts them is still as the tree has it. A page that was listed
// below a parent, left it, and whose old parent was restricted after that, never was restricted: it stays, and the next run
// looks at the whole space again.
func (w *work) unmoved(ctx context.Context, ids []string) ([]string, error) {
	ways := make(map[string][]string, len(ids)) // the page and the pages above it, up to what restricts it
	var ask []string
	for _, id := range ids {
		above, _ := w.tree.above(id)
		at := w.tree[id]
		for !at.own && !at.unreadable && len(above) > 0 {
			if at.typ == string(wiki.TypePage) {
				ways[id] = append(ways[id], at.id)
			}
			at, above = above[len(above)-1], above[:len(above)-1]
		}
		ask = append(ask, ways[id]...)
	}
	slices.Sort(ask)
	moved := map[string]bool{}
	for piece := range slices.Chunk(slices.Compact(ask), confirmBatch) {
		found, err := w.contents(ctx, wiki.TypePage, piece, map[string]error{})
		if err != nil {
			return nil, err
		}
		for id, ref := range found {
			moved[id] = ref.ParentID != w.tree[id].parent
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		gone := slices.ContainsFunc(ways[id], func(at string) bool { return moved[at] })
		if gone {
			w.setAgain()
		}
		return gone
	}), nil
}

package spacesync

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sluicehq/sluice/internal/sources"
)

// bar settles listed pages whose reading is restricted and that are left out for it. A page that moved here restricted
// goes from the source that had it, too.
func (w *work) bar(ctx context.Context, items []*item) error {
	if err := w.conceal(ctx, slices.Sorted(maps.Keys(w.live))); err != nil || len(items) == 0 {
		return err
	}
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
	for _, id := range ids {
		w.concealed[id] = true
	}
	n, live := len(w.concealed), max(len(w.live), len(stored))
	if !w.guarded(n, live) {
		return w.remove(ctx, ids, "restricted")
	}
	for _, id := range ids {
		w.withheld[id] = true
	}
	w.rec.change(func(p *Progress) { p.Regraded += len(ids) })
	w.rec.note(fmt.Sprintf("%d of %d pages may not be read by everybody any more. They are hidden, and kept until an admin decides.", n, live))
	w.log(ctx, "warn", fmt.Sprintf("%d of %d pages are restricted now; hidden, and waiting for an admin's decision", n, live))
	return w.store.Withhold(ctx, w.run.Fence(), w.src.ID, ids)
}

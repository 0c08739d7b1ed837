package spacesync

import (
	"context"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
)

// reprocessBatch is how many stored pages are made again at once.
const reprocessBatch = 25

// reprocess makes pages again from their stored bodies, without the site. They stay searchable meanwhile.
func (w *work) reprocess(ctx context.Context) error {
	w.rec.phase(sources.PhaseSyncing)
	total, err := w.store.CountToReprocess(ctx, w.src.ID, index.Version(), w.run.Full)
	if err != nil {
		return err
	}
	after := ""
	for {
		ids, err := w.store.ToReprocess(ctx, w.src.ID, index.Version(), w.run.Full, after, reprocessBatch)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		w.rec.list(ids...)
		w.rec.change(func(p *Progress) { p.Total = max(total, p.Listed) })
		if err := w.remake(ctx, ids); err != nil {
			return err
		}
	}
	if err := w.rec.check(); err != nil {
		return err
	}
	w.rec.phase(sources.PhaseDone)
	return nil
}

func (w *work) remake(ctx context.Context, ids []string) error {
	inputs, err := w.store.StoredPages(ctx, w.src.ID, ids)
	if err != nil {
		return err
	}
	items := make([]*item, len(inputs))
	for i, in := range inputs {
		items[i] = &item{ref: in.Content.ContentRef}
	}
	if len(inputs) > 0 {
		w.rec.change(func(p *Progress) { p.CurrentTitle = items[0].ref.Title })
	}
	err = w.indexer.Take(ctx, index.Batch{Source: w.src.Source, Fence: w.run.Fence()}, inputs, func(i int, s index.Stored, err error) error {
		return w.took(ctx, items[i], s, err)
	})
	if err != nil {
		return err
	}
	for _, id := range ids { // what has no stored body comes with the next sync
		w.rec.settle(id, skipped, "no stored body")
	}
	return nil
}

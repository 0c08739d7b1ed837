package spacesync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sluicehq/sluice/internal/wiki"
)

// confirmBatch is how many pages one question before a deletion names.
const confirmBatch = 100

// deletions removes stored pages that the complete listing does not have: after asking the site for each of them by id,
// after making sure that the credentials are good, and not too many of them unasked.
func (w *work) deletions(ctx context.Context) error {
	live := 0
	byType := map[wiki.ContentType][]string{}
	for _, id := range slices.Sorted(maps.Keys(w.states)) {
		s := w.states[id]
		if s.Deleted {
			continue
		}
		live++
		if !w.listed[id] {
			byType[s.Ref.Type] = append(byType[s.Ref.Type], id)
		}
	}
	reasons := map[string]string{}
	for _, typ := range contentTypes() {
		for piece := range slices.Chunk(byType[typ], confirmBatch) {
			if err := w.confirm(ctx, typ, piece, reasons); err != nil {
				return err
			}
		}
	}
	if len(byType) > 0 {
		if err := w.canary(ctx); err != nil {
			return err
		}
	}
	if w.guarded(len(reasons), live) {
		w.rec.note(fmt.Sprintf("%d of %d pages are no longer there. That many are not removed unasked: they are kept until an admin decides.", len(reasons), live))
		w.log(ctx, "warn", fmt.Sprintf("%d of %d pages would be removed; waiting for an admin's decision", len(reasons), live))
		return w.pend(ctx, reasons)
	}
	byReason := map[string][]string{}
	for id, reason := range reasons {
		byReason[reason] = append(byReason[reason], id)
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		slices.Sort(byReason[reason])
		if err := w.remove(ctx, byReason[reason], reason); err != nil {
			return err
		}
		for _, id := range byReason[reason] { // one that was hidden, too, is gone and waits for no decision
			delete(w.withheld, id)
		}
	}
	return w.pend(ctx, map[string]string{})
}

// pend makes these missing pages, and the withheld ones, those that wait for a decision.
func (w *work) pend(ctx context.Context, reasons map[string]string) error {
	for id := range w.withheld {
		reasons[id] = ReasonRestricted
	}
	return w.store.SetPending(ctx, w.src.ID, reasons)
}

// guarded reports whether removing n of so many live pages takes a person's consent.
func (w *work) guarded(n, live int) bool {
	return n > 0 && n >= w.src.GuardMinimum && n*100 > w.src.GuardPercent*live
}

// confirm asks for pages by id and adds to reasons those that are really not here any more.
func (w *work) confirm(ctx context.Context, typ wiki.ContentType, ids []string, reasons map[string]string) error {
	bad := map[string]error{}
	found, err := w.contents(ctx, typ, ids, bad)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, ok := found[id]
		switch {
		case bad[id] != nil:
			w.log(ctx, "warn", fmt.Sprintf("Page %s is not listed and cannot be asked for; it is kept: %v", id, bad[id]))
			w.setAgain()
		case !ok:
			reasons[id] = "not found"
		case c.Status != "" && c.Status != wiki.StatusCurrent:
			reasons[id] = string(c.Status)
		case w.here(c): // it came back since the listing
			w.setAgain()
		default:
			if err := w.moved(ctx, c, reasons); err != nil {
				return err
			}
		}
	}
	return nil
}

// moved hands a page over to the source of the space it moved to, where there is one: it stays until that source has it,
// so that it can be found all the time.
func (w *work) moved(ctx context.Context, c wiki.ContentRef, reasons map[string]string) error {
	heir, err := w.store.SourceForSpace(ctx, w.src.BaseURL, c.SpaceID, c.SpaceKey)
	switch {
	case err == nil && heir != w.src.ID:
		w.log(ctx, "info", fmt.Sprintf("%q (%s) moved to source %s", c.Title, c.ID, heir))
		return w.store.WantComparison(ctx, heir)
	case err != nil && !errors.Is(err, wiki.ErrNotFound):
		return err
	}
	to := c.SpaceKey
	if to == "" {
		to = "the space with id " + c.SpaceID
	}
	reasons[c.ID] = "moved to " + to
	return nil
}

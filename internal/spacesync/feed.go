package spacesync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// olderRows is how many rows in a row have to be older than the watermark before a listing by modification date is
// believed to have nothing newer below: that the date of its order is the version's is not documented. It is less than
// what the site returns at once, so a run with nothing to do reads one page of rows.
const olderRows = 90

// changes lists what changed since the watermark: what the search index says, and beside it the site's listing by
// modification date, which has no lag.
func (w *work) changes(ctx context.Context) ([]*item, error) {
	byID := map[string]*item{}
	if err := w.searchChanges(ctx, byID); err != nil {
		return nil, err
	}
	if err := w.witness(ctx, byID); err != nil {
		return nil, err
	}
	if err := w.failedBefore(ctx, byID); err != nil {
		return nil, err
	}
	if len(byID) == 0 {
		return nil, nil
	}
	items := make([]*item, 0, len(byID))
	for _, it := range byID {
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b *item) int { return strings.Compare(a.ref.ID, b.ref.ID) })
	w.rec.list(idsOf(items)...)
	return w.judge(ctx, items)
}

// failedBefore adds the failed pages whose next try is due, and marks those that wait for it and have not changed since.
func (w *work) failedBefore(ctx context.Context, byID map[string]*item) error {
	failures, err := w.store.DueFailures(ctx, w.src.ID, true)
	if err != nil || len(failures) == 0 {
		return err
	}
	due, err := w.due(ctx)
	if err != nil {
		return err
	}
	for _, f := range failures {
		it := byID[f.ID]
		if it == nil && !due[f.ID] {
			continue
		}
		if it == nil {
			it = &item{ref: wiki.ContentRef{ID: f.ID, Type: f.Type, Title: f.Title}}
			byID[f.ID] = it
		}
		it.retry = due[f.ID] || it.ref.VersionAt.After(f.LastAt.Add(-clockSkew))
		it.wait = !it.retry
	}
	return nil
}

// judge finds out which of the listed pages have to be looked at, and everything about them but their bodies.
func (w *work) judge(ctx context.Context, items []*item) ([]*item, error) {
	states, err := w.store.States(ctx, w.src.ID, idsOf(items))
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		it.found(states)
		it.own = it.was().OwnRestricted
	}
	if err := w.storedTree(ctx); err != nil {
		return nil, err
	}
	if items, err = w.secondLook(ctx, items); err != nil {
		return nil, err
	}
	var look []*item
	for _, it := range items {
		if it.stale(w.src.FullSince) || it.drifted() {
			look = append(look, it)
		}
	}
	if err := w.restrictions(ctx, look); err != nil {
		return nil, err
	}
	metas := make(map[string]wiki.Meta, len(look))
	for _, it := range look {
		was, n := w.tree[it.ref.ID], newNode(it)
		if was != nil && was.own && !n.own {
			w.again = true // what is below was left out, and no date tells of it
		}
		w.tree[it.ref.ID] = n
		if it.known {
			metas[it.ref.ID] = it.meta
		}
	}
	return items, w.complete(ctx, look, metas)
}

// searchChanges asks the search index. The window is computed from the site's clock on both ends; what it says
// now is known with the answer, so where the guess made it too short the question is asked again.
func (w *work) searchChanges(ctx context.Context, byID map[string]*item) error {
	now := w.siteTime(w.src.BaseURL)
	for {
		window := max(now.Sub(*w.src.Watermark), 0) + time.Minute
		err := w.whole(ctx, "the search for changes", func() error {
			for ref, err := range w.site.ChangedSince(ctx, w.src.SpaceKey, window) {
				if err != nil {
					return err
				}
				if was := byID[ref.ID]; ref.ID != "" && (was == nil || was.ref.Version < ref.Version) {
					byID[ref.ID] = &item{ref: tidy(ref, wiki.TypePage)}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if w.began.IsZero() {
			var ok bool
			if w.began, ok = w.site.ServerTime(); !ok {
				if _, err := w.alive(ctx); err != nil {
					return err
				}
				w.began = w.latestTime
			}
			w.setSiteTime(w.src.BaseURL, w.began)
		}
		if w.began.Sub(*w.src.Watermark) <= window {
			return nil
		}
		now = w.began
	}
}

// witness reads the listings by modification date as far as the watermark. Where the deployment has none, or they are
// empty although pages are stored, the space is asked for: a search in a space that the account cannot see finds nothing
// and says nothing.
func (w *work) witness(ctx context.Context, byID map[string]*item) error {
	rows, supported := 0, true
	for _, typ := range contentTypes() {
		err := w.whole(ctx, "the latest "+plural(typ), func() error {
			older := 0
			for ref, err := range w.site.RecentlyModified(ctx, w.src.Space(), typ) {
				if errors.Is(err, errors.ErrUnsupported) {
					supported = false
					return nil
				}
				if err != nil {
					return err
				}
				rows++
				if ref.VersionAt.Before(*w.src.Watermark) {
					if older++; older >= olderRows {
						return nil
					}
					continue
				}
				older = 0
				if w.ours(ref) {
					w.addSure(byID, tidy(ref, typ))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if supported && rows > 0 {
		return nil
	}
	err := w.whole(ctx, fmt.Sprintf("space %s", w.src.SpaceKey), func() error {
		_, err := w.site.Space(ctx, w.src.SpaceKey)
		return err
	})
	if err != nil || !supported {
		return err
	}
	live, err := w.store.CountLive(ctx, w.src.ID)
	if live > 0 {
		w.again = true
	}
	return err
}

func (w *work) addSure(byID map[string]*item, ref wiki.ContentRef) {
	it := byID[ref.ID]
	if it == nil {
		it = &item{}
		byID[ref.ID] = it
	}
	it.ref, it.sure = ref, true
}

// secondLook asks the site's store about rows that only the search index or the list of failures named: the index may
// lag, and a row of it may be older than what is stored. It returns the items that are content of this space.
func (w *work) secondLook(ctx context.Context, items []*item) ([]*item, error) {
	byType := map[wiki.ContentType][]*item{}
	for _, it := range items {
		if !it.sure && (it.retry || !it.live() || it.stale(w.src.FullSince)) {
			byType[it.ref.Type] = append(byType[it.ref.Type], it)
		}
	}
	missing := map[string]string{} // id → why it is not looked at any further
	var clearing []string
	for _, typ := range contentTypes() {
		for piece := range slices.Chunk(byType[typ], metaBatch) {
			bad := map[string]error{}
			found, err := w.contents(ctx, typ, idsOf(piece), bad)
			if err != nil {
				return nil, err
			}
			for _, it := range piece {
				c, ok := found[it.ref.ID]
				switch {
				case bad[it.ref.ID] != nil:
					missing[it.ref.ID] = ""
					if err := w.fail(ctx, it, bad[it.ref.ID]); err != nil {
						return nil, err
					}
				case !ok && it.retry:
					clearing = append(clearing, it.ref.ID)
					missing[it.ref.ID] = skipGone
				case !ok:
					missing[it.ref.ID] = skipGone
				case c.Status != wiki.StatusCurrent:
					missing[it.ref.ID] = skipStatus(c.Status)
				case !w.here(c):
					missing[it.ref.ID] = skipMoved
				default:
					it.ref, it.sure = tidy(c, typ), true
				}
			}
		}
	}
	kept := items[:0:0]
	for _, it := range items {
		if why, ok := missing[it.ref.ID]; ok { // one that failed is settled
			w.rec.settle(it.ref.ID, skipped, why)
			w.gone = w.gone || why == skipGone
			continue
		}
		if !it.sure && it.live() { // an old row of the index
			it.ref = it.was().Ref
		}
		kept = append(kept, it)
	}
	if len(clearing) == 0 {
		return kept, nil
	}
	if err := w.trust(ctx); err != nil {
		return nil, err
	}
	return kept, w.store.ClearFailures(ctx, w.src.ID, clearing)
}

// contents reads contents by id without their bodies, halving what fails; bad are those that cannot be read even alone.
func (w *work) contents(ctx context.Context, typ wiki.ContentType, ids []string, bad map[string]error) (map[string]wiki.ContentRef, error) {
	var list []wiki.Content
	failed, err := w.attempt(ctx, func() (err error) {
		list, err = w.site.Contents(ctx, typ, ids, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	found := make(map[string]wiki.ContentRef, len(list))
	if failed == nil {
		for _, c := range list {
			found[c.ID] = c.ContentRef
		}
		return found, nil
	}
	if len(ids) == 1 {
		bad[ids[0]] = failed
		return found, nil
	}
	for _, half := range [][]string{ids[:len(ids)/2], ids[len(ids)/2:]} {
		part, err := w.contents(ctx, typ, half, bad)
		if err != nil {
			return nil, err
		}
		maps.Copy(found, part)
	}
	return found, nil
}

// storedTree is the tree as it is stored, which a run without a comparison changes where pages changed.
func (w *work) storedTree(ctx context.Context) error {
	pages, nodes, err := w.store.Tree(ctx, w.src.ID)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		w.nodes[n.ID] = n
		w.tree[n.ID] = &node{id: n.ID, typ: n.Type, title: n.Title, parent: n.ParentID, parentType: n.ParentType, own: n.OwnRestricted}
	}
	w.live = make(map[string]bool, len(pages))
	for _, p := range pages {
		w.live[p.ID] = !p.Restricted
		w.tree[p.ID] = &node{
			id: p.ID, typ: string(p.Type), title: p.Title, url: p.URL, parent: p.ParentID, parentType: p.ParentType,
			position: p.Position, own: p.OwnRestricted,
		}
	}
	return nil
}

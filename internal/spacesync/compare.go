package spacesync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

// contentTypes are the contents that are indexed, each with a listing of its own.
func contentTypes() [2]wiki.ContentType {
	return [...]wiki.ContentType{wiki.TypePage, wiki.TypeBlogPost}
}

func plural(typ wiki.ContentType) string {
	if typ == wiki.TypeBlogPost {
		return "blog posts"
	}
	return "pages"
}

// compareAll lists the whole space and sets it against the store.
func (w *work) compareAll(ctx context.Context) ([]*item, error) {
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	states, err := w.store.States(ctx, w.src.ID, nil)
	if err != nil {
		return nil, err
	}
	w.states, w.live = states, map[string]bool{}
	for id, s := range states {
		if !s.Deleted {
			w.live[id] = !s.Restricted
		}
	}
	var items []*item
	var metas map[string]wiki.Meta
	g, gctx := errgroup.WithContext(ctx) // two listings of as many requests: side by side they take half the time
	g.Go(func() (err error) { items, err = w.listSpace(gctx); return err })
	g.Go(func() (err error) { metas, err = w.spaceMetas(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(it *item) bool { // a page that became a blog post meanwhile is in both
		if w.listed[it.ref.ID] {
			return true
		}
		w.listed[it.ref.ID] = true
		it.found(states)
		return false
	})
	w.rec.list(idsOf(items)...)
	if err := w.retries(ctx, items); err != nil {
		return nil, err
	}
	for _, it := range items {
		it.meta, it.known = metas[it.ref.ID]
	}
	if err := w.restrictions(ctx, items); err != nil {
		return nil, err
	}
	if err := w.files(ctx, items); err != nil {
		return nil, err
	}
	for _, it := range items {
		w.tree[it.ref.ID] = newNode(it)
	}
	if err := w.storedNodes(ctx); err != nil {
		return nil, err
	}
	return items, w.complete(ctx, items, metas)
}

// listSpace lists the contents of all types.
func (w *work) listSpace(ctx context.Context) ([]*item, error) {
	var items []*item
	for _, typ := range contentTypes() {
		rows, err := w.listAll(ctx, typ, len(items))
		if err != nil {
			return nil, err
		}
		items = append(items, rows...)
	}
	return items, nil
}

// begin checks the credentials, takes the site's time and asks for the space.
func (w *work) begin(ctx context.Context) error {
	if _, err := w.alive(ctx); err != nil {
		return err
	}
	w.me, w.began = w.latestMe, w.latestTime
	w.setSiteTime(w.src.BaseURL, w.began)
	var space wiki.Space
	err := w.whole(ctx, fmt.Sprintf("space %s", w.src.SpaceKey), func() (err error) {
		space, err = w.site.Space(ctx, w.src.SpaceKey)
		return err
	})
	if err != nil {
		return err
	}
	if w.src.SpaceID != "" && space.ID != "" && w.src.SpaceID != space.ID {
		w.log(ctx, "warn", fmt.Sprintf("The key %s names another space now (id %s, was %s)", w.src.SpaceKey, space.ID, w.src.SpaceID))
	}
	w.src.SpaceID, w.src.SpaceURL, w.src.HomepageID = space.ID, space.URL, space.HomepageID
	w.archived = space.Status == string(wiki.StatusArchived)
	return w.store.SetSpace(ctx, w.src.ID, space)
}

// listAll reads one complete listing. Rows that do not belong into it are dropped; what is missing then is asked for by
// id before anything is deleted.
func (w *work) listAll(ctx context.Context, typ wiki.ContentType, before int) ([]*item, error) {
	var items []*item
	err := w.whole(ctx, "the list of "+plural(typ), func() error {
		items = items[:0]
		at := map[string]int{}
		for ref, err := range w.site.List(ctx, w.src.Space(), typ) {
			if err != nil {
				return err
			}
			if !w.ours(ref) {
				continue
			}
			ref = tidy(ref, typ)
			if i, ok := at[ref.ID]; ok { // a row that came twice: the later look counts
				items[i].ref = ref
				continue
			}
			at[ref.ID] = len(items)
			items = append(items, &item{ref: ref, sure: true})
			w.rec.change(func(p *Progress) { p.Total = before + len(items) })
		}
		return nil
	})
	return items, err
}

// ours reports whether a row is current content of the space.
func (w *work) ours(ref wiki.ContentRef) bool {
	return ref.ID != "" && (ref.Status == "" || ref.Status == wiki.StatusCurrent) && w.here(ref)
}

// here reports whether content is in the space, as far as it tells.
func (w *work) here(ref wiki.ContentRef) bool {
	switch {
	case ref.SpaceID != "" && w.src.SpaceID != "":
		return ref.SpaceID == w.src.SpaceID
	case ref.SpaceKey != "":
		return strings.EqualFold(ref.SpaceKey, w.src.SpaceKey)
	}
	return true
}

// retries marks the listed pages that failed before. Whoever starts a run by hand wants all of them tried again.
func (w *work) retries(ctx context.Context, items []*item) error {
	failures, err := w.store.DueFailures(ctx, w.src.ID, true)
	if err != nil || len(failures) == 0 {
		return err
	}
	due, err := w.due(ctx)
	if err != nil {
		return err
	}
	byID := make(map[string]*item, len(items))
	for _, it := range items {
		byID[it.ref.ID] = it
	}
	var gone []string
	for _, f := range failures {
		it := byID[f.ID]
		switch {
		case it == nil:
			gone = append(gone, f.ID)
		case due[f.ID] || it.ref.VersionAt.After(f.LastAt.Add(-clockSkew)):
			it.retry = true
		default:
			it.wait = true
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return w.store.ClearFailures(ctx, w.src.ID, gone)
}

// clockSkew is how much the site's clock and the database's may differ.
const clockSkew = 10 * time.Minute

// due are the failed pages whose next try is due.
func (w *work) due(ctx context.Context) (map[string]bool, error) {
	failures, err := w.store.DueFailures(ctx, w.src.ID, w.byHand())
	if err != nil {
		return nil, err
	}
	due := make(map[string]bool, len(failures))
	for _, f := range failures {
		due[f.ID] = true
	}
	return due, nil
}

// files reads the attachments of live pages that got other ones since the last comparison; a page that is fetched
// brings its own.
func (w *work) files(ctx context.Context, items []*item) error {
	if w.src.LastReconciliation == nil {
		return nil
	}
	changed := map[string]bool{}
	window := w.began.Sub(*w.src.LastReconciliation) + w.options.Overlap
	err := w.whole(ctx, "the list of changed attachments", func() error {
		for id, err := range w.site.ChangedContainers(ctx, w.src.SpaceKey, window) {
			if err != nil {
				return err
			}
			changed[id] = true
		}
		return nil
	})
	switch {
	case err == nil:
	case ctx.Err() != nil || fatal(err) || errors.Is(err, errGaveUp):
		return err
	default: // the names of files are worth less than the run; they come with the pages' next versions
		w.log(ctx, "warn", err.Error())
	}
	for _, it := range items {
		if !changed[it.ref.ID] || !it.live() {
			continue
		}
		if it.known && it.meta.Attachments != nil {
			it.files = it.meta.Attachments
			continue
		}
		files, err := w.site.Attachments(ctx, it.ref.Type, it.ref.ID)
		if err != nil {
			if _, alive := w.alive(ctx); alive != nil {
				return alive
			}
			w.log(ctx, "warn", fmt.Sprintf("The attachments of %q (%s) cannot be listed: %v", it.ref.Title, it.ref.ID, err))
			w.again = true
			continue
		}
		it.files = files
		if it.files == nil {
			it.files = []wiki.Attachment{}
		}
	}
	return nil
}

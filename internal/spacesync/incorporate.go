package spacesync

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Why a listed page is left out.
const (
	skipRestricted = "its reading is restricted"
	skipWaiting    = "failed before, waits for its next try"
	skipGone       = "no longer there"
	skipMoved      = "moved to another space"
	skipPlace      = "its place in the tree is not known, the next run looks again"
)

func skipStatus(s wiki.Status) string { return "not current: " + string(s) }

// metaPieces is how many changes one transaction writes.
const metaPieces = 200

// incorporate brings the listed pages into the store: bodies only of those whose version is not the stored one.
func (w *work) incorporate(ctx context.Context, items []*item) error {
	w.rec.phase(sources.PhaseSyncing)
	w.indexTitles()
	if w.states != nil { // the tree is whole: pages are stored with their children, so that few have to follow it later
		w.children = w.tree.children(func(id string) bool { return w.listed[id] && !w.tree.restricted(id) })
	}
	var fetch, change, barred, blind []*item
	for _, it := range items {
		switch {
		case !w.rec.unsettled(it.ref.ID):
		case w.tree.unsure(it.ref.ID):
			w.again = true
			w.rec.settle(it.ref.ID, skipped, skipPlace)
		case w.src.Restricted == sources.Skip && w.tree.restricted(it.ref.ID):
			barred = append(barred, it)
		case it.wait:
			w.rec.settle(it.ref.ID, skipped, skipWaiting)
		case it.stale(w.src.FullSince) && w.tree.blind(it.ref.ID) != nil:
			blind = append(blind, it)
		case it.stale(w.src.FullSince):
			fetch = append(fetch, it)
		case it.drifted():
			change = append(change, it)
		default:
			w.rec.settle(it.ref.ID, unchanged, "")
		}
	}
	if err := w.bar(ctx, barred); err != nil {
		return err
	}
	for _, it := range blind {
		if err := w.fail(ctx, it, w.tree.blind(it.ref.ID)); err != nil {
			return err
		}
	}
	for piece := range slices.Chunk(change, metaPieces) {
		changes := make([]MetaChange, len(piece))
		for i, it := range piece {
			changes[i] = it.change()
		}
		if err := w.store.UpdateMeta(ctx, w.run.Fence(), w.src.ID, changes); err != nil {
			return err
		}
		for _, it := range piece {
			w.rec.settle(it.ref.ID, updated, "")
		}
	}
	return w.fetchAll(ctx, fetch)
}

// remove deletes pages and counts them.
func (w *work) remove(ctx context.Context, ids []string, reason string) error {
	if len(ids) == 0 {
		return nil
	}
	pages, chunks, err := w.store.SoftDelete(ctx, w.run.Fence(), w.src.ID, ids, reason)
	w.rec.change(func(p *Progress) { p.Deleted += pages; p.ChunksDeleted += chunks })
	return err
}

// fail notes that a page could not be stored: for this run's figures, and for later runs, which try it again.
func (w *work) fail(ctx context.Context, it *item, cause error) error {
	text := cause.Error()
	if first, _, ok := strings.Cut(text, "\n"); ok {
		text = first
	}
	w.rec.settle(it.ref.ID, failed, "")
	f := Failure{ID: it.ref.ID, Type: it.ref.Type, Title: it.ref.Title, URL: it.ref.URL, Error: clean(text)}
	tries, err := w.store.SaveFailure(ctx, w.src.ID, f)
	if err != nil {
		return err
	}
	w.options.Logger.WarnContext(ctx, "page failed", "source", w.src.ID, "run", w.run.ID, "page", it.ref.ID, "tries", tries, "err", cause)
	return w.store.AddRunError(ctx, w.run.ID, it.ref.ID, it.ref.Title, f.Error)
}

// take converts and stores pages that have been fetched.
func (w *work) take(ctx context.Context, items []*item, contents []wiki.Content, asked time.Time) error {
	select {
	case w.taking <- struct{}{}:
		defer func() { <-w.taking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	inputs := make([]index.Input, len(items))
	for i, it := range items {
		inputs[i] = w.input(it, contents[i], asked)
	}
	w.rec.change(func(p *Progress) { p.CurrentTitle = items[0].ref.Title })
	b := index.Batch{Source: w.src.Source, Fence: w.run.Fence(), People: w.site, Known: w.target}
	if v, ok := w.site.(Viewer); ok && w.options.RenderMacros {
		b.View = v.View
	}
	return w.indexer.Take(ctx, b, inputs, func(i int, s index.Stored, err error) error { return w.took(ctx, items[i], s, err) })
}

// input is a page with everything that its body does not tell. The content was read after the listing, so it has the
// last word where they differ; a place that is not known yet is left to the next comparison.
func (w *work) input(it *item, c wiki.Content, asked time.Time) index.Input {
	w.mu.Lock()
	defer w.mu.Unlock()
	listed := it.ref
	it.ref = tidy(c.ContentRef, listed.Type)
	if it.ref.ParentID != listed.ParentID && it.ref.ParentID != "" && w.tree[it.ref.ParentID] == nil {
		it.ref.ParentID, it.ref.ParentType = listed.ParentID, listed.ParentType
		w.again = true
	}
	if it.ref.URL == "" {
		it.ref.URL = listed.URL
	}
	w.tree[it.ref.ID] = newNode(it)
	return index.Input{
		Content:   wiki.Content{ContentRef: it.ref, Storage: c.Storage, HasBody: true},
		Ancestors: w.tree.crumbs(it.ref.ID), Labels: it.labels(), OwnRestricted: it.own,
		Restricted:  w.tree.restricted(it.ref.ID) || w.tree.blind(it.ref.ID) != nil, // the latter where it moved since the listing
		Attachments: it.meta.Attachments, Children: w.children[it.ref.ID], FetchedAt: asked,
	}
}

// took accounts for a page that was stored, or was not. The error ends the run.
func (w *work) took(ctx context.Context, it *item, s index.Stored, err error) error {
	switch {
	case err != nil && (ctx.Err() != nil || lost(err)):
		return err
	case err != nil:
		return w.fail(ctx, it, err)
	case s.Stale:
		w.rec.settle(it.ref.ID, unchanged, "")
		return nil
	case s.Created:
		w.rec.settle(it.ref.ID, created, "")
	default:
		w.rec.settle(it.ref.ID, updated, "")
	}
	w.rec.change(func(p *Progress) {
		p.ChunksCreated += s.ChunksCreated
		p.ChunksKept += s.ChunksKept
		p.ChunksDeleted += s.ChunksDeleted
	})
	for _, other := range s.TakenFrom {
		w.log(ctx, "info", fmt.Sprintf("%q (%s) moved here from source %s", it.ref.Title, it.ref.ID, other))
	}
	return nil
}

// indexTitles makes the pages of the tree findable by title, for links between pages that are not stored yet.
func (w *work) indexTitles() {
	w.titles = make(map[string]string, len(w.tree))
	for id, n := range w.tree {
		if n.typ == string(wiki.TypePage) && n.url != "" {
			w.titles[strings.ToLower(n.title)] = id
		}
	}
}

// target answers what a link within the space points to.
func (w *work) target(id string, ref index.TitleRef) (index.Target, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id == "" {
		if !strings.EqualFold(ref.SpaceKey, w.src.SpaceKey) {
			return index.Target{}, false
		}
		id = w.titles[strings.ToLower(ref.Title)]
	}
	n := w.tree[id]
	if n == nil || n.url == "" {
		return index.Target{}, false
	}
	return index.Target{ID: n.id, SpaceKey: w.src.SpaceKey, Title: n.title, URL: n.url}, true
}

package index

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/convert"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Options configure an Indexer; the zero value is usable.
type Options struct {
	// Workers is how many pages are converted at once; 0: one a core.
	Workers int
	// Wake is called after pages were stored: there may be chunks to embed. It must not block.
	Wake   func()
	Logger *slog.Logger
}

// Indexer takes pages in. It is safe for concurrent use.
type Indexer struct {
	store   Store
	workers int
	wake    func()
	log     *slog.Logger
}

// New returns an indexer.
func New(store Store, o Options) *Indexer {
	ix := &Indexer{store: store, workers: o.Workers, wake: o.Wake, log: o.Logger}
	if ix.workers <= 0 {
		ix.workers = runtime.GOMAXPROCS(0)
	}
	if ix.wake == nil {
		ix.wake = func() {}
	}
	if ix.log == nil {
		ix.log = slog.New(slog.DiscardHandler)
	}
	return ix
}

// Version is the version of what makes chunks of a body; pages stored under another one are to be processed again.
func Version() int { return convert.Version*1000 + splitVersion }

// Batch is where pages come from and on whose behalf they are stored.
type Batch struct {
	Source Source
	Fence  Fence
	// People resolves names that are not known yet; nil: only what is known is used.
	People People
	// View answers a page as Confluence renders it; it is asked for pages with macros that exist only so. nil: these
	// stay empty. An error leaves the macros out.
	View func(ctx context.Context, typ wiki.ContentType, id string) (html string, err error)
	// Known answers pages that are on the site but may not be stored yet, such as those of the listing that is being
	// worked through; may be nil.
	Known func(id string, ref TitleRef) (Target, bool)
}

// Take converts pages, several at once, and stores them together. It tells done of each one, one after the other; an
// error of done ends it. What goes wrong with one page, a panic of the converter included, is that page's error: a batch
// that cannot be stored is halved until the page that is the reason stands alone. Take itself fails only where nothing
// can be stored at all (the context ended, the database does not answer to the look-ups), or done says so.
func (ix *Indexer) Take(ctx context.Context, b Batch, inputs []Input, done func(i int, s Stored, err error) error) error {
	docs := make([]document, len(inputs))
	if err := ix.each(ctx, len(inputs), func(i int) { docs[i] = parse(b, inputs[i]) }); err != nil {
		return err
	}
	if b.View != nil {
		inputs = slices.Clone(inputs)
		if err := ix.each(ctx, len(inputs), func(i int) { inputs[i].Rendered = ix.rendered(ctx, b, inputs[i], docs[i]) }); err != nil {
			return err
		}
	}
	known, err := ix.lookUp(ctx, b, inputs, docs)
	if err != nil {
		return err
	}
	pages := make([]Page, len(inputs))
	err = ix.each(ctx, len(inputs), func(i int) {
		if docs[i].err == nil {
			pages[i], docs[i].err = build(b.Source, inputs[i], docs[i], known)
		}
		docs[i] = document{err: docs[i].err} // the trees of a batch of large pages are the most memory a sync holds
	})
	if err != nil {
		return err
	}
	var good []int
	for i, d := range docs {
		if d.err == nil {
			good = append(good, i)
		} else if err := done(i, Stored{}, d.err); err != nil {
			return err
		}
	}
	defer ix.wake()
	return ix.write(ctx, b.Fence, pages, good, done)
}

// write stores those pages that which names.
func (ix *Indexer) write(ctx context.Context, fence Fence, pages []Page, which []int, done func(i int, s Stored, err error) error) error {
	batch := make([]Page, len(which))
	for j, i := range which {
		batch[j] = pages[i]
	}
	stored, err := ix.store.ReplacePages(ctx, fence, batch)
	switch {
	case err == nil:
		for j, i := range which {
			if err := done(i, stored[j], nil); err != nil {
				return err
			}
		}
		return nil
	case ctx.Err() != nil:
		return err
	case len(which) == 1:
		return done(which[0], Stored{}, err)
	}
	half := len(which) / 2
	if err := ix.write(ctx, fence, pages, which[:half], done); err != nil {
		return err
	}
	return ix.write(ctx, fence, pages, which[half:], done)
}

// rendered fetches what Confluence makes of a page's macros.
func (ix *Indexer) rendered(ctx context.Context, b Batch, in Input, doc document) map[string]string {
	ids := doc.needs.RenderedIDs()
	if len(ids) == 0 {
		return in.Rendered
	}
	view, err := b.View(ctx, in.Content.Type, in.Content.ID)
	if err != nil {
		if ctx.Err() == nil {
			ix.log.WarnContext(ctx, "macros are not rendered", "source", b.Source.ID, "page", in.Content.ID, "err", err)
		}
		return in.Rendered
	}
	return convert.RenderedMacros(view, ids)
}

// each runs f for 0..n-1 on the workers, and stops starting new ones when the context ends.
func (ix *Indexer) each(ctx context.Context, n int, f func(i int)) error {
	var g errgroup.Group
	g.SetLimit(ix.workers)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { f(i); return nil })
	}
	g.Wait() //nolint:errcheck // the functions return none
	return ctx.Err()
}

// document is a parsed body, or why it could not be parsed.
type document struct {
	doc   *convert.Document
	needs convert.Needs
	err   error
}

func parse(b Batch, in Input) (d document) {
	defer recovered(in.Content.ID, &d.err)
	doc := convert.Parse(in.Content.Storage)
	return document{doc: doc, needs: doc.Needs(baseContext(b.Source, in))}
}

// recovered turns a panic of the converter into the page's error: one page never stops the others.
func recovered(id string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the converter cannot read page %s: %v\n%s", id, p, debug.Stack())
	}
}

package spacesync

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

// How many pages one request for bodies names. Spaces differ: the size follows the bodies that have come so far, so that
// what a batch holds in memory stays about the same.
const (
	maxBatch    = 50
	firstBatch  = 25
	batchWeight = 1 << 20 // bytes of storage format; what is made of them takes up to ten times as much
)

// queue hands out batches of pages of one type.
type queue struct {
	mu     sync.Mutex
	items  []*item
	pages  int // that have come
	weight int // of their bodies
}

func (q *queue) next() []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := firstBatch
	if q.pages > 0 {
		n = max(1, min(maxBatch, batchWeight*q.pages/max(q.weight, 1)))
	}
	n = min(n, len(q.items))
	for i := range n {
		if q.items[i].ref.Type != q.items[0].ref.Type {
			n = i
			break
		}
	}
	batch := slices.Clone(q.items[:n])
	clear(q.items[:n]) // of a large space they are much
	q.items = q.items[n:]
	return batch
}

func (q *queue) came(contents []wiki.Content) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pages += len(contents)
	for _, c := range contents {
		q.weight += len(c.Storage)
	}
}

// fetchAll fetches pages with their bodies and stores them, several batches at once.
func (w *work) fetchAll(ctx context.Context, items []*item) error {
	q := &queue{items: items}
	g, gctx := errgroup.WithContext(ctx)
	for range w.options.Downloads {
		g.Go(func() error {
			for batch := q.next(); len(batch) > 0; batch = q.next() {
				if err := w.fetch(gctx, q, batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// fetch fetches and stores one batch. One that fails is halved until the page that cannot be read stands alone.
func (w *work) fetch(ctx context.Context, q *queue, batch []*item) error {
	var contents []wiki.Content
	var asked time.Time
	bad, err := w.attempt(ctx, func() (err error) {
		asked = time.Now()
		contents, err = w.site.Contents(ctx, batch[0].ref.Type, idsOf(batch), true)
		return err
	})
	switch {
	case err != nil:
		return err
	case bad == nil:
		q.came(contents)
		return w.accept(ctx, q, batch, contents, asked)
	case len(batch) > 1:
		half := len(batch) / 2
		if err := w.fetch(ctx, q, batch[:half]); err != nil {
			return err
		}
		return w.fetch(ctx, q, batch[half:])
	case errors.Is(bad, wiki.ErrNotFound):
		w.leave(batch[0], skipGone)
		return nil
	}
	return w.fail(ctx, batch[0], bad)
}

// accept stores what came of a batch. Pages that did not come are asked for once more, by themselves:
// an answer may be clipped.
func (w *work) accept(ctx context.Context, q *queue, batch []*item, contents []wiki.Content, asked time.Time) error {
	byID := make(map[string]wiki.Content, len(contents))
	for _, c := range contents {
		byID[c.ID] = c
	}
	var good, missing []*item
	var bodies []wiki.Content
	for _, it := range batch {
		c, ok := byID[it.ref.ID]
		switch {
		case !ok:
			missing = append(missing, it)
		case c.Status != "" && c.Status != wiki.StatusCurrent:
			w.leave(it, skipStatus(c.Status))
		case !w.here(c.ContentRef):
			w.leave(it, skipMoved)
		case !c.HasBody:
			if err := w.fail(ctx, it, errors.New("the site sent the page without its body")); err != nil {
				return err
			}
		default:
			good = append(good, it)
			bodies = append(bodies, c)
		}
	}
	if len(good) > 0 {
		if err := w.take(ctx, good, bodies, asked); err != nil {
			return err
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(missing) < len(batch):
		return w.fetch(ctx, q, missing)
	}
	for _, it := range missing {
		w.leave(it, skipGone)
	}
	return nil
}

// leave settles a page that was listed and is not there any more. What is stored of it stays until a comparison has
// made sure.
func (w *work) leave(it *item, why string) {
	w.rec.settle(it.ref.ID, skipped, why)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = w.again || it.live()
	w.gone = w.gone || why == skipGone
}

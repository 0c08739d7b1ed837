package backlog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Run works until ctx ends, and returns nil then. It returns an error only where trying again cannot help: the model's
// vectors do not fit those that are stored.
func (w *Worker) Run(ctx context.Context) error {
	err := w.begin(ctx)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // to be stopped is no failure
	}
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for range w.o.Parallel {
		group.Go(func() error { w.work(ctx); return nil })
	}
	group.Go(func() error { w.maintain(ctx); return nil })
	return group.Wait()
}

// begin registers the model, as soon as the database answers and the model knows its dimensions.
func (w *Worker) begin(ctx context.Context) error {
	for pause := w.o.FirstPause; ; pause = min(2*pause, w.o.LongestPause) {
		err := w.useModel(ctx)
		if err == nil || errors.Is(err, wiki.ErrInvalid) || ctx.Err() != nil {
			return err
		}
		w.state.failed(err)
		w.o.Logger.WarnContext(ctx, "embedding waits", "err", err, "pause", pause)
		w.sleep(ctx, pause)
	}
}

// prober is an embedder that learns the length of its vectors from the first ones.
type prober interface {
	Probe(ctx context.Context) error
}

func (w *Worker) useModel(ctx context.Context) error {
	if p, ok := w.embedder.(prober); ok {
		if err := p.Probe(ctx); err != nil {
			return fmt.Errorf("ask the embedder: %w", err)
		}
	}
	return w.store.UseModel(ctx, w.embedder.Model())
}

// work takes batch after batch.
func (w *Worker) work(ctx context.Context) {
	pause := w.o.FirstPause
	for ctx.Err() == nil {
		more, err := w.step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.state.failed(err)
			w.o.Logger.WarnContext(ctx, "embedding failed; trying again", "err", err, "pause", pause)
			w.sleep(ctx, pause/2+rand.N(pause/2+1))
			pause = min(2*pause, w.o.LongestPause)
		case more:
			pause = w.o.FirstPause
		default:
			pause = w.o.FirstPause
			w.idle(ctx)
		}
	}
}

// idle waits for a wake-up, or until it is time to look by itself.
func (w *Worker) idle(ctx context.Context) {
	timer := time.NewTimer(w.o.Poll)
	defer timer.Stop()
	select {
	case <-w.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (w *Worker) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// step embeds one batch, and tells whether there may be another.
func (w *Worker) step(ctx context.Context) (more bool, err error) {
	model := w.embedder.Model().ID
	chunks, more, err := w.store.Claim(ctx, model, w.state.batchSize(), lease)
	if err != nil {
		return false, fmt.Errorf("take chunks to embed: %w", err)
	}
	if len(chunks) == 0 {
		if more {
			w.state.recovered()
		}
		return more, nil
	}
	vectors, failures, err := w.embed(ctx, chunks)
	if err := w.keep(ctx, model, vectors, failures); err != nil {
		w.release(ctx, chunks)
		return false, err
	}
	if err != nil {
		w.state.shrink()
		w.release(ctx, chunks)
		return false, fmt.Errorf("embed %d chunks: %w", len(chunks), err)
	}
	w.state.succeeded(len(vectors), w.o.BatchSize)
	return true, nil
}

// embed embeds chunks. Those that the embedder refuses come back as failures, found by halving. When it is down, which
// is the error, what was embedded before that comes back as well; but where it was a single chunk that it failed at,
// that is set aside: it may be the chunk that brings the embedder down.
func (w *Worker) embed(ctx context.Context, chunks []Chunk) ([]Vector, []Failure, error) {
	values, err := w.embedder.EmbedDocuments(ctx, documents(chunks))
	switch {
	case err == nil:
		return pair(chunks, values)
	case ctx.Err() != nil:
		return nil, nil, err
	case len(chunks) == 1:
		failure := []Failure{{ChunkID: chunks[0].ID, Reason: err.Error()}}
		if errors.Is(err, wiki.ErrInvalid) {
			return nil, failure, nil
		}
		return nil, failure, err
	case !errors.Is(err, wiki.ErrInvalid):
		return nil, nil, err
	}
	half := len(chunks) / 2
	vectors, failures, err := w.embed(ctx, chunks[:half])
	if err != nil {
		return vectors, failures, err
	}
	moreVectors, moreFailures, err := w.embed(ctx, chunks[half:])
	return append(vectors, moreVectors...), append(failures, moreFailures...), err
}

func documents(chunks []Chunk) []embedding.Document {
	docs := make([]embedding.Document, len(chunks))
	for i, c := range chunks {
		docs[i] = c.Document
	}
	return docs
}

func pair(chunks []Chunk, values [][]float32) (vectors []Vector, failures []Failure, err error) {
	if len(values) != len(chunks) {
		return nil, nil, fmt.Errorf("%w: the embedder gave %d vectors for %d texts", wiki.ErrUnavailable, len(values), len(chunks))
	}
	for i, c := range chunks {
		if values[i] == nil {
			failures = append(failures, Failure{ChunkID: c.ID, Reason: "there is no text to embed"})
			continue
		}
		vectors = append(vectors, Vector{ChunkID: c.ID, Values: values[i]})
	}
	return vectors, failures, nil
}

// keep stores results. What was computed is stored even while the program stops.
func (w *Worker) keep(ctx context.Context, model string, vectors []Vector, failures []Failure) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if len(vectors) > 0 {
		if err := w.store.Save(ctx, model, vectors); err != nil {
			return fmt.Errorf("store %d vectors: %w", len(vectors), err)
		}
	}
	if len(failures) > 0 {
		w.o.Logger.WarnContext(ctx, "chunks cannot be embedded", "chunks", len(failures), "first", failures[0].ChunkID, "reason", failures[0].Reason)
		if err := w.store.SetAside(ctx, model, failures); err != nil {
			return fmt.Errorf("set %d chunks aside: %w", len(failures), err)
		}
	}
	return nil
}

// storeTimeout bounds one write of results.
const storeTimeout = 30 * time.Second

// release gives chunks back; where that fails their leases run out by themselves.
func (w *Worker) release(ctx context.Context, chunks []Chunk) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	ids := make([]int64, len(chunks))
	for i, c := range chunks {
		ids[i] = c.ID
	}
	if err := w.store.Release(ctx, ids); err != nil {
		w.o.Logger.WarnContext(ctx, "leases of chunks run out by themselves", "err", err)
	}
}

// maintain looks after indexes at the start and whenever vectors were stored.
func (w *Worker) maintain(ctx context.Context) {
	last := int64(-1)
	for ctx.Err() == nil {
		if done := w.state.total(); done != last {
			if err := w.store.Maintain(ctx, w.embedder.Model()); err != nil && ctx.Err() == nil {
				w.o.Logger.WarnContext(ctx, "look after the vector indexes", "err", err)
			} else {
				last = done
			}
		}
		w.sleep(ctx, w.o.MaintainEvery)
	}
}

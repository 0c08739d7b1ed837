package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/sluicehq/sluice/internal/embedding/backlog"
	"github.com/sluicehq/sluice/internal/metrics"
	"github.com/sluicehq/sluice/internal/observe"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
)

// indexEvery is how often the search index is looked after, whether or not a run has just ended.
const indexEvery = 30 * time.Second

// measuredSyncer tells the metrics of every run.
type measuredSyncer struct {
	*spacesync.Syncer
	metrics *metrics.Metrics
	traces  *observe.Traces
}

// Run carries out a run.
func (s measuredSyncer) Run(ctx context.Context, site spacesync.Site, run spacesync.Run) (spacesync.Progress, error) {
	began := time.Now()
	var p spacesync.Progress
	err := s.traces.Do(ctx, "sync run", func(ctx context.Context) (err error) {
		p, err = s.Syncer.Run(ctx, site, run)
		observe.Annotate(ctx, attribute.Int("sluice.pages.created", p.Created), attribute.Int("sluice.pages.updated", p.Updated),
			attribute.Int("sluice.pages.deleted", p.Deleted), attribute.Int("sluice.pages.failed", p.Failed))
		return err
	}, attribute.Int64("sluice.run.id", run.ID), attribute.String("sluice.source.id", run.SourceID), attribute.String("sluice.run.kind", string(run.Kind)))
	var stopped *spacesync.StoppedError
	result := sources.RunSucceeded
	switch {
	case errors.As(err, &stopped), errors.Is(err, context.Canceled):
		result = sources.RunCancelled
	case err != nil:
		result = sources.RunFailed
	}
	s.metrics.Run(metrics.Run{
		Kind: string(run.Kind), Trigger: string(run.Trigger), Result: string(result), Took: time.Since(began),
		Created: p.Created, Updated: p.Updated, Unchanged: p.Unchanged, Skipped: p.Skipped, Deleted: p.Deleted, Failed: p.Failed,
		ChunksCreated: p.ChunksCreated, ChunksKept: p.ChunksKept, ChunksDeleted: p.ChunksDeleted,
	})
	return p, err
}

// Searcher tells the metrics of every search.
type Searcher struct {
	*search.Searcher
	metrics *metrics.Metrics
	traces  *observe.Traces
}

// Search answers a search.
func (s *Searcher) Search(ctx context.Context, r search.Request) (search.Results, error) {
	began := time.Now()
	var results search.Results
	err := s.traces.Do(ctx, "search", func(ctx context.Context) (err error) {
		results, err = s.Searcher.Search(ctx, r)
		observe.Annotate(ctx, attribute.String("sluice.search.mode", string(results.Mode)), attribute.StringSlice("sluice.search.degraded", results.Degraded))
		return err
	})
	if err == nil {
		s.metrics.Search(string(results.Mode), time.Since(began), results.Degraded)
	}
	return results, err
}

// measure adds the figures that are asked for at every scrape.
func (a *App) measure() {
	a.Metrics.Pool("primary", a.DB.Pool)
	if a.Read != a.DB {
		a.Metrics.Pool("replica", a.Read.Pool)
	}
	counts := &latest{read: a.readCounts}
	gauge := func(name, help string, pick func(figures) int) {
		a.Metrics.Gauge(name, help, func() float64 { return float64(pick(counts.get())) })
	}
	gauge("sluice_sources", "Sources.", func(f figures) int { return f.sources })
	gauge("sluice_pages", "Live pages.", func(f figures) int { return f.pages })
	gauge("sluice_chunks", "Chunks.", func(f figures) int { return f.chunks })
	gauge("sluice_failed_pages", "Pages that could not be stored and will be tried again.", func(f figures) int { return f.failedPages })
	gauge("sluice_failed_sources", "Sources whose last run failed.", func(f figures) int { return f.failedSources })
	gauge("sluice_sync_queue", "Sync runs that wait for a worker.", func(f figures) int { return f.queued })
	gauge("sluice_sync_running", "Sync runs under way.", func(f figures) int { return f.running })
	gauge("sluice_embedding_missing_chunks", "Chunks without a vector.", func(f figures) int { return f.backlog.Missing })
	gauge("sluice_embedding_outdated_chunks", "Chunks with a vector of another model.", func(f figures) int { return f.backlog.Other })
	gauge("sluice_embedding_failed_chunks", "Chunks that the embedder cannot take.", func(f figures) int { return f.backlog.Failed })
	a.Metrics.Gauge("sluice_embedding_chunks_per_second", "How fast this process embeds.", func() float64 { return a.Backlog.Stats().PerSecond })
	a.Metrics.Counter("sluice_embedding_chunks_total", "Chunks that this process has embedded.", func() float64 { return float64(a.Backlog.Stats().Embedded) })
	a.Metrics.Counter("sluice_embedding_failures_total", "Batches that failed in this process.", func() float64 { return float64(a.Backlog.Stats().Failures) })
}

// figures are counts over the whole database.
type figures struct {
	sources, pages, chunks, failedPages, failedSources, queued, running int
	backlog                                                             backlog.Counts
}

func (a *App) readCounts(ctx context.Context) (figures, error) {
	var f figures
	all, err := a.Sources.List(ctx)
	if err != nil {
		return f, err
	}
	f.sources = len(all)
	for _, s := range all {
		f.pages += s.TotalPages
		f.chunks += s.TotalChunks
		f.failedPages += s.FailedPages
		switch s.State {
		case sources.StateFailed:
			f.failedSources++
		case sources.StateQueued:
			f.queued++
		case sources.StateRunning:
			f.running++
		case sources.StateIdle, sources.StatePaused:
		}
	}
	f.backlog, err = a.vectors.Counts(ctx, a.Embedder.Model().ID)
	return f, err
}

// latest keeps figures for some seconds, so that one scrape asks the database once. While the database is away the last
// known ones are told.
type latest struct {
	read func(context.Context) (figures, error)

	mu   sync.Mutex // guards the two below
	at   time.Time
	last figures
}

const (
	figuresAge     = 5 * time.Second
	figuresTimeout = 5 * time.Second
)

func (l *latest) get() figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) < figuresAge {
		return l.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), figuresTimeout)
	defer cancel()
	l.at = time.Now()
	if f, err := l.read(ctx); err == nil {
		l.last = f
	}
	return l.last
}

package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/schedule"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// worker stands in for the syncer: a run tells that it began and lasts until it is let go, stopped, or its context ends.
type worker struct {
	store *contentstore.Store
	began chan spacesync.Run
	hold  chan struct{}
	err   error
	did   spacesync.Progress

	mu     sync.Mutex
	active map[string]int
	peak   int
}

func newWorker(store *contentstore.Store) *worker {
	return &worker{store: store, began: make(chan spacesync.Run, 100), hold: make(chan struct{}), active: map[string]int{}}
}

func (w *worker) Run(ctx context.Context, _ spacesync.Site, run spacesync.Run) (spacesync.Progress, error) {
	w.mu.Lock()
	w.active[run.SourceID]++
	w.peak = max(w.peak, len(w.active))
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.active, run.SourceID)
		w.mu.Unlock()
	}()
	w.began <- run
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for {
		select {
		case <-w.hold:
			return w.did, w.err
		case <-ctx.Done():
			return spacesync.Progress{}, context.Cause(ctx)
		case <-beat.C:
			stop, err := w.store.WriteProgress(ctx, run.Fence(), spacesync.Progress{Phase: sources.PhaseSyncing})
			if err != nil {
				return spacesync.Progress{}, err
			}
			if stop != "" {
				return spacesync.Progress{}, &spacesync.StoppedError{Reason: stop}
			}
		}
	}
}

type bench struct {
	t     *testing.T
	db    *postgres.DB
	store *contentstore.Store
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db := postgrestest.New(t)
	store, err := contentstore.New(db, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, db: db, store: store}
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// source adds a source of a site.
func (b *bench) source(site, id string) {
	b.t.Helper()
	b.sourceOf(site, id, wiki.Space{ID: "1", Key: id})
}

func (b *bench) sourceOf(site, id string, space wiki.Space) {
	b.t.Helper()
	c := sources.StoredConnection{
		Connection: sources.Connection{ID: site, Name: site, BaseURL: "https://" + site, Deployment: wiki.Cloud}, TokenSealed: []byte("x"),
	}
	if _, err := b.store.Connection(b.t.Context(), site); errors.Is(err, wiki.ErrNotFound) {
		b.ok(b.store.InsertConnection(b.t.Context(), c))
	}
	b.ok(b.store.InsertSource(b.t.Context(), sources.StoredSource{
		ID: id, Name: id, ConnectionID: site, Space: space, BaseURL: c.BaseURL, FrequencyHours: 2,
		Strategy: sources.OnDemand, RestrictedPages: sources.Skip, TextLanguage: "english",
	}))
}

// scheduler returns one that works, quickly, and is not running yet.
func (b *bench) scheduler(w schedule.Syncer, change func(o *schedule.Options)) *schedule.Scheduler {
	b.t.Helper()
	o := schedule.Options{
		Pool: b.db.Pool, Store: b.store, Syncer: w, Tick: 50 * time.Millisecond, Name: "one",
		Dial: func(context.Context, string) (spacesync.Site, error) { return nil, nil },
	}
	if change != nil {
		change(&o)
	}
	s, err := schedule.New(o)
	b.ok(err)
	return s
}

// start runs a scheduler until the returned function is called, or the test ends.
func (b *bench) start(s *schedule.Scheduler) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	})
	b.t.Cleanup(stop)
	return stop
}

var manual = sources.RunRequest{SyncRequest: sources.SyncRequest{Trigger: sources.TriggerManual}, Kind: sources.KindSync}

func (b *bench) enqueue(s *schedule.Scheduler, id string, r sources.RunRequest) sources.Started {
	b.t.Helper()
	started, err := s.Enqueue(b.t.Context(), id, r)
	b.ok(err)
	return started
}

// runs are the runs of a source, newest first.
func (b *bench) runs(id string) []sources.Run {
	b.t.Helper()
	runs, err := b.store.Runs(b.t.Context(), sources.RunFilter{SourceID: id, Limit: 100})
	b.ok(err)
	return runs
}

// until waits for a condition that another goroutine brings about.
func (b *bench) until(what string, f func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !f() {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: did not happen", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (b *bench) untilState(id string, state sources.RunState) {
	b.t.Helper()
	b.until(fmt.Sprintf("a run of %s that is %s", id, state), func() bool {
		runs := b.runs(id)
		return len(runs) > 0 && runs[0].State == state
	})
}

func (b *bench) next(w *worker) spacesync.Run {
	b.t.Helper()
	select {
	case run := <-w.began:
		return run
	case <-time.After(20 * time.Second):
		b.t.Fatal("no run began")
		return spacesync.Run{}
	}
}

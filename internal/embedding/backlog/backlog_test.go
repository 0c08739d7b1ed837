package backlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/backlog"
	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/wiki"
)

// memory is a store of chunks in memory. Its leases do not run out.
type memory struct {
	mu         sync.Mutex // guards all below
	chunks     map[int64]string
	models     map[int64]string // of the vectors
	leased     map[int64]bool
	aside      map[int64]time.Time
	reasons    map[int64]string
	order      []int64 // in which vectors were saved
	maintained int
	fail       error
	dimensions int
}

func newMemory(texts ...string) *memory {
	m := &memory{
		chunks: map[int64]string{}, models: map[int64]string{}, leased: map[int64]bool{}, aside: map[int64]time.Time{},
		reasons: map[int64]string{}, dimensions: embeddingtest.Dimensions,
	}
	m.add(texts...)
	return m
}

func (m *memory) add(texts ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range texts {
		m.chunks[int64(len(m.chunks)+1)] = text
	}
}

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) UseModel(_ context.Context, model embedding.Model) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil && model.Dimensions != m.dimensions {
		return fmt.Errorf("%w: other dimensions", wiki.ErrInvalid)
	}
	return m.fail
}

func (m *memory) Claim(_ context.Context, model string, n int, _ time.Duration) ([]backlog.Chunk, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, false, m.fail
	}
	var list []backlog.Chunk
	for id := int64(len(m.chunks)); id > 0 && len(list) < n; id-- {
		if m.models[id] == model || m.leased[id] || time.Now().Before(m.aside[id]) {
			continue
		}
		m.leased[id] = true
		list = append(list, backlog.Chunk{ID: id, Document: embedding.Document{Text: m.chunks[id]}})
	}
	return list, len(list) > 0, nil
}

func (m *memory) Save(_ context.Context, model string, vectors []backlog.Vector) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for _, v := range vectors {
		m.models[v.ChunkID] = model
		m.order = append(m.order, v.ChunkID)
		delete(m.leased, v.ChunkID)
	}
	return nil
}

func (m *memory) SetAside(_ context.Context, _ string, failures []backlog.Failure) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range failures {
		m.aside[f.ChunkID], m.reasons[f.ChunkID] = time.Now().Add(time.Hour), f.Reason
		delete(m.leased, f.ChunkID)
	}
	return nil
}

func (m *memory) Release(_ context.Context, ids []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.leased, id)
	}
	return nil
}

func (m *memory) Counts(_ context.Context, model string) (backlog.Counts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var c backlog.Counts
	for id := range m.chunks {
		switch m.models[id] {
		case "":
			c.Missing++
		case model:
			c.Embedded++
		default:
			c.Other++
		}
	}
	c.Failed = len(m.reasons)
	return c, m.fail
}

func (m *memory) Maintain(context.Context, embedding.Model) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.maintained++
	return m.fail
}

func (m *memory) embedded() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.models)
}

// start runs a worker until the test ends. It must be called within synctest.
func start(t *testing.T, m *memory, e embedding.Embedder, o backlog.Options) *backlog.Worker {
	t.Helper()
	w := backlog.New(m, e, o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return w
}

func texts(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("text number %d", i+1)
	}
	return list
}

func TestNewestChunksComeFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(texts(10)...)
		start(t, m, embeddingtest.New(), backlog.Options{BatchSize: 4, Parallel: 1})
		synctest.Wait()
		if diff := cmp.Diff([]int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, m.order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

func TestWakeStartsWorkAndPollFindsTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		w := start(t, m, embeddingtest.New(), backlog.Options{Poll: time.Minute})
		synctest.Wait()
		m.add("one")
		w.Wake()
		w.Wake()
		synctest.Wait()
		if m.embedded() != 1 {
			t.Fatal("a wake-up starts no work")
		}
		m.add("two")
		synctest.Wait()
		if m.embedded() != 1 {
			t.Fatal("work starts although nobody told of it")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if m.embedded() != 2 {
			t.Error("work that nobody told of is never found")
		}
	})
}

func TestOutageIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(texts(200)...), embeddingtest.New()
		down := fmt.Errorf("%w: no route", wiki.ErrUnavailable)
		e.Fail(down)
		w := start(t, m, e, backlog.Options{BatchSize: 64, LongestPause: time.Minute})
		time.Sleep(time.Hour)
		p, err := w.Progress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if p.Missing != 200 || p.Problem == "" {
			t.Errorf("while it is down: %+v", p)
		}
		calls := len(e.Batches())
		if calls > 200 {
			t.Errorf("%d calls in an hour of outage", calls)
		}
		e.Fail(nil)
		time.Sleep(3 * time.Hour) // those that were tried one by one are set aside for an hour
		synctest.Wait()
		p, err = w.Progress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if p.Missing != 0 || p.Embedded != 200 || p.Problem != "" {
			t.Errorf("after it came back: %+v", p)
		}
		if s := w.Stats(); s.Embedded != 200 || s.Failures == 0 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestTextThatIsRefusedIsFoundByHalving(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := texts(32)
		list[4], list[20] = "poison", "poison too"
		m, e := newMemory(list...), embeddingtest.New()
		e.Poison("poison", fmt.Errorf("%w: cannot take that", wiki.ErrInvalid))
		start(t, m, e, backlog.Options{BatchSize: 32, Parallel: 1})
		synctest.Wait()
		if m.embedded() != 30 {
			t.Errorf("%d embedded, want 30", m.embedded())
		}
		var bad []int64
		for id := range m.reasons {
			bad = append(bad, id)
		}
		slices.Sort(bad)
		if diff := cmp.Diff([]int64{5, 21}, bad); diff != "" {
			t.Errorf("set aside (-want +got):\n%s", diff)
		}
		if n := len(e.Batches()); n > 30 {
			t.Errorf("%d calls to find two of 32", n)
		}
	})
}

func TestTextThatBringsTheEmbedderDownIsFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := texts(40)
		list[30] = "poison"
		m, e := newMemory(list...), embeddingtest.New()
		e.Poison("poison", fmt.Errorf("%w: 500", wiki.ErrUnavailable))
		start(t, m, e, backlog.Options{BatchSize: 16, Parallel: 1})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if m.embedded() != 39 {
			t.Errorf("%d embedded, want 39", m.embedded())
		}
		if m.reasons[31] == "" {
			t.Errorf("set aside: %v", m.reasons)
		}
	})
}

func TestDatabaseOutageLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(texts(5)...)
		m.setFail(wiki.ErrUnavailable)
		w := start(t, m, embeddingtest.New(), backlog.Options{})
		time.Sleep(10 * time.Minute)
		if _, err := w.Progress(t.Context()); !errors.Is(err, wiki.ErrUnavailable) {
			t.Errorf("progress: %v", err)
		}
		m.setFail(nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if m.embedded() != 5 {
			t.Errorf("%d embedded, want 5", m.embedded())
		}
		if m.maintained == 0 {
			t.Error("the indexes were never looked after")
		}
	})
}

func TestModelThatDoesNotFitEndsTheWorker(t *testing.T) {
	t.Parallel()
	m := newMemory("one")
	m.dimensions = 3
	err := backlog.New(m, embeddingtest.New(), backlog.Options{}).Run(t.Context())
	if !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("Run: %v", err)
	}
}

func TestRateAndTimeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(texts(900)...)
		w := start(t, m, slow{embeddingtest.New()}, backlog.Options{BatchSize: 10, Parallel: 1})
		time.Sleep(40 * time.Second)
		p, err := w.Progress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if p.PerSecond < 9 || p.PerSecond > 11 || p.Left < 40*time.Second || p.Left > time.Minute {
			t.Errorf("10 chunks a second, 500 left: %+v", p)
		}
		time.Sleep(10 * time.Minute)
		if s := w.Stats(); s.PerSecond != 0 || s.Embedded != 900 {
			t.Errorf("long after the end: %+v", s)
		}
	})
}

// slow takes a second for a batch.
type slow struct{ *embeddingtest.Embedder }

func (s slow) EmbedDocuments(ctx context.Context, docs []embedding.Document) ([][]float32, error) {
	time.Sleep(time.Second)
	return s.Embedder.EmbedDocuments(ctx, docs)
}

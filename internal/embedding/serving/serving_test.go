package serving_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/embedding/serving"
)

// covered is a Coverage by hand.
type covered struct {
	mu  sync.Mutex // guards all below
	id  string
	err error
}

func (c *covered) set(id string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id, c.err = id, err
}

func (c *covered) ServingModel(_ context.Context, available ...string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || !slices.Contains(available, c.id) {
		return "", c.err
	}
	return c.id, nil
}

func model(id string, dimensions int) *embeddingtest.Embedder {
	return embeddingtest.NewModel(embedding.Model{ID: id, Dimensions: dimensions})
}

func TestTheModelWithTheMostVectorsServes(t *testing.T) {
	t.Parallel()
	c := &covered{}
	opened := 0
	e := serving.New(c, model("new", 8), slog.New(slog.DiscardHandler), serving.Alternative{ModelID: "old", Open: func() (embedding.Embedder, error) {
		opened++
		return model("old", 4), nil
	}})
	for _, step := range []struct {
		covered, want string
		length        int
	}{{"", "new", 8}, {"old", "old", 4}, {"old", "old", 4}, {"gone", "new", 8}, {"old", "old", 4}, {"new", "new", 8}} {
		c.set(step.covered, nil)
		if err := e.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		q, err := e.EmbedQuery(t.Context(), "hello")
		if err != nil {
			t.Fatal(err)
		}
		if e.Model().ID != step.want || len(q.Vector) != step.length {
			t.Errorf("%q has the most: %q serves with %d numbers, want %q", step.covered, e.Model().ID, len(q.Vector), step.want)
		}
	}
	if opened != 2 {
		t.Errorf("the old model was opened %d times", opened)
	}
}

func TestTroubleLeavesTheChoiceAlone(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	c := &covered{err: bad}
	e := serving.New(c, model("new", 8), slog.New(slog.DiscardHandler), serving.Alternative{ModelID: "old", Open: func() (embedding.Embedder, error) { return nil, bad }})
	if err := e.Refresh(t.Context()); !errors.Is(err, bad) {
		t.Errorf("database away: %v", err)
	}
	c.set("old", nil)
	if err := e.Refresh(t.Context()); !errors.Is(err, bad) {
		t.Errorf("model that cannot be opened: %v", err)
	}
	if e.Model().ID != "new" {
		t.Errorf("%q serves", e.Model().ID)
	}
}

func TestRunLooksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &covered{id: "old"}
		e := serving.New(c, model("new", 8), slog.New(slog.DiscardHandler), serving.Alternative{ModelID: "old", Open: func() (embedding.Embedder, error) { return model("old", 4), nil }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		synctest.Wait()
		if e.Model().ID != "old" {
			t.Errorf("%q serves at first", e.Model().ID)
		}
		c.set("new", nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if e.Model().ID != "new" {
			t.Errorf("%q serves in the end", e.Model().ID)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

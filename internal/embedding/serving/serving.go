// Package serving chooses the model that queries are embedded with. After a change of model the stored vectors are
// still the old one's, and are replaced in the background; until the new model has the most, queries go to the old one,
// where it can still be had.
package serving

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/embedding"
)

// Coverage tells which of some models has the most vectors, the first where several have as many; empty: none has any.
type Coverage interface {
	ServingModel(ctx context.Context, available ...string) (string, error)
}

// Alternative is a model that can be had beside the chosen one. It is opened when it serves, because it takes memory.
type Alternative struct {
	ModelID string
	Open    func() (embedding.Embedder, error)
}

// refreshEvery is how often the choice is looked at again.
const refreshEvery = 15 * time.Second

// Embedder embeds with the model that serves; see Run. It is safe for concurrent use.
type Embedder struct {
	coverage     Coverage
	chosen       embedding.Embedder
	alternatives []Alternative
	log          *slog.Logger

	mu      sync.RWMutex // guards serving
	serving embedding.Embedder
}

var _ embedding.Embedder = (*Embedder)(nil)

// New returns an embedder that serves with the chosen model until Refresh finds that an alternative has more vectors.
func New(coverage Coverage, chosen embedding.Embedder, log *slog.Logger, alternatives ...Alternative) *Embedder {
	return &Embedder{coverage: coverage, chosen: chosen, alternatives: alternatives, log: log, serving: chosen}
}

// Run looks at the choice again and again until ctx ends, and returns nil then.
func (e *Embedder) Run(ctx context.Context) error {
	ticker := time.NewTicker(refreshEvery)
	defer ticker.Stop()
	for {
		if err := e.Refresh(ctx); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "choose the model for queries", "err", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Refresh makes the choice.
func (e *Embedder) Refresh(ctx context.Context) error {
	chosen := e.chosen.Model().ID
	available := []string{chosen}
	for _, a := range e.alternatives {
		if a.ModelID != chosen {
			available = append(available, a.ModelID)
		}
	}
	id, err := e.coverage.ServingModel(ctx, available...)
	if err != nil {
		return err
	}
	if id == "" {
		id = chosen
	}
	if e.Model().ID == id {
		return nil
	}
	next, err := e.open(id)
	if err != nil {
		return fmt.Errorf("open model %s: %w", id, err)
	}
	e.log.InfoContext(ctx, "queries are embedded with another model", "model", id)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.serving = next
	return nil
}

func (e *Embedder) open(id string) (embedding.Embedder, error) {
	for _, a := range e.alternatives {
		if a.ModelID == id && id != e.chosen.Model().ID {
			return a.Open()
		}
	}
	return e.chosen, nil
}

func (e *Embedder) now() embedding.Embedder {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.serving
}

// Model is the model that serves.
func (e *Embedder) Model() embedding.Model { return e.now().Model() }

// EmbedQuery embeds a query with the model that serves.
func (e *Embedder) EmbedQuery(ctx context.Context, text string) (embedding.Query, error) {
	return e.now().EmbedQuery(ctx, text)
}

// EmbedDocuments embeds documents with the model that serves: texts to compare with what is stored. What is to be stored
// is embedded with the chosen model.
func (e *Embedder) EmbedDocuments(ctx context.Context, docs []embedding.Document) ([][]float32, error) {
	return e.now().EmbedDocuments(ctx, docs)
}

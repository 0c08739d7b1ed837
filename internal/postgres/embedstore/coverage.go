package embedstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluicehq/sluice/internal/postgres"
)

// ModelCoverage is how many chunks have a vector of a model.
type ModelCoverage struct {
	ModelID    string // empty: chunks without a vector
	Dimensions int
	Chunks     int
}

// Coverage counts the chunks of each model, most first.
func (s *Store) Coverage(ctx context.Context) ([]ModelCoverage, error) {
	rows, err := s.q.Coverage(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("count vectors: %w", postgres.Translate(err))
	}
	var list []ModelCoverage
	for _, r := range rows {
		c := ModelCoverage{Chunks: int(r.Chunks)}
		if r.EmbeddingModel != nil {
			c.ModelID = *r.EmbeddingModel
		}
		if r.Dimensions != nil {
			c.Dimensions = int(*r.Dimensions)
		}
		list = append(list, c)
	}
	return list, nil
}

// ServingModel returns which of the models that can embed queries has the most vectors, the first of them where several
// have as many; empty: none has any. While vectors are being replaced after a change of model, queries are embedded with
// the old one until the new one has overtaken it.
func (s *Store) ServingModel(ctx context.Context, available ...string) (string, error) {
	coverage, err := s.Coverage(ctx)
	if err != nil {
		return "", err
	}
	best, most := "", 0
	for _, id := range available {
		i := slices.IndexFunc(coverage, func(c ModelCoverage) bool { return c.ModelID == id })
		if i >= 0 && coverage[i].Chunks > most {
			best, most = id, coverage[i].Chunks
		}
	}
	return best, nil
}

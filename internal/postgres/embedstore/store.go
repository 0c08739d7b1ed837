// Package embedstore keeps vectors in PostgreSQL: the backlog's work, which models the vectors are of, and the indexes
// over them. Comparing a query with vectors is the search store's.
package embedstore

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/backlog"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/embedstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/wiki"
)

// How long a chunk that could not be embedded is left alone: the first time, and at most.
const (
	firstWait   = time.Minute
	longestWait = 24 * time.Hour
)

// Store is the store. It is safe for concurrent use.
type Store struct {
	db  *postgres.DB
	q   *dbsqlc.Queries
	log *slog.Logger
	// indexFrom is how many vectors of a model make an index worth while; below, comparing all is as fast.
	indexFrom int
}

var _ backlog.Store = (*Store)(nil)

// New returns a store over db.
func New(db *postgres.DB, log *slog.Logger) *Store {
	return &Store{db: db, q: dbsqlc.New(), log: log, indexFrom: indexFrom}
}

// UseModel notes that the model is the chosen one from now on.
func (s *Store) UseModel(ctx context.Context, model embedding.Model) error {
	stored, err := s.q.UseModel(ctx, s.db, dbsqlc.UseModelParams{ModelID: model.ID, Dimensions: int32(model.Dimensions)})
	if err != nil {
		return fmt.Errorf("use model %s: %w", model.ID, postgres.Translate(err))
	}
	if int(stored) != model.Dimensions {
		return fmt.Errorf("model %s gives vectors of %d numbers, but those that are stored have %d: %w", model.ID, model.Dimensions, stored, wiki.ErrInvalid)
	}
	return nil
}

// Claim leases chunks that lack a vector of the model: those without any first, newest first. Where another chunk of the
// same text has one, it is copied at once.
func (s *Store) Claim(ctx context.Context, model string, n int, lease time.Duration) (chunks []backlog.Chunk, more bool, err error) {
	ids, err := s.lease(ctx, model, n, lease)
	if err != nil || len(ids) == 0 {
		return nil, false, postgres.Translate(err)
	}
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		copied, err := s.q.CopyVectors(ctx, tx, dbsqlc.CopyVectorsParams{ModelID: model, Ids: ids})
		if err != nil {
			return fmt.Errorf("copy vectors: %w", err)
		}
		return s.end(ctx, tx, copied)
	})
	if err != nil {
		return nil, false, postgres.Translate(err)
	}
	rows, err := s.q.LeasedChunks(ctx, s.db, dbsqlc.LeasedChunksParams{Ids: ids, ModelID: model})
	if err != nil {
		return nil, false, postgres.Translate(err)
	}
	for _, r := range rows {
		section := r.Title
		if r.HeadingPath != "" {
			section += " > " + r.HeadingPath
		}
		chunks = append(chunks, backlog.Chunk{ID: r.ID, Document: embedding.Document{Context: section, Text: r.BodyText}})
	}
	return chunks, true, nil
}

// lease takes chunks without a vector, and if there are none, those of the model that was chosen before this one.
func (s *Store) lease(ctx context.Context, model string, n int, lease time.Duration) ([]int64, error) {
	ids, err := s.q.LeaseChunks(ctx, s.db, dbsqlc.LeaseChunksParams{ModelID: model, AtMost: int32(n), LeaseSeconds: lease.Seconds()})
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	others, err := s.q.OlderModels(ctx, s.db, model)
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		ids, err := s.q.LeaseChunksOf(ctx, s.db, dbsqlc.LeaseChunksOfParams{
			OtherModel: other, ModelID: model, AtMost: int32(n), LeaseSeconds: lease.Seconds(),
		})
		if err != nil || len(ids) > 0 {
			return ids, err
		}
	}
	return nil, nil
}

// Save stores vectors.
func (s *Store) Save(ctx context.Context, model string, vectors []backlog.Vector) error {
	params := make([]dbsqlc.SaveVectorParams, len(vectors))
	ids := make([]int64, len(vectors))
	for i, v := range vectors {
		half := pgvector.NewHalfVector(v.Values)
		params[i] = dbsqlc.SaveVectorParams{ID: v.ChunkID, ModelID: model, Embedding: &half}
		ids[i] = v.ChunkID
	}
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		var first error
		s.q.SaveVector(ctx, tx, params).Exec(func(_ int, err error) {
			if first == nil {
				first = err
			}
		})
		if first != nil {
			return first
		}
		return s.end(ctx, tx, ids)
	})
	return postgres.Translate(err)
}

// end ends leases of chunks that have their vector now.
func (s *Store) end(ctx context.Context, tx pgx.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := s.q.ClearFailures(ctx, tx, ids); err != nil {
		return err
	}
	return s.q.EndLeases(ctx, tx, ids)
}

// SetAside keeps chunks from being claimed for a minute, and twice as long with each further failure, up to a day.
func (s *Store) SetAside(ctx context.Context, model string, failures []backlog.Failure) error {
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		ids := make([]int64, len(failures))
		for i, f := range failures {
			ids[i] = f.ChunkID
			if err := s.q.SaveFailure(ctx, tx, dbsqlc.SaveFailureParams{
				ModelID: model, ChunkID: f.ChunkID, Error: f.Reason, FirstWait: firstWait.Seconds(), LongestWait: longestWait.Seconds(),
			}); err != nil {
				return err
			}
		}
		return s.q.EndLeases(ctx, tx, ids)
	})
	return postgres.Translate(err)
}

// Release ends leases.
func (s *Store) Release(ctx context.Context, ids []int64) error {
	return postgres.Translate(s.q.EndLeases(ctx, s.db, ids))
}

// Counts reports on the backlog of a model.
func (s *Store) Counts(ctx context.Context, model string) (backlog.Counts, error) {
	var c backlog.Counts
	coverage, err := s.Coverage(ctx)
	if err != nil {
		return c, err
	}
	for _, m := range coverage {
		switch m.ModelID {
		case model:
			c.Embedded = m.Chunks
		case "":
			c.Missing = m.Chunks
		default:
			c.Other += m.Chunks
		}
	}
	failures, err := s.q.CountFailures(ctx, s.db, model)
	if err != nil {
		return c, postgres.Translate(err)
	}
	c.Failed, c.Problem = int(failures.Failed), failures.Latest
	return c, nil
}

package embedstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/postgres"
)

// When an index is made. Inserting into one costs milliseconds a vector, building it over many a fraction of that, so a
// first load is waited for; but not for ever, because beyond indexAlways a search without it takes too long.
const (
	indexFrom     = 20_000
	indexAlways   = 200_000
	missingShare  = 10 // an index is made when less than this part, 1/10, of the vectors is still missing
	indexPrefix   = "chunks_hnsw_"
	maxIndexed    = 4000 // dimensions that pgvector can index
	leastMemory   = 64 << 20
	leaveIndexing = 10 * time.Second // for giving the connection back
)

// IndexName is the name of the index over a model's vectors.
func IndexName(modelID string) string {
	sum := sha256.Sum256([]byte(modelID))
	return indexPrefix + hex.EncodeToString(sum[:6])
}

// Maintain sweeps what is left over, and makes and drops indexes. One process at a time does so.
func (s *Store) Maintain(ctx context.Context, model embedding.Model) error {
	if err := s.q.SweepFailures(ctx, s.db); err != nil {
		return fmt.Errorf("sweep failures: %w", postgres.Translate(err))
	}
	if err := s.q.SweepLeases(ctx, s.db); err != nil {
		return fmt.Errorf("sweep leases: %w", postgres.Translate(err))
	}
	return s.EnsureIndex(ctx, model)
}

// EnsureIndex makes the index over the vectors of model where they are many and nearly complete, drops the indexes of
// models that have no vectors any more, and drops what a crash left half-built. Where another process is at it, it does
// nothing. Making one over 100,000 vectors takes a minute or two; the table stays usable.
func (s *Store) EnsureIndex(ctx context.Context, model embedding.Model) error {
	conn, err := s.db.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("vector index: %w", postgres.Translate(err))
	}
	defer conn.Release()
	locked, err := s.q.TryIndexLock(ctx, conn)
	if err != nil || !locked {
		return postgres.Translate(err)
	}
	defer s.unlock(ctx, conn)
	if err := s.dropUnused(ctx, conn, model); err != nil {
		return fmt.Errorf("drop unused vector indexes: %w", postgres.Translate(err))
	}
	if err := s.makeIndex(ctx, conn, model); err != nil {
		return fmt.Errorf("make vector index of %s: %w", model.ID, postgres.Translate(err))
	}
	return nil
}

// unlock gives the lock back and the session its settings; a connection that cannot is closed, which does the same.
func (s *Store) unlock(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveIndexing)
	defer cancel()
	_, err := conn.Exec(ctx, "RESET ALL")
	if err == nil {
		err = s.q.EndIndexLock(ctx, conn)
	}
	if err != nil {
		conn.Conn().Close(ctx) //nolint:errcheck // it is broken already
	}
}

func (s *Store) dropUnused(ctx context.Context, conn *pgxpool.Conn, model embedding.Model) error {
	unused, err := s.q.UnusedModels(ctx, conn, model.ID)
	if err != nil {
		return err
	}
	if err := s.q.ForgetModels(ctx, conn, unused); err != nil {
		return err
	}
	coverage, err := s.Coverage(ctx)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, c := range coverage {
		used[IndexName(c.ModelID)] = c.ModelID != ""
	}
	indexes, err := s.q.VectorIndexes(ctx, conn)
	if err != nil {
		return err
	}
	for _, index := range indexes {
		if index.Valid && used[index.Name] {
			continue
		}
		s.log.InfoContext(ctx, "dropping vector index", "index", index.Name, "complete", index.Valid)
		if _, err := conn.Exec(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+pgx.Identifier{index.Name}.Sanitize()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) makeIndex(ctx context.Context, conn *pgxpool.Conn, model embedding.Model) error {
	vectors, wanted, err := s.wanted(ctx, conn, model)
	if err != nil || !wanted {
		return err
	}
	if err := s.prepare(ctx, conn, vectors, model.Dimensions); err != nil {
		return err
	}
	start := time.Now()
	err = s.build(ctx, conn, model)
	if sharedMemory(err) {
		// Parallel workers share the graph in /dev/shm, which containers often have little of.
		if _, err = conn.Exec(ctx, "SET max_parallel_maintenance_workers = 0"); err != nil {
			return err
		}
		if _, err = conn.Exec(ctx, "DROP INDEX IF EXISTS "+IndexName(model.ID)); err != nil {
			return err
		}
		err = s.build(ctx, conn, model)
	}
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "made vector index", "model", model.ID, "vectors", vectors, "took", time.Since(start).Round(time.Millisecond))
	return nil
}

// wanted tells whether the model's index is missing and worth making.
func (s *Store) wanted(ctx context.Context, conn *pgxpool.Conn, model embedding.Model) (vectors int, wanted bool, err error) {
	if model.Dimensions > maxIndexed {
		return 0, false, nil
	}
	indexes, err := s.q.VectorIndexes(ctx, conn)
	if err != nil {
		return 0, false, err
	}
	for _, index := range indexes {
		if index.Name == IndexName(model.ID) {
			return 0, false, nil
		}
	}
	n, err := s.q.CountVectors(ctx, conn, model.ID)
	if err != nil || int(n) < s.indexFrom {
		return int(n), false, err
	}
	missing, err := s.q.CountWithout(ctx, conn)
	return int(n), missing <= n/missingShare || n > indexAlways, err
}

// prepare gives the session the memory that the graph needs: without it the build takes five times as long.
func (s *Store) prepare(ctx context.Context, conn *pgxpool.Conn, vectors, dimensions int) error {
	memory, err := s.q.ServerMemory(ctx, conn)
	if err != nil {
		return err
	}
	need := int64(vectors) * int64(2*dimensions+400)
	// shared_buffers is what the operator gives the server; the same again, for minutes, is no surprise.
	size := max(memory.Maintenance, min(need, max(memory.Shared, leastMemory)))
	for _, statement := range []string{
		"SET statement_timeout = 0",
		fmt.Sprintf("SET maintenance_work_mem = '%dkB'", size>>10),
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// build makes the index. Its length and its model cannot be parameters: they are part of the schema.
func (s *Store) build(ctx context.Context, conn *pgxpool.Conn, model embedding.Model) error {
	_, err := conn.Exec(ctx, fmt.Sprintf(`CREATE INDEX CONCURRENTLY %s ON chunks
USING hnsw ((embedding::halfvec(%d)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)
WHERE embedding_model = %s`, IndexName(model.ID), model.Dimensions, literal(model.ID)))
	return err
}

// literal quotes a string for SQL.
func literal(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), `\`, `\\`)
	return "E'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func sharedMemory(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.Contains(pg.Message, "shared memory segment")
}

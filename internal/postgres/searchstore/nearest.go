package searchstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/search"
)

// How the vector index is searched: how many candidates it keeps, and how far an iterative scan goes. It keeps a fifth more
// than are asked for: where one of them is a dead row and too few are left, the scan begins a second round, which takes
// as long as the first.
const (
	leastBreadth = 100
	mostBreadth  = 1000 // hnsw.ef_search takes no more
	mostTuples   = 20000
)

// Nearest implements search.Store. The index is one per model, over the expression that vectorSQL writes; where the
// caller names the chunks, they are compared one by one.
func (s *Store) Nearest(ctx context.Context, n search.NearestQuery) ([]search.Near, error) {
	sql, args := vectorSQL(n)
	var found []search.Near
	var err error
	if n.Among != nil {
		rows, queryErr := s.reader.Query(ctx, sql, args...)
		if err = queryErr; err == nil {
			found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[search.Near])
		}
	} else {
		found, err = s.byIndex(ctx, sql, args, n.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("nearest chunks: %w", postgres.Translate(err))
	}
	return found, nil
}

// byIndex runs a query with the index's settings, all in one round trip.
func (s *Store) byIndex(ctx context.Context, sql string, args []any, limit int) (found []search.Near, err error) {
	batch := &pgx.Batch{}
	batch.Queue("BEGIN READ ONLY")
	batch.Queue(fmt.Sprintf(`SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '%d', true),
		set_config('hnsw.max_scan_tuples', '%d', true)`, min(max(limit+limit/5, leastBreadth), mostBreadth), max(mostTuples, limit)))
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[search.Near])
		return err
	})
	batch.Queue("COMMIT")
	return found, s.reader.SendBatch(ctx, batch).Close()
}

// vectorSQL is the one place of SQL that is made at run time: the planner uses an expression index only where number of
// dimensions and model stand in the query as literals. "+ 0" keeps it from using the index where every row counts.
func vectorSQL(n search.NearestQuery) (sql string, args []any) {
	vector := pgvector.NewHalfVector(n.Vector)
	distance := "embedding::halfvec(" + strconv.Itoa(len(n.Vector)) + ") <=> $1"
	where := "embedding_model = '" + strings.NewReplacer("'", "''", "\x00", "").Replace(n.Model) + "'"
	if n.Among != nil {
		return "SELECT id, 1 - (" + distance + ") FROM chunks WHERE id = ANY($3) AND " + where +
			" ORDER BY (" + distance + ") + 0 LIMIT $2", []any{vector, n.Limit, n.Among}
	}
	return "WITH near AS MATERIALIZED (SELECT id, " + distance + " AS distance FROM chunks WHERE " + where +
		" ORDER BY " + distance + " LIMIT $2) SELECT id, 1 - distance FROM near ORDER BY distance, id", []any{vector, n.Limit}
}

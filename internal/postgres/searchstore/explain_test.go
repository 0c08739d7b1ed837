package searchstore_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

func clock() time.Time { return searchtest.Now }

// explain returns the plan of the vector leg where reading the whole table is made dear: small tables are read whole
// otherwise.
func explain(t *testing.T, db *postgres.DB, sql func(search.NearestQuery) (string, []any)) []string {
	t.Helper()
	query, args := sql(search.NearestQuery{Vector: []float32{1, 1, 0.5}, Model: "it's:3", Limit: 2})
	var plan []string
	err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"); err != nil {
			return err
		}
		rows, err := tx.Query(t.Context(), "EXPLAIN "+query, args...)
		if err != nil {
			return err
		}
		plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

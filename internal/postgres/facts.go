package postgres

import (
	"context"
	"fmt"

	"github.com/sluicehq/sluice/internal/postgres/dbsqlc"
)

// Facts are what an operator wants to know of a database.
type Facts struct {
	Server string // version
	Vector string // version of pgvector
	Bytes  int64  // size of the database
}

// ReadFacts asks the database.
func ReadFacts(ctx context.Context, db *DB) (Facts, error) {
	f, err := dbsqlc.New().Facts(ctx, db)
	if err != nil {
		return Facts{}, fmt.Errorf("ask the database: %w", Translate(err))
	}
	return Facts(f), nil
}

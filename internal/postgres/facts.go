package postgres

import (
	"context"
	"fmt"
)

// Facts are what an operator wants to know of a database.
type Facts struct {
	Server string // version
	Vector string // version of pgvector
	Bytes  int64  // size of the database
}

// ReadFacts asks the database.
func ReadFacts(ctx context.Context, db *DB) (Facts, error) {
	var f Facts
	err := db.QueryRow(ctx, `SELECT current_setting('server_version'), coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), 'missing'),
		pg_database_size(current_database())`).Scan(&f.Server, &f.Vector, &f.Bytes)
	if err != nil {
		return Facts{}, fmt.Errorf("ask the database: %w", Translate(err))
	}
	return f, nil
}

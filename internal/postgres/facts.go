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

// Replica is how a read replica stands to its primary.
type Replica struct {
	Replica bool  // false: the server is none, but takes writes itself
	Bytes   int64 // of the primary's log that it has not replayed
}

// ReadReplica asks both servers; an error is the replica's unless it says otherwise.
func ReadReplica(ctx context.Context, primary, replica *DB) (Replica, error) {
	q := dbsqlc.New()
	position, err := q.WrittenTo(ctx, primary)
	if err != nil {
		return Replica{}, fmt.Errorf("ask the primary: %w", Translate(err))
	}
	behind, err := q.Behind(ctx, replica, position)
	if err != nil {
		return Replica{}, fmt.Errorf("ask the read replica: %w", Translate(hideURL(err)))
	}
	return Replica(behind), nil
}

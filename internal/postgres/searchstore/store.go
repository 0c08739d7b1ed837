// Package searchstore keeps the search index in PostgreSQL, beside the chunks it is made of and in their transactions,
// and asks the vector index. It is the only place that knows the SQL of search (sql/search); the feature, package search,
// sees it through search.Store.
package searchstore

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search"
)

var (
	_ search.Store              = (*Store)(nil)
	_ contentstore.ChunkIndexer = (*Store)(nil)
)

// Options configure a Store.
type Options struct {
	// Reader is the pool that searches read from, such as one over a replica; nil: the pool that is written to.
	Reader *postgres.DB
	// FoldFrom is from how many fresh chunks on Maintain makes a segment of them; 0: 200, fewer are as fast to search
	// where they are.
	FoldFrom int
	Logger   *slog.Logger
}

// Store is the store. It is safe for concurrent use.
type Store struct {
	db       *postgres.DB
	reader   *postgres.DB
	q        *dbsqlc.Queries
	log      *slog.Logger
	foldFrom int32
	checked  atomic.Bool // Complete has found nothing missing
	added    atomic.Int64
	due      chan struct{}

	analyzers analyzers
}

// New returns a store over db.
func New(db *postgres.DB, o Options) *Store {
	s := &Store{db: db, reader: o.Reader, q: dbsqlc.New(), log: o.Logger, foldFrom: int32(o.FoldFrom), due: make(chan struct{}, 1)}
	if s.reader == nil {
		s.reader = db
	}
	if s.foldFrom <= 0 {
		s.foldFrom = foldLeast
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// snapshot runs f on one state of the database.
func (s *Store) snapshot(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.reader.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

// Package contentstore keeps connections, sources, pages, chunks and sync runs in PostgreSQL. It is the only place
// that knows their SQL (sql/content); the features index, spacesync, schedule and sources see its methods through
// interfaces of their own.
package contentstore

import (
	"context"
	"fmt"
	"runtime"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
)

// ChunkIndexer keeps what a search index derives from chunks, in the transaction that changes them.
type ChunkIndexer interface {
	// Words returns what the index keeps of chunks of a page, in their order. It is called before the transaction, by
	// several goroutines at once.
	Words(page index.Record, chunks []index.Chunk) [][]byte
	// Added is told which chunks came; their rows are there. Of chunks that go the index learns by itself.
	Added(ctx context.Context, tx pgx.Tx, sourceID string, added []AddedChunk) error
}

// AddedChunk is a chunk that has just been stored.
type AddedChunk struct {
	ID     int64
	PageID string
	Words  []byte // as ChunkIndexer.Words made them
}

// packWindow is how far back a repetition in a stored body is found, in bytes; each core keeps as much.
const packWindow = 256 << 10

// maxBody bounds what a stored body may unpack to: a damaged row must not fill the memory.
const maxBody = 256 << 20

// Store is the store. It is safe for concurrent use.
type Store struct {
	db      *postgres.DB
	q       *dbsqlc.Queries
	indexer ChunkIndexer
	pack    *zstd.Encoder
	unpack  *zstd.Decoder
}

// New returns a store over db. indexer may be nil where nothing is derived from chunks outside of SQL.
func New(db *postgres.DB, indexer ChunkIndexer) (*Store, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithWindowSize(packWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBody))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &Store{db: db, q: dbsqlc.New(), indexer: indexer, pack: pack, unpack: unpack}, nil
}

func (s *Store) unpackBody(data []byte) (string, error) {
	out, err := s.unpack.DecodeAll(data, nil)
	if err != nil {
		return "", fmt.Errorf("stored body: %w", err)
	}
	return string(out), nil
}

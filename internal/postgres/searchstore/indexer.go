package searchstore

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// Words implements contentstore.ChunkIndexer.
func (s *Store) Words(page index.Record, chunks []index.Chunk) [][]byte {
	if len(chunks) == 0 {
		return nil
	}
	a := s.analyzers.get(page.TextConfig)
	defer s.analyzers.put(page.TextConfig, a)
	counter := inverted.NewCounter(a)
	words := make([][]byte, len(chunks))
	for i, c := range chunks {
		words[i] = counter.Analyze(inverted.Fields{
			Title: page.Ref.Title, Heading: c.HeadingPath, Section: c.SectionTitle, Body: c.BodyText, Content: c.Content,
		}).Encode()
	}
	return words
}

// Added implements contentstore.ChunkIndexer: the words of new chunks are written in the transaction of their pages. A
// trigger on chunks notes those that went, whoever deleted them. No row is shared with other pages, so that writers do
// not wait for one another.
func (s *Store) Added(ctx context.Context, tx pgx.Tx, sourceID string, added []contentstore.AddedChunk) error {
	rows := make([]dbsqlc.SaveFreshParams, len(added))
	for i, c := range added {
		rows[i] = dbsqlc.SaveFreshParams{ChunkID: c.ID, SourceID: sourceID, PageID: c.PageID, Words: c.Words, Version: inverted.Version}
	}
	if _, err := s.q.SaveFresh(ctx, tx, rows); err != nil {
		return fmt.Errorf("words of %d chunks: %w", len(added), err)
	}
	s.noteAdded(len(added))
	return nil
}

// analyzers are kept for those who come next, because an analyzer remembers the stems it has made.
type analyzers struct {
	byConfig sync.Map // text search configuration → *sync.Pool
}

func (p *analyzers) get(config string) *analysis.Analyzer {
	if pool, ok := p.byConfig.Load(config); ok {
		if a, ok := pool.(*sync.Pool).Get().(*analysis.Analyzer); ok {
			return a
		}
	}
	return analysis.New(config)
}

func (p *analyzers) put(config string, a *analysis.Analyzer) {
	pool, _ := p.byConfig.LoadOrStore(config, &sync.Pool{})
	pool.(*sync.Pool).Put(a) //nolint:forcetypeassert // nothing else is stored
}

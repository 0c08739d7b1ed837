package searchstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// Replaced implements contentstore.ChunkIndexer: the words of new chunks are written in the transaction of the page. A
// trigger on chunks notes those that went, whoever deleted them. No row is shared with other pages, so that writers do
// not wait for one another.
func (s *Store) Replaced(ctx context.Context, tx pgx.Tx, sourceID, pageID string, _ []int64, added []contentstore.AddedChunk) error {
	if len(added) == 0 {
		return nil
	}
	a := analysis.New(added[0].TextConfig)
	rows := make([]dbsqlc.SaveFreshParams, len(added))
	for i, c := range added {
		doc := inverted.Analyze(a, inverted.Fields{
			Title: c.Title, Heading: c.HeadingPath, Section: c.SectionTitle, Body: c.BodyText, Content: c.Content,
		})
		rows[i] = dbsqlc.SaveFreshParams{ChunkID: c.ID, SourceID: sourceID, PageID: pageID, Words: doc.Encode(), Version: inverted.Version}
	}
	if _, err := s.q.SaveFresh(ctx, tx, rows); err != nil {
		return fmt.Errorf("words of page %s: %w", pageID, err)
	}
	return nil
}

package contentstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
)

// deletePieces is how many pages one transaction deletes: locks stay short.
const deletePieces = 200

// SoftDelete takes pages out of the index: their rows stay, marked with the reason; chunks, text and stored bodies go.
// It returns how many pages were live until now, and how many chunks went.
func (s *Store) SoftDelete(ctx context.Context, fence index.Fence, sourceID string, ids []string, reason string) (pages, chunks int, err error) {
	for len(ids) > 0 {
		piece := ids[:min(len(ids), deletePieces)]
		ids = ids[len(piece):]
		err := s.db.InTx(ctx, func(tx pgx.Tx) error {
			if err := s.checkFence(ctx, tx, fence); err != nil {
				return err
			}
			p, c, err := s.softDelete(ctx, tx, sourceID, piece, reason)
			pages, chunks = pages+p, chunks+c
			return err
		})
		if err != nil {
			return pages, chunks, fmt.Errorf("delete pages of %s: %w", sourceID, postgres.Translate(err))
		}
	}
	return pages, chunks, nil
}

func (s *Store) softDelete(ctx context.Context, tx pgx.Tx, sourceID string, ids []string, reason string) (pages, chunks int, err error) {
	gone, err := s.q.SoftDelete(ctx, tx, dbsqlc.SoftDeleteParams{SourceID: sourceID, Ids: ids, Reason: reason})
	if err != nil {
		return 0, 0, err
	}
	if len(gone) > 0 {
		removed, err := s.q.DeletePageChunks(ctx, tx, dbsqlc.DeletePageChunksParams{SourceID: sourceID, Ids: gone})
		if err != nil {
			return 0, 0, err
		}
		chunks = int(removed)
		if err := s.q.StaleIncluders(ctx, tx, dbsqlc.StaleIncludersParams{SourceID: sourceID, Ids: gone}); err != nil {
			return 0, 0, fmt.Errorf("pages that include them: %w", err)
		}
	}
	if err := s.q.DeleteBodies(ctx, tx, dbsqlc.DeleteBodiesParams{SourceID: sourceID, Ids: ids}); err != nil {
		return 0, 0, err
	}
	if err := s.q.DeletePending(ctx, tx, dbsqlc.DeletePendingParams{SourceID: sourceID, Ids: ids}); err != nil {
		return 0, 0, err
	}
	if err := s.q.ClearFailures(ctx, tx, dbsqlc.ClearFailuresParams{SourceID: sourceID, Ids: ids}); err != nil {
		return 0, 0, err
	}
	return len(gone), chunks, nil
}

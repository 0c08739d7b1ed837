package contentstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/spacesync"
)

// Withhold hides stored pages from everybody but admins and makes them wait for an admin's decision. Chunks and bodies
// stay, so that a page comes back whole; what includes one of them is made again without it.
func (s *Store) Withhold(ctx context.Context, fence index.Fence, sourceID string, ids []string) error {
	for len(ids) > 0 {
		piece := ids[:min(len(ids), deletePieces)]
		ids = ids[len(piece):]
		err := s.db.InTx(ctx, func(tx pgx.Tx) error {
			if err := s.checkFence(ctx, tx, fence); err != nil {
				return err
			}
			return s.withhold(ctx, tx, sourceID, piece)
		})
		if err != nil {
			return fmt.Errorf("hide pages of %s: %w", sourceID, postgres.Translate(err))
		}
	}
	return nil
}

func (s *Store) withhold(ctx context.Context, tx pgx.Tx, sourceID string, ids []string) error {
	hidden, err := s.q.HidePages(ctx, tx, dbsqlc.HidePagesParams{SourceID: sourceID, Ids: ids})
	if err != nil {
		return err
	}
	if len(hidden) > 0 {
		if err := s.q.StaleIncluders(ctx, tx, dbsqlc.StaleIncludersParams{SourceID: sourceID, Ids: hidden}); err != nil {
			return fmt.Errorf("pages that include them: %w", err)
		}
	}
	p := dbsqlc.AddPendingParams{SourceID: sourceID, Ids: ids}
	for range ids {
		p.Reasons = append(p.Reasons, spacesync.ReasonRestricted)
	}
	return s.q.AddPending(ctx, tx, p)
}

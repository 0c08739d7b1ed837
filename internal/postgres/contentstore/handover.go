package contentstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
)

// Disown takes pages that a source leaves out away from the other sources of its site, and returns how many those had.
func (s *Store) Disown(ctx context.Context, fence index.Fence, sourceID string, ids []string, reason string) (int, error) {
	others, err := s.q.SiblingSources(ctx, s.db, sourceID)
	if err != nil {
		return 0, fmt.Errorf("other sources of the site of %s: %w", sourceID, postgres.Translate(err))
	}
	if len(others) == 0 || len(ids) == 0 {
		return 0, nil
	}
	taken := 0
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.checkFence(ctx, tx, fence); err != nil {
			return err
		}
		taken = 0
		for _, other := range others {
			pages, _, err := s.softDelete(ctx, tx, other, ids, reason)
			if err != nil {
				return err
			}
			taken += pages
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("pages that %s leaves out: %w", sourceID, postgres.Translate(err))
	}
	return taken, nil
}

// WantComparison makes a source's next run compare the whole space.
func (s *Store) WantComparison(ctx context.Context, sourceID string) error {
	if err := s.q.WantComparison(ctx, s.db, sourceID); err != nil {
		return fmt.Errorf("source %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

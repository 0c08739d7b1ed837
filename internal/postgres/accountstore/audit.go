package accountstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
)

// InsertAudit writes an entry of the audit log; its id and time are the database's.
func (s *Store) InsertAudit(ctx context.Context, e auth.AuditEntry) error {
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("write audit entry: %w", err)
	}
	return translate("write audit entry", s.q.InsertAudit(ctx, s.db, dbsqlc.InsertAuditParams{
		ActorID: e.ActorID, Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: detail, Address: e.Address,
	}))
}

// Audit returns entries below beforeID, newest first.
func (s *Store) Audit(ctx context.Context, f auth.AuditFilter, beforeID int64) ([]auth.AuditEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	params := dbsqlc.ListAuditParams{
		After: f.After, Before: f.Before, Actor: f.Actor, Action: f.Action, Subject: f.Subject, MaxRows: int32(f.Limit),
	}
	if beforeID > 0 {
		params.BeforeID = &beforeID
	}
	rows, err := s.q.ListAudit(ctx, s.db, params)
	if err != nil {
		return nil, translate("read audit log", err)
	}
	entries := make([]auth.AuditEntry, len(rows))
	for i, row := range rows {
		entries[i] = auth.AuditEntry{
			ID: row.ID, At: row.At.UTC(), ActorID: row.ActorID, Actor: row.Actor, Action: row.Action,
			Subject: row.Subject, Address: row.Address,
		}
		if err := json.Unmarshal(row.Detail, &entries[i].Detail); err != nil {
			return nil, fmt.Errorf("read audit entry %d: %w", row.ID, err)
		}
	}
	return entries, nil
}

// UpdateThrottles locks the states of the keys, passes them to update and stores what it made of them.
func (s *Store) UpdateThrottles(ctx context.Context, keys []string, now time.Time, update func([]auth.Throttle)) error {
	return s.within(ctx, func(tx *Store) error {
		if err := tx.q.EnsureThrottles(ctx, tx.db, dbsqlc.EnsureThrottlesParams{Keys: keys, Now: now}); err != nil {
			return translate("count tries", err)
		}
		rows, err := tx.q.LockThrottles(ctx, tx.db, keys)
		if err != nil {
			return translate("count tries", err)
		}
		states := make([]auth.Throttle, len(rows))
		for i, row := range rows {
			states[i] = auth.Throttle{Key: row.Key, Failures: int(row.Failures), LastAt: row.LastAt, BlockedUntil: row.BlockedUntil}
		}
		update(states)
		for _, state := range states {
			err := tx.q.UpdateThrottle(ctx, tx.db, dbsqlc.UpdateThrottleParams{
				Key: state.Key, Failures: int32(state.Failures), LastAt: state.LastAt, BlockedUntil: state.BlockedUntil,
			})
			if err != nil {
				return translate("count tries", err)
			}
		}
		return nil
	})
}

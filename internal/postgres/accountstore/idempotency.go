package accountstore

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/idempotency"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
)

var _ idempotency.Store = (*Store)(nil)

// ClaimKey notes that a request with this key is being served, and reports whether it is the first.
func (s *Store) ClaimKey(ctx context.Context, userID, key string, hash []byte, now, abandoned, expired time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.ClaimKey(ctx, s.db, dbsqlc.ClaimKeyParams{
		UserID: userID, Key: key, RequestHash: hash, Now: now, Abandoned: abandoned, Expired: expired,
	})
	return rows > 0, translate("claim idempotency key", err)
}

// Key returns a claim with its answer, if it has one yet.
func (s *Store) Key(ctx context.Context, userID, key string) (idempotency.Kept, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	row, err := s.q.GetKey(ctx, s.db, dbsqlc.GetKeyParams{UserID: userID, Key: key})
	kept := idempotency.Kept{Hash: row.RequestHash}
	if row.Status != nil {
		kept.Answer = row.Body
	}
	return kept, translate("read idempotency key", err)
}

// AnswerKey keeps the answer of a claimed request.
func (s *Store) AnswerKey(ctx context.Context, userID, key string, status int, sealed []byte) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	code := int32(status)
	return translate("keep answer", s.q.AnswerKey(ctx, s.db, dbsqlc.AnswerKeyParams{Status: &code, Body: sealed, UserID: userID, Key: key}))
}

// ReleaseKey gives a claim back.
func (s *Store) ReleaseKey(ctx context.Context, userID, key string) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return translate("release idempotency key", s.q.ReleaseKey(ctx, s.db, dbsqlc.ReleaseKeyParams{UserID: userID, Key: key}))
}

package accountstore

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
)

// InsertToken stores a new API token under the hash of its secret.
func (s *Store) InsertToken(ctx context.Context, t auth.Token, hash []byte) (auth.Token, error) {
	row, err := s.q.InsertToken(ctx, s.db, dbsqlc.InsertTokenParams{
		ID: t.ID, UserID: t.UserID, Name: t.Name, Role: string(t.Role), Prefix: t.Prefix, Hash: hash, ExpiresAt: t.ExpiresAt,
	})
	return token(dbsqlc.GetTokenRow(row)), translate("create token", err)
}

// Tokens returns the tokens of a user, or of everybody for an empty id, newest first.
func (s *Store) Tokens(ctx context.Context, userID string) ([]auth.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.ListTokens(ctx, s.db, userID)
	if err != nil {
		return nil, translate("list tokens", err)
	}
	tokens := make([]auth.Token, len(rows))
	for i, row := range rows {
		tokens[i] = token(dbsqlc.GetTokenRow(row))
	}
	return tokens, nil
}

// Token returns one token.
func (s *Store) Token(ctx context.Context, id string) (auth.Token, error) {
	row, err := s.q.GetToken(ctx, s.db, id)
	return token(row), translate("read token", err)
}

// DeleteToken deletes a token.
func (s *Store) DeleteToken(ctx context.Context, id string) error {
	n, err := s.q.DeleteToken(ctx, s.db, id)
	return gone("revoke token", n, err)
}

// TokenByHash returns the token with the hash and its account.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (auth.Token, auth.User, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	row, err := s.q.FindToken(ctx, s.db, hash)
	if err != nil {
		return auth.Token{}, auth.User{}, translate("find token", err)
	}
	t := auth.Token{
		ID: row.ID, UserID: row.UserID, UserEmail: row.Email, Role: auth.Role(row.Role),
		ExpiresAt: utc(row.ExpiresAt), LastUsedAt: utc(row.LastUsedAt),
	}
	return t, auth.User{ID: row.UserID, Email: row.Email, Name: row.Name, Role: auth.Role(row.UserRole)}, nil
}

// TouchToken notes that a token was used.
func (s *Store) TouchToken(ctx context.Context, id string, at time.Time) error {
	return translate("note use of token", s.q.TouchToken(ctx, s.db, dbsqlc.TouchTokenParams{ID: id, At: &at}))
}

func token(row dbsqlc.GetTokenRow) auth.Token {
	return auth.Token{
		ID: row.ID, UserID: row.UserID, UserEmail: row.Email, Name: row.Name, Role: auth.Role(row.Role), Prefix: row.Prefix,
		CreatedAt: row.CreatedAt.UTC(), ExpiresAt: utc(row.ExpiresAt), LastUsedAt: utc(row.LastUsedAt),
	}
}

package accountstore

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
)

// InsertSession stores a signed-in browser.
func (s *Store) InsertSession(ctx context.Context, session auth.Session) (auth.Session, error) {
	row, err := s.q.InsertSession(ctx, s.db, dbsqlc.InsertSessionParams{
		ID: session.ID, UserID: session.UserID, Address: session.Address, UserAgent: session.UserAgent, At: session.CreatedAt,
	})
	return sessionOf(row), translate("start session", err)
}

// Sessions returns the sessions of a user that are younger than both limits, last used first.
func (s *Store) Sessions(ctx context.Context, userID string, idleSince, createdSince time.Time) ([]auth.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.ListSessions(ctx, s.db, dbsqlc.ListSessionsParams{UserID: userID, IdleSince: idleSince, CreatedSince: createdSince})
	if err != nil {
		return nil, translate("list sessions", err)
	}
	sessions := make([]auth.Session, len(rows))
	for i, row := range rows {
		sessions[i] = sessionOf(row)
	}
	return sessions, nil
}

// Session returns one session.
func (s *Store) Session(ctx context.Context, id string) (auth.Session, error) {
	row, err := s.q.GetSession(ctx, s.db, id)
	return sessionOf(row), translate("read session", err)
}

// LiveSession returns the account of a session that is younger than both limits, and when it was last seen.
func (s *Store) LiveSession(ctx context.Context, id string, idleSince, createdSince time.Time) (auth.User, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	row, err := s.q.FindSession(ctx, s.db, dbsqlc.FindSessionParams{ID: id, IdleSince: idleSince, CreatedSince: createdSince})
	if err != nil {
		return auth.User{}, time.Time{}, translate("find session", err)
	}
	return auth.User{ID: row.UserID, Email: row.Email, Name: row.Name, Role: auth.Role(row.Role)}, row.LastSeenAt.UTC(), nil
}

// TouchSession notes that a session was used, and from where.
func (s *Store) TouchSession(ctx context.Context, id, address string, at time.Time) error {
	return translate("note use of session", s.q.TouchSession(ctx, s.db, dbsqlc.TouchSessionParams{ID: id, Address: address, At: at}))
}

// DeleteSession ends a session.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	n, err := s.q.DeleteSession(ctx, s.db, id)
	return gone("end session", n, err)
}

// DeleteOtherSessions ends a user's sessions but one and returns how many.
func (s *Store) DeleteOtherSessions(ctx context.Context, userID, keepID string) (int, error) {
	n, err := s.q.DeleteOtherSessions(ctx, s.db, dbsqlc.DeleteOtherSessionsParams{UserID: userID, Keep: keepID})
	return int(n), translate("end sessions", err)
}

func sessionOf(row dbsqlc.UserSession) auth.Session {
	return auth.Session{
		ID: row.ID, UserID: row.UserID, Address: row.Address, UserAgent: row.UserAgent,
		CreatedAt: row.CreatedAt.UTC(), LastSeenAt: row.LastSeenAt.UTC(),
	}
}

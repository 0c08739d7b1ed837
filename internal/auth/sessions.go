package auth

import (
	"context"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// StartSession notes that a user, whose password was just checked, is signed in at the request's origin.
func (s *Service) StartSession(ctx context.Context, userID string) (Session, error) {
	origin := OriginFrom(ctx)
	now := s.now()
	session := Session{
		ID: newID("ses"), UserID: userID, Address: origin.Address, UserAgent: cut(origin.UserAgent, 300),
		CreatedAt: now, LastSeenAt: now,
	}
	err := s.store.Within(ctx, func(tx Store) error {
		user, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if session, err = tx.InsertSession(ctx, session); err != nil {
			return err
		}
		if err := tx.SignedIn(ctx, userID, origin.Address, now); err != nil {
			return err
		}
		return tx.InsertAudit(ctx, entryBy(ctx, identityOf(user), ActionSignIn, user.Email, nil))
	})
	session.Device = s.newDevice(userID)
	return session, err
}

// SessionIdentity returns who a session belongs to, with the account's present role; wiki.ErrNotFound where it was
// revoked, its account removed, or it is past its idle or absolute time.
func (s *Service) SessionIdentity(ctx context.Context, id string) (Identity, error) {
	now := s.now()
	user, seen, err := s.store.LiveSession(ctx, id, now.Add(-SessionIdle), now.Add(-SessionLifetime))
	if err != nil {
		return Identity{}, err
	}
	if pastTouch(seen, now) {
		if err := s.noted(ctx, s.store.TouchSession(ctx, id, OriginFrom(ctx).Address, now)); err != nil {
			return Identity{}, err
		}
	}
	identity := identityOf(user)
	identity.SessionID = id
	return identity, nil
}

// Sessions returns the sessions of a user that still live, last used first: the own ones, or any for an admin.
func (s *Service) Sessions(ctx context.Context, userID string) ([]Session, error) {
	if err := mustOwn(ctx, userID); err != nil {
		return nil, err
	}
	now := s.now()
	return s.store.Sessions(ctx, userID, now.Add(-SessionIdle), now.Add(-SessionLifetime))
}

// EndSession ends a session: the own ones, or any for an admin. Others' are wiki.ErrNotFound.
func (s *Service) EndSession(ctx context.Context, id string) error {
	return s.store.Within(ctx, func(tx Store) error {
		session, err := tx.Session(ctx, id)
		if err != nil {
			return err
		}
		// The request that signs in over another's session comes with that very session's identity.
		if err := mustOwn(ctx, session.UserID); err != nil {
			return wiki.ErrNotFound
		}
		user, err := tx.User(ctx, session.UserID)
		if err != nil {
			return err
		}
		if err := tx.DeleteSession(ctx, id); err != nil {
			return err
		}
		return tx.InsertAudit(ctx, entry(ctx, ActionSignOut, user.Email, nil))
	})
}

// EndOtherSessions ends a user's sessions but the one to keep (empty: all) and returns how many.
func (s *Service) EndOtherSessions(ctx context.Context, userID, keepID string) (n int, err error) {
	if err := mustOwn(ctx, userID); err != nil {
		return 0, err
	}
	err = s.store.Within(ctx, func(tx Store) error {
		user, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if n, err = tx.DeleteOtherSessions(ctx, userID, keepID); err != nil {
			return err
		}
		return tx.InsertAudit(ctx, entry(ctx, ActionSignOut, user.Email, map[string]any{"sessions": n}))
	})
	return n, err
}

func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}

// retention of what only the sweep removes.
const (
	auditRetention    = 2 * 365 * 24 * time.Hour
	searchRetention   = 90 * 24 * time.Hour
	throttleRetention = 24 * time.Hour
	keyRetention      = 24 * time.Hour
)

// Sweep deletes ended sessions, expired links, old counts, log entries and search statistics.
func (s *Service) Sweep(ctx context.Context) (int64, error) {
	now := s.now()
	return s.store.Sweep(ctx, SweepLimits{
		Now: now, SessionIdle: now.Add(-SessionIdle), SessionCreated: now.Add(-SessionLifetime),
		Throttles: now.Add(-throttleRetention), Addresses: now.Add(-addressMemory), Audit: now.Add(-auditRetention),
		Searches: now.Add(-searchRetention), Keys: now.Add(-keyRetention),
	})
}

// Run sweeps now and then every hour until ctx ends; it returns nil.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		n, err := s.Sweep(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.log.WarnContext(ctx, "sweep of old accounts data failed; the next one will try again", "err", err)
		case n > 0:
			s.log.DebugContext(ctx, "old accounts data swept", "rows", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

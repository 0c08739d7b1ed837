package accountstore

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
)

// InsertLink stores a one-time link under the hash of its secret.
func (s *Store) InsertLink(ctx context.Context, l auth.Link, hash []byte) (auth.Link, error) {
	params := dbsqlc.InsertLinkParams{
		ID: l.ID, Kind: string(l.Kind), Email: l.Email, Name: l.Name, Role: string(l.Role), Hash: hash,
		CreatedBy: l.CreatedBy, ExpiresAt: l.ExpiresAt,
	}
	if l.UserID != "" {
		params.UserID = &l.UserID
	}
	row, err := s.q.InsertLink(ctx, s.db, params)
	return link(dbsqlc.FindLinkRow(row)), translate("create link", err)
}

// Links returns the links that are still good, newest first.
func (s *Store) Links(ctx context.Context, now time.Time) ([]auth.Link, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.ListLinks(ctx, s.db, now)
	if err != nil {
		return nil, translate("list links", err)
	}
	links := make([]auth.Link, len(rows))
	for i, row := range rows {
		links[i] = link(dbsqlc.FindLinkRow(row))
	}
	return links, nil
}

// LinkByHash returns the link with the hash, if it is still good.
func (s *Store) LinkByHash(ctx context.Context, hash []byte, now time.Time) (auth.Link, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	row, err := s.q.FindLink(ctx, s.db, dbsqlc.FindLinkParams{Hash: hash, Now: now})
	return link(row), translate("find link", err)
}

// TakeLink returns the link with the hash, if it is still good, and deletes it.
func (s *Store) TakeLink(ctx context.Context, hash []byte, now time.Time) (auth.Link, error) {
	row, err := s.q.TakeLink(ctx, s.db, dbsqlc.TakeLinkParams{Hash: hash, Now: now})
	return link(dbsqlc.FindLinkRow(row)), translate("use link", err)
}

// DeleteLink deletes a link and returns what it was.
func (s *Store) DeleteLink(ctx context.Context, id string) (auth.Link, error) {
	row, err := s.q.DeleteLink(ctx, s.db, id)
	return link(dbsqlc.FindLinkRow(row)), translate("revoke link", err)
}

// DeleteLinksFor deletes the links of an e-mail address.
func (s *Store) DeleteLinksFor(ctx context.Context, email string) error {
	return translate("revoke links", s.q.DeleteLinksFor(ctx, s.db, email))
}

func link(row dbsqlc.FindLinkRow) auth.Link {
	l := auth.Link{
		ID: row.ID, Kind: auth.LinkKind(row.Kind), Email: row.Email, Name: row.Name, Role: auth.Role(row.Role),
		CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(),
	}
	if row.UserID != nil {
		l.UserID = *row.UserID
	}
	return l
}

package contentstore

import (
	"context"
	"fmt"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

var _ sources.Store = (*Store)(nil)

// InsertConnection adds a connection.
func (s *Store) InsertConnection(ctx context.Context, c sources.StoredConnection) error {
	err := s.q.InsertConnection(ctx, s.db, dbsqlc.InsertConnectionParams{
		ID: c.ID, Name: c.Name, BaseUrl: c.BaseURL, Deployment: string(c.Deployment), Email: c.Email, AccountID: c.AccountID,
		TokenSealed: c.TokenSealed, JiraBaseUrl: c.JiraBaseURL, JiraProjects: emptyNotNil(c.JiraProjects),
	})
	if err != nil {
		return fmt.Errorf("connection to %s: %w", c.BaseURL, postgres.Translate(err))
	}
	return nil
}

// Connections lists the connections, oldest first.
func (s *Store) Connections(ctx context.Context) ([]sources.StoredConnection, error) {
	return s.connections(ctx, nil)
}

// Connection returns a connection; wiki.ErrNotFound.
func (s *Store) Connection(ctx context.Context, id string) (sources.StoredConnection, error) {
	list, err := s.connections(ctx, &id)
	if err != nil {
		return sources.StoredConnection{}, err
	}
	if len(list) == 0 {
		return sources.StoredConnection{}, fmt.Errorf("connection %s: %w", id, wiki.ErrNotFound)
	}
	return list[0], nil
}

func (s *Store) connections(ctx context.Context, id *string) ([]sources.StoredConnection, error) {
	rows, err := s.q.ListConnections(ctx, s.db, id)
	if err != nil {
		return nil, fmt.Errorf("connections: %w", postgres.Translate(err))
	}
	list := make([]sources.StoredConnection, len(rows))
	for i, r := range rows {
		list[i] = sources.StoredConnection{
			Connection: sources.Connection{
				ID: r.ID, Name: r.Name, BaseURL: r.BaseUrl, Deployment: wiki.Deployment(r.Deployment), Email: r.Email,
				JiraBaseURL: r.JiraBaseUrl, JiraProjects: r.JiraProjects, Problem: r.Problem, CheckedAt: r.CheckedAt,
				Sources: int(r.Sources), CreatedAt: r.CreatedAt,
			},
			AccountID: r.AccountID, TokenSealed: r.TokenSealed,
		}
	}
	return list, nil
}

// FindConnection finds the connection of an account; wiki.ErrNotFound.
func (s *Store) FindConnection(ctx context.Context, baseURL, email, accountID string) (string, error) {
	id, err := s.q.FindConnection(ctx, s.db, dbsqlc.FindConnectionParams{BaseUrl: baseURL, AccountID: accountID, Email: email})
	if err != nil {
		return "", fmt.Errorf("connection to %s: %w", baseURL, postgres.Translate(err))
	}
	return id, nil
}

// UpdateConnection changes a connection; wiki.ErrNotFound.
func (s *Store) UpdateConnection(ctx context.Context, id string, u sources.ConnectionUpdate) error {
	n, err := s.q.UpdateConnection(ctx, s.db, dbsqlc.UpdateConnectionParams{
		Name: u.Name, Email: u.Email, AccountID: u.AccountID, TokenSealed: u.TokenSealed, JiraBaseUrl: u.JiraBaseURL,
		JiraProjects: u.JiraProjects, ID: id,
	})
	if err == nil && n == 0 {
		err = wiki.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("connection %s: %w", id, postgres.Translate(err))
	}
	return nil
}

// SetConnectionProblem notes what stands between us and the site; empty: nothing.
func (s *Store) SetConnectionProblem(ctx context.Context, id, problem string) error {
	err := s.q.SetConnectionProblem(ctx, s.db, dbsqlc.SetConnectionProblemParams{Problem: problem, ID: id})
	if err != nil {
		return fmt.Errorf("connection %s: %w", id, postgres.Translate(err))
	}
	return nil
}

// DeleteUnusedConnection removes a connection that no source uses.
func (s *Store) DeleteUnusedConnection(ctx context.Context, id string) error {
	if err := s.q.DeleteUnusedConnection(ctx, s.db, id); err != nil {
		return fmt.Errorf("connection %s: %w", id, postgres.Translate(err))
	}
	return nil
}

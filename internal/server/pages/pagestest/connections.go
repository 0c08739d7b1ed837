package pagestest

import (
	"context"
	"fmt"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Connections implements pages.Sources.
func (s *Sources) Connections(context.Context) ([]sources.Connection, error) {
	return []sources.Connection{
		{ID: "c1", Name: "Example Cloud", BaseURL: SiteURL, Deployment: wiki.Cloud, Email: SiteEmail, JiraBaseURL: SiteURL, CheckedAt: new(ago(3 * time.Minute)), Sources: 4},
		{ID: "c2", Name: "Intern", BaseURL: "https://wiki.intern.example.org/confluence", Deployment: wiki.DataCenter, Problem: "the site refuses the token: it expired on 1 September. Create a new one and enter it here", CheckedAt: new(ago(time.Hour)), Sources: 1},
	}, nil
}

// Connection implements pages.Sources.
func (s *Sources) Connection(ctx context.Context, id string) (sources.Connection, error) {
	list, err := s.Connections(ctx)
	for _, c := range list {
		if c.ID == id {
			return c, err
		}
	}
	return sources.Connection{}, fmt.Errorf("connection %s: %w", id, wiki.ErrNotFound)
}

// UpdateConnection implements pages.Sources.
func (s *Sources) UpdateConnection(ctx context.Context, id string, change sources.ConnectionChange) (sources.Connection, error) {
	if change.APIToken != nil && *change.APIToken != SiteToken {
		return sources.Connection{}, fmt.Errorf("the site refuses this e-mail and token: %w", wiki.ErrCredentials)
	}
	_ = s.called("update connection", id)
	return s.Connection(ctx, id)
}

package contentstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/wiki"
)

// UserNames returns the display names that are known.
func (s *Store) UserNames(ctx context.Context, connectionID string, ids []string) (map[string]index.Name, error) {
	rows, err := s.q.UserNames(ctx, s.db, dbsqlc.UserNamesParams{ConnectionID: connectionID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("names: %w", postgres.Translate(err))
	}
	names := make(map[string]index.Name, len(rows))
	for _, r := range rows {
		names[r.UserID] = index.Name{DisplayName: r.DisplayName, FetchedAt: r.FetchedAt}
	}
	return names, nil
}

// SaveUsers keeps display names; each id may occur once.
func (s *Store) SaveUsers(ctx context.Context, connectionID string, users []wiki.User) error {
	p := dbsqlc.SaveUsersParams{ConnectionID: connectionID}
	// Runs of several spaces of a site save the same people at once; in one order they wait instead of blocking each other.
	users = slices.SortedFunc(slices.Values(users), func(a, b wiki.User) int { return strings.Compare(a.ID, b.ID) })
	for _, u := range users {
		p.Ids = append(p.Ids, u.ID)
		p.Names = append(p.Names, u.DisplayName)
		p.Active = append(p.Active, u.Active)
	}
	if err := s.q.SaveUsers(ctx, s.db, p); err != nil {
		return fmt.Errorf("names: %w", postgres.Translate(err))
	}
	return nil
}

// JiraProjects returns the project keys learned so far.
func (s *Store) JiraProjects(ctx context.Context, connectionID string) ([]string, error) {
	keys, err := s.q.JiraProjects(ctx, s.db, connectionID)
	if err != nil {
		return nil, fmt.Errorf("jira projects: %w", postgres.Translate(err))
	}
	return keys, nil
}

// AddJiraProjects adds to them. Stored pages that may name issues of a new project in their text are marked to be
// processed again.
func (s *Store) AddJiraProjects(ctx context.Context, connectionID string, keys []string) error {
	keys = slices.Sorted(slices.Values(keys)) // for the reason that SaveUsers gives
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		added, err := s.q.AddJiraProjects(ctx, tx, dbsqlc.AddJiraProjectsParams{ConnectionID: connectionID, Keys: keys})
		if err != nil || len(added) == 0 {
			return err
		}
		all, err := s.q.JiraProjects(ctx, tx, connectionID)
		if err != nil {
			return err
		}
		return s.q.StaleByProjects(ctx, tx, dbsqlc.StaleByProjectsParams{
			ConnectionID: connectionID, Pattern: `\m(` + strings.Join(added, "|") + `)-[1-9]`, First: len(all) == len(added),
		})
	})
	if err != nil {
		return fmt.Errorf("jira projects: %w", postgres.Translate(err))
	}
	return nil
}

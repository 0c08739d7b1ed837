package accountstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
)

var _ instance.Store = (*Store)(nil)

const settingsKey = "settings"

// LoadSettings reads into settings what is stored.
func (s *Store) LoadSettings(ctx context.Context, settings *instance.Settings) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	value, err := s.q.GetSetting(ctx, s.db, settingsKey)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return translate("read settings", err)
	}
	if err := json.Unmarshal(value, settings); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	return nil
}

// SaveSettings stores settings.
func (s *Store) SaveSettings(ctx context.Context, settings instance.Settings) error {
	value, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return translate("save settings", s.q.PutSetting(ctx, s.db, dbsqlc.PutSettingParams{Key: settingsKey, Value: value}))
}

// InsertSearches stores searches for the statistics.
func (s *Store) InsertSearches(ctx context.Context, events []instance.SearchEvent) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows := make([]dbsqlc.InsertSearchesParams, len(events))
	for i, e := range events {
		if e.Spaces == nil {
			e.Spaces = []string{}
		}
		rows[i] = dbsqlc.InsertSearchesParams{
			At: e.At, Query: e.Query, Mode: e.Mode, Spaces: e.Spaces, Total: int32(e.Total), TookMs: float32(e.TookMS), Degraded: e.Degraded,
		}
	}
	_, err := s.q.InsertSearches(ctx, s.db, rows)
	return translate("store searches", err)
}

// DeleteSearches forgets all searches.
func (s *Store) DeleteSearches(ctx context.Context) error {
	return translate("delete searches", s.q.DeleteSearches(ctx, s.db))
}

// TopQueries returns what was searched most.
func (s *Store) TopQueries(ctx context.Context, f instance.AnalyticsFilter) ([]instance.QueryCount, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.TopQueries(ctx, s.db, dbsqlc.TopQueriesParams{
		Since: f.Since, Space: f.Space, WithoutResult: f.WithoutResult, MaxRows: int32(f.Limit),
	})
	if err != nil {
		return nil, translate("count queries", err)
	}
	counts := make([]instance.QueryCount, len(rows))
	for i, row := range rows {
		counts[i] = instance.QueryCount{
			Query: row.Query, Searches: int(row.Searches), WithoutResult: int(row.WithoutResult), LastAt: row.LastAt.UTC(),
		}
	}
	return counts, nil
}

// SearchDays returns the searches of each day, oldest first.
func (s *Store) SearchDays(ctx context.Context, since time.Time) ([]instance.DayCount, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.SearchDays(ctx, s.db, since)
	if err != nil {
		return nil, translate("count searches", err)
	}
	days := make([]instance.DayCount, len(rows))
	for i, row := range rows {
		days[i] = instance.DayCount{
			Day: row.Day.UTC(), Searches: int(row.Searches), WithoutResult: int(row.WithoutResult),
			Degraded: int(row.Degraded), MedianMS: row.MedianMs,
		}
	}
	return days, nil
}

// SearchSpaces returns the spaces that searches were narrowed to most.
func (s *Store) SearchSpaces(ctx context.Context, since time.Time, limit int) ([]instance.SpaceCount, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.SearchSpaces(ctx, s.db, dbsqlc.SearchSpacesParams{Since: since, MaxRows: int32(limit)})
	if err != nil {
		return nil, translate("count searches by space", err)
	}
	counts := make([]instance.SpaceCount, len(rows))
	for i, row := range rows {
		counts[i] = instance.SpaceCount{Space: row.Space, Searches: int(row.Searches), WithoutResult: int(row.WithoutResult)}
	}
	return counts, nil
}

package contentstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// sourceMetadata is sources.metadata of a Confluence space; the contract fixes its keys.
type sourceMetadata struct {
	SpaceKey       string                   `json:"confluence_space_key"`
	BaseURL        string                   `json:"confluence_base_url"`
	LastSync       *time.Time               `json:"last_sync_timestamp"`
	TotalPages     int                      `json:"total_pages"`
	FrequencyHours int                      `json:"sync_frequency_hours"`
	Strategy       sources.DeletionStrategy `json:"deletion_check_strategy"`
	Reconciliation *time.Time               `json:"last_full_reconciliation"`
	Metrics        sources.SyncMetrics      `json:"sync_metrics"`
}

// InsertSource adds a source; wiki.ErrConflict where the id is taken.
func (s *Store) InsertSource(ctx context.Context, n sources.StoredSource) error {
	metadata, err := json.Marshal(sourceMetadata{
		SpaceKey: n.Space.Key, BaseURL: n.BaseURL, FrequencyHours: n.FrequencyHours, Strategy: n.Strategy,
	})
	if err != nil {
		return fmt.Errorf("source %s: metadata: %w", n.ID, err)
	}
	err = s.q.InsertSource(ctx, s.db, dbsqlc.InsertSourceParams{
		SourceID: n.ID, Name: n.Name, ConnectionID: &n.ConnectionID, SpaceID: n.Space.ID, SpaceUrl: n.Space.URL,
		HomepageID: n.Space.HomepageID, Metadata: metadata, RestrictedPages: string(n.RestrictedPages), TextConfig: n.TextLanguage,
	})
	if err != nil {
		return fmt.Errorf("source %s: %w", n.ID, postgres.Translate(err))
	}
	return nil
}

// Sources lists all sources by name.
func (s *Store) Sources(ctx context.Context) ([]sources.Source, error) {
	return s.listSources(ctx, nil)
}

// Source returns a source; wiki.ErrNotFound.
func (s *Store) Source(ctx context.Context, id string) (sources.Source, error) {
	list, err := s.listSources(ctx, &id)
	if err != nil {
		return sources.Source{}, err
	}
	if len(list) == 0 {
		return sources.Source{}, fmt.Errorf("source %s: %w", id, wiki.ErrNotFound)
	}
	return list[0], nil
}

func (s *Store) listSources(ctx context.Context, id *string) ([]sources.Source, error) {
	rows, err := s.q.ListSources(ctx, s.db, id)
	if err != nil {
		return nil, fmt.Errorf("sources: %w", postgres.Translate(err))
	}
	list := make([]sources.Source, len(rows))
	for i, r := range rows {
		var m sourceMetadata
		if err := json.Unmarshal(r.Metadata, &m); err != nil {
			return nil, fmt.Errorf("source %s: metadata: %w", r.SourceID, err)
		}
		list[i] = sources.Source{
			ID: r.SourceID, Kind: r.SourceType, Name: r.Name, BaseURL: m.BaseURL, SpaceKey: m.SpaceKey, SpaceURL: r.SpaceUrl,
			State: sourceState(r), SyncFrequencyHours: m.FrequencyHours, DeletionCheckStrategy: m.Strategy,
			RestrictedPages: sources.RestrictedPages(r.RestrictedPages), TextLanguage: r.TextConfig,
			GuardPercent: int(r.GuardPercent), GuardMinimum: int(r.GuardMinimum), LastSyncTimestamp: m.LastSync,
			LastFullReconciliation: m.Reconciliation, NextSyncAt: r.NextSyncAt, TotalPages: int(r.Pages),
			TotalChunks: int(r.Chunks), ChunksWithoutEmbedding: int(r.Unembedded), FailedPages: int(r.FailedPages),
			PendingDeletions: int(r.Pending), SyncMetrics: m.Metrics, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		}
		if r.ConnectionID != nil {
			list[i].ConnectionID = *r.ConnectionID
		}
		if r.Paused {
			list[i].NextSyncAt = nil
		}
	}
	return list, nil
}

// FoldCounts sums up the changes of how many chunks sources have, so that few have to be added up at each look. Call it every
// half minute.
func (s *Store) FoldCounts(ctx context.Context) error {
	if err := s.q.FoldCounts(ctx, s.db); err != nil {
		return fmt.Errorf("sum up the counts of chunks: %w", postgres.Translate(err))
	}
	return nil
}

func sourceState(r dbsqlc.ListSourcesRow) sources.State {
	switch {
	case r.ActiveState == string(sources.RunRunning):
		return sources.StateRunning
	case r.Paused:
		return sources.StatePaused
	case r.ActiveState == string(sources.RunQueued):
		return sources.StateQueued
	case r.LastState == string(sources.RunFailed):
		return sources.StateFailed
	default:
		return sources.StateIdle
	}
}

// SourceIDs returns the ids that begin with a slug.
func (s *Store) SourceIDs(ctx context.Context, slug string) ([]string, error) {
	ids, err := s.q.SourceIDs(ctx, s.db, slug)
	if err != nil {
		return nil, fmt.Errorf("sources: %w", postgres.Translate(err))
	}
	return ids, nil
}

// SourceForSpace finds the source of a site's space, by id or by key; wiki.ErrNotFound.
func (s *Store) SourceForSpace(ctx context.Context, baseURL, spaceID, spaceKey string) (string, error) {
	id, err := s.q.SourceBySpaceID(ctx, s.db, dbsqlc.SourceBySpaceIDParams{BaseUrl: baseURL, SpaceID: spaceID, SpaceKey: spaceKey})
	if err != nil {
		return "", fmt.Errorf("source of space %s: %w", spaceKey, postgres.Translate(err))
	}
	return id, nil
}

// UpdateSource changes a source; wiki.ErrNotFound.
func (s *Store) UpdateSource(ctx context.Context, id string, u sources.SourceUpdate) error {
	metadata := map[string]any{}
	if u.SyncFrequencyHours != nil {
		metadata["sync_frequency_hours"] = *u.SyncFrequencyHours
	}
	if u.DeletionCheckStrategy != nil {
		metadata["deletion_check_strategy"] = *u.DeletionCheckStrategy
	}
	data, err := json.Marshal(metadata)
	if err != nil {
		return fmt.Errorf("source %s: metadata: %w", id, err)
	}
	n, err := s.q.UpdateSource(ctx, s.db, dbsqlc.UpdateSourceParams{
		Name: u.Name, RestrictedPages: (*string)(u.RestrictedPages), TextConfig: u.TextLanguage, GuardPercent: int32p(u.GuardPercent),
		GuardMinimum: int32p(u.GuardMinimum), NextSyncAt: u.NextSyncAt, ReconcileWanted: u.ReconcileWanted, Metadata: data, SourceID: id,
	})
	return touched(n, err, id)
}

// SetPaused pauses a source or lets it go on; wiki.ErrNotFound.
func (s *Store) SetPaused(ctx context.Context, id string, paused bool) error {
	n, err := s.q.SetPaused(ctx, s.db, dbsqlc.SetPausedParams{Paused: paused, SourceID: id})
	return touched(n, err, id)
}

// SetNextSync sets when the scheduler starts the next run.
func (s *Store) SetNextSync(ctx context.Context, id string, at time.Time) error {
	if err := s.q.SetNextSync(ctx, s.db, dbsqlc.SetNextSyncParams{NextSyncAt: &at, SourceID: id}); err != nil {
		return fmt.Errorf("source %s: %w", id, postgres.Translate(err))
	}
	return nil
}

// DeleteSource removes a source with all of its pages and chunks: the pages first, in pieces, so that no lock is held
// for long and the search index hears of it.
func (s *Store) DeleteSource(ctx context.Context, id string) error {
	ids, err := s.q.LiveIDs(ctx, s.db, id)
	if err != nil {
		return fmt.Errorf("source %s: %w", id, postgres.Translate(err))
	}
	if _, _, err := s.SoftDelete(ctx, index.Fence{}, id, ids, "source removed"); err != nil {
		return err
	}
	n, err := s.q.DeleteSource(ctx, s.db, id)
	return touched(n, err, id)
}

// TextLanguages lists the database's text search configurations.
func (s *Store) TextLanguages(ctx context.Context) ([]string, error) {
	names, err := s.q.TextConfigs(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("text languages: %w", postgres.Translate(err))
	}
	return names, nil
}

// SyncSource returns what a run needs to know; wiki.ErrNotFound.
func (s *Store) SyncSource(ctx context.Context, id string) (spacesync.Source, error) {
	r, err := s.q.SyncSource(ctx, s.db, id)
	if err != nil {
		return spacesync.Source{}, fmt.Errorf("source %s: %w", id, postgres.Translate(err))
	}
	var m sourceMetadata
	if err := json.Unmarshal(r.Metadata, &m); err != nil {
		return spacesync.Source{}, fmt.Errorf("source %s: metadata: %w", id, err)
	}
	return spacesync.Source{
		Source: index.Source{
			ID: r.SourceID, ConnectionID: r.ConnectionID, BaseURL: r.BaseUrl, JiraBaseURL: r.JiraBaseUrl, SpaceKey: m.SpaceKey,
			TextConfig: r.TextConfig, JiraProjects: r.JiraProjects, Deployment: wiki.Deployment(r.Deployment),
		},
		SpaceID: r.SpaceID, SpaceURL: r.SpaceUrl, HomepageID: r.HomepageID, Watermark: m.LastSync,
		LastReconciliation: m.Reconciliation, Strategy: m.Strategy, Restricted: sources.RestrictedPages(r.RestrictedPages),
		GuardPercent: int(r.GuardPercent), GuardMinimum: int(r.GuardMinimum), FullSince: r.FullSince, ReconcileWanted: r.ReconcileWanted, Wishes: int(r.Wishes),
	}, nil
}

// SetSpace keeps what the site says of the space.
func (s *Store) SetSpace(ctx context.Context, sourceID string, space wiki.Space) error {
	err := s.q.SetSpace(ctx, s.db, dbsqlc.SetSpaceParams{
		SpaceID: space.ID, SpaceUrl: space.URL, HomepageID: space.HomepageID, SourceID: sourceID,
	})
	if err != nil {
		return fmt.Errorf("source %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

// SetFullSince notes that every page fetched before is to be fetched again.
func (s *Store) SetFullSince(ctx context.Context, sourceID string, at time.Time) error {
	if err := s.q.SetFullSince(ctx, s.db, dbsqlc.SetFullSinceParams{FullSince: &at, SourceID: sourceID}); err != nil {
		return fmt.Errorf("source %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

// FinishSource is the last write of a run that succeeded: watermark, times and figures in one statement.
func (s *Store) FinishSource(ctx context.Context, fence index.Fence, sourceID string, f spacesync.Finish) error {
	metadata, err := f.MetadataJSON()
	if err != nil {
		return fmt.Errorf("source %s: metadata: %w", sourceID, err)
	}
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.checkFence(ctx, tx, fence); err != nil {
			return err
		}
		return s.q.FinishSource(ctx, tx, dbsqlc.FinishSourceParams{
			Metadata: metadata, Compared: f.Compared, Wishes: int32(f.Wishes), ReconcileAgain: f.ReconcileAgain, SourceID: sourceID,
		})
	})
	if err != nil {
		return fmt.Errorf("source %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

func touched(n int64, err error, id string) error {
	if err == nil && n == 0 {
		err = wiki.ErrNotFound
	}
	if errors.Is(err, wiki.ErrNotFound) {
		return fmt.Errorf("source %s: %w", id, err)
	}
	if err != nil {
		return fmt.Errorf("source %s: %w", id, postgres.Translate(err))
	}
	return nil
}

func int32p(n *int) *int32 {
	if n == nil {
		return nil
	}
	v := int32(*n)
	return &v
}

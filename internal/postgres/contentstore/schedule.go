package contentstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/schedule"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

var _ schedule.Store = (*Store)(nil)

// AddRun queues a run; added is false where the source has one that is queued or running. wiki.ErrNotFound: there is no
// such source.
func (s *Store) AddRun(ctx context.Context, sourceID string, r sources.RunRequest) (id int64, added bool, err error) {
	id, err = s.q.InsertRun(ctx, s.db, dbsqlc.InsertRunParams{
		SourceID: sourceID, Trigger: string(r.Trigger), Kind: string(r.Kind), Reconcile: r.Reconcile, FullSync: r.Full,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("queue a run of %s: %w", sourceID, postgres.Translate(err))
	}
	return id, true, nil
}

// OpenRun returns the run that is queued or running; wiki.ErrNotFound.
func (s *Store) OpenRun(ctx context.Context, sourceID string) (schedule.Open, error) {
	r, err := s.q.ActiveRun(ctx, s.db, sourceID)
	if err != nil {
		return schedule.Open{}, fmt.Errorf("run of %s: %w", sourceID, postgres.Translate(err))
	}
	return schedule.Open{ID: r.ID, State: sources.RunState(r.State)}, nil
}

// StrengthenRun adds to a queued run what a later request asks for; false where it is not queued any more.
func (s *Store) StrengthenRun(ctx context.Context, id int64, r sources.RunRequest) (bool, error) {
	n, err := s.q.StrengthenRun(ctx, s.db, dbsqlc.StrengthenRunParams{Reconcile: r.Reconcile, FullSync: r.Full, Trigger: string(r.Trigger), ID: id})
	if err != nil {
		return false, fmt.Errorf("run %d: %w", id, postgres.Translate(err))
	}
	return n > 0, nil
}

// SetRunJob notes the job that brings a run to a worker.
func (s *Store) SetRunJob(ctx context.Context, id, job int64) error {
	if err := s.q.SetRunJob(ctx, s.db, dbsqlc.SetRunJobParams{JobID: &job, ID: id}); err != nil {
		return fmt.Errorf("run %d: %w", id, postgres.Translate(err))
	}
	return nil
}

// ClaimRun makes a queued run the worker's; wiki.ErrNotFound where it is not queued, or should stop.
func (s *Store) ClaimRun(ctx context.Context, id int64, worker string) (spacesync.Run, error) {
	r, err := s.q.ClaimRun(ctx, s.db, dbsqlc.ClaimRunParams{Worker: worker, ID: id})
	if err != nil {
		return spacesync.Run{}, fmt.Errorf("claim run %d: %w", id, postgres.Translate(err))
	}
	return spacesync.Run{
		ID: id, Attempt: int(r.Attempt), SourceID: r.SourceID, Kind: sources.RunKind(r.Kind), Trigger: sources.Trigger(r.Trigger),
		Reconcile: r.Reconcile, Full: r.FullSync,
	}, nil
}

// ReleaseRun gives a run back to the queue; false where it is not the worker's any more, or should stop.
func (s *Store) ReleaseRun(ctx context.Context, fence index.Fence) (bool, error) {
	n, err := s.q.ReleaseRun(ctx, s.db, dbsqlc.ReleaseRunParams{ID: fence.RunID, Attempt: int32(fence.Attempt)})
	if err != nil {
		return false, fmt.Errorf("give back run %d: %w", fence.RunID, postgres.Translate(err))
	}
	return n > 0, nil
}

// FinishRun writes how a run ended; wiki.ErrConflict where it is no longer the worker's.
func (s *Store) FinishRun(ctx context.Context, fence index.Fence, end schedule.End) error {
	n, err := s.q.FinishRun(ctx, s.db, dbsqlc.FinishRunParams{
		State: string(end.State), Error: end.Error, ID: fence.RunID, Attempt: int32(fence.Attempt),
	})
	if err == nil && n == 0 {
		err = wiki.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("finish run %d: %w", fence.RunID, postgres.Translate(err))
	}
	return nil
}

// RequestStop asks the open run of a source to stop, and closes it where it is only queued; wiki.ErrNotFound.
func (s *Store) RequestStop(ctx context.Context, sourceID, reason string) error {
	if _, err := s.q.RequestStop(ctx, s.db, dbsqlc.RequestStopParams{Stop: reason, SourceID: sourceID}); err != nil {
		return fmt.Errorf("stop the run of %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

// InterruptDeadRuns closes the runs whose worker has been silent, and returns them.
func (s *Store) InterruptDeadRuns(ctx context.Context, silent time.Duration) ([]schedule.Dead, error) {
	rows, err := s.q.InterruptDeadRuns(ctx, s.db, silent.Seconds())
	if err != nil {
		return nil, fmt.Errorf("runs of dead workers: %w", postgres.Translate(err))
	}
	dead := make([]schedule.Dead, len(rows))
	for i, r := range rows {
		dead[i] = schedule.Dead{ID: r.ID, SourceID: r.SourceID, Stop: r.StopRequested, Request: sources.RunRequest{
			SyncRequest: sources.SyncRequest{Reconcile: r.Reconcile, Full: r.FullSync, Trigger: sources.Trigger(r.Trigger)},
			Kind:        sources.RunKind(r.Kind),
		}}
	}
	return dead, nil
}

// ForgottenRuns returns queued runs that nobody has claimed for long, a thousand at most.
func (s *Store) ForgottenRuns(ctx context.Context, silent time.Duration) ([]schedule.Waiting, error) {
	rows, err := s.q.ForgottenRuns(ctx, s.db, silent.Seconds())
	if err != nil {
		return nil, fmt.Errorf("forgotten runs: %w", postgres.Translate(err))
	}
	waiting := make([]schedule.Waiting, len(rows))
	for i, r := range rows {
		waiting[i] = schedule.Waiting{ID: r.ID, SourceID: r.SourceID, Trigger: sources.Trigger(r.Trigger), Job: r.Job}
	}
	return waiting, nil
}

// TouchRun notes that a queued run has been looked after.
func (s *Store) TouchRun(ctx context.Context, id int64) error {
	if err := s.q.TouchRun(ctx, s.db, id); err != nil {
		return fmt.Errorf("run %d: %w", id, postgres.Translate(err))
	}
	return nil
}

// DueSources returns sources whose time has come, so that no site has more than perSite open runs.
func (s *Store) DueSources(ctx context.Context, perSite, limit int) ([]schedule.Due, error) {
	rows, err := s.q.DueSources(ctx, s.db, dbsqlc.DueSourcesParams{PerSite: int32(perSite), Most: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("due sources: %w", postgres.Translate(err))
	}
	due := make([]schedule.Due, len(rows))
	for i, r := range rows {
		due[i] = schedule.Due{SourceID: r.SourceID, Every: time.Duration(r.FrequencyHours) * time.Hour}
	}
	return due, nil
}

// Frequency is how often a source is synced; wiki.ErrNotFound.
func (s *Store) Frequency(ctx context.Context, id string) (time.Duration, error) {
	hours, err := s.q.SourceFrequency(ctx, s.db, id)
	if err != nil {
		return 0, fmt.Errorf("source %s: %w", id, postgres.Translate(err))
	}
	return time.Duration(hours) * time.Hour, nil
}

// FailuresSinceSuccess counts the failed runs since the last one that succeeded.
func (s *Store) FailuresSinceSuccess(ctx context.Context, sourceID string) (int, error) {
	n, err := s.q.FailuresSinceSuccess(ctx, s.db, sourceID)
	if err != nil {
		return 0, fmt.Errorf("runs of %s: %w", sourceID, postgres.Translate(err))
	}
	return int(n), nil
}

// SourcesToReprocess returns the sources with pages that another version of the converter has made.
func (s *Store) SourcesToReprocess(ctx context.Context, version int) ([]string, error) {
	ids, err := s.q.SourcesToReprocess(ctx, s.db, int32(version))
	if err != nil {
		return nil, fmt.Errorf("sources to process again: %w", postgres.Translate(err))
	}
	return ids, nil
}

// PruneRuns forgets runs that finished before an instant, but for the latest of each source.
func (s *Store) PruneRuns(ctx context.Context, keepLatest int, before time.Time) (int, error) {
	n, err := s.q.PruneRuns(ctx, s.db, dbsqlc.PruneRunsParams{KeepLatest: int32(keepLatest), Before: before})
	if err != nil {
		return 0, fmt.Errorf("forget old runs: %w", postgres.Translate(err))
	}
	return int(n), nil
}

// PurgeDeleted forgets the rows of pages that were deleted before an instant.
func (s *Store) PurgeDeleted(ctx context.Context, before time.Time) (int, error) {
	n, err := s.q.PurgeDeleted(ctx, s.db, before)
	if err != nil {
		return 0, fmt.Errorf("forget deleted pages: %w", postgres.Translate(err))
	}
	return int(n), nil
}

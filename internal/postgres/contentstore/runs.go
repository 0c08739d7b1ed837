package contentstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

var _ spacesync.Store = (*Store)(nil)

// WriteProgress writes a run's progress and heartbeat, and tells whether it should stop ("", "cancel", "pause").
// wiki.ErrConflict: the run is no longer this worker's.
func (s *Store) WriteProgress(ctx context.Context, fence index.Fence, p spacesync.Progress) (string, error) {
	reasons, err := json.Marshal(p.SkippedReasons)
	if err != nil {
		return "", fmt.Errorf("progress: %w", err)
	}
	phases, err := json.Marshal(p.PhaseSeconds)
	if err != nil {
		return "", fmt.Errorf("progress: %w", err)
	}
	stop, err := s.q.WriteProgress(ctx, s.db, dbsqlc.WriteProgressParams{
		Phase: string(p.Phase), Total: int32(p.Total), Processed: int32(p.Processed), PagesListed: int32(p.Listed),
		PagesCreated: int32(p.Created), PagesUpdated: int32(p.Updated), PagesUnchanged: int32(p.Unchanged),
		PagesSkipped: int32(p.Skipped), PagesDeleted: int32(p.Deleted), PagesFailed: int32(p.Failed),
		ChunksCreated: int32(p.ChunksCreated), ChunksKept: int32(p.ChunksKept), ChunksDeleted: int32(p.ChunksDeleted),
		ApiCalls: int32(p.Calls), ApiErrors: int32(p.Errors), ApiRetries: int32(p.Retries), BytesReceived: p.Bytes,
		SkippedReasons: reasons, PhaseSeconds: phases, CurrentTitle: p.CurrentTitle, EtaSeconds: int32p(p.ETASeconds),
		Note: p.Note, WatermarkFrom: p.WatermarkFrom, WatermarkTo: p.WatermarkTo, ID: fence.RunID, Attempt: int32(fence.Attempt),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("run %d is no longer this worker's: %w", fence.RunID, wiki.ErrConflict)
	}
	if err != nil {
		return "", fmt.Errorf("progress of run %d: %w", fence.RunID, postgres.Translate(err))
	}
	return stop, nil
}

// AddRunError notes a page's fault in a run.
func (s *Store) AddRunError(ctx context.Context, runID int64, pageID, title, message string) error {
	err := s.q.AddRunError(ctx, s.db, dbsqlc.AddRunErrorParams{RunID: runID, PageID: pageID, Title: title, Error: message})
	if err != nil {
		return fmt.Errorf("error of run %d: %w", runID, postgres.Translate(err))
	}
	return nil
}

// AddRunLog adds a line to a run's log.
func (s *Store) AddRunLog(ctx context.Context, runID int64, level, message string) error {
	if err := s.q.AddRunLog(ctx, s.db, dbsqlc.AddRunLogParams{RunID: runID, Level: level, Message: message}); err != nil {
		return fmt.Errorf("log of run %d: %w", runID, postgres.Translate(err))
	}
	return nil
}

// Runs lists runs, newest first.
func (s *Store) Runs(ctx context.Context, f sources.RunFilter) ([]sources.Run, error) {
	p := dbsqlc.ListRunsParams{Before: math.MaxInt64, OnlyActive: f.Active, OnlyFinished: f.Finished, Most: int32(f.Limit)}
	if f.Before > 0 {
		p.Before = f.Before
	}
	if f.SourceID != "" {
		p.SourceID = &f.SourceID
	}
	if f.RunID > 0 {
		p.RunID = &f.RunID
	}
	rows, err := s.q.ListRuns(ctx, s.db, p)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", postgres.Translate(err))
	}
	runs := make([]sources.Run, len(rows))
	for i, r := range rows {
		if runs[i], err = toRun(r); err != nil {
			return nil, fmt.Errorf("run %d: %w", r.ID, err)
		}
	}
	return runs, nil
}

func toRun(r dbsqlc.ListRunsRow) (sources.Run, error) {
	run := sources.Run{
		ID: strconv.FormatInt(r.ID, 10), SourceID: r.SourceID, Trigger: sources.Trigger(r.Trigger), Kind: sources.RunKind(r.Kind),
		State: sources.RunState(r.State), Phase: sources.Phase(r.Phase), Total: int(r.Total), Processed: int(r.Processed),
		PagesListed: int(r.PagesListed), PagesCreated: int(r.PagesCreated), PagesUpdated: int(r.PagesUpdated),
		PagesUnchanged: int(r.PagesUnchanged), PagesSkipped: int(r.PagesSkipped), PagesDeleted: int(r.PagesDeleted),
		PagesFailed: int(r.PagesFailed), ChunksCreated: int(r.ChunksCreated), ChunksKept: int(r.ChunksKept),
		ChunksDeleted: int(r.ChunksDeleted), APICalls: int(r.ApiCalls), APIErrors: int(r.ApiErrors), APIRetries: int(r.ApiRetries),
		BytesReceived: r.BytesReceived, Reconcile: r.Reconcile, Full: r.FullSync, Interrupted: r.Interrupted,
		CurrentTitle: r.CurrentTitle, Note: r.Note, Error: r.Error, QueuedAt: r.QueuedAt, StartedAt: r.StartedAt,
		FinishedAt: r.FinishedAt, WatermarkFrom: r.WatermarkFrom, WatermarkTo: r.WatermarkTo, Errors: []sources.RunError{},
	}
	if r.EtaSeconds != nil {
		eta := int(*r.EtaSeconds)
		run.ETASeconds = &eta
	}
	switch {
	case run.State == sources.RunSucceeded:
		run.Progress = 1
	case r.Total > 0:
		run.Progress = min(1, float64(r.Processed)/float64(r.Total))
	}
	if r.StartedAt != nil {
		end := time.Now()
		if r.FinishedAt != nil {
			end = *r.FinishedAt
		}
		run.DurationSeconds = max(0, end.Sub(*r.StartedAt).Seconds())
	}
	if err := json.Unmarshal(r.PhaseSeconds, &run.PhaseSeconds); err != nil {
		return sources.Run{}, err
	}
	return run, json.Unmarshal(r.SkippedReasons, &run.SkippedReasons)
}

// RunErrors lists up to limit errors of a run after one, and the id of the last.
func (s *Store) RunErrors(ctx context.Context, runID, after int64, limit int) ([]sources.RunError, int64, error) {
	rows, err := s.q.RunErrors(ctx, s.db, dbsqlc.RunErrorsParams{RunID: runID, After: after, Most: int32(limit)})
	if err != nil {
		return nil, 0, fmt.Errorf("errors of run %d: %w", runID, postgres.Translate(err))
	}
	list := make([]sources.RunError, len(rows))
	for i, r := range rows {
		list[i] = sources.RunError{PageID: r.PageID, Title: r.Title, Error: r.Error, At: r.At}
		after = r.ID
	}
	return list, after, nil
}

// RunLog returns a run's log, oldest line first.
func (s *Store) RunLog(ctx context.Context, runID int64) ([]sources.LogLine, error) {
	rows, err := s.q.RunLog(ctx, s.db, runID)
	if err != nil {
		return nil, fmt.Errorf("log of run %d: %w", runID, postgres.Translate(err))
	}
	lines := make([]sources.LogLine, len(rows))
	for i, r := range rows {
		lines[i] = sources.LogLine{At: r.At, Level: r.Level, Message: r.Message}
	}
	return lines, nil
}

// RunPoints returns the last n finished runs of each source, oldest first.
func (s *Store) RunPoints(ctx context.Context, ids []string, n int) (map[string][]sources.RunPoint, error) {
	rows, err := s.q.RunPoints(ctx, s.db, dbsqlc.RunPointsParams{Ids: emptyNotNil(ids), Most: int32(n)})
	if err != nil {
		return nil, fmt.Errorf("runs: %w", postgres.Translate(err))
	}
	points := make(map[string][]sources.RunPoint, len(ids))
	for _, r := range rows {
		points[r.SourceID] = append(points[r.SourceID], sources.RunPoint{
			RunID: strconv.FormatInt(r.ID, 10), State: sources.RunState(r.State), StartedAt: *r.StartedAt,
			DurationSeconds: r.FinishedAt.Sub(*r.StartedAt).Seconds(), Created: int(r.PagesCreated), Updated: int(r.PagesUpdated),
			Deleted: int(r.PagesDeleted), Failed: int(r.PagesFailed),
		})
	}
	return points, nil
}

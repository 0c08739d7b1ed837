package sources

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Access is a connection with its token: what is needed to speak to a site.
type Access struct {
	Connection
	Token string
}

// Options are what a Service is made of; all but Logger are required.
type Options struct {
	Store  Store
	Queue  Queue
	Sealer Sealer
	// Dial returns the site of a connection. It does not yet ask the site anything.
	Dial func(Access) (Site, error)
	// NormalizeURL turns what people paste into the site's base URL; *wiki.InvalidError where it cannot be one.
	NormalizeURL func(raw string, d wiki.Deployment) (string, error)
	// NextSync is the first due time of a source: stable per source and spread over the interval.
	NextSync func(sourceID string, after time.Time, every time.Duration) time.Time
	Logger   *slog.Logger
}

// Service administers connections and sources. It is safe for concurrent use.
type Service struct {
	store    Store
	queue    Queue
	sealer   Sealer
	dial     func(Access) (Site, error)
	url      func(string, wiki.Deployment) (string, error)
	nextSync func(string, time.Time, time.Duration) time.Time
	log      *slog.Logger
}

// NewService returns a service.
func NewService(o Options) *Service {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		store: o.Store, queue: o.Queue, sealer: o.Sealer, dial: o.Dial, url: o.NormalizeURL, nextSync: o.NextSync, log: log,
	}
}

// List returns all sources, by name.
func (s *Service) List(ctx context.Context) ([]Source, error) { return s.store.Sources(ctx) }

// Get returns a source; wiki.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (Source, error) { return s.store.Source(ctx, id) }

// Delete stops the source's run and removes the source with all of its pages and chunks; a connection that nobody uses
// any more goes with it.
func (s *Service) Delete(ctx context.Context, id string) error {
	src, err := s.store.Source(ctx, id)
	if err != nil {
		return err
	}
	if err := s.queue.Stop(ctx, id, StopCancel); err != nil && !errors.Is(err, wiki.ErrNotFound) {
		return err
	}
	if err := s.store.DeleteSource(ctx, id); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "source deleted", "source", id)
	if src.ConnectionID == "" {
		return nil
	}
	return s.store.DeleteUnusedConnection(ctx, src.ConnectionID)
}

// Sync queues a run, ahead of scheduled ones. Where one is queued or running, that one is returned with Conflict set.
func (s *Service) Sync(ctx context.Context, id string, r SyncRequest) (Started, error) {
	return s.enqueue(ctx, id, RunRequest{SyncRequest: r, Kind: KindSync})
}

// Reprocess queues a run that makes every page again from its stored body, without asking the site. The pages stay
// searchable meanwhile. wiki.ErrConflict where a run is queued or running.
func (s *Service) Reprocess(ctx context.Context, id string) error {
	started, err := s.enqueue(ctx, id, RunRequest{SyncRequest: SyncRequest{Full: true, Trigger: TriggerManual}, Kind: KindReprocess})
	if err == nil && started.Conflict {
		return fmt.Errorf("a run of source %s is queued or under way; process its pages again when it has ended: %w", id, wiki.ErrConflict)
	}
	return err
}

func (s *Service) enqueue(ctx context.Context, id string, r RunRequest) (Started, error) {
	src, err := s.store.Source(ctx, id)
	if err != nil {
		return Started{}, err
	}
	if src.State == StatePaused {
		return Started{}, fmt.Errorf("source %s is paused; resume it first: %w", id, wiki.ErrConflict)
	}
	if r.Trigger == "" {
		r.Trigger = TriggerManual
	}
	return s.queue.Enqueue(ctx, id, r)
}

// Cancel ends the queued or running run within a second; what it stored stays. wiki.ErrConflict where nothing runs.
func (s *Service) Cancel(ctx context.Context, id string) error {
	if _, err := s.store.Source(ctx, id); err != nil {
		return err
	}
	err := s.queue.Stop(ctx, id, StopCancel)
	if errors.Is(err, wiki.ErrNotFound) {
		return fmt.Errorf("source %s has no run to cancel: %w", id, wiki.ErrConflict)
	}
	return err
}

// Pause keeps a source from being synced, and stops its run within a second. Search goes on.
func (s *Service) Pause(ctx context.Context, id string) error {
	if err := s.store.SetPaused(ctx, id, true); err != nil {
		return err
	}
	if err := s.queue.Stop(ctx, id, StopPause); err != nil && !errors.Is(err, wiki.ErrNotFound) {
		return err
	}
	return nil
}

// Resume lets a paused source be synced again. A run that the pause stopped goes on where it was, as a new run.
func (s *Service) Resume(ctx context.Context, id string) error {
	src, err := s.store.Source(ctx, id)
	if err != nil {
		return err
	}
	if src.State != StatePaused {
		return nil
	}
	if err := s.store.SetPaused(ctx, id, false); err != nil {
		return err
	}
	last, err := s.store.Runs(ctx, RunFilter{SourceID: id, Finished: true, Limit: 1})
	if err != nil {
		return err
	}
	overdue := src.NextSyncAt != nil && src.NextSyncAt.Before(time.Now())
	if len(last) == 0 || last[0].State == RunSucceeded && !overdue {
		return nil
	}
	_, err = s.queue.Enqueue(ctx, id, RunRequest{
		SyncRequest: SyncRequest{Trigger: TriggerManual, Reconcile: last[0].Reconcile, Full: last[0].Full}, Kind: last[0].Kind,
	})
	return err
}

// Status is the state of a source with its current and its last run.
func (s *Service) Status(ctx context.Context, id string) (Status, error) {
	src, err := s.store.Source(ctx, id)
	if err != nil {
		return Status{}, err
	}
	st := Status{
		State: src.State, LastSyncTimestamp: src.LastSyncTimestamp, NextSyncAt: src.NextSyncAt, TotalPages: src.TotalPages,
		TotalChunks: src.TotalChunks, ChunksWithoutEmbedding: src.ChunksWithoutEmbedding,
	}
	if st.Run, err = s.oneRun(ctx, RunFilter{SourceID: id, Active: true, Limit: 1}); err != nil {
		return Status{}, err
	}
	if st.LastRun, err = s.oneRun(ctx, RunFilter{SourceID: id, Finished: true, Limit: 1}); err != nil {
		return Status{}, err
	}
	return st, nil
}

// shownErrors is how many of a run's errors come with the run itself.
const shownErrors = 50

func (s *Service) oneRun(ctx context.Context, f RunFilter) (*Run, error) {
	runs, err := s.store.Runs(ctx, f)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	run := runs[0]
	return &run, s.addErrors(ctx, &run)
}

func (s *Service) addErrors(ctx context.Context, run *Run) error {
	run.Errors = []RunError{}
	if run.PagesFailed == 0 {
		return nil
	}
	id, err := runID(run.ID)
	if err != nil {
		return err
	}
	errs, _, err := s.store.RunErrors(ctx, id, 0, shownErrors)
	if err == nil && errs != nil {
		run.Errors = errs
	}
	return err
}

// Runs lists the runs of a source, newest first.
func (s *Service) Runs(ctx context.Context, id string, o ListOptions) ([]Run, string, error) {
	if _, err := s.store.Source(ctx, id); err != nil {
		return nil, "", err
	}
	before := int64(0)
	if o.Cursor != "" {
		var err error
		if before, err = strconv.ParseInt(o.Cursor, 10, 64); err != nil {
			return nil, "", wiki.Invalid("cursor", "is not one that this list gave out")
		}
	}
	limit := pageSize(o.Limit)
	runs, err := s.store.Runs(ctx, RunFilter{SourceID: id, Before: before, Limit: limit + 1})
	if err != nil {
		return nil, "", err
	}
	runs, more := cut(runs, limit)
	for i := range runs {
		if err := s.addErrors(ctx, &runs[i]); err != nil {
			return nil, "", err
		}
	}
	if !more {
		return runs, "", nil
	}
	return runs, runs[len(runs)-1].ID, nil
}

// Run returns a run with its first errors; wiki.ErrNotFound.
func (s *Service) Run(ctx context.Context, id string) (Run, error) {
	n, err := runID(id)
	if err != nil {
		return Run{}, err
	}
	run, err := s.oneRun(ctx, RunFilter{RunID: n, Limit: 1})
	if err != nil {
		return Run{}, err
	}
	if run == nil {
		return Run{}, fmt.Errorf("run %s: %w", id, wiki.ErrNotFound)
	}
	return *run, nil
}

func runID(id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("run %q: %w", id, wiki.ErrNotFound)
	}
	return n, nil
}

// RunErrors lists a run's errors in the order they happened.
func (s *Service) RunErrors(ctx context.Context, id string, o ListOptions) ([]RunError, string, error) {
	n, err := runID(id)
	if err != nil {
		return nil, "", err
	}
	after := int64(0)
	if o.Cursor != "" {
		if after, err = strconv.ParseInt(o.Cursor, 10, 64); err != nil {
			return nil, "", wiki.Invalid("cursor", "is not one that this list gave out")
		}
	}
	limit := pageSize(o.Limit)
	errs, last, err := s.store.RunErrors(ctx, n, after, limit)
	if err != nil || len(errs) < limit {
		return errs, "", err
	}
	return errs, strconv.FormatInt(last, 10), nil
}

// RunLog returns what a run did, in words, oldest first, at most 1000 lines.
func (s *Service) RunLog(ctx context.Context, id string) ([]LogLine, error) {
	n, err := runID(id)
	if err != nil {
		return nil, err
	}
	return s.store.RunLog(ctx, n)
}

// RunPoints returns the last n finished runs of each source, oldest first.
func (s *Service) RunPoints(ctx context.Context, ids []string, n int) (map[string][]RunPoint, error) {
	return s.store.RunPoints(ctx, ids, n)
}

// pageSize is a list's limit: 50 where none is asked for, 500 at most.
func pageSize(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, 500)
}

// cut shortens a list that was read with one row more than wanted, and tells whether there was one.
func cut[T any](rows []T, limit int) ([]T, bool) {
	if len(rows) <= limit {
		return rows, false
	}
	return rows[:limit], true
}

func encodeCursor(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(data), nil
}

func decodeCursor(cursor string, v any) error {
	if cursor == "" {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return wiki.Invalid("cursor", "is not one that this list gave out")
	}
	return nil
}

package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// dueAtOnce bounds how many due sources one look queues.
const dueAtOnce = 50

// Dispatch queues what is due once: runs of dead workers again, queued runs whose job got lost, and sources whose time
// has come. Several processes may do so at the same time.
func (s *Scheduler) Dispatch(ctx context.Context) error {
	return errors.Join(s.resume(ctx), s.redeliver(ctx), s.due(ctx))
}

// resume closes the runs of silent workers and queues them again.
func (s *Scheduler) resume(ctx context.Context) error {
	dead, err := s.Store.InterruptDeadRuns(ctx, s.Silence)
	for _, d := range dead {
		s.Logger.WarnContext(ctx, "the worker of a run is gone", "source", d.SourceID, "run", d.ID)
		if d.Stop != "" {
			continue
		}
		if _, more := s.Enqueue(ctx, d.SourceID, d.Request); more != nil && !errors.Is(more, wiki.ErrNotFound) {
			err = errors.Join(err, more)
		}
	}
	return err
}

// redeliver gives queued runs that nobody claims another job where theirs is lost: its process died after it took the job
// and before it claimed the run, or before it queued a job. A run whose job waits as well is behind others.
func (s *Scheduler) redeliver(ctx context.Context) error {
	waiting, err := s.Store.ForgottenRuns(ctx, s.Forgotten)
	if err != nil || len(waiting) == 0 {
		return err
	}
	ids := make([]int64, 0, len(waiting))
	for _, w := range waiting {
		ids = append(ids, w.Job)
	}
	jobs, err := s.client.JobList(ctx, river.NewJobListParams().IDs(ids...).First(len(ids)).States(
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateScheduled))
	if err != nil {
		return fmt.Errorf("look for lost jobs: %w", err)
	}
	for _, w := range waiting {
		err = errors.Join(err, s.Store.TouchRun(ctx, w.ID))
		if !slices.ContainsFunc(jobs.Jobs, func(job *rivertype.JobRow) bool { return job.ID == w.Job }) {
			err = errors.Join(err, s.deliver(ctx, w, true))
		}
	}
	return err
}

// due queues the sources whose time has come. The run is queued first: whoever looks between the two steps counts it among
// those of its site, and a process that dies there costs a run too many, not one too few.
func (s *Scheduler) due(ctx context.Context) error {
	due, err := s.Store.DueSources(ctx, s.PerSite, dueAtOnce)
	for _, d := range due {
		err = errors.Join(err, s.start(ctx, d))
	}
	return err
}

func (s *Scheduler) start(ctx context.Context, d Due) error {
	r := sources.RunRequest{SyncRequest: sources.SyncRequest{Trigger: sources.TriggerSchedule}, Kind: sources.KindSync}
	if _, err := s.Enqueue(ctx, d.SourceID, r); err != nil {
		if errors.Is(err, wiki.ErrNotFound) { // deleted since
			return nil
		}
		return err
	}
	return s.Store.SetNextSync(ctx, d.SourceID, Next(d.SourceID, time.Now(), d.Every))
}

// The housekeeping's intervals, and how many runs of each source stay in any case.
const (
	houseEvery = time.Hour
	keepLatest = 20
)

// housekeeping are the scheduler's own tasks.
func (s *Scheduler) housekeeping() []Task {
	return []Task{
		{Name: "retention", Every: houseEvery, Do: s.retain},
		{Name: "outdated-pages", Every: houseEvery, Do: s.reprocess},
	}
}

// retain forgets old runs and rows of pages that were deleted long ago.
func (s *Scheduler) retain(ctx context.Context) error {
	now := time.Now()
	runs, err := s.Store.PruneRuns(ctx, keepLatest, now.Add(-s.KeepRuns))
	pages, more := s.Store.PurgeDeleted(ctx, now.Add(-s.KeepDeleted))
	if runs+pages > 0 {
		s.Logger.InfoContext(ctx, "retention", "runs", runs, "deleted_pages", pages)
	}
	return errors.Join(err, more)
}

// reprocess queues runs for sources with pages that another version of the converter has made.
func (s *Scheduler) reprocess(ctx context.Context) error {
	ids, err := s.Store.SourcesToReprocess(ctx, index.Version())
	if err != nil {
		return fmt.Errorf("look for outdated pages: %w", err)
	}
	for _, id := range ids {
		r := sources.RunRequest{SyncRequest: sources.SyncRequest{Trigger: sources.TriggerSchedule}, Kind: sources.KindReprocess}
		if _, err := s.Enqueue(ctx, id, r); err != nil && !errors.Is(err, wiki.ErrNotFound) {
			return err
		}
	}
	return nil
}

package schedule

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// runArgs is the job of one run. A hurried job of a run may stand beside a patient one: whichever comes first claims it.
type runArgs struct {
	RunID    int64  `json:"run_id" river:"unique"`
	Hurry    bool   `json:"hurry" river:"unique"`
	SourceID string `json:"source_id"`
}

// Kind names the job.
func (runArgs) Kind() string { return "sync_run" }

// How long a job waits where its site is busy, or the database does not answer.
const (
	siteBusy     = time.Second
	databaseGone = 5 * time.Second
)

// closeTimeout bounds the writes that close a run, which happen even while the process shuts down.
const closeTimeout = 10 * time.Second

// runWorker works on runs.
type runWorker struct {
	river.WorkerDefaults[runArgs]
	s *Scheduler
}

// Work claims the job's run and carries it out. The job itself never fails: how the run ended is in its row.
func (w *runWorker) Work(ctx context.Context, job *river.Job[runArgs]) error {
	s := w.s
	src, err := s.Store.SyncSource(ctx, job.Args.SourceID)
	if errors.Is(err, wiki.ErrNotFound) {
		return nil
	}
	if err != nil {
		return river.JobSnooze(databaseGone)
	}
	if !s.sites.take(src.BaseURL) {
		return river.JobSnooze(siteBusy)
	}
	defer s.sites.release(src.BaseURL)
	run, err := s.Store.ClaimRun(ctx, job.Args.RunID, s.Name)
	if errors.Is(err, wiki.ErrNotFound) {
		return nil // stopped while it was queued, or somebody else's
	}
	if err != nil {
		return river.JobSnooze(databaseGone)
	}
	progress, err := s.carryOut(ctx, run)
	again := s.closeRun(ctx, src, run, err)
	if stopped := new(spacesync.StoppedError); !again && ctx.Err() == nil && !errors.As(err, &stopped) {
		if err := s.catchUp(ctx, src); err != nil {
			s.Logger.WarnContext(ctx, "what was changed during a run", "source", src.ID, "err", err)
		}
	}
	if progress.Created+progress.Updated+progress.Deleted+progress.Regraded > 0 {
		s.AfterRun(ctx, src.ID, progress)
		if run.Kind == sources.KindSync && ctx.Err() == nil { // what was learned may concern pages that did not change
			if err := s.reprocess(ctx); err != nil {
				s.Logger.WarnContext(ctx, "pages to process again", "err", err)
			}
		}
	}
	if again {
		return river.JobSnooze(0)
	}
	return nil
}

// catchUp queues what was asked for while a run went on, which no second run of the source could be queued for: a comparison
// after the rules about restricted pages changed, pages made again after the language did. What is missed here because the
// process ends, the next regular run and the housekeeping do.
func (s *Scheduler) catchUp(ctx context.Context, before spacesync.Source) error {
	src, err := s.Store.SyncSource(ctx, before.ID)
	if errors.Is(err, wiki.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r := sources.RunRequest{SyncRequest: sources.SyncRequest{Trigger: sources.TriggerManual}, Kind: sources.KindSync}
	switch {
	case src.Wishes != before.Wishes && src.ReconcileWanted:
		r.Reconcile = src.Restricted != before.Restricted
	case src.TextConfig != before.TextConfig:
		r.Kind = sources.KindReprocess
	default:
		return nil
	}
	_, err = s.Enqueue(ctx, src.ID, r)
	return err
}

// carryOut runs the syncer; a panic is the run's error, not the process's end.
func (s *Scheduler) carryOut(ctx context.Context, run spacesync.Run) (p spacesync.Progress, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.Logger.ErrorContext(ctx, "panic in a sync run", "run", run.ID, "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("a fault of the program ended the run: %v", v)
		}
	}()
	var site spacesync.Site
	if run.Kind != sources.KindReprocess {
		if site, err = s.Dial(ctx, run.SourceID); err != nil {
			return spacesync.Progress{}, err
		}
	}
	return s.Syncer.Run(ctx, site, run)
}

// closeRun writes how a run ended. again means that it went back into the queue.
func (s *Scheduler) closeRun(ctx context.Context, src spacesync.Source, run spacesync.Run, err error) (again bool) {
	shutdown := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	end := End{State: sources.RunSucceeded}
	var stopped *spacesync.StoppedError
	switch {
	case err == nil:
	case errors.As(err, &stopped):
		end.State = sources.RunCancelled
	case errors.Is(err, wiki.ErrConflict):
		s.Logger.WarnContext(ctx, "run lost", "source", src.ID, "run", run.ID, "err", err)
		return false // it is another worker's, or will be taken for dead and resumed
	case shutdown:
		released, rerr := s.Store.ReleaseRun(ctx, run.Fence())
		if rerr != nil {
			s.Logger.WarnContext(ctx, "run not given back; it is resumed when its silence is noticed", "run", run.ID, "err", rerr)
			return false
		}
		if released {
			return true
		}
		end.State = sources.RunCancelled
	default:
		end = End{State: sources.RunFailed, Error: err.Error()}
	}
	if ferr := s.Store.FinishRun(ctx, run.Fence(), end); ferr != nil {
		s.Logger.ErrorContext(ctx, "run not closed", "source", src.ID, "run", run.ID, "err", ferr)
		return false
	}
	if ferr := s.follow(ctx, src, run, end, err); ferr != nil {
		s.Logger.WarnContext(ctx, "after a run", "source", src.ID, "run", run.ID, "err", ferr)
	}
	return false
}

// follow notes what a finished run says about its connection and when the source comes up again.
func (s *Scheduler) follow(ctx context.Context, src spacesync.Source, run spacesync.Run, end End, cause error) error {
	if run.Kind == sources.KindReprocess || end.State == sources.RunCancelled {
		return nil
	}
	refused := errors.Is(cause, wiki.ErrCredentials) || errors.Is(cause, wiki.ErrAddress)
	problem := ""
	if refused {
		problem = cause.Error()
	}
	var err error
	if cause == nil || refused {
		err = s.Store.SetConnectionProblem(ctx, src.ConnectionID, problem)
	}
	if end.State != sources.RunFailed || refused { // a refusal takes a person; the regular time will do
		return err
	}
	every, ferr := s.Store.Frequency(ctx, src.ID)
	failures, nerr := s.Store.FailuresSinceSuccess(ctx, src.ID)
	if err := errors.Join(err, ferr, nerr); err != nil {
		return err
	}
	return s.Store.SetNextSync(ctx, src.ID, retryAt(src.ID, time.Now(), every, failures))
}

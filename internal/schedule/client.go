package schedule

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// jobAttempts is how often River delivers a job whose worker reported nothing; runs keep their own count.
const jobAttempts = 25

// newClient makes a client that only inserts, or one that also works.
func (s *Scheduler) newClient() (*river.Client[pgx.Tx], error) {
	cfg := &river.Config{Logger: slog.New(warnings{s.Logger.Handler()})}
	if s.Syncer != nil {
		workers := river.NewWorkers()
		if err := river.AddWorkerSafely(workers, &runWorker{s: s}); err != nil {
			return nil, err
		}
		tasks := append(s.housekeeping(), s.Tasks...)
		if err := river.AddWorkerSafely(workers, &taskWorker{tasks: tasks}); err != nil {
			return nil, err
		}
		cfg.Workers = workers
		cfg.Queues = map[string]river.QueueConfig{queueSync: {MaxWorkers: s.Workers}, river.QueueDefault: {MaxWorkers: 2}}
		cfg.JobTimeout = -1
		cfg.CompletedJobRetentionPeriod = keepCompletedJobs
		for _, t := range tasks {
			cfg.PeriodicJobs = append(cfg.PeriodicJobs, periodic(t))
		}
	}
	return river.NewClient(riverpgxv5.New(s.Pool), cfg)
}

// taskArgs is the job of one task.
type taskArgs struct {
	Name string `json:"name" river:"unique"`
}

// Kind names the job.
func (taskArgs) Kind() string { return "task" }

func periodic(t Task) *river.PeriodicJob {
	opts := &river.InsertOpts{Priority: priorityTask, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
	job := func() (river.JobArgs, *river.InsertOpts) { return taskArgs{Name: t.Name}, opts }
	return river.NewPeriodicJob(river.PeriodicInterval(t.Every), job, &river.PeriodicJobOpts{ID: t.Name, RunOnStart: true})
}

// taskWorker does tasks.
type taskWorker struct {
	river.WorkerDefaults[taskArgs]
	tasks []Task
}

// taskTimeout bounds a task.
const taskTimeout = 30 * time.Minute

// Timeout of a task.
func (w *taskWorker) Timeout(*river.Job[taskArgs]) time.Duration { return taskTimeout }

// Work does the task; one that another version of the program knows is left to its next turn.
func (w *taskWorker) Work(ctx context.Context, job *river.Job[taskArgs]) error {
	for _, t := range w.tasks {
		if t.Name == job.Args.Name {
			return t.Do(ctx)
		}
	}
	return nil
}

// warnings passes on what is worth a person's attention: River tells of every start and stop of its parts.
type warnings struct {
	slog.Handler
}

// Enabled keeps everything below a warning out.
func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the threshold.
func (h warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the threshold.
func (h warnings) WithGroup(name string) slog.Handler { return warnings{h.Handler.WithGroup(name)} }

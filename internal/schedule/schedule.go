package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

var _ sources.Queue = (*Scheduler)(nil)

// Syncer carries out a run; *spacesync.Syncer is one.
type Syncer interface {
	Run(ctx context.Context, site spacesync.Site, run spacesync.Run) (spacesync.Progress, error)
}

// Task is work that one process does from time to time, whichever leads.
type Task struct {
	Name  string // unique, of letters, digits and dashes
	Every time.Duration
	Do    func(ctx context.Context) error
}

// Options configure a scheduler. Pool and Store are required; Syncer and Dial are where it also runs what is queued.
type Options struct {
	Pool  *pgxpool.Pool
	Store Store
	// Syncer runs syncs; nil: this scheduler only takes requests, and Run waits.
	Syncer Syncer
	// Dial returns the site of a source, ready to be asked.
	Dial func(ctx context.Context, sourceID string) (spacesync.Site, error)
	// AfterRun is called after a run that changed what is stored, however it ended; may be nil. The context ends with the
	// process.
	AfterRun func(ctx context.Context, sourceID string, p spacesync.Progress)
	// Tasks run beside the scheduler's own housekeeping.
	Tasks []Task
	// Workers is how many runs this process works on at once, PerSite how many of one site. 0: 4 and 2.
	Workers int
	PerSite int
	// Tick is how often due sources and dead workers are looked for. 0: 5 seconds.
	Tick time.Duration
	// Silence is how long a worker may be silent before its run is taken from it. 0: 30 seconds.
	Silence time.Duration
	// Forgotten is how long a run waits for a worker before it is looked whether its job is lost. 0: 30 seconds.
	Forgotten time.Duration
	// KeepRuns is how long runs are kept in the history, KeepDeleted how long rows of deleted pages. 0: 90 and 30 days.
	KeepRuns    time.Duration
	KeepDeleted time.Duration
	// Name tells this process from others; it is shown with its runs.
	Name   string
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Tick, 5*time.Second)
	set(&o.Silence, 30*time.Second)
	set(&o.Forgotten, 30*time.Second)
	set(&o.KeepRuns, 90*24*time.Hour)
	set(&o.KeepDeleted, 30*24*time.Hour)
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.PerSite <= 0 {
		o.PerSite = 2
	}
	if o.AfterRun == nil {
		o.AfterRun = func(context.Context, string, spacesync.Progress) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Scheduler queues runs, and works on them where it has a syncer. It is safe for concurrent use.
type Scheduler struct {
	Options
	client *river.Client[pgx.Tx]
	sites  *sites
}

// New returns a scheduler; Run sets it to work. The database must be migrated.
func New(o Options) (*Scheduler, error) {
	s := &Scheduler{Options: o.withDefaults()}
	s.sites = &sites{most: s.PerSite, runs: map[string]int{}}
	client, err := s.newClient()
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	s.client = client
	return s, nil
}

// Enqueue queues a run of a source and returns it, or the one that is already open (then Conflict is true). A queued
// run takes over what the request asks for beyond it.
func (s *Scheduler) Enqueue(ctx context.Context, sourceID string, r sources.RunRequest) (sources.Started, error) {
	for {
		id, added, err := s.Store.AddRun(ctx, sourceID, r)
		if err != nil {
			return sources.Started{}, err
		}
		if added {
			return sources.Started{RunID: strconv.FormatInt(id, 10), State: sources.RunQueued}, s.deliver(ctx, Waiting{ID: id, SourceID: sourceID, Trigger: r.Trigger}, false)
		}
		open, err := s.Store.OpenRun(ctx, sourceID)
		if errors.Is(err, wiki.ErrNotFound) {
			continue // it ended just now
		}
		if err != nil {
			return sources.Started{}, err
		}
		started := sources.Started{RunID: strconv.FormatInt(open.ID, 10), State: open.State, Conflict: true}
		if open.State != sources.RunQueued || r.Trigger == sources.TriggerSchedule || r.Kind == sources.KindReprocess {
			return started, nil
		}
		stronger, err := s.Store.StrengthenRun(ctx, open.ID, r)
		if err != nil || !stronger {
			return started, err
		}
		return started, s.deliver(ctx, Waiting{ID: open.ID, SourceID: sourceID, Trigger: r.Trigger}, false)
	}
}

// Stop ends the open run of a source: one that is queued at once, one that is running with its next progress write, half
// a second later at most. wiki.ErrNotFound where there is none.
func (s *Scheduler) Stop(ctx context.Context, sourceID, reason string) error {
	return s.Store.RequestStop(ctx, sourceID, reason)
}

// The priorities of jobs: people do not wait behind the clock.
const (
	priorityManual    = 1
	priorityTask      = 2
	prioritySchedule  = 3
	queueSync         = "sync"
	stopTimeout       = 20 * time.Second
	keepCompletedJobs = time.Hour
)

// deliver brings a queued run to a worker. again is where an earlier job may be lost.
func (s *Scheduler) deliver(ctx context.Context, w Waiting, again bool) error {
	args := runArgs{RunID: w.ID, Hurry: w.Trigger != sources.TriggerSchedule, SourceID: w.SourceID}
	opts := &river.InsertOpts{Queue: queueSync, Priority: prioritySchedule, MaxAttempts: jobAttempts}
	if args.Hurry {
		opts.Priority = priorityManual
	}
	if !again {
		opts.UniqueOpts = river.UniqueOpts{ByArgs: true}
	}
	result, err := s.client.Insert(ctx, args, opts)
	if err != nil {
		return fmt.Errorf("queue run %d: %w: %w", w.ID, wiki.ErrUnavailable, err)
	}
	return s.Store.SetRunJob(ctx, w.ID, result.Job.ID)
}

// Run works until the context ends, and returns nil then: runs that are under way go back into the queue. Without a
// syncer it only waits.
func (s *Scheduler) Run(ctx context.Context) error {
	if s.Syncer == nil {
		<-ctx.Done()
		return nil
	}
	if err := s.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	s.beats(ctx)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := s.client.StopAndCancel(stop); err != nil {
		return fmt.Errorf("stop job queue: %w", err)
	}
	return nil
}

// beats looks for due work at every tick. What goes wrong is told, and tried again at the next one.
func (s *Scheduler) beats(ctx context.Context) {
	tick := time.NewTicker(s.Tick)
	defer tick.Stop()
	for {
		if err := s.Dispatch(ctx); err != nil && ctx.Err() == nil {
			s.Logger.ErrorContext(ctx, "scheduler", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

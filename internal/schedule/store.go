package schedule

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
)

// Open is a run that is queued or running.
type Open struct {
	ID    int64
	State sources.RunState
}

// Waiting is a run that has to be brought to a worker.
type Waiting struct {
	ID       int64
	SourceID string
	Trigger  sources.Trigger
	Job      int64 // the last that was to bring it; 0: none was queued
}

// Dead is a run whose worker was silent for too long; it has been closed as interrupted.
type Dead struct {
	ID       int64
	SourceID string
	Request  sources.RunRequest
	Stop     string // it should have stopped anyway: sources.StopCancel, sources.StopPause, or empty
}

// Due is a source whose time has come.
type Due struct {
	SourceID string
	Every    time.Duration
}

// End is how a run ended.
type End struct {
	State sources.RunState
	Error string
}

// Store keeps runs and due times.
type Store interface {
	SyncSource(ctx context.Context, id string) (spacesync.Source, error)
	SetConnectionProblem(ctx context.Context, id, problem string) error
	SetNextSync(ctx context.Context, id string, at time.Time) error
	Frequency(ctx context.Context, id string) (time.Duration, error)

	// AddRun queues a run; added is false where the source has an open one.
	AddRun(ctx context.Context, sourceID string, r sources.RunRequest) (id int64, added bool, err error)
	// OpenRun is wiki.ErrNotFound where the source has none.
	OpenRun(ctx context.Context, sourceID string) (Open, error)
	// StrengthenRun adds to a queued run what a later request asks for; false where it is not queued any more.
	StrengthenRun(ctx context.Context, id int64, r sources.RunRequest) (bool, error)
	SetRunJob(ctx context.Context, id, job int64) error
	// ClaimRun makes a queued run the worker's; wiki.ErrNotFound where it is not queued.
	ClaimRun(ctx context.Context, id int64, worker string) (spacesync.Run, error)
	// ReleaseRun gives a run back to the queue; false where it is not the worker's, or should stop.
	ReleaseRun(ctx context.Context, fence index.Fence) (bool, error)
	FinishRun(ctx context.Context, fence index.Fence, end End) error
	// RequestStop asks the open run to stop, and closes it at once where it is only queued; wiki.ErrNotFound.
	RequestStop(ctx context.Context, sourceID, reason string) error

	// InterruptDeadRuns closes runs whose worker has been silent; ForgottenRuns are queued runs that nobody has claimed.
	InterruptDeadRuns(ctx context.Context, silent time.Duration) ([]Dead, error)
	ForgottenRuns(ctx context.Context, silent time.Duration) ([]Waiting, error)
	TouchRun(ctx context.Context, id int64) error
	// DueSources returns sources whose time has come, so that no site has more than perSite open runs.
	DueSources(ctx context.Context, perSite, limit int) ([]Due, error)
	// FailuresSinceSuccess counts the failed runs since the last one that succeeded.
	FailuresSinceSuccess(ctx context.Context, sourceID string) (int, error)
	// SourcesToReprocess are those with pages that another version of the converter has made.
	SourcesToReprocess(ctx context.Context, version int) ([]string, error)

	PruneRuns(ctx context.Context, keepLatest int, before time.Time) (int, error)
	PurgeDeleted(ctx context.Context, before time.Time) (int, error)
}

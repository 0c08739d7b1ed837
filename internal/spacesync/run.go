package spacesync

import (
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
)

// Run is a sync run that a worker has claimed.
type Run struct {
	ID        int64
	Attempt   int
	SourceID  string
	Kind      sources.RunKind
	Trigger   sources.Trigger
	Reconcile bool
	Full      bool
}

// Fence keeps a worker that lost the run from writing.
func (r Run) Fence() index.Fence { return index.Fence{RunID: r.ID, Attempt: r.Attempt} }

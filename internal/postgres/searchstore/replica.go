package searchstore

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
)

// replicaPause is how long a replica is left alone after it failed. Afterwards one search tries it again; the others go
// on with the primary until that one has been answered.
const replicaPause = 10 * time.Second

// Replica answers from a read replica, and from the primary while the replica is away. A replica also ends queries that
// stand in the way of what it replays (its error is a conflict); those are asked again of the primary. It is safe for
// concurrent use.
type Replica struct {
	replica, primary search.Store
	log              *slog.Logger
	now              func() time.Time

	// retryAt is when the replica is tried again, in Unix nanoseconds; 0: it is in use.
	retryAt atomic.Int64
}

var _ search.Store = (*Replica)(nil)

// NewReplica returns a store that prefers the replica.
func NewReplica(replica, primary search.Store, log *slog.Logger) *Replica {
	return &Replica{replica: replica, primary: primary, log: log, now: time.Now}
}

// Changes implements search.Store.
func (r *Replica) Changes(ctx context.Context, known search.Known) (search.Changes, error) {
	return ask(ctx, r, func(s search.Store) (search.Changes, error) { return s.Changes(ctx, known) })
}

// Postings implements search.Store.
func (r *Replica) Postings(ctx context.Context, segments []int64, terms []string) ([]search.TermPostings, error) {
	return ask(ctx, r, func(s search.Store) ([]search.TermPostings, error) { return s.Postings(ctx, segments, terms) })
}

// Nearest implements search.Store.
func (r *Replica) Nearest(ctx context.Context, q search.NearestQuery) ([]search.Near, error) {
	return ask(ctx, r, func(s search.Store) ([]search.Near, error) { return s.Nearest(ctx, q) })
}

// Passages implements search.Store.
func (r *Replica) Passages(ctx context.Context, ids []int64) ([]search.ChunkText, error) {
	return ask(ctx, r, func(s search.Store) ([]search.ChunkText, error) { return s.Passages(ctx, ids) })
}

// Bodies implements search.Store.
func (r *Replica) Bodies(ctx context.Context, ids []int64) ([]search.ChunkText, error) {
	return ask(ctx, r, func(s search.Store) ([]search.ChunkText, error) { return s.Bodies(ctx, ids) })
}

func ask[T any](ctx context.Context, r *Replica, question func(search.Store) (T, error)) (T, error) {
	if !r.usable() {
		return question(r.primary)
	}
	answer, err := question(r.replica)
	switch {
	case err == nil:
		if r.retryAt.Swap(0) != 0 {
			r.log.InfoContext(ctx, "the read replica answers again")
		}
	case ctx.Err() != nil:
	case errors.Is(err, wiki.ErrUnavailable):
		if r.retryAt.Swap(r.now().Add(replicaPause).UnixNano()) == 0 {
			r.log.WarnContext(ctx, "the read replica is away; the primary answers searches", "err", err)
		}
		return question(r.primary)
	case errors.Is(err, wiki.ErrConflict):
		return question(r.primary)
	}
	return answer, err
}

// usable reports whether the replica is to be asked. Of those that come after a pause, the first one is told yes and
// makes the others wait for another pause.
func (r *Replica) usable() bool {
	at := r.retryAt.Load()
	if at == 0 {
		return true
	}
	now := r.now()
	return now.UnixNano() >= at && r.retryAt.CompareAndSwap(at, now.Add(replicaPause).UnixNano())
}

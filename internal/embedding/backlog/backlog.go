// Package backlog gives chunks their vectors, in the background: those that have none, newest first, and then those
// that have another model's, so that a change of model replaces vectors while the old ones serve. Syncing never waits
// for it, and it never gives up: while the embedder is down it tries again, with growing pauses; a text that the
// embedder cannot take is set aside. Several processes may work on the same backlog.
package backlog

import (
	"context"
	"log/slog"
	"time"

	"github.com/sluicehq/sluice/internal/embedding"
)

// Chunk is a chunk to embed.
type Chunk struct {
	ID       int64
	Document embedding.Document
}

// Vector is a chunk's vector.
type Vector struct {
	ChunkID int64
	Values  []float32
}

// Failure is a chunk that could not be embedded.
type Failure struct {
	ChunkID int64
	Reason  string
}

// Counts is how far the backlog is, for one model.
type Counts struct {
	Embedded int // chunks with a vector of the model
	Other    int // chunks with a vector of another model
	Missing  int // chunks without any vector
	Failed   int // chunks that are set aside; part of Other or Missing
	Problem  string
}

// Store is what the backlog needs of the database.
type Store interface {
	// UseModel notes that vectors of the model are made from now on. It refuses a model whose vectors have another
	// length than those that are stored (wiki.ErrInvalid).
	UseModel(ctx context.Context, model embedding.Model) error
	// Claim takes at most n chunks that lack a vector of the model, for the time of the lease. more tells that there was
	// work, even where none of it is left to do: chunks whose text has a vector already are given that one.
	Claim(ctx context.Context, model string, n int, lease time.Duration) (chunks []Chunk, more bool, err error)
	// Save stores vectors and ends the chunks' leases. Chunks that are gone are passed over.
	Save(ctx context.Context, model string, vectors []Vector) error
	// SetAside keeps chunks from being claimed, for a time that doubles with every failure, and ends their leases.
	SetAside(ctx context.Context, model string, failures []Failure) error
	// Release ends leases.
	Release(ctx context.Context, ids []int64) error
	Counts(ctx context.Context, model string) (Counts, error)
	// Maintain sweeps what is left over and makes or drops the indexes over vectors. It may take minutes.
	Maintain(ctx context.Context, model embedding.Model) error
}

// Options configure a Worker; the zero value is usable.
type Options struct {
	// BatchSize is how many chunks are embedded together; 0: 32.
	BatchSize int
	// Parallel is how many batches are worked on at once, so that the embedder does not wait for the database; 0: 2.
	Parallel int
	// Poll is how often work that nobody told of is looked for (other replicas, chunks set aside); 0: 30 s.
	Poll time.Duration
	// MaintainEvery is how often indexes are looked after; 0: a minute.
	MaintainEvery time.Duration
	// FirstPause and LongestPause bound the pauses while the embedder or the database is down; 0: 1 s and 2 minutes.
	FirstPause, LongestPause time.Duration
	Logger                   *slog.Logger
}

func (o Options) withDefaults() Options {
	set(&o.BatchSize, 32)
	set(&o.Parallel, 2)
	set(&o.Poll, 30*time.Second)
	set(&o.MaintainEvery, time.Minute)
	set(&o.FirstPause, time.Second)
	set(&o.LongestPause, 2*time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func set[T int | time.Duration](value *T, def T) {
	if *value <= 0 {
		*value = def
	}
}

// lease is how long a batch may take before another worker may take it as well. Plain Go embeds a batch in half a
// minute; when a worker dies its chunks wait that long.
const lease = 5 * time.Minute

// Worker embeds the backlog. Its methods may be called at any time, from anywhere.
type Worker struct {
	store    Store
	embedder embedding.Embedder
	o        Options
	wake     chan struct{}
	state    state
	recent   recent
}

// New returns a worker; Run makes it work.
func New(store Store, embedder embedding.Embedder, o Options) *Worker {
	o = o.withDefaults()
	w := &Worker{store: store, embedder: embedder, o: o, wake: make(chan struct{}, o.Parallel)}
	w.state.batch = o.BatchSize
	return w
}

// Wake tells that there may be work. It does not block.
func (w *Worker) Wake() {
	for range cap(w.wake) {
		select {
		case w.wake <- struct{}{}:
		default:
			return
		}
	}
}

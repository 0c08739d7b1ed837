// Package uselite is the built-in embedding model: Universal Sentence Encoder Lite (English), a two-layer transformer
// over 8,000 word pieces, computed in this process. Its weights are part of the program. It is small and weak beside a
// current model; it is there so that search by meaning works out of the box, as a second signal beside the words.
//
// Products of matrices run on assembly kernels chosen at start by what the processor can do, each checked there before it
// is used; plain Go is the fallback and what the kernels are tested against.
package uselite

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicehq/sluice/internal/embedding"
)

// A string stands where the system can let go of it once it has been read.
//
//go:embed weights.bin
var weightsFile string

//go:embed vocab.json
var vocabFile []byte

// ModelID is the identity stored with vectors: weights, quantisation, pooling, window.
const ModelID = "use-lite-1:int8:sif0.001:w128"

// fusionWeight is where the model gains on every collection it was measured on, and loses on none.
const fusionWeight = 0.2

// tellingSpread is what a page that answers a question often has beyond the usual, seldom one that does not.
const tellingSpread = 0.3

// Options configure a Model; the zero value is usable.
type Options struct {
	// Workers is how many windows of documents are computed at once; 0: one a core.
	Workers int
}

// Model is the model. It is safe for concurrent use.
type Model struct {
	tokens *tokenizer
	enc    *encoder

	documents chan *scratch // a worker's right to compute; nil until it is first used
	queries   chan *scratch
	waiting   atomic.Int32 // queries that are computed or about to be
	resume    chan struct{}
	mu        sync.Mutex // guards resume
}

var _ embedding.Embedder = (*Model)(nil)

// New loads the model, which takes about a tenth of a second and 30 MB.
func New(o Options) (*Model, error) {
	return load(o, soundest(kernels()))
}

func load(o Options, k *kernel) (*Model, error) {
	tokens, err := newTokenizer(vocabFile)
	if err != nil {
		return nil, fmt.Errorf("built-in embedding model: %w", err)
	}
	weights, err := newModel(weightsFile, k)
	if err != nil {
		return nil, fmt.Errorf("built-in embedding model: %w", err)
	}
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	m := &Model{
		tokens: tokens, enc: newEncoder(k, weights, tokens.rarity()),
		documents: make(chan *scratch, workers), queries: make(chan *scratch, runtime.GOMAXPROCS(0)),
	}
	for _, slots := range []chan *scratch{m.documents, m.queries} {
		for range cap(slots) {
			slots <- nil
		}
	}
	return m, nil
}

// Model describes the model.
func (m *Model) Model() embedding.Model {
	return embedding.Model{ID: ModelID, Dimensions: width, FusionWeight: fusionWeight, Spread: tellingSpread}
}

// Kernel names the code that multiplies matrices on this machine: "avx512", "avx2", "neon" or "go".
func (m *Model) Kernel() string { return m.enc.k.name }

// EmbedQuery embeds one query, at once: documents that are being computed make way. What is beyond the model's window
// is left out.
func (m *Model) EmbedQuery(ctx context.Context, text string) (embedding.Query, error) {
	ids := m.tokens.tokens(tidy(text))
	if len(ids) == 0 {
		return embedding.Query{}, nil
	}
	unknown := 0
	for _, id := range ids {
		if id == unknownID {
			unknown++
		}
	}
	m.enter()
	defer m.leave()
	s, err := acquire(ctx, m.queries)
	if err != nil {
		return embedding.Query{}, err
	}
	defer func() { m.queries <- s }()
	vector := make([]float32, width)
	m.enc.encode(vector, ids[:min(len(ids), maxTokens)], s, func() {})
	return embedding.Query{Vector: vector, UnknownShare: float64(unknown) / float64(len(ids))}, nil
}

// acquire takes a slot, and gives it memory when it is used for the first time.
func acquire(ctx context.Context, slots chan *scratch) (*scratch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s := <-slots:
		if s == nil {
			s = newScratch()
		}
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// enter says that a query wants the processor; leave that it is done with it.
func (m *Model) enter() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting.Add(1) == 1 {
		m.resume = make(chan struct{})
	}
}

func (m *Model) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting.Add(-1) == 0 {
		close(m.resume)
	}
}

// breath is how long a worker sleeps inside a window: the sleep itself costs next to nothing, but makes the runtime look
// for network input and timers, which it puts off by up to 10 ms while all cores compute.
const breath = 10 * time.Microsecond

// patience is how long a part of a window lets queries go first. Then it goes on, so that even under a constant stream of
// queries documents get some percent of the processor.
const patience = 100 * time.Millisecond

// makeWay lets queries go first. It is what documents do between the parts of a window.
func (m *Model) makeWay() {
	if m.waiting.Load() == 0 {
		time.Sleep(breath)
	}
	if m.waiting.Load() == 0 {
		return
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for m.waiting.Load() > 0 {
		m.mu.Lock()
		resume := m.resume
		m.mu.Unlock()
		select {
		case <-resume:
		case <-timer.C:
			return
		}
	}
}

// Package embeddingtest has an embedder for tests: deterministic, instant, and out of order on request. Texts that share
// words get similar vectors.
package embeddingtest

import (
	"context"
	"hash/fnv"
	"math"
	"strings"
	"sync"
	"unicode"

	"github.com/sluicehq/sluice/internal/embedding"
)

// Embedder is a bag of words: each word adds to a few places of the vector that its hash tells. The zero value is not
// usable; see New.
type Embedder struct {
	model embedding.Model

	mu      sync.Mutex // guards all below
	fail    error
	poison  map[string]error
	texts   int
	batches []int
}

var _ embedding.Embedder = (*Embedder)(nil)

// Dimensions is the length of the vectors of New.
const Dimensions = 64

// New returns an embedder whose model is called "test".
func New() *Embedder {
	return NewModel(embedding.Model{ID: "test", Dimensions: Dimensions, FusionWeight: 0.5})
}

// NewModel returns an embedder of another model. The vectors of models with different ids differ.
func NewModel(model embedding.Model) *Embedder {
	return &Embedder{model: model, poison: map[string]error{}}
}

// Fail makes every call return err, until it is called with nil.
func (e *Embedder) Fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = err
}

// Poison makes every batch fail with err that has a document whose text contains word; nil ends that.
func (e *Embedder) Poison(word string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		delete(e.poison, word)
		return
	}
	e.poison[word] = err
}

// Texts returns how many documents were embedded.
func (e *Embedder) Texts() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.texts
}

// Batches returns the sizes of the batches that were asked for, failed ones included.
func (e *Embedder) Batches() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]int(nil), e.batches...)
}

// Model returns the model.
func (e *Embedder) Model() embedding.Model { return e.model }

// EmbedDocuments embeds context and text of each document.
func (e *Embedder) EmbedDocuments(ctx context.Context, docs []embedding.Document) ([][]float32, error) {
	if err := e.admit(ctx, docs); err != nil {
		return nil, err
	}
	vectors := make([][]float32, len(docs))
	for i, d := range docs {
		vectors[i] = e.vector(d.Context + " " + d.Text)
	}
	return vectors, nil
}

// EmbedQuery embeds a query.
func (e *Embedder) EmbedQuery(ctx context.Context, text string) (embedding.Query, error) {
	if err := ctx.Err(); err != nil {
		return embedding.Query{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		return embedding.Query{}, e.fail
	}
	return embedding.Query{Vector: e.vector(text)}, nil
}

func (e *Embedder) admit(ctx context.Context, docs []embedding.Document) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.batches = append(e.batches, len(docs))
	if e.fail != nil {
		return e.fail
	}
	for word, err := range e.poison {
		for _, d := range docs {
			if strings.Contains(d.Text, word) {
				return err
			}
		}
	}
	e.texts += len(docs)
	return nil
}

// vector is nil for a text without words.
func (e *Embedder) vector(text string) []float32 {
	const places = 3 // of each word
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return nil
	}
	v := make([]float32, e.model.Dimensions)
	for _, w := range words {
		h := fnv.New64a()
		h.Write([]byte(e.model.ID + "\x00" + w))
		sum := h.Sum64()
		for range places {
			v[sum%uint64(len(v))]++
			sum = sum>>16 | sum<<48
		}
	}
	var total float64
	for _, x := range v {
		total += float64(x) * float64(x)
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(total))
	}
	return v
}

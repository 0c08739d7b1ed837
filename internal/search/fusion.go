package search

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/sluicehq/sluice/internal/embedding"
)

// How the scores of the legs are put together (docs/decisions/0012-fusion.md).
const (
	// How far the weight of the vector leg rises where words are missing: the best page by words lacks all of them.
	missingFactor = 3.0
	mostVector    = 0.6
	// usualShare is which share of the best pages by words is no more like the query than is usual among them, where the
	// best of them has all words of the query; of fewer words, the fewer.
	usualShare = 0.8
	// steepness: a little more likeness than usual may be chance, much more hardly is.
	steepness = 1.5
	// How many of the best pages by words, and chunks of each, are compared with the query.
	comparedPages  = 50
	comparedChunks = 2
)

// fusion puts the scores of the two legs together.
type fusion struct {
	weight float64 // of the vector leg, 0..1
	base   float64 // likeness that is usual for this query and adds nothing
	spread float64 // likeness beyond it that adds the whole weight
}

// newFusion returns the fusion for a query of which the best page by words has a share (0..1, see scorer.coverage), and
// for what the vector leg found.
func newFusion(m embedding.Model, coverage float64, v *vectorLeg) fusion {
	f := fusion{weight: min(m.FusionWeight*(coverage+missingFactor*(1-coverage)), max(m.FusionWeight, mostVector)), spread: m.Spread}
	best := 0.0
	if len(v.hits) > 0 {
		best, f.base = v.hits[0].similarity, v.hits[len(v.hits)-1].similarity
	}
	if n := len(v.usual); n > 0 {
		best, f.base = max(best, v.usual[n-1]), v.usual[int(usualShare*coverage*float64(n-1))]
	}
	if f.spread <= 0 {
		f.spread = max(best-f.base, math.SmallestNonzeroFloat32)
	}
	return f
}

// gain is what a likeness adds, before it is weighed: 0 where it is usual, 1 where it is more by the spread.
func (f fusion) gain(similarity float64) float64 {
	if similarity <= f.base {
		return 0
	}
	return math.Pow((similarity-f.base)/f.spread, steepness)
}

// comparison is how like the query the best pages by words are.
type comparison struct {
	compared map[int32][]vectorHit // by page, its best chunks by words, the likest first
	usual    []float64             // of each page, its likest chunk's; ascending
}

// compare tells how like the query the best pages by words are. In a large corpus few of them have one of the nearest
// chunks; without it, a page just beyond those would count as no more like the query than any other, and which of two
// equal pages is among them is chance.
func (r *Searcher) compare(ctx context.Context, f *found, query []float32) (comparison, error) {
	began := time.Now()
	defer func() { r.observer.Leg(legCompare, time.Since(began)) }()
	ctx, cancel := context.WithTimeout(ctx, legTimeout)
	defer cancel()
	ask := NearestQuery{Vector: query, Model: r.embedder.Model().ID, Among: []int64{}}
	for _, p := range f.top[:min(len(f.top), comparedPages)] {
		for _, doc := range f.lexical.bestOf(f.s, p.page, comparedChunks) {
			ask.Among = append(ask.Among, f.s.chunkID(doc))
		}
	}
	if ask.Limit = len(ask.Among); ask.Limit == 0 {
		return comparison{}, nil
	}
	near, err := r.store.Nearest(ctx, ask)
	if err != nil {
		return comparison{}, err
	}
	c := comparison{compared: map[int32][]vectorHit{}}
	for _, h := range f.s.hits(f.a.has, near) {
		page := f.s.pageOf(h.doc)
		if c.compared[page] == nil {
			c.usual = append(c.usual, h.similarity)
		}
		c.compared[page] = append(c.compared[page], h)
	}
	slices.Sort(c.usual)
	return c, nil
}

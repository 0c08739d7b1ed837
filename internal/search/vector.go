package search

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/embedding"
)

// How the vector leg asks. At 100,000 chunks the index takes 1.5 ms for 300 and 10 ms for 1,000, comparing takes 2 ms for
// each 1,000 chunks (docs/benchmarks.md).
const (
	vectorHits  = 200    // chunks that are compared with the keyword leg's
	exactChunks = 2_500  // so many are compared one by one at once
	widest      = 300    // are asked for under a filter, of which some pass
	enoughHits  = 40     // have to pass; if fewer do,
	exactSoon   = 5_000  // so many are compared one by one next,
	deepIndex   = 800    // of more the index is asked for as many as it gives in one round,
	exactMost   = 60_000 // and at last so many are compared one by one
	unknownMost = 0.3
)

// vectorHit is a chunk with its likeness to the query.
type vectorHit struct {
	doc        docRef
	similarity float64
}

// vectorLeg is the vector leg's answer.
type vectorLeg struct {
	hits   []vectorHit // best first
	beside []vectorHit // the same of pages that fail in one open facet
	absent bool        // there is nothing to compare with
	comparison
}

// vectorSearch finds the chunks nearest to the query among the allowed pages.
func (r *Searcher) vectorSearch(ctx context.Context, s *state, a *allowed, query []float32) (*vectorLeg, error) {
	began := time.Now()
	defer func() { r.observer.Leg(legVector, time.Since(began)) }()
	ask := NearestQuery{Vector: query, Model: r.embedder.Model().ID, Limit: vectorHits}
	leg := &vectorLeg{}
	var near, beside []Near
	if a.narrow(a.chunks) {
		legs, ctx := errgroup.WithContext(ctx)
		legs.Go(func() (err error) {
			near, err = r.exact(ctx, s, a.has, ask)
			return err
		})
		if a.beside > 0 {
			legs.Go(func() (err error) {
				beside, err = r.besides(ctx, s, a, ask)
				return err
			})
		}
		if err := legs.Wait(); err != nil {
			return nil, err
		}
		leg.hits, leg.beside = s.hits(a.has, near), s.hits(a.isBeside, beside)
		leg.absent = a.chunks > 0 && len(near) == 0
		return leg, nil
	}
	near, beside, err := r.byIndex(ctx, s, a, ask)
	if err != nil {
		return nil, err
	}
	leg.hits, leg.beside, leg.absent = s.hits(a.has, near), s.hits(a.isBeside, beside), len(near) == 0
	return leg, nil
}

// byIndex asks the index, and for more where too few pass. All that the index gave last is returned as well.
func (r *Searcher) byIndex(ctx context.Context, s *state, a *allowed, ask NearestQuery) (near, all []Near, err error) {
	if a.chunks > 0 && a.chunks < a.all {
		ask.Limit = min(vectorHits*a.all/a.chunks, widest)
	}
	if near, err = r.store.Nearest(ctx, ask); err != nil || a.enough(s, near) {
		return near, near, err
	}
	if a.chunks > exactSoon {
		ask.Limit = deepIndex
		if near, err = r.store.Nearest(ctx, ask); err != nil || a.enough(s, near) {
			return near, near, err
		}
	}
	if all = near; a.chunks <= exactMost {
		ask.Limit = vectorHits
		near, err = r.exact(ctx, s, a.has, ask)
	}
	return near, all, err
}

// enough reports whether so many of the nearest chunks pass that more need not be looked at, or there are no more.
func (a *allowed) enough(s *state, near []Near) bool {
	return len(near) == 0 || a.chunks == a.all || len(s.hits(a.has, near)) >= min(enoughHits, a.chunks)
}

// narrow reports whether so many chunks are best compared one by one.
func (a *allowed) narrow(chunks int) bool { return chunks*2 < a.all && chunks <= exactChunks }

// besides finds the nearest chunks of the pages beside.
func (r *Searcher) besides(ctx context.Context, s *state, a *allowed, ask NearestQuery) ([]Near, error) {
	if a.narrow(a.beside) {
		return r.exact(ctx, s, a.isBeside, ask)
	}
	return r.store.Nearest(ctx, ask)
}

// exact compares all chunks of some pages.
func (r *Searcher) exact(ctx context.Context, s *state, among func(page int32) bool, ask NearestQuery) ([]Near, error) {
	ask.Among = []int64{}
	for page := range int32(len(s.pages)) {
		if !among(page) {
			continue
		}
		for _, seg := range s.segments {
			for _, doc := range seg.chunks.of(page) {
				if !seg.isGone(int(doc)) {
					ask.Among = append(ask.Among, seg.header.ChunkIDs[doc])
				}
			}
		}
	}
	if len(ask.Among) == 0 {
		return nil, nil
	}
	return r.store.Nearest(ctx, ask)
}

// hits finds chunks of some pages in a state; those it does not know are too new or too old for it.
func (s *state) hits(among func(page int32) bool, near []Near) []vectorHit {
	hits := make([]vectorHit, 0, len(near))
	for _, n := range near {
		if doc, ok := s.find(n.ID); ok && among(s.pageOf(doc)) {
			hits = append(hits, vectorHit{doc: doc, similarity: n.Similarity})
		}
	}
	return hits
}

// embed embeds a text, or remembers.
func (r *Searcher) embed(ctx context.Context, text string) (embedding.Query, error) {
	key := r.embedder.Model().ID + "\x00" + text
	q, ok := r.queries.get(key)
	r.observer.Cache(cacheQueries, ok)
	if ok {
		return q, nil
	}
	began := time.Now()
	q, err := r.embedder.EmbedQuery(ctx, text)
	if err != nil {
		return embedding.Query{}, err
	}
	r.observer.Leg(legEmbed, time.Since(began))
	r.queries.put(key, q)
	return q, nil
}

// queryCache remembers the vectors of the latest queries.
type queryCache struct {
	mu    sync.Mutex
	most  int
	order []string // oldest first
	byKey map[string]embedding.Query
}

func newQueryCache(most int) *queryCache {
	return &queryCache{most: most, byKey: map[string]embedding.Query{}}
}

func (c *queryCache) get(key string) (embedding.Query, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, ok := c.byKey[key]
	if ok {
		i := slices.Index(c.order, key)
		c.order = append(slices.Delete(c.order, i, i+1), key)
	}
	return q, ok
}

func (c *queryCache) put(key string, q embedding.Query) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	if len(c.order) == c.most {
		delete(c.byKey, c.order[0])
		c.order = slices.Delete(c.order, 0, 1)
	}
	c.order = append(c.order, key)
	c.byKey[key] = q
}

// legTimeout is how long the vector leg may take: an answer without it is better than none.
const legTimeout = 1500 * time.Millisecond

package search

import (
	"container/list"
	"context"
	"slices"
	"sync"
)

// postingsKey names postings; what it names never changes.
type postingsKey struct {
	segment int64
	term    string
}

// postingsCache keeps the postings that were used last, up to a number of bytes; that a term has none is kept, too.
type postingsCache struct {
	store    Store
	most     int
	grows    bool // with the number of chunks
	observer Observer

	mu       sync.Mutex
	segments []int64 // of the latest state that was asked for
	bytes    int
	used     *list.List // of *cachedPostings, latest first
	byKey    map[postingsKey]*list.Element
}

type cachedPostings struct {
	key  postingsKey
	data []byte
}

// entryCost is what an entry takes beside its postings.
const entryCost = 160

// What is kept where nobody says: so much, and so much for each chunk, which is enough for the words that many have.
const (
	cacheLeast    = 16 << 20
	cacheForChunk = 48
)

func newPostingsCache(store Store, most int, observer Observer) *postingsCache {
	return &postingsCache{store: store, most: most, grows: most <= 0, observer: observer, used: list.New(), byKey: map[postingsKey]*list.Element{}}
}

// get returns the postings of terms in the segments of a state: for each segment, for each term.
func (c *postingsCache) get(ctx context.Context, s *state, terms []string) ([][][]byte, error) {
	found := make([][][]byte, len(s.segments))
	place := map[int64]int{}
	missing := map[string]bool{}
	c.mu.Lock()
	if c.grows {
		c.most = max(cacheLeast, s.docs*cacheForChunk)
	}
	c.keepOnly(s.stored)
	for i, seg := range s.segments {
		found[i] = make([][]byte, len(terms))
		if seg.id == 0 {
			for t, term := range terms {
				found[i][t] = seg.memory[term]
			}
			continue
		}
		for t, term := range terms {
			e, ok := c.byKey[postingsKey{seg.id, term}]
			if !ok {
				missing[term] = true
				place[seg.id] = i
				continue
			}
			c.used.MoveToFront(e)
			found[i][t] = e.Value.(*cachedPostings).data
		}
	}
	c.mu.Unlock()
	c.observer.Cache(cachePostings, len(missing) == 0)
	if len(missing) == 0 {
		return found, nil
	}
	return found, c.fetch(ctx, found, terms, place, missing)
}

func (c *postingsCache) fetch(ctx context.Context, found [][][]byte, terms []string, place map[int64]int, missing map[string]bool) error {
	segments := make([]int64, 0, len(place))
	for id := range place {
		segments = append(segments, id)
	}
	var ask []string
	numbers := map[string][]int{} // a term may be wanted at several places
	for i, term := range terms {
		if !missing[term] {
			continue
		}
		if len(numbers[term]) == 0 {
			ask = append(ask, term)
		}
		numbers[term] = append(numbers[term], i)
	}
	rows, err := c.store.Postings(ctx, segments, ask)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	has := make(map[postingsKey]bool, len(rows))
	for _, r := range rows {
		for _, i := range numbers[r.Term] {
			found[place[r.Segment]][i] = r.Data
		}
		key := postingsKey{r.Segment, r.Term}
		has[key] = true
		c.put(key, r.Data)
	}
	for _, id := range segments {
		for _, term := range ask {
			if key := (postingsKey{id, term}); !has[key] {
				c.put(key, nil)
			}
		}
	}
	return nil
}

// put keeps postings, and drops those that were used longest ago where there are too many bytes.
func (c *postingsCache) put(key postingsKey, data []byte) {
	if _, ok := c.byKey[key]; ok || len(data)+entryCost > c.most {
		return
	}
	c.byKey[key] = c.used.PushFront(&cachedPostings{key: key, data: data})
	c.bytes += len(data) + entryCost
	for c.bytes > c.most {
		c.drop(c.used.Back())
	}
}

func (c *postingsCache) drop(e *list.Element) {
	old := e.Value.(*cachedPostings)
	c.used.Remove(e)
	delete(c.byKey, old.key)
	c.bytes -= len(old.data) + entryCost
}

// keepOnly drops the postings of segments that are no longer there: while a sync goes on they are soon most of all. A search
// over an older state brings some back, until the next one.
func (c *postingsCache) keepOnly(segments []int64) {
	if slices.Equal(segments, c.segments) {
		return
	}
	c.segments = segments
	for e := c.used.Front(); e != nil; {
		next := e.Next()
		if _, ok := slices.BinarySearch(segments, e.Value.(*cachedPostings).key.segment); !ok {
			c.drop(e)
		}
		e = next
	}
}

package search

import "sync"

// chunkIndex finds the chunks of a page within a segment.
type chunkIndex struct {
	places map[int32]int32 // of the pages, in starts
	starts []int32
	docs   []int32 // ascending for each page
}

// newChunkIndex indexes a segment: numbers are its pages' in the state, page is each chunk's place among them.
func newChunkIndex(numbers, page []int32) *chunkIndex {
	x := &chunkIndex{places: make(map[int32]int32, len(numbers)), starts: make([]int32, len(numbers)+1), docs: make([]int32, len(page))}
	for place, number := range numbers {
		x.places[number] = int32(place)
	}
	for _, place := range page {
		x.starts[place+1]++
	}
	for i := range numbers {
		x.starts[i+1] += x.starts[i]
	}
	next := append([]int32(nil), x.starts...)
	for doc, place := range page {
		x.docs[next[place]] = int32(doc)
		next[place]++
	}
	return x
}

// of returns the chunks of a page, those that are gone too.
func (x *chunkIndex) of(page int32) []int32 {
	place, ok := x.places[page]
	if !ok {
		return nil
	}
	return x.docs[x.starts[place]:x.starts[place+1]]
}

// counts remembers in how many chunks of a segment terms are, where counting takes going through their postings.
type counts struct {
	mu     sync.Mutex
	byTerm map[string]int
}

// mostCounts bounds what is remembered of a segment.
const mostCounts = 4096

func newCounts() *counts { return &counts{byTerm: map[string]int{}} }

func (c *counts) get(term string, count func() int) int {
	c.mu.Lock()
	n, ok := c.byTerm[term]
	c.mu.Unlock()
	if ok {
		return n
	}
	n = count()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byTerm) >= mostCounts {
		clear(c.byTerm)
	}
	c.byTerm[term] = n
	return n
}

package search

import "sync"

// buffers are the large arrays of one search: they are used again by the next one, so that searches leave little to
// collect. The zero value is usable.
type buffers struct {
	mu     sync.Mutex // segments are scored beside one another
	scores shelf[float32]
	pages  shelf[foundPage]
	refs   []docRef
	list   []int32
}

// floats returns n zeros.
func (b *buffers) floats(n int) []float32 {
	b.mu.Lock()
	list := b.scores.take(n)
	b.mu.Unlock()
	clear(list)
	return list
}

// foundPages returns an empty list with room for n pages.
func (b *buffers) foundPages(n int) []foundPage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pages.take(n)[:0]
}

// docRefs returns n references of no meaning. It is called once a search.
func (b *buffers) docRefs(n int) []docRef {
	if cap(b.refs) < n {
		b.refs = make([]docRef, n)
	}
	return b.refs[:n]
}

// numbers returns an empty list with room for n numbers. It is called once a search.
func (b *buffers) numbers(n int) []int32 {
	if cap(b.list) < n {
		b.list = make([]int32, 0, n)
	}
	return b.list[:0]
}

// giveBack ends the search: nothing that was lent may be used any more.
func (b *buffers) giveBack(pool *sync.Pool) {
	b.scores.giveBack()
	b.pages.giveBack()
	pool.Put(b)
}

// shelf lends arrays of one kind.
type shelf[T any] struct{ free, used [][]T }

// take returns n values of no meaning, in the smallest array with room for them.
func (s *shelf[T]) take(n int) []T {
	at := -1
	for i, list := range s.free {
		if cap(list) >= n && (at < 0 || cap(list) < cap(s.free[at])) {
			at = i
		}
	}
	var list []T
	if at < 0 {
		list = make([]T, n)
	} else {
		list = s.free[at][:n]
		s.free[at] = s.free[len(s.free)-1]
		s.free = s.free[:len(s.free)-1]
	}
	s.used = append(s.used, list)
	return list
}

// mostShelved is how many arrays are kept for the next search.
const mostShelved = 24

func (s *shelf[T]) giveBack() {
	s.free, s.used = append(s.used, s.free...), nil
	if len(s.free) > mostShelved {
		s.free = s.free[:mostShelved]
	}
}

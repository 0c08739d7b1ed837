package search

import "sync"

// buffers are the large arrays of one search: they are used again by the next one, so that searches leave little to
// collect. The zero value is usable.
type buffers struct {
	mu   sync.Mutex // segments are scored beside one another
	free [][]float32
	used [][]float32
	refs []docRef
	list []int32
}

// floats returns n zeros.
func (b *buffers) floats(n int) []float32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []float32
	for i, f := range b.free {
		if cap(f) >= n && (list == nil || cap(f) < cap(list)) {
			list = f
			b.free[i], b.free[0] = b.free[0], f
		}
	}
	if list == nil {
		list = make([]float32, n)
	} else {
		b.free = b.free[1:]
		list = list[:n]
		clear(list)
	}
	b.used = append(b.used, list)
	return list
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
	b.free, b.used = append(b.used, b.free...), nil
	if len(b.free) > mostBuffers {
		b.free = b.free[:mostBuffers]
	}
	pool.Put(b)
}

// mostBuffers is how many arrays are kept for the next search.
const mostBuffers = 24

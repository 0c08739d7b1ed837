package search

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// lineStore has chunks of which those with smaller ids are nearer to whatever is asked. It counts what it is asked.
type lineStore struct {
	Store

	chunks   int
	mu       sync.Mutex
	compared []int // chunks, -limit where the index is asked
}

func (l *lineStore) Nearest(_ context.Context, q NearestQuery) ([]Near, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := slices.Clone(q.Among)
	if q.Among == nil {
		l.compared = append(l.compared, -q.Limit)
		for id := range min(l.chunks, q.Limit) {
			ids = append(ids, int64(id))
		}
	} else {
		l.compared = append(l.compared, len(ids))
	}
	slices.Sort(ids)
	var near []Near
	for _, id := range ids[:min(len(ids), q.Limit)] {
		near = append(near, Near{ID: id, Similarity: 1 - float64(id)/float64(l.chunks)})
	}
	return near, nil
}

// Under any filter the best chunks that pass are found, all of the best; the index is asked, or chunks are compared,
// whichever takes less.
func TestVectorLegUnderFilters(t *testing.T) {
	t.Parallel()
	const chunks, perPage = 90_000, 9
	all := &segment{header: &inverted.Header{ChunkIDs: make([]int64, chunks)}, page: make([]int32, chunks)}
	pages := make([]int32, chunks/perPage)
	for i := range all.page {
		all.header.ChunkIDs[i], all.page[i] = int64(i), int32(i/perPage)
	}
	for i := range pages {
		pages[i] = int32(i)
	}
	all.chunks = newChunkIndex(pages, all.page)
	s := &state{segments: []*segment{all}, pages: make([]*pageInfo, len(pages))}
	for _, tt := range []struct {
		name   string
		pass   func(page int) bool
		beside func(page int) bool
		want   []int // what is compared
	}{
		{"no filter", func(int) bool { return true }, nil, []int{-200}},
		{"most", func(p int) bool { return p%10 != 0 }, nil, []int{-222}},
		{"wide", func(p int) bool { return p%3 == 0 }, nil, []int{-300}},
		{"a tenth", func(p int) bool { return p%10 == 0 }, nil, []int{-300, -800}},
		{"a tenth, all of it near", func(p int) bool { return p < 1000 }, nil, []int{-300}},
		{"a tenth, all of it far", func(p int) bool { return p >= 9000 }, nil, []int{-300, -800, 9000}},
		{"a twentieth", func(p int) bool { return p%20 == 1 }, nil, []int{-300, 4500}},
		{"narrow", func(p int) bool { return p%100 == 0 }, nil, []int{900}},
		{"none", func(int) bool { return false }, nil, nil},
		{"narrow, few beside", func(p int) bool { return p%100 == 0 }, func(p int) bool { return p%100 == 1 }, []int{900, 900}},
		{"narrow, many beside", func(p int) bool { return p%100 == 0 }, func(p int) bool { return p%2 == 1 }, []int{-200, 900}},
		{"wide, many beside", func(p int) bool { return p%3 == 0 }, func(p int) bool { return p%3 == 1 }, []int{-300}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &allowed{pages: make([]fit, len(pages)), all: chunks}
			var want []docRef
			for p := range pages {
				switch {
				case tt.pass(p):
					a.count, a.chunks = a.count+1, a.chunks+perPage
					for i := range perPage {
						want = append(want, docRef{doc: int32(p*perPage + i)})
					}
				case tt.beside != nil && tt.beside(p):
					a.pages[p], a.beside = fit(spaceFacet), a.beside+perPage
				default:
					a.pages[p] = fails
				}
			}
			store := &lineStore{chunks: chunks}
			leg, err := New(store, embeddingtest.New(), Options{}).vectorSearch(t.Context(), s, a, []float32{1})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(store.compared)
			wanted := slices.Clone(tt.want)
			if slices.Sort(wanted); !slices.Equal(store.compared, wanted) {
				t.Errorf("compared %v, want %v", store.compared, wanted)
			}
			if least := min(enoughHits, len(want)); len(leg.hits) < least {
				t.Fatalf("%d hits, want %d at least", len(leg.hits), least)
			}
			for i, h := range leg.hits {
				if h.doc != want[i] {
					t.Fatalf("hit %d is chunk %d, want %d", i, h.doc.doc, want[i].doc)
				}
			}
			if beside := a.beside > 0; beside != (len(leg.beside) > 0) || slices.ContainsFunc(leg.beside, func(h vectorHit) bool { return !a.isBeside(s.pageOf(h.doc)) }) {
				t.Errorf("%d hits beside, of %d chunks", len(leg.beside), a.beside)
			}
		})
	}
}

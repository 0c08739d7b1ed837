package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestStretches(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		chunks := 1 + r.IntN(20_000)
		marks := newStretches(chunks)
		marked := map[int]bool{}
		for range r.IntN(4) {
			var docs []int32
			for range 1 + r.IntN(300) {
				docs = append(docs, int32(r.IntN(chunks)))
			}
			slices.Sort(docs)
			marks.mark(docs)
			for _, doc := range docs {
				marked[int(doc)] = true
			}
		}
		seen := 0
		last := -1
		for doc := marks.next(0); doc < chunks; doc = marks.next(doc + 1) {
			if doc <= last {
				t.Fatalf("%d after %d", doc, last)
			}
			last = doc
			if marked[doc] {
				seen++
			}
		}
		if seen != len(marked) {
			t.Errorf("came by %d of %d chunks that were marked", seen, len(marked))
		}
	}
}

func TestPagesOfScoresWithoutOrder(t *testing.T) {
	t.Parallel()
	scores := []float32{0, 2, 1, 3 /* page 0 */, 0, 0 /* 1 */, 5, 5 /* 2 */, 1 /* 0 again */, 4 /* 3, not allowed */}
	pages := []int32{0, 0, 0, 0, 1, 1, 2, 2, 0, 3}
	marks := newStretches(len(scores))
	marks.mark([]int32{0, 9})
	a := &allowed{pages: []fit{passes, passes, passes, fails}}
	got := pagesOf(scores, pages, marks, a, &buffers{})
	want := []foundPage{
		{page: 0, doc: 3, best: 3, second: 2, third: 1},
		{page: 2, doc: 6, best: 5, second: 5},
		{page: 0, doc: 8, best: 1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A page's three best chunks count, in whichever segments they are.
func TestFoldAcrossSegments(t *testing.T) {
	t.Parallel()
	l := &lexical{lent: &buffers{}}
	s := &state{pages: make([]*pageInfo, 2)}
	l.fold(s, &allowed{pages: []fit{passes, passes}}, [][]foundPage{
		{{page: 0, doc: 7, best: 3, second: 2, third: 1}, {page: 1, doc: 9, best: 1}, {page: 0, doc: 12, best: 2.5}},
		{{page: 0, doc: 4, best: 5, second: 2.75}},
	})
	wantBest := []float32{5 + (secondShare*3 + thirdShare*2.75), 1}
	wantDoc := []docRef{{seg: 1, doc: 4}, {seg: 0, doc: 9}}
	if !slices.Equal(l.best, wantBest) || !slices.Equal(l.doc, wantDoc) || !slices.Equal(l.pages, []int32{0, 1}) {
		t.Errorf("scores %v, chunks %v, pages %v; want %v, %v", l.best, l.doc, l.pages, wantBest, wantDoc)
	}
}

// BenchmarkPagesOf: a quarter of 100,000 chunks has a score; and one of a thousand.
func BenchmarkPagesOf(b *testing.B) {
	for name, share := range map[string]float64{"quarter": 0.25, "thousandth": 0.001} {
		b.Run(name, func(b *testing.B) {
			const chunks = 100_000
			r := rand.New(rand.NewPCG(3, 4))
			scores, pages, marks := make([]float32, chunks), make([]int32, chunks), newStretches(chunks)
			a := &allowed{pages: make([]fit, chunks/12+1)}
			for doc := range scores {
				pages[doc] = int32(doc / 12)
				if r.Float64() < share {
					scores[doc] = r.Float32()
					marks.mark([]int32{int32(doc)})
				}
			}
			lent := &buffers{}
			for b.Loop() {
				pagesOf(scores, pages, marks, a, lent)
				lent.pages.giveBack()
			}
		})
	}
}

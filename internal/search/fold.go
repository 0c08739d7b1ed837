package search

import (
	"math"
	"math/bits"
)

// What a page's second and third passage add to the score of its best one, as shares of their own: a page about what is
// asked has it in several places, one that only mentions it in one. All passages added up would favour long pages.
const (
	secondShare = 0.2
	thirdShare  = 0.1
)

// foundPage is a page that has chunks with a score in a segment.
type foundPage struct {
	page, doc           int32 // doc: its best chunk
	best, second, third float32
}

// pagesOf scores the pages of a segment from the scores of its chunks: those that may be found, as often as their chunks
// do not stand one after the other.
func pagesOf(scores []float32, pages []int32, marks stretches, a *allowed, lent *buffers) []foundPage {
	list := lent.foundPages(min(len(pages), len(a.pages)))
	pages = pages[:len(scores)] // as the compiler cannot know
	for doc := marks.next(0); doc < len(scores); doc = marks.next(doc) {
		page, bestDoc := pages[doc], doc
		// Positive numbers are ordered as their bits are, which are compared without branches: the scores are in no order
		// that a processor could guess.
		var best, second, third uint32
		for ; doc < len(scores) && pages[doc] == page; doc++ {
			score := math.Float32bits(scores[doc])
			third = max(third, min(second, score))
			second = max(second, min(best, score))
			if score > best {
				bestDoc = doc
			}
			best = max(best, score)
		}
		if best == 0 || a.pages[page] == fails {
			continue
		}
		list = append(list, foundPage{
			page: page, doc: int32(bestDoc),
			best: math.Float32frombits(best), second: math.Float32frombits(second), third: math.Float32frombits(third),
		})
	}
	return list
}

// fold puts together what was found in the segments. The chunks of a page may be in several places, where some of them
// are new: its three best count wherever they are, so that maintenance changes no score.
func (l *lexical) fold(s *state, a *allowed, found [][]foundPage) {
	n := len(s.pages)
	l.best, l.doc, l.pages = l.lent.floats(n), l.lent.docRefs(n), l.lent.numbers(n)
	second, third := l.lent.floats(n), l.lent.floats(n)
	for i, list := range found {
		for _, f := range list {
			if l.best[f.page] == 0 { // nearly all: the chunks of a page are stored side by side
				l.add(a, f.page)
				l.best[f.page], second[f.page], third[f.page] = f.best, f.second, f.third
				l.doc[f.page] = docRef{seg: int32(i), doc: f.doc}
				continue
			}
			if f.best > l.best[f.page] {
				l.doc[f.page] = docRef{seg: int32(i), doc: f.doc}
			}
			for _, score := range [...]float32{f.best, f.second, f.third} {
				third[f.page] = max(third[f.page], min(second[f.page], score))
				second[f.page] = max(second[f.page], min(l.best[f.page], score))
				l.best[f.page] = max(l.best[f.page], score)
			}
		}
	}
	for _, pages := range [...][]int32{l.pages, l.beside} {
		for _, page := range pages {
			l.best[page] += secondShare*second[page] + thirdShare*third[page]
		}
	}
}

// stretches tells which stretches of chunks that follow one another have scores, a bit for each: most words are in few
// chunks, and the others need not be looked at.
type stretches []uint64

// stretchBits: a stretch is 64 chunks, a few pages.
const stretchBits = 6

func newStretches(chunks int) stretches { return make(stretches, chunks>>(stretchBits+6)+1) }

// mark notes that chunks, which ascend, have scores. It may note some between them, too.
func (m stretches) mark(docs []int32) {
	first, last := docs[0]>>stretchBits, docs[len(docs)-1]>>stretchBits
	if int(last-first) < len(docs) {
		for s := first; s <= last; s++ {
			m[s>>6] |= 1 << (s & 63)
		}
		return
	}
	for _, doc := range docs {
		s := doc >> stretchBits
		m[s>>6] |= 1 << (s & 63)
	}
}

// next returns the first chunk from doc on that is in a stretch with scores; without one, a number beyond all chunks.
func (m stretches) next(doc int) int {
	s := doc >> stretchBits
	for at := s >> 6; at < len(m); at++ {
		word := m[at]
		if at == s>>6 {
			word &= ^uint64(0) << (s & 63)
		}
		if word == 0 {
			continue
		}
		return max(doc, (at<<6+bits.TrailingZeros64(word))<<stretchBits)
	}
	return math.MaxInt
}

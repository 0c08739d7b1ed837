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
	page, doc int32 // doc: its best chunk
	score     float32
}

// pagesOf scores the pages of a segment from the scores of its chunks: those that may be found, as often as their chunks
// do not stand one after the other.
func pagesOf(scores []float32, pages []int32, marks stretches, a *allowed, lent *buffers) []foundPage {
	list := lent.foundPages(min(len(pages), len(a.pages)))
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
			score: math.Float32frombits(best) + (secondShare*math.Float32frombits(second) + thirdShare*math.Float32frombits(third)),
		})
	}
	return list
}

// fold puts together what was found in the segments. Where the chunks of a page are in several places, the better one
// counts.
func (l *lexical) fold(s *state, a *allowed, found [][]foundPage) {
	l.best, l.doc, l.pages = l.lent.floats(len(s.pages)), l.lent.docRefs(len(s.pages)), l.lent.numbers(len(s.pages))
	for i, list := range found {
		for _, f := range list {
			if f.score <= l.best[f.page] {
				continue
			}
			if l.best[f.page] == 0 {
				l.add(a, f.page)
			}
			l.best[f.page] = f.score
			l.doc[f.page] = docRef{seg: int32(i), doc: f.doc}
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

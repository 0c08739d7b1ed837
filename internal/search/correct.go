package search

import (
	"context"
	"math"
	"math/bits"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// words fetches what the words of a query need, and replaces those that the corpus does not have by near ones that it
// has. The words as typed are searched where that is asked for; then the correction is offered.
func (r *Searcher) words(ctx context.Context, req Request, f *found, w *wanted) (*wanted, error) {
	sc, err := newScorer(ctx, f.s, r.postings, w, f.lang)
	if err != nil {
		return nil, err
	}
	f.scorer = sc
	corrected := f.s.correct(f.p.Query, w)
	if corrected == "" {
		return w, nil
	}
	f.results.Suggestion = corrected
	if req.Verbatim {
		return w, nil
	}
	p := parse(corrected)
	next := analyse(p, f.lang)
	if f.scorer, err = newScorer(ctx, f.s, r.postings, next, f.lang); err != nil {
		return nil, err
	}
	f.results.Corrected = true
	f.p = p
	return next, nil
}

// correct returns the query with its unknown words replaced, empty where there is nothing to replace.
func (s *state) correct(query string, w *wanted) string {
	var b strings.Builder
	at := 0
	for _, x := range w.words {
		if !x.Unknown || x.Phrase >= 0 || x.Kind != analysis.Word || x.Start < at {
			continue
		}
		better := s.nearWord(x.Folded)
		if better == "" {
			continue
		}
		b.WriteString(query[at:x.Start])
		b.WriteString(better)
		at = x.End
	}
	if at == 0 {
		return ""
	}
	b.WriteString(query[at:])
	return b.String()
}

// vocabulary is the words of a segment, ready for comparison.
type vocabulary struct {
	once  sync.Once
	masks []uint32 // which letters each word has
}

// letterMask tells which letters a word has; words whose masks differ in many bits are far apart.
func letterMask(word string) uint32 {
	var m uint32
	for i := range len(word) {
		switch c := word[i]; {
		case 'a' <= c && c <= 'z':
			m |= 1 << (c - 'a')
		case '0' <= c && c <= '9':
			m |= 1 << 26
		default:
			m |= 1 << 27
		}
	}
	return m
}

func (v *vocabulary) prepare(h *inverted.Header) {
	v.once.Do(func() {
		v.masks = make([]uint32, len(h.Words))
		for i, w := range h.Words {
			v.masks[i] = letterMask(w)
		}
	})
}

// shortest is the length from which a word is corrected, in bytes.
const shortest = 4

// nearWord returns the word of the vocabulary that was most probably meant: near, frequent, with the same beginning.
func (s *state) nearWord(word string) string {
	length := utf8.RuneCountInString(word)
	if length < shortest {
		return ""
	}
	most := 1
	if length >= 6 {
		most = 2
	}
	counts := map[string]int{}
	distances := map[string]int{}
	mask := letterMask(word)
	for _, seg := range s.segments {
		seg.vocabulary.prepare(seg.header)
		for i, m := range seg.vocabulary.masks {
			if bits.OnesCount32(m^mask) > 2*most {
				continue
			}
			other := seg.header.Words[i]
			if d := len(other) - len(word); d > 2*most || d < -2*most {
				continue
			}
			if _, ok := distances[other]; !ok {
				distances[other] = distance(word, other, most)
			}
			if distances[other] <= most {
				counts[other] += int(seg.header.Counts[i])
			}
		}
	}
	best, bestScore := "", math.Inf(-1)
	for other, n := range counts {
		score := math.Log2(float64(n)+1) - 6*float64(distances[other])
		if other[0] == word[0] {
			score += 3
		}
		if score > bestScore || score == bestScore && other < best {
			best, bestScore = other, score
		}
	}
	if best == "" {
		return s.splitWord(word)
	}
	return best
}

// splitWord finds two words that were typed as one.
func (s *state) splitWord(word string) string {
	best, bestCount := "", 1
	for i := 3; i+3 <= len(word); i++ {
		if !utf8.RuneStart(word[i]) {
			continue
		}
		n := min(s.wordCount(word[:i]), s.wordCount(word[i:]))
		if n > bestCount {
			best, bestCount = word[:i]+" "+word[i:], n
		}
	}
	return best
}

// wordCount is in how many chunks a word is.
func (s *state) wordCount(word string) int {
	n := 0
	for _, seg := range s.segments {
		n += seg.header.WordCount(word)
	}
	return n
}

// distance is the number of insertions, deletions, replacements and swaps of neighbours between two words, or more than
// most where it is more than most.
func distance(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > most || len(y)-len(x) > most {
		return most + 1
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

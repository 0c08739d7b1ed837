package search

import (
	"strings"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// cutter cuts snippets out of passages.
type cutter struct {
	analyzers []*analysis.Analyzer
	weights   map[string]float64 // of the terms of the query
	known     map[string][]match // by stretch of text, relative to it
	firsts    *[256][256]bool    // first two letters of the terms
	anyFirst  bool               // a term has one letter only
	trigrams  map[string]bool    // of the query
	likely    [1 << 12]bool      // by hashTrigram, which of them there may be
}

func newCutter(f *found) *cutter {
	weights := map[string]float64{}
	if f.scorer != nil {
		for _, t := range f.scorer.terms {
			if t.weight > 0 {
				weights[t.text] = t.weight
			}
		}
	}
	c := cutterOf(f.lang.analyzers, weights)
	c.liken(f.plan.folded)
	return c
}

func cutterOf(analyzers []*analysis.Analyzer, weights map[string]float64) *cutter {
	c := &cutter{analyzers: analyzers, weights: weights, known: map[string][]match{}, firsts: &[256][256]bool{}}
	for term := range weights {
		switch {
		case len(term) == 1:
			c.anyFirst = true
		case len(term) > 1:
			c.firsts[term[0]][term[1]] = true
		}
	}
	return c
}

// match is a token that the query asks for.
type match struct {
	start, end int
	term       string
	weight     float64
}

// matches finds the tokens of a text that share a term with the query. Most words of a text have been met before in the
// same answer, so each is analysed once.
func (c *cutter) matches(text string) []match {
	var list []match
	for start, end := range analysis.Spans(text) {
		surface := text[start:end]
		if c.cannotMatch(surface) {
			continue
		}
		known, ok := c.known[surface]
		if !ok {
			known = c.matchesIn(surface)
			c.known[surface] = known
		}
		for _, m := range known {
			m.start, m.end = m.start+start, m.end+start
			list = append(list, m)
		}
	}
	return list
}

// leastPlain is from how many letters on a word is looked at by its first two.
const leastPlain = 4

// cannotMatch tells quickly of most words that they are none of the query's: stemmers leave the first two letters of a word
// as they are where they leave more than one, but for English -ying ("dying", "die"). A name with an inner structure can
// have a term that begins anywhere in it.
func (c *cutter) cannotMatch(word string) bool {
	if len(word) < leastPlain || c.anyFirst {
		return false
	}
	plain := true
	for i := range len(word) {
		lower := 'a' <= word[i] && word[i] <= 'z'
		if !lower && (i > 0 || word[i] < 'A' || word[i] > 'Z') {
			plain = false
			break
		}
	}
	if plain {
		return !c.firsts[word[0]|0x20][word[1]] && word[1:] != "ying"
	}
	return c.noneBegins(word)
}

// noneBegins reports whether no term of the query can begin in a name: no two of its letters that follow one another, with
// or without what joins them, are the first two of a term.
func (c *cutter) noneBegins(name string) bool {
	var last, letter byte // the last byte, the last letter or digit
	for i := range len(name) {
		b := name[i]
		switch {
		case b >= utf8.RuneSelf:
			return false
		case 'A' <= b && b <= 'Z':
			b |= 0x20
		}
		if c.firsts[last][b] || c.firsts[letter][b] {
			return false
		}
		last = b
		if wordByte(b) {
			letter = b
		}
	}
	return !strings.Contains(name, "ying")
}

func wordByte(b byte) bool { return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' }

// matchesIn finds the matches within a stretch that holds together.
func (c *cutter) matchesIn(surface string) []match {
	var list []match
	for _, a := range c.analyzers {
		for _, t := range a.Tokens(surface) {
			if t.Kind == analysis.CJK {
				list = append(list, c.runs(surface, t)...)
				continue
			}
			if m, ok := c.match(t); ok {
				list = append(list, m)
			}
		}
	}
	return inTextOrder(list)
}

// match returns the most telling term of a token that is asked for.
func (c *cutter) match(t analysis.Token) (match, bool) {
	m := match{start: t.Start, end: t.End}
	for _, x := range t.Terms {
		if w := c.weights[x.Text] * float64(x.Share); w > m.weight {
			m.term, m.weight = x.Text, w
		}
	}
	return m, m.weight > 0
}

// runs marks the pairs of characters that are asked for, joined where they overlap.
func (c *cutter) runs(text string, t analysis.Token) []match {
	var list []match
	starts := make([]int, 0, len(t.Terms)+1)
	for i := range text[t.Start:t.End] {
		starts = append(starts, t.Start+i)
	}
	starts = append(starts, t.End)
	for i := 0; i+1 < len(starts); i++ {
		for _, n := range []int{2, 1} {
			if i+n >= len(starts) {
				continue
			}
			piece := analysis.Fold(text[starts[i]:starts[i+n]])
			w := c.weights[piece]
			if w == 0 {
				continue
			}
			if k := len(list); k > 0 && list[k-1].end >= starts[i] {
				list[k-1].end = max(list[k-1].end, starts[i+n])
				list[k-1].weight += w
			} else {
				list = append(list, match{start: starts[i], end: starts[i+n], term: piece, weight: w})
			}
			break
		}
	}
	return list
}

func inTextOrder(list []match) []match {
	out := list[:0]
	sortMatches(list)
	for _, m := range list {
		if n := len(out); n > 0 && m.start < out[n-1].end {
			continue
		}
		out = append(out, m)
	}
	return out
}

// liken notes the query that sentences are compared with.
func (c *cutter) liken(folded string) {
	c.trigrams = trigramsOf(folded)
	for t := range c.trigrams {
		c.likely[hashTrigram(t)] = true
	}
}

func hashTrigram(t string) uint32 {
	return (uint32(t[0])*961 + uint32(t[1])*31 + uint32(t[2])) & (1<<12 - 1)
}

// trigramsOf returns the triples of letters of a folded text.
func trigramsOf(text string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		for i := 0; i+3 <= len(word); i++ {
			set[word[i:i+3]] = true
		}
	}
	return set
}

package search

import (
	"strings"

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
	c.trigrams = trigramsOf(f.plan.folded)
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

// cannotMatch tells quickly of most plain words that they are none of the query's: stemmers leave the first two letters of
// a word as they are where they leave more than one, but for English -ying ("dying", "die").
func (c *cutter) cannotMatch(word string) bool {
	if len(word) < leastPlain || c.anyFirst {
		return false
	}
	for i := range len(word) {
		lower := 'a' <= word[i] && word[i] <= 'z'
		if !lower && (i > 0 || word[i] < 'A' || word[i] > 'Z') {
			return false
		}
	}
	return !c.firsts[word[0]|0x20][word[1]] && word[1:] != "ying"
}

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

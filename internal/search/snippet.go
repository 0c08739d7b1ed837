package search

import (
	"strings"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// Length of a snippet in bytes, about; and how far its ends move to meet the end of a sentence.
const (
	snippetLength = 260
	snippetSlack  = 80
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

// mark puts the marks around what matches in a whole text.
func (c *cutter) mark(text string) string { return marked(text, 0, len(text), c.matches(text)) }

// snippet cuts the stretch with the most telling matches; where there are none, because the passage was found by its
// meaning, the one that begins with the sentence most like the query.
func (c *cutter) snippet(text string) string {
	text = strings.TrimSpace(text)
	list := c.matches(text)
	start, end := c.window(text, list)
	s := marked(text, start, end, list)
	if start > 0 {
		s = "… " + s
	}
	if end < len(text) {
		s += " …"
	}
	return s
}

// window chooses the stretch: every term counts once, further occurrences a little.
func (c *cutter) window(text string, list []match) (start, end int) {
	if len(text) <= snippetLength+snippetSlack {
		return 0, len(text)
	}
	if len(list) == 0 {
		start = c.likest(text)
		return start, c.endNear(text, min(start+snippetLength, len(text)))
	}
	best, bestScore := 0, -1.0
	for i := range list {
		seen := map[string]bool{}
		score := 0.0
		for j := i; j < len(list) && list[j].end-list[i].start <= snippetLength; j++ {
			if seen[list[j].term] {
				score += list[j].weight * 0.1
				continue
			}
			seen[list[j].term] = true
			score += list[j].weight
		}
		if score > bestScore+1e-9 {
			best, bestScore = i, score
		}
	}
	start = c.startNear(text, list[best].start)
	return start, c.endNear(text, start+snippetLength)
}

// startNear moves a start back to the beginning of its sentence or line, if that is near, else to a word.
func (c *cutter) startNear(text string, at int) int {
	least := max(0, at-snippetSlack)
	for i := at; i > least; i-- {
		if boundary(text, i) {
			return i
		}
	}
	if least == 0 {
		return 0
	}
	for i := at - snippetSlack/3; i < at; i++ {
		if i > 0 && space(text[i-1]) {
			return i
		}
	}
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// space reports whether a byte is white space; bytes within a character never are.
func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

// boundary reports whether a sentence or a line begins at i.
func boundary(text string, i int) bool {
	if i == 0 || text[i-1] == '\n' {
		return true
	}
	return i >= 2 && text[i-1] == ' ' && strings.IndexByte(".!?", text[i-2]) >= 0
}

// endNear moves an end on to the end of its sentence or line, if that is near, else to a word's end.
func (c *cutter) endNear(text string, at int) int {
	if at+snippetSlack/2 >= len(text) {
		return len(text)
	}
	for i := at; i < min(len(text), at+snippetSlack); i++ {
		if text[i] == '\n' || i > 0 && text[i] == ' ' && strings.IndexByte(".!?", text[i-1]) >= 0 {
			return i
		}
	}
	for i := at; i > at-snippetSlack; i-- {
		if space(text[i]) {
			return i
		}
	}
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// marked returns text[start:end] with the marks around the matches within. Marks that the text itself holds are dropped.
func marked(text string, start, end int, list []match) string {
	var b strings.Builder
	at := start
	for _, m := range list {
		if m.start < start || m.end > end {
			continue
		}
		b.WriteString(unmarked(text[at:m.start]))
		b.WriteRune(MarkStart)
		b.WriteString(unmarked(text[m.start:m.end]))
		b.WriteRune(MarkEnd)
		at = m.end
	}
	b.WriteString(unmarked(text[at:end]))
	return strings.TrimSpace(b.String())
}

func unmarked(s string) string {
	if !strings.ContainsRune(s, MarkStart) && !strings.ContainsRune(s, MarkEnd) {
		return s
	}
	return strings.NewReplacer(string(MarkStart), "", string(MarkEnd), "").Replace(s)
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

// likest returns where the sentence begins that has the largest share of its triples of letters in common with the
// query; words of one family ("authenticate", "authentication") have many, though not always the stem.
func (c *cutter) likest(text string) int {
	best, bestShare := 0, 0.0
	for start := 0; start < len(text); {
		end := start + 1
		for end < len(text) && !boundary(text, end) {
			end++
		}
		common := 0
		for t := range trigramsOf(analysis.Fold(text[start:end])) {
			if c.trigrams[t] {
				common++
			}
		}
		// Long sentences have more of everything.
		if share := float64(common) / float64(40+end-start); share > bestShare {
			best, bestShare = start, share
		}
		start = end
	}
	return best
}

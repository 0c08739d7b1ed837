package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/chunk"
	"github.com/sluicehq/sluice/internal/search/analysis"
)

// Length of a snippet in bytes, about; how far its ends move to meet the end of a sentence; and how many lines of code it
// has at most.
const (
	snippetLength = 260
	snippetSlack  = 80
	snippetLines  = 8
)

// excerpt is a stretch of a passage as it is shown.
type excerpt struct {
	text string
	code []CodeSpan
}

// mark puts the marks around what matches in a whole text.
func (c *cutter) mark(text string) string {
	return newWriter(text, c.matches(text), nil).write(0, len(text)).text
}

// snippet cuts the stretch with the most telling matches; where there are none, because the passage was found by its
// meaning, the one that begins with the sentence most like the query. Code keeps its lines and its indentation, less what
// is common to them.
func (c *cutter) snippet(text string, code []chunk.Code) excerpt {
	text = strings.TrimRight(text, " \n\t")
	code = within(code, len(text))
	list := c.matches(text)
	start, end := c.window(text, list, code)
	end = codeEnd(text, start, end, code)
	for end > start && space(text[end-1]) {
		end--
	}
	first := blockAt(code, start)
	for start < end && (text[start] == '\n' || first == nil && space(text[start])) {
		start++
	}
	w := newWriter(text, list, code)
	if start > 0 {
		w.gap("…", first != nil && text[start-1] == '\n')
	}
	x := w.write(start, end)
	if end < len(text) {
		if blockAt(code, end-1) != nil && text[end] == '\n' {
			x.text += "\n…"
		} else {
			x.text += " …"
		}
	}
	return x
}

// window chooses the stretch: every term counts once, further occurrences a little.
func (c *cutter) window(text string, list []match, code []chunk.Code) (start, end int) {
	if len(text) <= snippetLength+snippetSlack && codeEnd(text, 0, len(text), code) == len(text) {
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

// blockAt returns the code block that a byte is in, nil where it is in none.
func blockAt(code []chunk.Code, at int) *chunk.Code {
	for i, c := range code {
		if c.Block && c.Start <= at && at < c.End {
			return &code[i]
		}
	}
	return nil
}

// within returns the code that begins before end, cut there: a block may have had empty lines at the end of the text.
func within(code []chunk.Code, end int) []chunk.Code {
	kept := make([]chunk.Code, 0, len(code))
	for _, c := range code {
		if c.Start < end {
			c.End = min(c.End, end)
			kept = append(kept, c)
		}
	}
	return kept
}

// codeEnd returns where the stretch from start to end has to end, so as not to have more lines of code than a snippet may.
func codeEnd(text string, start, end int, code []chunk.Code) int {
	lines := 0
	for _, c := range code {
		if !c.Block {
			continue
		}
		for at := max(c.Start, start); at < min(c.End, end); {
			n := strings.IndexByte(text[at:c.End], '\n')
			if n < 0 {
				n = c.End - at
			}
			if lines++; lines > snippetLines {
				return at
			}
			at += n + 1
		}
	}
	return end
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
		common := c.common(analysis.Fold(text[start:end]))
		// Long sentences have more of everything.
		if share := float64(common) / float64(40+end-start); share > bestShare {
			best, bestShare = start, share
		}
		start = end
	}
	return best
}

// common is how many triples of letters of the query a folded sentence has.
func (c *cutter) common(sentence string) int {
	var met []string
	for word := range strings.FieldsSeq(sentence) {
		for i := 0; i+3 <= len(word); i++ {
			t := word[i : i+3]
			if c.likely[hashTrigram(t)] && c.trigrams[t] && !slices.Contains(met, t) {
				met = append(met, t)
			}
		}
	}
	return len(met)
}

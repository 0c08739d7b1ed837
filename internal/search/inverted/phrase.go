package inverted

import (
	"cmp"
	"slices"
	"strings"
)

// Headings that are worth completing to, and how many of them a segment keeps.
const (
	maxPhraseWords = 7
	maxPhraseBytes = 80
	maxPhrases     = 20000
)

type phraseCounter struct {
	byKey map[string]*Phrase
}

func newPhraseCounter() phraseCounter { return phraseCounter{byKey: map[string]*Phrase{}} }

// add counts a heading of a page (-1: unknown which), and extra pages.
func (c phraseCounter) add(text string, extra int, page int32) {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || len(text) > maxPhraseBytes || strings.Count(text, " ") >= maxPhraseWords {
		return
	}
	key := strings.ToLower(text)
	p := c.byKey[key]
	if p == nil {
		p = &Phrase{Text: text}
		c.byKey[key] = p
	}
	p.Count += extra
	if page < 0 || slices.Contains(p.Pages, page) {
		return
	}
	p.Count++
	if len(p.Pages) < phrasePages {
		p.Pages = append(p.Pages, page)
	}
}

// list returns the headings of at least so many pages, the most frequent first.
func (c phraseCounter) list(least int) []Phrase {
	var list []Phrase
	for _, p := range c.byKey {
		if p.Count >= least && len(p.Pages) > 0 {
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b Phrase) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	return list[:min(len(list), maxPhrases)]
}

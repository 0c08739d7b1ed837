package analysis

import (
	"slices"
	"strings"
	"unicode"
)

// levels are the connectors an identifier is cut at, outermost first; within each piece, case changes are the last.
var levels = []string{"/\\:@#=&?%$~+", ".", "-_'’"} //nolint:gochecknoglobals // a constant table

// identifier returns the terms of a name with an inner structure: the whole, the pieces of each level, the leaves.
func (a *Analyzer) identifier(surface, folded string) []Term {
	c := collector{a: a, seen: make(map[string]bool, 8)}
	if pieces := compound(folded); pieces != nil {
		c.add(folded, compoundShare)
		c.add(a.stemmed(strings.Join(pieces, "")), compoundShare)
		for _, p := range pieces {
			c.add(a.stemmed(p), wholeShare)
		}
		return c.terms
	}
	c.add(strings.TrimPrefix(strings.TrimPrefix(folded, "https://"), "http://"), wholeShare)
	c.split(surface, 0)
	return c.terms
}

// compound returns the words of two or three that hyphens join; nil where it is a name of another kind.
func compound(folded string) []string {
	pieces := strings.Split(folded, "-")
	if len(pieces) < 2 || len(pieces) > 3 || slices.ContainsFunc(pieces, func(p string) bool { return p == "" || !letters(p) }) {
		return nil
	}
	return pieces
}

type collector struct {
	a     *Analyzer
	terms []Term
	seen  map[string]bool
}

func (c *collector) add(term string, share float32) {
	term = cut(term)
	if term == "" || c.seen[term] {
		return
	}
	c.seen[term] = true
	c.terms = append(c.terms, Term{Text: term, Share: share})
}

func (c *collector) split(s string, level int) {
	if level == len(levels) {
		c.leaves(s)
		return
	}
	pieces := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(levels[level], r) })
	if level == len(levels)-1 && len(pieces) > 1 && len(pieces) <= 3 {
		c.joined(s, pieces)
	}
	for _, p := range pieces {
		if len(pieces) > 1 && shapeOf(p) == structured {
			c.add(Fold(p), middleShare)
		}
		c.split(p, level+1)
	}
}

// joined adds the form without connectors ("fail-over" is "failover"), where it is words that are joined.
func (c *collector) joined(s string, pieces []string) {
	if strings.ContainsAny(s, "'’") {
		c.add(c.a.stemmed(unapostrophe(Fold(s))), joinedShare)
		return
	}
	for _, p := range pieces {
		if !letters(p) {
			return
		}
	}
	c.add(c.a.stemmed(Fold(strings.Join(pieces, ""))), joinedShare)
}

// leaves adds the words of a camelCase name.
func (c *collector) leaves(s string) {
	words := camel(s)
	if len(words) > 1 {
		c.add(Fold(s), middleShare)
	}
	for _, w := range words {
		c.add(c.a.stemmed(Fold(w)), leafShare)
	}
}

// camel cuts at changes of case: parseHTTPRequest → parse, HTTP, Request. Digits stay with what stands before them.
func camel(s string) []string {
	runes := []rune(s)
	var words []string
	start := 0
	for i := 1; i < len(runes); i++ {
		prev, r := runes[i-1], runes[i]
		rise := unicode.IsUpper(r) && (unicode.IsLower(prev) || unicode.IsDigit(prev))
		fall := unicode.IsLower(r) && unicode.IsUpper(prev) && i-1 > start
		switch {
		case rise:
			words, start = append(words, string(runes[start:i])), i
		case fall:
			words, start = append(words, string(runes[start:i-1])), i-1
		}
	}
	return append(words, string(runes[start:]))
}

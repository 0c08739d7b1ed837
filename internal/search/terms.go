package search

import (
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// maxTerms bounds the terms of one query; what a pasted log has beyond them adds nothing.
const maxTerms = 96

// word is a token of the query with its terms.
type word struct {
	Start, End int // in the query
	Kind       analysis.Kind
	Folded     string
	Stop       bool
	Phrase     int    // number of the phrase it stands in, -1: none
	Terms      []term // alternatives and parts; the first is the whole
	Unknown    bool   // no chunk has any of it
	Acronym    bool   // written in capitals
}

// term is an index term that adds to scores.
type term struct {
	Text  string
	Share float32
}

// wanted is the analysed query: its words, its phrases and exclusions as words.
type wanted struct {
	words    []word
	phrases  [][]word
	excluded [][]word
	cut      bool // there were more words than are searched
}

// analyse makes words of a query, in all languages in use.
func analyse(p *parsed, lang *speech) *wanted {
	analyzers := lang.analyzers
	w := &wanted{}
	for _, s := range inOrder(p) {
		phrase := -1
		if s.Phrase {
			phrase = len(w.phrases)
		}
		words := wordsOf(analyzers, p.Query, s, phrase)
		w.words = append(w.words, words...)
		if s.Phrase && len(words) > 0 {
			w.phrases = append(w.phrases, words)
		}
	}
	for _, s := range p.Excluded {
		if words := wordsOf(analyzers, p.Query, s, -1); len(words) > 0 {
			w.excluded = append(w.excluded, words)
		}
	}
	w.limit()
	return w
}

func inOrder(p *parsed) []span {
	spans := slices.Concat(p.Words, p.Phrases)
	slices.SortFunc(spans, func(a, b span) int { return a.Start - b.Start })
	return spans
}

func wordsOf(analyzers []*analysis.Analyzer, query string, s span, phrase int) []word {
	var words []word
	for n, a := range analyzers {
		for i, t := range a.Tokens(query[s.Start:s.End]) {
			if n == 0 {
				words = append(words, word{
					Start: s.Start + t.Start, End: s.Start + t.End, Kind: t.Kind, Folded: t.Folded, Stop: t.Stop, Phrase: phrase,
					Acronym: capitals(query[s.Start+t.Start : s.Start+t.End]),
				})
			}
			if i >= len(words) {
				break
			}
			w := &words[i]
			w.Stop = w.Stop || t.Stop
			for _, x := range t.Terms {
				if x.Text != "" && !slices.ContainsFunc(w.Terms, func(y term) bool { return y.Text == x.Text }) {
					w.Terms = append(w.Terms, term{Text: x.Text, Share: x.Share})
				}
			}
		}
	}
	return slices.DeleteFunc(words, func(w word) bool { return len(w.Terms) == 0 })
}

// limit drops words beyond the most that are searched, and the stop words where there are others.
func (w *wanted) limit() {
	if slices.ContainsFunc(w.words, func(x word) bool { return !x.Stop }) {
		w.words = slices.DeleteFunc(w.words, func(x word) bool { return x.Stop })
	}
	n := 0
	for i, x := range w.words {
		if n += len(x.Terms); n > maxTerms {
			w.words, w.cut = w.words[:max(i, 1)], true
			return
		}
	}
}

// widen lets words be found by others, too, which are given by where the words begin.
func (w *wanted) widen(others map[int]string, lang *speech) {
	for i := range w.words {
		x := &w.words[i]
		for _, text := range lang.terms(others[x.Start]) {
			if !slices.ContainsFunc(x.Terms, func(t term) bool { return t.Text == text }) {
				x.Terms = append(x.Terms, term{Text: text, Share: 1})
			}
		}
	}
}

// joinedShare is what two words typed apart count for where the text has them joined, against the two words.
const joinedShare = 0.5

// joinedTerm is a term of two neighbouring words, written as one; first is the number of the first of them.
type joinedTerm struct {
	term
	first int
}

// joined returns terms for neighbouring words written as one ("fail over" as "failover").
func (w *wanted) joined(lang *speech) []joinedTerm {
	var list []joinedTerm
	for _, a := range lang.analyzers {
		for i := 1; i < len(w.words); i++ {
			x, y := w.words[i-1], w.words[i]
			if x.Kind != analysis.Word || y.Kind != analysis.Word || y.Start-x.End > 1 {
				continue
			}
			for _, t := range a.Tokens(x.Folded + y.Folded) {
				j := joinedTerm{term: term{Text: t.Terms[0].Text, Share: joinedShare}, first: i - 1}
				if t.Kind == analysis.Word && !slices.Contains(list, j) {
					list = append(list, j)
				}
			}
		}
	}
	return list
}

// capitals reports whether a short word is written in capitals.
func capitals(s string) bool {
	return len(s) >= 2 && len(s) <= 6 && strings.ToUpper(s) == s && strings.ToLower(s) != s
}

// identifiersOnly reports whether the query names things rather than meanings.
func (w *wanted) identifiersOnly() bool {
	for _, x := range w.words {
		if x.Kind == analysis.Word && !x.Acronym || x.Kind == analysis.CJK {
			return false
		}
	}
	return true
}

// quotedOnly reports whether all that is asked is a quotation.
func (w *wanted) quotedOnly() bool {
	return !slices.ContainsFunc(w.words, func(x word) bool { return x.Phrase < 0 })
}

// issueKey returns the issue key that the query is, if it is nothing but one; else it is empty.
func issueKey(query string) string {
	key := strings.ToUpper(strings.Trim(strings.TrimSpace(query), `"“”`))
	project, number, ok := strings.Cut(key, "-")
	if !ok || len(project) < 2 || len(project) > 20 || number == "" || len(number) > 9 {
		return ""
	}
	for i, r := range project {
		if (r < 'A' || r > 'Z') && (i == 0 || (r < '0' || r > '9') && r != '_') {
			return ""
		}
	}
	for _, r := range number {
		if r < '0' || r > '9' {
			return ""
		}
	}
	return key
}

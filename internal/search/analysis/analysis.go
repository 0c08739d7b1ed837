// Package analysis makes index terms of text, for documents and queries alike, so that both always agree: words by
// their stem, identifiers (issue keys, versions, flags, paths, addresses, camelCase and snake_case names) whole and by
// their parts, Chinese, Japanese and Korean by pairs of characters. It knows no language beyond stemming and the stop
// words of English: rare words weigh more by themselves.
package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what a token is.
type Kind uint8

// The kinds.
const (
	Word       Kind = iota // letters, or letters with digits
	Number                 // digits alone
	Identifier             // anything with an inner structure
	CJK                    // a run of Chinese, Japanese or Korean characters
)

// Term is one index term of a token.
type Term struct {
	Text string
	// Share is how much of the token it stands for: 1 for the whole, less for its parts.
	Share float32
}

// Token is a stretch of text with its terms; Terms[0] is the most telling one.
type Token struct {
	Start, End int // bytes of the text
	Kind       Kind
	Stop       bool   // a word that says nothing by itself
	Folded     string // lower case, without accents
	Terms      []Term
}

// What parts of an identifier count for, beside the whole.
const (
	wholeShare  = 1
	middleShare = 0.5 // a segment of a path, a label of a host name
	leafShare   = 0.35
	joinedShare = 0.6 // "fail-over" as "failover"
	// Words that a hyphen joins are words first: "high-cardinality" is asked for by those who mean "high" and
	// "cardinality", and its rareness as a whole must not drown the rest of a query.
	compoundShare = 0.4
)

// maxTerm bounds a term, in bytes; longer ones (keys, hashes, encoded data) are cut, equally in documents and queries.
const maxTerm = 64

// Analyzer makes terms in one language. It is not safe for concurrent use; make one per goroutine.
type Analyzer struct {
	stem    func(string) string
	english bool
	known   map[string]string // word → stem
	single  []Term            // room for the terms of words that have one
}

// How many stems are remembered, a megabyte or two, and for how many words there is room at once.
const (
	mostKnown  = 1 << 14
	singleRoom = 256
)

// New returns an analyzer for a text search configuration of PostgreSQL; unknown ones do not stem.
func New(config string) *Analyzer {
	return &Analyzer{stem: stemmer(config), english: config == "english", known: map[string]string{}}
}

// Tokens cuts text into tokens.
func (a *Analyzer) Tokens(text string) []Token {
	var tokens []Token
	for start, end := range raw(text) {
		tokens = a.token(tokens, text, start, end)
	}
	return tokens
}

// token appends the tokens of one stretch without white space: usually one, several where scripts change.
func (a *Analyzer) token(tokens []Token, text string, start, end int) []Token {
	if ascii(text[start:end]) {
		return append(tokens, a.one(text, start, end))
	}
	from := start
	for from < end {
		r, size := utf8.DecodeRuneInString(text[from:end])
		cjk := isCJK(r)
		to := from + size
		for to < end {
			r, size := utf8.DecodeRuneInString(text[to:end])
			if isCJK(r) != cjk {
				break
			}
			to += size
		}
		if cjk {
			tokens = append(tokens, bigrams(text, from, to))
		} else if s, e := trim(text, from, to); s < e {
			tokens = append(tokens, a.one(text, s, e))
		}
		from = to
	}
	return tokens
}

func (a *Analyzer) one(text string, start, end int) Token {
	surface := text[start:end]
	t := Token{Start: start, End: end, Folded: Fold(surface)}
	switch shapeOf(surface) {
	case plain:
		t.Kind = Word
		word := unapostrophe(t.Folded)
		t.Stop = a.english && stopWords[word] && !acronym(surface)
		t.Terms = a.alone(cut(a.stemmed(word)))
	case digits:
		t.Kind = Number
		t.Terms = a.alone(cut(t.Folded))
	default:
		t.Kind = Identifier
		t.Terms = a.identifier(surface, t.Folded)
	}
	return t
}

// alone is a list of one term. Lists of many words share their memory, because nearly all of them are so short.
func (a *Analyzer) alone(term string) []Term {
	if len(a.single) == cap(a.single) {
		a.single = make([]Term, 0, singleRoom)
	}
	a.single = append(a.single, Term{Text: term, Share: wholeShare})
	return a.single[len(a.single)-1 : len(a.single) : len(a.single)]
}

// stemmed returns the stem of a folded word.
func (a *Analyzer) stemmed(word string) string {
	if a.stem == nil || len(word) < 3 || len(word) > 40 {
		return word
	}
	if s, ok := a.known[word]; ok {
		return s
	}
	if len(a.known) >= mostKnown {
		clear(a.known)
	}
	word = strings.Clone(word) // what is remembered must not hold the text that it stood in
	s := word
	if letters(word) {
		s = a.stem(word)
	}
	a.known[word] = s
	return s
}

// acronym: IT, US, AI and the like are no stop words.
func acronym(s string) bool {
	if len(s) < 2 || len(s) > 5 {
		return false
	}
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

// unapostrophe drops the genitive and joins contractions: "server's" → "server", "don't" → "dont".
func unapostrophe(word string) string {
	if ascii(word) && strings.IndexByte(word, '\'') < 0 {
		return word
	}
	word = strings.ReplaceAll(word, "’", "'")
	word = strings.TrimSuffix(word, "'s")
	return strings.ReplaceAll(word, "'", "")
}

func cut(term string) string {
	if len(term) <= maxTerm {
		return term
	}
	n := maxTerm
	for n > 0 && !utf8.RuneStart(term[n]) {
		n--
	}
	return term[:n]
}

func letters(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

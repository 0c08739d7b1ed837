package markdown

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// marker wraps words of the query in mark elements, whatever their inflection. The zero marker marks nothing.
type marker struct {
	words *analysis.Analyzer
	stems map[string]bool
	known map[string]bool // words met already, and whether they match
}

func newMarker(words []string) *marker {
	m := &marker{words: analysis.New("english"), stems: map[string]bool{}, known: map[string]bool{}}
	for _, w := range words {
		for _, part := range strings.FieldsFunc(w, func(r rune) bool { return !wordRune(r) }) {
			for _, t := range m.words.Tokens(part) {
				if utf8.RuneCountInString(part) > 1 && !t.Stop {
					m.stems[t.Terms[0].Text] = true
				}
			}
		}
	}
	return m
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

func (m *marker) matches(word string) bool {
	matched, ok := m.known[word]
	if !ok {
		matched = slices.ContainsFunc(m.words.Tokens(word), func(t analysis.Token) bool { return m.stems[t.Terms[0].Text] })
		m.known[word] = matched
	}
	return matched
}

// text replaces a text node by its parts, marked and not.
func (m *marker) text(n *html.Node) {
	if len(m.stems) == 0 {
		return
	}
	s, plain := n.Data, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) {
			i += size
			continue
		}
		end := i
		for end < len(s) {
			r, size := utf8.DecodeRuneInString(s[end:])
			if !wordRune(r) {
				break
			}
			end += size
		}
		if m.matches(s[i:end]) {
			if plain < i {
				n.Parent.InsertBefore(&html.Node{Type: html.TextNode, Data: s[plain:i]}, n)
			}
			n.Parent.InsertBefore(element("mark", s[i:end]), n)
			plain = end
		}
		i = end
	}
	if plain == 0 {
		return
	}
	n.Data = s[plain:]
}

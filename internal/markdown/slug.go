package markdown

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// slugs gives headings their ids, as GitHub does: lower case, spaces to hyphens, punctuation dropped, "-1", "-2" for
// repeats. It implements parser.IDs for one document.
type slugs struct{ seen map[string]bool }

func newSlugs() *slugs { return &slugs{seen: map[string]bool{}} }

// Generate implements parser.IDs.
func (s *slugs) Generate(value []byte, _ ast.NodeKind) []byte {
	base := Slug(string(value))
	id := base
	for n := 1; s.seen[id]; n++ {
		id = base + "-" + strconv.Itoa(n)
	}
	s.seen[id] = true
	return []byte(id)
}

// Put implements parser.IDs.
func (s *slugs) Put(value []byte) { s.seen[string(value)] = true }

// Slug is the anchor of a heading's text, before numbers are added to repeats; "section" when nothing is left.
func Slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '_', r == '-':
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte('-')
		}
	}
	if b.Len() == 0 {
		return "section"
	}
	return b.String()
}

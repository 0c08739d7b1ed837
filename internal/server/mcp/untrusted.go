package mcp

import (
	"crypto/rand"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/search"
)

// bytesPerToken is the usual rule of thumb for English text.
const bytesPerToken = 4

// answer builds the text of a result. Text from pages stands between tags that carry a random mark, which pages cannot
// know, so that no page can close the tag and speak as if it were the server.
type answer struct {
	b    strings.Builder
	mark string
	left int // bytes of the budget
}

func newAnswer(tokens int) *answer {
	return &answer{mark: strings.ToLower(rand.Text()[:8]), left: tokens * bytesPerToken}
}

func (a *answer) printf(format string, args ...any) {
	n, _ := fmt.Fprintf(&a.b, format, args...) // a builder takes everything
	a.left -= n
}

// untrusted writes text from a page between tags, cut to the budget.
func (a *answer) untrusted(text string) {
	text = plain(text)
	if most := max(0, a.left-100); len(text) > most {
		text = cutText(text, most)
	}
	a.printf("<untrusted-page-text mark=%q>\n%s\n</untrusted-page-text mark=%q>\n", a.mark, text, a.mark)
}

func (a *answer) full() bool { return a.left <= 0 }

func (a *answer) String() string { return a.b.String() }

// plain drops the marks of matched words and anything that could pass for one of our tags.
func plain(text string) string {
	return strings.NewReplacer(
		string(search.MarkStart), "", string(search.MarkEnd), "",
		"<untrusted-page-text", "<page-text", "</untrusted-page-text", "</page-text",
	).Replace(text)
}

// inline makes a title or name safe to stand in a line of the answer's own text: one line, no tags, not endless.
func inline(text string) string {
	text = strings.Join(strings.Fields(plain(text)), " ")
	text = strings.NewReplacer("<", "‹", ">", "›").Replace(text)
	return cutText(text, 200)
}

// cutText cuts at the last paragraph, line or word that fits.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	cut := text[:most]
	for !utf8.ValidString(cut) && cut != "" {
		cut = cut[:len(cut)-1]
	}
	for _, separator := range []string{"\n\n", "\n", " "} {
		if i := strings.LastIndex(cut, separator); i > most/2 {
			return strings.TrimRight(cut[:i], " \n") + " …"
		}
	}
	return cut + "…"
}

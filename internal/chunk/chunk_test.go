package chunk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/chunk"
	"github.com/sluicehq/sluice/internal/convert"
)

// document converts storage format, so that offsets and anchors are those of the real pipeline.
func document(storage string) chunk.Doc {
	r := convert.Convert(storage, convert.Context{})
	doc := chunk.Doc{Title: "Page", Markdown: r.Markdown}
	for _, s := range r.Sections {
		doc.Sections = append(doc.Sections, chunk.Section(s))
	}
	return doc
}

func words(n int, stem string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%d", stem, i)
	}
	return strings.Join(list, " ")
}

func TestSplitAtHeadings(t *testing.T) {
	t.Parallel()
	doc := document("<p>" + words(60, "intro") + "</p><h2>One</h2><p>" + words(60, "a") + "</p><h3>Deep</h3><p>" + words(60, "b") +
		"</p><h2>Two</h2><p>" + words(60, "c") + "</p>")
	type place struct {
		Title, Anchor string
		Path          []string
		First         string
	}
	var got []place
	for _, c := range chunk.Split(doc, chunk.Options{Target: 100}) {
		first, _, _ := strings.Cut(c.Text, "\n")
		got = append(got, place{c.SectionTitle, c.Anchor, c.HeadingPath, first})
	}
	want := []place{
		{"Page", "", nil, words(60, "intro")},
		{"One", "One", []string{"One"}, "One"},
		{"Deep", "Deep", []string{"One", "Deep"}, "Deep"},
		{"Two", "Two", []string{"Two"}, "Two"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
}

// What is said to be code is what the Markdown has as code.
func TestPlainCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, markdown, want string }{
		{"none", "# A *b* c", "A b c"},
		{"inline", "a `b c`, [`d`](http://e) and ``f ` g``", "a ⟨b c⟩, ⟨d⟩ and ⟨f ` g⟩"},
		{"white space goes", "  a \t `b`\u00a0 `c   d`  e", "a ⟨b⟩ ⟨c d⟩ e"},
		{"listing", "a\n\n```go\nfunc f() {\n\n\t`x`\n}\n```\nb `c`", "a\n⟦func f() {\n\n\t`x`\n}⟧\nb ⟨c⟩"},
		{"two listings", "~~~\na\n~~~\n\n~~~\nb", "⟦a⟧\n⟦b⟧"},
		{"empty", "`` `` a ` `\n```\n```", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, code := chunk.PlainCode(tt.markdown)
			var b strings.Builder
			at := 0
			for _, c := range code {
				b.WriteString(text[at:c.Start])
				if at = c.End; c.Block {
					b.WriteString("⟦" + text[c.Start:c.End] + "⟧")
				} else {
					b.WriteString("⟨" + text[c.Start:c.End] + "⟩")
				}
			}
			b.WriteString(text[at:])
			if got := b.String(); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if plain := chunk.Plain(tt.markdown); plain != text {
				t.Errorf("Plain = %q, PlainCode = %q", plain, text)
			}
		})
	}
}

package pages

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/web/views"
)

func TestSnippetView(t *testing.T) {
	t.Parallel()
	text := func(runs ...views.TextRun) views.SnippetPart { return views.SnippetPart{Runs: runs} }
	listing := func(runs ...views.TextRun) views.SnippetPart { return views.SnippetPart{Listing: true, Runs: runs} }
	plain := func(s string) views.TextRun { return views.TextRun{Text: s} }
	marked := func(s string) views.TextRun { return views.TextRun{Text: s, Marked: true} }
	code := func(s string) views.TextRun { return views.TextRun{Text: s, Code: true} }
	for _, tt := range []struct {
		name, text string
		code       []search.CodeSpan
		want       []views.SnippetPart
	}{
		{name: "empty"},
		{"text", "… a \uE000b\uE001 c …", nil, []views.SnippetPart{text(plain("… a "), marked("b"), plain(" c …"))}},
		{"characters, not bytes", "é 監視 x", []search.CodeSpan{{Start: 2, End: 4}}, []views.SnippetPart{text(plain("é "), code("監視"), plain(" x"))}},
		{
			"a mark over the end of code", "a \uE000pods\uE001",
			[]search.CodeSpan{{Start: 2, End: 6}},
			[]views.SnippetPart{text(plain("a "), views.TextRun{Text: "pod", Code: true, Marked: true}, marked("s"))},
		},
		{
			"listing", "Run:\nx \uE000y\uE001\n  z\nDone.",
			[]search.CodeSpan{{Start: 5, End: 14, Block: true}},
			[]views.SnippetPart{text(plain("Run:\n")), listing(plain("x "), marked("y"), plain("\n  z")), text(plain("\nDone."))},
		},
		{"two listings", "a\nb", []search.CodeSpan{{Start: 0, End: 1, Block: true}, {Start: 2, End: 3, Block: true}}, []views.SnippetPart{listing(plain("a")), listing(plain("b"))}},
		{
			"what is left out of a listing", "…\na\n…",
			[]search.CodeSpan{{Start: 2, End: 3, Block: true}},
			[]views.SnippetPart{listing(plain("…\n"), plain("a"), plain("\n…"))},
		},
		{"code to the end", "a", []search.CodeSpan{{Start: 0, End: 9}}, []views.SnippetPart{text(code("a"))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, snippetView(tt.text, tt.code)); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

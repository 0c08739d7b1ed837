package search

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/chunk"
	"github.com/sluicehq/sluice/internal/search/analysis"
)

// shown writes an excerpt with [marks], `code` and ⟦blocks⟧.
func shown(x excerpt) string {
	var b strings.Builder
	runes := []rune(x.text)
	sign := func(c CodeSpan, block, inline string) {
		if c.Block {
			b.WriteString(block)
		} else {
			b.WriteString(inline)
		}
	}
	for i := range len(runes) + 1 {
		for _, c := range x.code {
			if c.End == i {
				sign(c, "⟧", "`")
			}
		}
		for _, c := range x.code {
			if c.Start == i {
				sign(c, "⟦", "`")
			}
		}
		if i < len(runes) {
			b.WriteRune(runes[i])
		}
	}
	return strings.NewReplacer(string(MarkStart), "[", string(MarkEnd), "]").Replace(b.String())
}

// Code stays code in a snippet: its lines, its indentation, its marks.
func TestSnippetOfCode(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("Nothing of interest stands in this sentence. ", 12)
	lines := func(n int, line string) string { return strings.Repeat(line+"\n", n) }
	for _, tt := range []struct{ name, markdown, want string }{
		{"inline", "Run `kubectl rollout restart` twice.", "Run `kubectl rollout [restart]` twice."},
		{"beside the words", "Use  the *new*   `--flag`  to restart  the `pod`s.", "Use the new `--flag` to [restart] the `[pod`s]."},
		{"in a row of a table", "| a | b |\n| --- | --- |\n| `pod \\| x` | y |", "a b\n`[pod] | x` y"},
		{"listing", "Run:\n\n```sh\nfor p in $pods; do\n  restart $p\ndone\n```\n\nDone.", "Run:\n⟦for p in $[pods]; do\n  [restart] $p\ndone⟧\nDone."},
		{"two listings", "```\npod\n```\n```\nx\n```", "⟦[pod]⟧\n⟦x⟧"},
		{"indentation in common goes", "- in a list:\n\n  ```yaml\n  kind: Pod\n    name: x\n\n  spec:\n  ```", "in a list:\n⟦kind: [Pod]\n  name: x\n\nspec:⟧"},
		{"no more lines than a few", "```\n" + lines(12, "a") + "pod x\n" + lines(12, "b") + "```", "…\n⟦[pod] x\n" + strings.TrimSpace(lines(7, "b")) + "⟧\n…"},
		{
			"cut at lines", "```\n" + lines(30, "nothing of interest") + "  restart pod\n" + lines(30, "  nothing of interest") + "```",
			"…\n⟦[restart] [pod]\n" + strings.TrimSpace(lines(7, "nothing of interest")) + "⟧\n…",
		},
		{"cut within a line", "```\n" + strings.Repeat("x=1 ", 100) + "restart " + strings.Repeat("y=1 ", 100) + "\n```", "… ⟦x=1 x=1 x=1 x=1 x=1 x=1 [restart] y=1"},
		{"empty lines at the end", "```\n" + lines(2, "x") + "restart\n\n \n```", "⟦x\nx\n[restart]⟧"},
		{"from text into code", filler + "\n\nRestart it:\n\n```\nx\n```\n", "… [Restart] it:\n⟦x⟧"},
		{"from code into text", "```\n" + lines(40, "nothing") + "restart\n```\n\n" + filler, "…\n⟦[restart]⟧\nNothing of interest"},
		{"marks in code are dropped", "`a\uE000b` pod", "`ab` [pod]"},
		{"code without text", "a `` ` `` b ` ` pod", "a ``` b [pod]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := cutterOf([]*analysis.Analyzer{analysis.New("english")}, map[string]float64{"restart": 3, "pod": 1})
			text, code := chunk.PlainCode(tt.markdown)
			if got := shown(c.snippet(text, code)); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %q\nwant %q first", got, tt.want)
			}
		})
	}
}

// Whatever the text, what is said to be code stands in the snippet, in order, and the marks are in pairs.
func FuzzSnippetCode(f *testing.F) {
	f.Add("Run:\n\n```sh\n  a restart\n   b\n```\n\n`restart`s "+strings.Repeat("é ", 400), "restart")
	f.Add("> ```\n> 監視\n\n`監視`", "監視")
	f.Add(strings.Repeat("`x` ", 300)+"\uE000\n\n~~~\n\t\n\n\tx", "x")
	f.Fuzz(func(t *testing.T, markdown, term string) {
		c := cutterOf([]*analysis.Analyzer{analysis.New("english")}, map[string]float64{term: 1})
		text, code := chunk.PlainCode(strings.ToValidUTF8(markdown, "?"))
		x := c.snippet(text, code)
		if len(strings.NewReplacer(string(MarkStart), "", string(MarkEnd), "").Replace(x.text)) > 2*snippetLength || !utf8.ValidString(x.text) {
			t.Fatalf("snippet of %q is %q", text, x.text)
		}
		at, length := 0, utf8.RuneCountInString(x.text)
		for _, s := range x.code {
			if s.Start < at || s.End < s.Start || s.End > length {
				t.Fatalf("code %+v in a snippet of %d characters: %q", x.code, length, x.text)
			}
			at = s.End
		}
		depth := 0
		for _, r := range x.text {
			switch r {
			case MarkStart:
				depth++
			case MarkEnd:
				depth--
			}
			if depth < 0 || depth > 1 {
				t.Fatalf("marks in %q", x.text)
			}
		}
		if depth != 0 {
			t.Fatalf("a mark stays open in %q", x.text)
		}
	})
}

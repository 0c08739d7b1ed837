package markdown_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/sluicehq/sluice/internal/markdown"
)

// FuzzRender feeds any Markdown: whatever it is, the page does nothing.
func FuzzRender(f *testing.F) {
	for _, source := range []string{
		"# a\n\n[x](javascript:alert(1)) ![y](data:text/html,z) <https://example.com>", "<a href=\"java\nscript:x\" onclick=y>z</a>",
		"<svg><script>x</script></svg>\n\n<math><a xlink:href=\"javascript:x\">y</a></math>", "> [!NOTE] a\n> b", "```html\n<script>\n```\n\n| a |\n| - |\n| <b> |",
		"[a]: javascript:x\n\n[a] [b][a]", "<input type=checkbox onfocus=x autofocus> - [x] y", "[x](vbscript&colon;y) [z](&#106;avascript:y)",
	} {
		f.Add(source, "x")
	}
	renderer := markdown.New()
	f.Fuzz(func(t *testing.T, source, word string) {
		if len(source) > 1<<14 {
			return
		}
		doc, err := renderer.Render(source, markdown.Options{Title: word, Words: []string{word}})
		if err != nil {
			t.Fatalf("Render(%q): %v", source, err)
		}
		if utf8.ValidString(source+word) && !utf8.ValidString(doc.HTML) {
			t.Fatalf("Render(%q) is not valid UTF-8", source)
		}
		root, err := html.Parse(strings.NewReader(doc.HTML))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type == html.ElementNode {
				isHarmless(t, n, source, doc.HTML)
			}
		}
	})
}

func isHarmless(t *testing.T, n *html.Node, source, page string) {
	t.Helper()
	switch n.Data {
	case "script", "style", "iframe", "object", "embed", "form", "base", "meta", "link", "svg", "math", "img", "button", "textarea", "select", "template":
		t.Fatalf("Render(%q) holds <%s>:\n%s", source, n.Data, page)
	case "input":
		if !strings.Contains(page, "disabled") {
			t.Fatalf("Render(%q) holds a field:\n%s", source, page)
		}
	}
	for _, a := range n.Attr {
		value := strings.ToLower(strings.Map(func(r rune) rune {
			if r <= ' ' {
				return -1
			}
			return r
		}, a.Val))
		scheme, _, found := strings.Cut(value, ":")
		dangerous := a.Key == "href" && found && !strings.ContainsAny(scheme, "/?#") && scheme != "http" && scheme != "https" && scheme != "mailto"
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "srcset" || a.Key == "formaction" || dangerous {
			t.Fatalf("Render(%q) holds %s=%q:\n%s", source, a.Key, a.Val, page)
		}
	}
}

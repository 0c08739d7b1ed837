package convert

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	pageview "github.com/sluicehq/sluice/internal/markdown"
)

// FuzzConvert feeds any bytes. Whatever they are: no panic, valid text, no visible word lost, nothing active when the
// Markdown is rendered as the page view renders it.
func FuzzConvert(f *testing.F) {
	for _, body := range goldenInputs(f) {
		f.Add(body)
	}
	for _, body := range damaged {
		f.Add(body.storage)
	}
	f.Fuzz(func(t *testing.T, storage string) {
		checkInvariants(t, storage, Context{})
		ctx := referenceContext()
		ctx.Legacy = true
		checkInvariants(t, storage, ctx)
	})
}

// maxInvariantBody bounds what the slower checks are made on; the renderer is not the subject.
const maxInvariantBody = 1 << 16

func checkInvariants(t *testing.T, storage string, ctx Context) {
	t.Helper()
	doc := Parse(storage)
	doc.Needs(ctx)
	r := doc.Convert(ctx)
	if !utf8.ValidString(r.Markdown) || !utf8.ValidString(r.Text) {
		t.Fatalf("output is not valid UTF-8 for %q", storage)
	}
	if again := doc.Convert(ctx); again.Markdown != r.Markdown || again.Text != r.Text {
		t.Fatalf("converting %q twice gives\n%q\nand\n%q", storage, r.Markdown, again.Markdown)
	}
	if i := strings.IndexFunc(r.Markdown, isDirt); i >= 0 {
		t.Fatalf("control character at %d of %q for %q", i, r.Markdown, storage)
	}
	if len(storage) > maxInvariantBody {
		return
	}
	rendered := render(t, r.Markdown)
	noneActive(t, storage, rendered)
	page := textOfHTML(rendered)
	for _, word := range visibleWords(doc.root) {
		if !strings.Contains(r.Text, word) {
			t.Fatalf("%q of %q is not in the text %q", word, storage, r.Text)
		}
		if !strings.Contains(page, word) {
			t.Fatalf("%q of %q is not on the page, whose Markdown is\n%s\nand whose HTML is\n%s", word, storage, r.Markdown, rendered)
		}
	}
}

func render(t *testing.T, md string) string {
	t.Helper()
	doc, err := pageview.New().Render(md, pageview.Options{})
	if err != nil {
		t.Fatalf("rendering %q: %v", md, err)
	}
	return doc.HTML
}

// noneActive fails if a page holds an element, attribute or target that does anything.
func noneActive(t *testing.T, storage, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parsing the page: %v", err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "style", "iframe", "object", "embed", "form", "base", "meta", "link", "svg", "math", "img", "button":
			t.Fatalf("<%s> on the page for %q:\n%s", n.Data, storage, page)
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.Map(dropSpace, a.Val))
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" ||
				a.Key == "href" && (strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "data:") || strings.HasPrefix(value, "vbscript:")) {
				t.Fatalf("%s=%q on the page for %q:\n%s", a.Key, a.Val, storage, page)
			}
		}
	}
}

func dropSpace(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}

func textOfHTML(page string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(z.Text())
		}
	}
}

// visibleWords are the runs of letters and digits in text that a reader of the page sees, taken from the tree: what
// happens behind it may lose none.
func visibleWords(n *node) []string {
	var words []string
	var walk func(n *node)
	walk = func(n *node) {
		if n.kind != elementNode {
			words = append(words, strings.FieldsFunc(n.content(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
			return
		}
		switch n.tag {
		case tagScript, tagPlaceholder, tagParameter, tagDefaultParameter, tagTaskID, tagTaskStatus, tagAdfAttribute, tagAdfMark,
			tagAtDeclarations, tagAtVar, tagVoid, tagRiAttachment, tagRiBlogPost, tagRiContent, tagRiPage, tagRiSpace, tagRiURL, tagRiUser,
			tagImage, tagEmoticon, tagAdfExtension, tagAdfFallback, tagLink, tagIframe:
			return
		case tagA:
			if n.attr("data-datasource") != "" {
				return
			}
		case tagPlainBody:
			// Macros make diagrams, formulas and more of it.
			if n.up.tag == tagMacro && macros[macroName(n.up)].write != nil && !slices.Contains(verbatimMacros, macroName(n.up)) {
				return
			}
		}
		for child := n.first; child != nil; child = child.next {
			walk(child)
		}
	}
	walk(n)
	return words
}

var verbatimMacros = []string{"info", "note", "tip", "warning", "panel", "expand", "excerpt", "details", "section", "column", "toc-zone", "span", "div", "code", "noformat"}

// The letters of a reference in a URL are escaped bytes; that is all the renderer may change.
var visibleRun = regexp.MustCompile(`[vh][0-9]+z`)

// FuzzStructure builds well-formed pages of every construct, nested as the bytes say, in which each visible piece of
// text is a word of its own and so is each piece that nobody may see.
func FuzzStructure(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	for i := range 24 {
		f.Add([]byte(strings.Repeat(string(rune('a'+i))+"cZ9"+string(rune('b'+i)), 20)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 2000 {
			return
		}
		checkStructure(t, data)
	})
}

func checkStructure(t *testing.T, data []byte) {
	t.Helper()
	g := generator{data: data}
	for len(g.data) > 0 {
		g.block(0)
	}
	storage := g.b.String()
	r := Convert(storage, referenceContext())
	page := textOfHTML(render(t, r.Markdown))
	inMarkdown, inText, onPage := wordSet(r.Markdown), wordSet(r.Text), wordSet(page)
	for _, word := range g.visible {
		if !inMarkdown[word] || !inText[word] || !onPage[word] {
			t.Fatalf("%s is lost (Markdown %v, text %v, page %v) in\n%s\nMarkdown:\n%s\nText:\n%s\nPage:\n%s",
				word, inMarkdown[word], inText[word], onPage[word], storage, r.Markdown, r.Text, page)
		}
	}
	for _, word := range g.hidden {
		if inMarkdown[word] || inText[word] || onPage[word] {
			t.Fatalf("%s is shown in\n%s\nMarkdown:\n%s", word, storage, r.Markdown)
		}
	}
}

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range visibleRun.FindAllString(s, -1) {
		set[w] = true
	}
	return set
}

// TestStructure is FuzzStructure on pages of chance, the same ones each time.
func TestStructure(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		data := make([]byte, 20+chance.IntN(300))
		for i := range data {
			data[i] = byte(chance.Uint32())
		}
		checkStructure(t, data)
	}
}

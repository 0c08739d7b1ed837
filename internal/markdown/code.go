package markdown

import (
	"bytes"
	"strings"

	"github.com/alecthomas/chroma/v2"
	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/alecthomas/chroma/v2/styles"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// maxHighlighted bounds the code, in bytes, that is coloured; longer listings are shown plain, because lexers are slow.
const maxHighlighted = 64 << 10

// codeRenderer writes code blocks with chroma's classes; the colours are in the style sheet.
type codeRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (c codeRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindFencedCodeBlock, c.render)
	reg.Register(ast.KindCodeBlock, c.render)
}

func (codeRenderer) render(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	var code bytes.Buffer
	for i := range node.Lines().Len() {
		line := node.Lines().At(i)
		code.Write(line.Value(source))
	}
	language := ""
	if fenced, ok := node.(*ast.FencedCodeBlock); ok {
		language = strings.ToLower(string(fenced.Language(source)))
	}
	_, _ = w.WriteString(`<pre class="chroma"><code>`)
	if !highlight(w, code.String(), language) {
		_, _ = w.Write(util.EscapeHTML(code.Bytes()))
	}
	_, _ = w.WriteString("</code></pre>\n")
	return ast.WalkContinue, nil
}

// highlight writes the code coloured and reports whether it could; it writes nothing otherwise.
func highlight(w util.BufWriter, code, language string) bool {
	if language == "" || language == "text" || len(code) > maxHighlighted {
		return false
	}
	lexer := lexers.Get(language)
	if lexer == nil {
		return false
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, code)
	if err != nil {
		return false
	}
	var buf bytes.Buffer
	formatter := chromahtml.New(chromahtml.WithClasses(true), chromahtml.PreventSurroundingPre(true))
	if err := formatter.Format(&buf, styles.Fallback, tokens); err != nil {
		return false
	}
	_, _ = w.Write(buf.Bytes())
	return true
}

// imageRenderer shows an image as a link to it: images live in Confluence, behind its sign-in, and a page of ours loads
// nothing from elsewhere.
type imageRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (i imageRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindImage, i.render)
}

func (imageRenderer) render(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	image, ok := node.(*ast.Image)
	if !ok || !entering {
		return ast.WalkContinue, nil
	}
	alt := strings.TrimSpace(plainText(image, source))
	if alt == "" {
		alt = "Image"
	}
	linked := image.Parent() != nil && image.Parent().Kind() == ast.KindLink
	if !linked {
		_, _ = w.WriteString(`<a class="image-link" href="`)
		_, _ = w.Write(util.EscapeHTML(util.URLEscape(image.Destination, true)))
		_, _ = w.WriteString(`">`)
	}
	_, _ = w.Write(util.EscapeHTML([]byte("Image: " + alt)))
	if !linked {
		_, _ = w.WriteString("</a>")
	}
	return ast.WalkSkipChildren, nil
}

// plainText is the text below a node.
func plainText(node ast.Node, source []byte) string {
	var b strings.Builder
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			b.Write(t.Segment.Value(source))
			continue
		}
		b.WriteString(plainText(child, source))
	}
	return b.String()
}

// Package markdown turns the stored Markdown of a page into HTML that is safe to show: rendered by goldmark, cleaned by
// bluemonday, then decorated (heading anchors, highlighted code, tables that scroll, marked words). Page text comes from
// outside and is never trusted: whatever the sanitiser does not know is dropped, and what is added afterwards is ours.
package markdown

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// AnchorPrefix stands before every heading's id, so that no heading can take the id of a part of the page around it.
const AnchorPrefix = "s-"

// Options say how one page is shown.
type Options struct {
	// Title is the page's; the anchors of old editors are made with it.
	Title string
	// Words are marked wherever they occur, in any inflection.
	Words []string
	// Sections are the anchors (without prefix) of headings that are marked as matched.
	Sections []string
	// Link rewrites an address, such as that of a page we hold ourselves; nil or an empty answer keeps it.
	Link func(url string) string
}

// Document is a rendered page.
type Document struct {
	HTML string // safe to write into a page as it is
	TOC  []Heading
}

// Heading is an entry of the table of contents.
type Heading struct {
	Level int // 1 is the highest level used in the page
	Text  string
	ID    string // with AnchorPrefix
}

// Renderer renders pages; it is safe for concurrent use.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

// New returns a Renderer.
func New() *Renderer {
	return &Renderer{
		markdown: goldmark.New(
			goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), extension.Strikethrough, extension.TaskList, extension.Linkify),
			goldmark.WithRendererOptions(
				html.WithUnsafe(), // raw HTML passes to the sanitiser, which decides
				renderer.WithNodeRenderers(util.Prioritized(codeRenderer{}, 100), util.Prioritized(imageRenderer{}, 100)),
			),
		),
		policy: newPolicy(),
	}
}

// Render renders Markdown. The result is a function of its arguments.
func (r *Renderer) Render(source string, opt Options) (Document, error) {
	var raw bytes.Buffer
	if err := r.markdown.Convert([]byte(source), &raw); err != nil {
		return Document{}, fmt.Errorf("render markdown: %w", err)
	}
	out, err := decorate(r.policy.SanitizeReader(&raw), opt)
	if err != nil {
		return Document{}, fmt.Errorf("decorate page: %w", err)
	}
	out.HTML = strings.TrimSpace(out.HTML)
	return out, nil
}

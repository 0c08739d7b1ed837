// Package convert turns Confluence storage format into GitHub Flavored Markdown and a record of what the page names:
// issue keys, links, mentions, attachments, sections, properties, tasks. It is pure: it fetches nothing, never fails,
// and the same input gives the same bytes. What it needs to know about other pages and people comes in a Context,
// which the caller fills after asking Parse (or Scan) what the page needs.
//
// The pipeline: clean (bytes to valid text) → lexer (tokens) → tree (nodes; the damage is repaired here) → walk (one
// function a family of elements, one handler a macro) → writer (blocks, inline marks, escaping).
package convert

// Version is stored with each page; it grows whenever the output for some input changes, so that stored pages are
// converted again.
const Version = 1

// Document is a parsed body. It is read-only after Parse and may be converted several times.
type Document struct {
	root     *node
	size     int // bytes of the cleaned body
	repaired map[string]int
}

// Parse reads a storage body. It never fails; what had to be repaired is told in the Report of Convert.
func Parse(storage string) *Document {
	d := &Document{repaired: map[string]int{}}
	body := clean(storage, d.repaired)
	d.size = len(body)
	d.root = buildTree(body, d.repaired)
	return d
}

// Convert converts a storage body. It never fails.
func Convert(storage string, ctx Context) Result { return Parse(storage).Convert(ctx) }

// Convert renders the document.
func (d *Document) Convert(ctx Context) Result {
	c := newConverter(d, ctx)
	c.children(d.root)
	c.w.endBlock()
	return c.finish()
}

package convert

import (
	"strings"

	"golang.org/x/net/html"
)

// maxRendered bounds what is kept of one rendered macro, in bytes.
const maxRendered = 256 << 10

// RenderedMacros cuts the macros with these ids out of a page as Confluence rendered it (its "view" representation),
// for Context.Rendered. Macros that Confluence did not mark with their id are left out.
func RenderedMacros(view string, ids []string) map[string]string {
	root, err := html.Parse(strings.NewReader(view))
	if err != nil {
		return nil // nested deeper than the parser goes
	}
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = id != ""
	}
	found := map[string]string{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if a.Key != "data-macro-id" || !wanted[a.Val] || found[a.Val] != "" {
				continue
			}
			var b strings.Builder
			if html.Render(&b, n) == nil && b.Len() <= maxRendered {
				found[a.Val] = b.String()
			}
		}
	}
	return found
}

// rendered writes HTML that Confluence made of a macro, under the same rules as the page.
func (c *converter) rendered(html string) {
	root := buildTree(clean(html, map[string]int{}), map[string]int{})
	c.nestedHTML++
	c.blockOf(root)
	c.nestedHTML--
}

// RenderedIDs are the ids to give to RenderedMacros; none where the rendered page would be of no use.
func (n Needs) RenderedIDs() []string {
	var ids []string
	for _, d := range n.Dynamic {
		if d.MacroID != "" {
			ids = append(ids, d.MacroID)
		}
	}
	return ids
}

package convert

import (
	"slices"
	"strings"
)

const (
	// maxIncludes is how deep inclusions nest; those that include themselves end sooner.
	maxIncludes = 5
)

// include writes a line with a link to the included page. Where the caller supplies the page's stored body, it follows
// in a quote: readers see that it is another page's, and its headings are no sections of this one.
func include(c *converter, m macro) error {
	ref, anchor, ok := m.included(c)
	if !ok {
		return nil
	}
	link := c.pageLink(ref, anchor)
	link.Kind = KindInclude
	label := firstOf(link.Title, "page "+link.ID)
	c.w.endBlock()
	c.w.text("Includes: ")
	c.writeLink(target{url: link.URL, label: label, page: &link}, func() { c.words(label) })
	c.w.endBlock()
	c.expand(m, ref)
	return nil
}

// included returns the page that the macro names: in the unnamed parameter as a link or as "SPACE:Title", or in a
// parameter called page or pageTitle.
func (m macro) included(c *converter) (ref PageRef, anchor string, ok bool) {
	for _, name := range []string{"", "page", "pagetitle", "default-parameter"} {
		p := m.param(name)
		if p == nil {
			continue
		}
		if n := p.find(tagRiPage, tagRiContent, tagRiBlogPost); n != nil {
			if link := p.find(tagLink); link != nil {
				anchor = link.attr("ac:anchor")
			}
			ref = PageRef{SpaceKey: c.spaceKey(n), Title: n.attr("ri:content-title")}
			if ref.Title == "" {
				ref = PageRef{ID: n.attr("ri:content-id")}
			}
			return ref, anchor, ref.Title != "" || ref.ID != ""
		}
		if text := p.label(); text != "" {
			ref = PageRef{SpaceKey: c.page.SpaceKey, Title: text}
			if space, title, found := strings.Cut(text, ":"); found && !strings.ContainsAny(space, " ") && title != "" && title[0] != ' ' {
				ref = PageRef{SpaceKey: space, Title: title}
			}
			return ref, "", true
		}
	}
	return PageRef{}, "", false
}

// expand writes the stored body of an included page, if there is one to be had.
func (c *converter) expand(m macro, ref PageRef) {
	if c.ctx.Includes == nil || c.w.cell || len(c.including) >= maxIncludes {
		return
	}
	got, ok := c.ctx.Includes(ref)
	if !ok {
		return
	}
	self := PageRef{ID: got.Page.ID, SpaceKey: got.Page.SpaceKey, Title: got.Page.Title}
	if slices.Contains(c.including, self) || self.ID != "" && self.ID == c.ctx.Page.ID || len(got.Storage) > c.budget {
		c.rec.dropped["inclusion that includes itself or is too long"]++
		return
	}
	c.budget -= len(got.Storage)
	root := buildTree(clean(got.Storage, map[string]int{}), map[string]int{})
	if m.name == "excerpt-include" {
		if root = findExcerpt(root, m.text("name")); root == nil {
			return
		}
	}
	page := c.page
	c.page = got.Page
	c.including = append(c.including, self)
	c.quote(func() { c.children(root) })
	c.including = c.including[:len(c.including)-1]
	c.page = page
}

// findExcerpt returns the excerpt macro of that name in a body; without a name, the first.
func findExcerpt(n *node, name string) *node {
	for child := n.first; child != nil; child = child.next {
		if child.kind != elementNode {
			continue
		}
		if child.tag == tagMacro && macroName(child) == "excerpt" {
			m := macro{n: child}
			if name == "" || strings.EqualFold(m.text("name"), name) {
				return child
			}
		}
		if found := findExcerpt(child, name); found != nil {
			return found
		}
	}
	return nil
}

package convert

import "strings"

// heading writes h1 to h6: as a section of the document, or as a bold line inside a list, quote, task or cell.
func (c *converter) heading(n *node) {
	c.w.endBlock()
	if c.w.cell || len(c.w.containers) > 0 {
		c.flat(func() { c.marked(markBold, n) })
		return
	}
	level := int(n.name[1] - '0')
	c.w.lead = "######"[:level] + " "
	opened := false
	c.flat(func() {
		c.children(n)
		opened = c.w.open
		if opened {
			c.closeHeading(level)
		}
	})
	c.w.lead = ""
}

// flat writes a line that no block may break; blocks met in it follow.
func (c *converter) flat(body func()) {
	outer := c.w.flat
	c.w.flat = true
	body()
	c.w.flat = outer
	c.w.endBlock()
	c.flushDeferred()
}

// flushDeferred writes the blocks that were met in a heading or link, once that has ended.
func (c *converter) flushDeferred() {
	if c.w.flat || len(c.deferred) == 0 {
		return
	}
	rest := c.deferred
	c.deferred = nil
	for _, n := range rest {
		c.w.endBlock()
		c.node(n)
		c.w.endBlock()
	}
}

// closeHeading records the section whose heading is written.
func (c *converter) closeHeading(level int) {
	w := &c.w
	if n := len(w.md); strings.HasSuffix(string(w.md[max(0, n-8):]), "#") {
		// A run of "#" behind a space would be taken for a closing sequence.
		start := n
		for start > 0 && w.md[start-1] == '#' {
			start--
		}
		if start > 0 && w.md[start-1] == ' ' {
			w.md = append(w.md[:start], append([]byte{'\\'}, w.md[start:]...)...)
		}
	}
	title := string(w.txt[w.textStart:])
	for len(c.headings) > 0 && c.headings[len(c.headings)-1].Level >= level {
		c.headings = c.headings[:len(c.headings)-1]
	}
	section := Section{Level: level, Title: title, Anchor: c.anchorName(title), Offset: w.blockStart}
	for _, h := range c.headings {
		section.Path = append(section.Path, h.Title)
	}
	section.Path = append(section.Path, title)
	c.headings = append(c.headings, section)
	c.rec.sections = append(c.rec.sections, section)
}

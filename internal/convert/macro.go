package convert

import (
	"errors"
	"strings"
)

// macro is a macro as it stands on the page.
type macro struct {
	name string // lower case, may be empty
	n    *node
}

// handler writes a macro. An error before anything is written leaves the macro to the rule for unknown ones.
type handler func(c *converter, m macro) error

// errNotUsable is what a handler returns for a macro whose parameters or body it cannot read.
var errNotUsable = errors.New("macro cannot be read")

// macroSpec is an entry of the table.
type macroSpec struct {
	write  handler
	inline bool // stands in running text, also in headings and labels
	apart  bool // a block of its own where it stands between blocks, though it writes running text
	bodies bool // write writes the rich bodies; else they, and what is misplaced in the macro, follow behind
}

func (m macro) param(names ...string) *node {
	for _, name := range names {
		for child := m.n.first; child != nil; child = child.next {
			if child.kind != elementNode {
				continue
			}
			if child.tag == tagParameter && strings.EqualFold(child.attr("ac:name"), name) || child.tag == tagDefaultParameter && name == "" {
				return child
			}
		}
	}
	return nil
}

// text returns the first of the parameters that has text.
func (m macro) text(names ...string) string {
	for _, name := range names {
		if p := m.param(name); p != nil {
			if text := p.label(); text != "" {
				return text
			}
		}
	}
	return ""
}

// resource returns the ri: element with the tag in a parameter.
func (m macro) resource(name string, tags ...tag) *node {
	p := m.param(name)
	if p == nil {
		return nil
	}
	return p.find(tags...)
}

// plain is the text of the plain bodies; false if there is none.
func (m macro) plain() (string, bool) {
	var parts []string
	for child := m.n.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag == tagPlainBody {
			parts = append(parts, plainText(child))
		}
	}
	return strings.Join(parts, "\n"), len(parts) > 0
}

// rich writes the rich bodies as content, and what else stands in the macro that is neither parameter nor plain body.
func (m macro) rich(c *converter) {
	for child := m.n.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag == tagPlainBody || child.kind != elementNode && child.blank() {
			continue
		}
		if child.kind == elementNode && child.tag == tagRichBody && c.isInline(m.n) {
			c.children(child)
			continue
		}
		c.node(child)
	}
}

// macro writes a macro with its handler, or by the rule for unknown ones.
func (c *converter) macro(n *node) {
	m := macro{n: n, name: macroName(n)}
	if m.name != "" {
		c.rec.macro(m.name)
	}
	if spec, ok := c.macros[m.name]; ok {
		if c.handle(spec, m) == nil {
			return
		}
		c.rec.dropped["unreadable content of macro "+m.name]++
	} else {
		c.rec.unknown[m.name]++
	}
	c.unknownMacro(m)
}

// handle writes a macro with its handler.
func (c *converter) handle(spec macroSpec, m macro) error {
	apart := spec.apart && !c.w.flat && c.betweenBlocks(m.n)
	if apart {
		c.w.endBlock()
	}
	if err := spec.write(c, m); err != nil {
		return err
	}
	if !spec.bodies {
		m.rich(c)
	}
	if apart {
		c.w.endBlock()
	}
	return nil
}

// betweenBlocks reports a macro that has no running text beside it.
func (c *converter) betweenBlocks(n *node) bool {
	switch n.up.tag {
	case tagOther:
		if n.up.up != nil {
			return false
		}
	case tagLayoutCell, tagRichBody, tagAdfContent, tagDiv:
	default:
		return false
	}
	edge := func(n *node) bool { return c.isEdge(n) || n.kind == elementNode && c.macros[macroName(n)].apart }
	return edge(n.prev) && edge(n.next)
}

func macroName(n *node) string { return strings.ToLower(strings.TrimSpace(n.attr("ac:name"))) }

// isInline reports macros that are part of running text.
func (c *converter) isInline(n *node) bool { return c.macros[macroName(n)].inline }

// unknownMacro keeps what readers see of any macro: some parameters, and the bodies.
func (c *converter) unknownMacro(m macro) {
	running := m.n.child(tagRichBody, tagPlainBody) == nil && inText(m.n)
	c.boldOrRunning(m.text("title"), running)
	for _, name := range []string{"text", "body", "caption", "summary", "description"} {
		c.paragraph(m.text(name), running)
	}
	m.rich(c)
	if code, ok := m.plain(); ok {
		c.codeBlock("", code)
	}
}

// inText reports whether a macro stands in a paragraph or the like, beside text.
func inText(n *node) bool {
	return n.up != nil && n.up.tag != tagDiv && n.up.tag != tagRichBody && n.up.tag != tagLayoutCell && n.up.up != nil
}

func (c *converter) boldOrRunning(text string, running bool) {
	if !running {
		c.boldLine(text)
		return
	}
	c.paragraph(text, running)
}

// paragraph writes text as a paragraph of its own, or as words in the current one.
func (c *converter) paragraph(text string, running bool) {
	if text == "" {
		return
	}
	if running {
		c.w.space = true
		c.plain(text)
		c.w.space = true
		return
	}
	c.w.endBlock()
	c.plain(text)
	c.w.endBlock()
}

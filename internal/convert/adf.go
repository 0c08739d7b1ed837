package convert

import "strings"

// adfExtension writes what the new editor cannot say in XHTML: the node if it yields text, otherwise the fallback.
func (c *converter) adfExtension(n *node) {
	before := len(c.w.md)
	for child := n.first; child != nil; child = child.next {
		if child.kind != elementNode || child.tag != tagAdfFallback {
			c.node(child)
		}
	}
	if len(c.w.md) > before {
		return
	}
	if fallback := n.child(tagAdfFallback); fallback != nil {
		c.children(fallback)
	}
}

var adfPanels = map[string]string{ //nolint:gochecknoglobals // a table
	"info": "Info", "note": "Note", "success": "Success", "warning": "Warning", "error": "Error", "tip": "Tip",
}

// adfNode writes a node by its type; "decision-list" and "decisionList" are the same.
func (c *converter) adfNode(n *node) {
	attribute := adfAttributes(n)
	switch kind := adfName(n.attr("type")); kind {
	case "panel":
		c.panel(adfPanels[strings.ToLower(attribute["paneltype"])], attribute["title"], func() { c.adfContent(n) })
	case "decisionlist":
		c.decisions(n)
	case "decisionitem":
		c.decision(n)
	case "expand", "nestedexpand":
		c.boldLine(attribute["title"])
		c.blockOf(n)
	default:
		c.boldLine(attribute["title"])
		c.adfContent(n)
	}
}

// adfContent writes the children but for the fallback.
func (c *converter) adfContent(n *node) {
	for child := n.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag != tagAdfFallback || child.kind != elementNode && !child.blank() {
			c.node(child)
		}
	}
}

func (c *converter) decisions(n *node) {
	c.w.endBlock()
	end := 0
	for child := n.first; child != nil; child = child.next {
		switch {
		case child.kind == elementNode && child.tag == tagAdfNode && !c.w.cell:
			c.below(&end, func() { c.node(child) })
		case child.kind == elementNode && child.tag == tagAdfFallback || child.kind != elementNode && child.blank():
		default:
			c.node(child)
		}
	}
	c.w.endBlock()
}

// decision writes one item: "Decision: …". Its label is written only if there is something decided.
func (c *converter) decision(n *node) {
	c.w.endBlock()
	label := "Decision: "
	if strings.EqualFold(adfAttributes(n)["state"], "UNDECIDED") || strings.EqualFold(n.attr("state"), "UNDECIDED") {
		label = "Decision (undecided): "
	}
	if c.w.cell {
		c.w.lead = "• " + label
		c.adfContent(n)
		c.w.lead = ""
		c.w.endBlock()
		return
	}
	c.w.push("- "+label, "  ")
	c.adfContent(n)
	c.w.endBlock()
	c.w.pop()
}

// adfAttributes are the ac:adf-attribute children, by name without dashes.
func adfAttributes(n *node) map[string]string {
	m := map[string]string{}
	for child := n.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag == tagAdfAttribute {
			m[adfName(child.attr("key"))] = child.label()
		}
	}
	return m
}

func adfName(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "")) }

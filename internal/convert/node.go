package convert

import (
	"slices"
	"strings"
)

type nodeKind uint8

const (
	textNode  nodeKind = iota // data is text with references
	cdataNode                 // data is text as it is
	elementNode
)

// node is an element or text of the body. Attributes are read from their source when they are asked for: most never are.
type node struct {
	kind  nodeKind
	tag   tag
	name  string // of an element, lower case
	data  string
	up    *node
	first *node
	last  *node
	next  *node
	prev  *node
}

func (n *node) append(child *node) {
	child.up, child.prev = n, n.last
	if n.last == nil {
		n.first = child
	} else {
		n.last.next = child
	}
	n.last = child
}

// attr returns the value of an attribute, decoded; "" if it is missing. The first of duplicates counts.
func (n *node) attr(name string) string {
	if n.kind != elementNode || !strings.Contains(n.data, "=") {
		return ""
	}
	for s := n.data; s != ""; {
		key, value, rest := nextAttr(s)
		if strings.EqualFold(key, name) {
			return decode(value)
		}
		s = rest
	}
	return ""
}

// nextAttr cuts the first attribute off the source of a tag's attributes.
func nextAttr(s string) (key, value, rest string) {
	s = strings.TrimLeft(s, " \n\t/")
	n := strings.IndexAny(s, " \n\t=")
	if n < 0 {
		return s, "", ""
	}
	key, s = s[:n], strings.TrimLeft(s[n:], " \n\t")
	if !strings.HasPrefix(s, "=") {
		return key, "", s
	}
	s = strings.TrimLeft(s[1:], " \n\t")
	if s == "" {
		return key, "", ""
	}
	if quote := s[0]; quote == '"' || quote == '\'' {
		if end := strings.IndexByte(s[1:], quote); end >= 0 {
			return key, s[1 : 1+end], s[end+2:]
		}
		s = s[1:] // forgotten quote: the value ends at the next space
	}
	n = strings.IndexAny(s, " \n\t")
	if n < 0 {
		return key, s, ""
	}
	return key, s[:n], s[n:]
}

// content is the text of a text or CDATA node.
func (n *node) content() string {
	if n.kind == textNode {
		return decode(n.data)
	}
	return n.data
}

// child returns the first child element with one of the tags.
func (n *node) child(tags ...tag) *node {
	for c := n.first; c != nil; c = c.next {
		if c.kind == elementNode {
			if slices.Contains(tags, c.tag) {
				return c
			}
		}
	}
	return nil
}

// find returns the first descendant element with one of the tags, in document order.
func (n *node) find(tags ...tag) *node {
	for c := n.first; c != nil; c = c.next {
		if c.kind != elementNode {
			continue
		}
		if slices.Contains(tags, c.tag) {
			return c
		}
		if found := c.find(tags...); found != nil {
			return found
		}
	}
	return nil
}

// text is all text below the node, references decoded, white space as it is, line breaks as "\n".
func (n *node) text() string {
	if n.kind != elementNode {
		return n.content()
	}
	if n.first != nil && n.first == n.last && n.first.kind != elementNode {
		return n.first.content()
	}
	var b strings.Builder
	n.writeText(&b)
	return b.String()
}

func (n *node) writeText(b *strings.Builder) {
	for c := n.first; c != nil; c = c.next {
		switch {
		case c.kind != elementNode:
			b.WriteString(c.content())
		case c.tag == tagBr:
			b.WriteByte('\n')
		case c.tag == tagScript || c.tag == tagPlaceholder || c.tag == tagParameter:
		default:
			c.writeText(b)
		}
	}
}

// label is the text below the node on one line.
func (n *node) label() string { return oneLine(n.text()) }

// blank reports that a text node is white space only.
func (n *node) blank() bool {
	if n.kind == elementNode {
		return false
	}
	for i := range len(n.data) {
		if !isSpace(n.data[i]) {
			return false
		}
	}
	return true
}

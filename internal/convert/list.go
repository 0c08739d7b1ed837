package convert

import (
	"strconv"
	"strings"
)

// list is an open list.
type list struct {
	ordered bool
	number  int
	start   int    // length of md when it began
	end     int    // length of md behind the last item; another stands right below it if nothing came between
	indent  string // of the last item, "" before the first
}

// list writes ul and ol.
func (c *converter) list(n *node) {
	c.w.endBlock()
	l := list{ordered: n.tag == tagOl, number: 1, start: len(c.w.md)}
	if l.ordered {
		if start, err := strconv.Atoi(strings.TrimSpace(n.attr("start"))); err == nil && start >= 0 && start < 1e9 {
			l.number = start
		}
	}
	for child := n.first; child != nil; child = child.next {
		switch {
		case child.kind == elementNode && child.tag == tagLi && !isWrapper(child):
			c.item(&l, child)
		case child.kind == elementNode && (child.tag == tagLi || child.tag == tagList || child.tag == tagOl):
			c.continueItem(&l, child)
		default:
			c.node(child)
		}
	}
	c.w.endBlock()
}

// item writes one item; an empty one leaves nothing but its number.
func (c *converter) item(l *list, n *node) {
	c.w.endBlock()
	marker := "- "
	if l.ordered {
		marker = strconv.Itoa(l.number) + ". "
		l.number++
	}
	if c.w.cell {
		c.cellItem(marker, l.ordered)
		c.children(n)
		c.w.endBlock()
		c.w.lead = ""
		return
	}
	l.indent = spaces(len(marker))
	c.below(&l.end, func() {
		c.w.push(marker, l.indent)
		c.children(n)
		c.w.endBlock()
		c.w.pop()
	})
}

// below writes an item of a list right below the last one, which ended at end; where something else came between, or
// nothing is written, the space between blocks stays.
func (c *converter) below(end *int, item func()) {
	sep, at := c.w.sep, len(c.w.md)
	if at > 0 && at == *end {
		c.w.sep = sepTight
	}
	item()
	if len(c.w.md) == at {
		c.w.sep = sep
		return
	}
	*end = len(c.w.md)
}

// cellItem prepares an item of a list in a cell: its mark is written with its first character.
func (c *converter) cellItem(marker string, ordered bool) {
	if !ordered {
		marker = "• "
	}
	c.w.lead = marker
}

// continueItem writes a list that stands directly in a list, or alone in an item without a bullet: it belongs to the
// item before, or to the outer list if there is none.
func (c *converter) continueItem(l *list, n *node) {
	c.w.endBlock()
	inside := !c.w.cell && l.indent != "" && len(c.w.md) > l.start
	if inside {
		c.w.pushUsed(l.indent)
	}
	if n.tag == tagLi {
		c.children(n)
	} else {
		c.list(n)
	}
	c.w.endBlock()
	if inside {
		c.w.pop()
		l.end = len(c.w.md)
	}
}

// isWrapper reports an item that only carries a deeper list, as editors write a skipped level.
func isWrapper(li *node) bool {
	if !strings.Contains(li.data, "list-style-type") || !strings.Contains(li.attr("style"), "none") {
		return false
	}
	for child := li.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag != tagList && child.tag != tagOl || child.kind != elementNode && !child.blank() {
			return false
		}
	}
	return true
}

const fiftySpaces = "                                                  "

func spaces(n int) string { return fiftySpaces[:min(n, len(fiftySpaces))] }

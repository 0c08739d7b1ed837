package convert

import (
	"slices"
	"strings"
)

// converter renders one document. Its record grows as things are written, so that what is dropped is not recorded.
type converter struct {
	ctx    Context
	site   site
	doc    *Document
	macros map[string]macroSpec
	w      writer
	rec    record

	page       PageInfo // whose body this is: the page itself, or an included one
	deferred   []*node  // blocks met in a heading or link, to be written behind it
	headings   []Section
	anchors    map[string]int
	details    int // open page properties macros
	budget     int // bytes that merged cells and inclusions may still repeat
	including  []PageRef
	code       bool // running text is code
	nestedHTML int  // open html macros
}

// repeatBudget bounds what merged cells may add to a page, beyond the length of its body.
const repeatBudget = 1 << 18

func newConverter(d *Document, ctx Context) *converter {
	c := &converter{ctx: ctx, site: newSite(ctx.BaseURL), doc: d, macros: macros, page: ctx.Page, anchors: map[string]int{}}
	c.budget = repeatBudget + d.size
	c.w.md = make([]byte, 0, d.size+d.size/8+64)
	c.w.txt = make([]byte, 0, d.size)
	c.rec.init()
	return c
}

func (c *converter) children(n *node) {
	for child := n.first; child != nil; child = child.next {
		c.node(child)
	}
}

// node writes one node. Inline elements write into the open paragraph; blocks end it.
func (c *converter) node(n *node) {
	if n.kind != elementNode {
		c.text(n)
		return
	}
	if c.w.flat && !c.w.cell && c.isHeavy(n) {
		c.deferred = append(c.deferred, n)
		c.w.space = true
		return
	}
	switch n.tag {
	case tagMacro:
		c.macro(n)
	case tagOther, tagMarker, tagAdfContent, tagAdfFallback:
		c.children(n)
	case tagSpan:
		c.span(n)
	case tagP, tagDiv, tagLayout, tagLayoutCell, tagRichBody, tagTaskBody, tagLinkBody:
		c.blockOf(n)
	case tagBold:
		c.marked(markBold, n)
	case tagEm:
		c.marked(markItalic, n)
	case tagDel:
		c.marked(markStrike, n)
	case tagSub:
		c.marked(markSub, n)
	case tagSup:
		c.marked(markSup, n)
	case tagCode:
		c.inlineCode(n)
	case tagBr:
		c.w.lineBreak()
	case tagHr:
		c.rule()
	case tagHeading:
		c.heading(n)
	case tagBlockquote:
		c.quote(func() { c.children(n) })
	case tagPre:
		c.codeBlock("", n.text())
	case tagList, tagOl:
		c.list(n)
	case tagLi:
		c.blockOf(n) // outside a list
	case tagTable:
		c.table(n)
	default:
		c.special(n)
	}
}

// special writes the elements that are not running text or plain blocks.
func (c *converter) special(n *node) {
	switch n.tag {
	case tagA:
		c.hyperlink(n)
	case tagLink:
		c.link(n)
	case tagImage, tagImg:
		c.image(n)
	case tagIframe:
		c.embed(n.attr("src"), n.attr("title"))
	case tagTime:
		c.time(n)
	case tagEmoticon:
		c.emoticon(n)
	case tagTaskList:
		c.taskList(n)
	case tagTask:
		c.task(n)
	case tagAdfExtension:
		c.adfExtension(n)
	case tagAdfNode:
		c.adfNode(n)
	case tagRiUser:
		c.mention(n, "")
	case tagAtVar:
		c.atVar(n)
	case tagPlainBody:
		c.codeBlock("", plainText(n))
	case tagPlainLinkBody:
		c.plain(plainText(n))
	case tagPlaceholder:
		c.rec.dropped["ac:placeholder"]++
	case tagScript:
		c.rec.dropped[n.name]++
	case tagParameter, tagDefaultParameter, tagTaskID, tagTaskStatus, tagAdfAttribute, tagAdfMark, tagAtDeclarations,
		tagVoid, tagRiAttachment, tagRiBlogPost, tagRiContent, tagRiPage, tagRiSpace, tagRiURL:
		// Never seen by readers.
	default:
		c.blockOf(n)
	}
}

// isHeavy reports blocks that cannot stand in a heading or a link's label; they are written behind it.
func (c *converter) isHeavy(n *node) bool {
	switch n.tag {
	case tagTable, tagPre, tagList, tagOl, tagBlockquote, tagTaskList, tagHr, tagPlainBody, tagAdfExtension, tagHeading, tagLayout:
		return true
	case tagMacro:
		return !c.isInline(n)
	default:
		return false
	}
}

// blockOf writes the content as a block of its own.
func (c *converter) blockOf(n *node) {
	c.w.endBlock()
	c.children(n)
	c.w.endBlock()
}

func (c *converter) marked(kind markKind, n *node) {
	if n.first == nil {
		return
	}
	c.w.openMark(kind)
	c.children(n)
	c.w.closeMark()
}

// span is unwrapped, but for the one style that is a mark.
func (c *converter) span(n *node) {
	if strings.Contains(n.data, "line-through") {
		c.marked(markStrike, n)
		return
	}
	c.children(n)
}

// rule writes a thematic break; in a cell it is nothing.
func (c *converter) rule() {
	c.w.endBlock()
	if c.w.cell || c.w.flat {
		return
	}
	c.w.lines("---")
}

// quote writes what body writes as a block quote, in a cell without the mark.
func (c *converter) quote(body func()) {
	c.w.endBlock()
	if !c.w.cell {
		c.w.push("> ", "> ")
	}
	body()
	c.w.endBlock()
	if !c.w.cell {
		c.w.pop()
	}
}

// text writes running text: bare addresses become autolinks, issue keys are noted.
func (c *converter) text(n *node) {
	s := n.content()
	if c.code {
		c.codeSpan(s)
		return
	}
	c.plain(s)
}

// plain writes text that is not markup.
func (c *converter) plain(s string) {
	for {
		start, end := findURL(s)
		if start < 0 {
			c.words(s)
			return
		}
		c.words(s[:start])
		url := s[start:end]
		if c.w.inLabelOrPending() {
			c.w.text(url)
			c.rec.keysInURL(url)
		} else {
			c.autolink(url)
		}
		s = s[end:]
	}
}

// words writes text without addresses.
func (c *converter) words(s string) {
	if s == "" {
		return
	}
	c.rec.keysInText(s, c.w.txt, c.w.space || !c.w.open)
	c.w.text(s)
	c.rec.pendingKey(len(c.w.txt))
}

// boldLine writes text as a bold paragraph.
func (c *converter) boldLine(text string) {
	if text = oneLine(text); text == "" {
		return
	}
	c.w.endBlock()
	c.w.openMark(markBold)
	c.plain(text)
	c.w.closeMark()
	c.w.endBlock()
}

// inLabelOrPending reports whether a link is open, written or not: links do not nest.
func (w *writer) inLabelOrPending() bool {
	return slices.ContainsFunc(w.marks, func(m mark) bool { return m.kind == markLink })
}

package convert

import "strings"

const (
	// maxDepth is how deep elements nest; what is deeper stays, in order, at this depth.
	maxDepth = 400
	// maxNameLength: a longer name is no tag anybody means, and need not be compared.
	maxNameLength = 80
	nodesPerBlock = 512
)

// builder makes the tree of a body. Unlike HTML's tree builder it takes the tags as they are written (every element
// can close itself, a paragraph can hold blocks) and repairs only what is damaged.
type builder struct {
	root     *node
	stack    []*node // open elements, the root first
	open     [tagCount]int
	overflow []string // open elements beyond maxDepth, by name
	block    []node   // nodes not yet used
	repaired map[string]int
}

func buildTree(src string, repaired map[string]int) *node {
	b := &builder{repaired: repaired}
	b.root = b.node()
	b.root.kind = elementNode
	b.stack = append(b.stack, b.root)
	lex := newLexer(src, repaired)
	for {
		tok := lex.next()
		switch tok.kind {
		case eofToken:
			if len(b.stack) > 1 {
				repaired["unclosed element"] += len(b.stack) - 1
			}
			return b.root
		case startToken:
			b.start(tok)
			if b.top().tag == tagScript {
				b.skipRaw(lex)
			}
		case endToken:
			b.end(strings.ToLower(tok.name))
		case textToken, cdataToken:
			n := b.node()
			n.data = tok.data
			if tok.kind == cdataToken {
				n.kind = cdataNode
			}
			b.top().append(n)
		}
	}
}

// node takes a node from the current block: pages have many, and one allocation serves hundreds.
func (b *builder) node() *node {
	if len(b.block) == 0 {
		b.block = make([]node, nodesPerBlock)
	}
	n := &b.block[0]
	b.block = b.block[1:]
	return n
}

func (b *builder) top() *node { return b.stack[len(b.stack)-1] }

func (b *builder) start(tok token) {
	n := b.node()
	n.kind, n.data = elementNode, tok.data
	n.name = lower(tok.name)
	n.tag = tagsByName[n.name]
	if b.open[tagP]+b.open[tagLi]+b.open[tagTable]+b.open[tagHeading] > 0 {
		b.implyEnds(n.tag)
	}
	b.top().append(n)
	switch {
	case tok.leaf || n.tag.isVoid():
	case len(b.stack) > maxDepth:
		b.overflow = append(b.overflow, n.name)
		b.repaired["nesting too deep"]++
	default:
		b.stack = append(b.stack, n)
		b.open[n.tag]++
	}
}

// implyEnds closes the elements that a start tag of t ends: an item by the next item, a cell by the next cell, a
// paragraph by a paragraph. Never across an element of Confluence's own.
func (b *builder) implyEnds(t tag) {
	switch t {
	case tagLi:
		b.closeUpTo(t, tagLi, tagList, tagOl)
	case tagTd, tagTh:
		b.closeUpTo(t, tagTd, tagTr, tagTable)
		b.closeUpTo(t, tagTh, tagTr, tagTable)
	case tagTr:
		b.closeUpTo(t, tagTr, tagTable, tagTable)
	case tagTbody:
		b.closeUpTo(t, tagTbody, tagTable, tagTable)
	case tagP:
		b.closeUpTo(t, tagP, tagLi, tagTd)
		b.endHeading()
	default:
		if t.isBlock() {
			b.endHeading()
		}
	}
}

// closeUpTo closes the innermost open element with the tag, unless one of the limits or a border stands before it.
func (b *builder) closeUpTo(by, t, limit1, limit2 tag) {
	if b.open[t] == 0 {
		return
	}
	for i := len(b.stack) - 1; i > 0; i-- {
		n := b.stack[i]
		if n.tag == t {
			b.repaired["implied end of "+n.name]++
			b.pop(i)
			return
		}
		if n.tag == limit1 || n.tag == limit2 || strings.HasPrefix(n.name, "ac:") || n.tag.isBarrier() && !by.isTablePart() {
			return
		}
		if by == tagP && n.tag.isBlock() {
			return
		}
	}
}

// endHeading closes an open heading that has text already: a block follows, so its end tag was forgotten.
func (b *builder) endHeading() {
	if b.open[tagHeading] == 0 {
		return
	}
	if n := b.top(); n.tag == tagHeading && n.first != nil && !(n.first == n.last && n.first.blank()) {
		b.repaired["implied end of "+n.name]++
		b.pop(len(b.stack) - 1)
	}
}

func (b *builder) pop(i int) {
	for _, n := range b.stack[i:] {
		b.open[n.tag]--
	}
	b.stack = b.stack[:i]
}

// end closes the innermost element of that name. An HTML end tag does not reach out of a body, cell or the like; one
// that matches nothing is ignored.
func (b *builder) end(name string) {
	t := tagsByName[name]
	if t.isVoid() || len(name) > maxNameLength {
		return
	}
	if last := len(b.overflow) - 1; last >= 0 {
		if b.overflow[last] == name {
			b.overflow = b.overflow[:last]
			return
		}
		if strings.Contains(name, ":") {
			b.overflow = b.overflow[:0] // an element of Confluence's ends: so do those within
		}
	}
	if t != tagOther && b.open[t] == 0 {
		b.repaired["stray end tag"]++
		return
	}
	html := !strings.Contains(name, ":")
	for i := len(b.stack) - 1; i > 0; i-- {
		n := b.stack[i]
		if n.name == name {
			if i < len(b.stack)-1 {
				b.repaired["crossed or unclosed elements"]++
			}
			b.pop(i)
			return
		}
		if html && n.tag.isBarrier() && !(t.isTablePart() && n.tag.isTablePart()) {
			break
		}
	}
	b.repaired["stray end tag"]++
}

// skipRaw drops the content of the open script or style element, which may look like markup.
func (b *builder) skipRaw(lex *lexer) {
	rest := lex.src[lex.pos:]
	mark := "</" + b.top().name
	at := 0
	for {
		i := strings.Index(rest[at:], "</")
		if i < 0 {
			lex.pos = len(lex.src)
			return
		}
		at += i
		if hasPrefixFold(rest[at:], mark) {
			lex.pos += at
			return
		}
		at += 2
	}
}

// lower is strings.ToLower for names, which are lower case already but for old or hand-written pages.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

package convert

import "strings"

// codeBlock writes a fence; in a cell, a code span a line. Only blank lines at its ends are trimmed.
func (c *converter) codeBlock(language, code string) {
	code = trimBlankLines(code)
	c.w.endBlock()
	if code == "" {
		return
	}
	if c.w.cell {
		c.codeLines(code)
		return
	}
	fence := strings.Repeat("`", max(3, longestRun(code, '`')+1))
	c.w.lines(fence + language)
	c.w.sep = sepTight
	// lines puts the prefix before every line, also inside quotes and items.
	c.w.lines(code)
	c.w.txt = append(c.w.txt, code...)
	c.w.sep = sepTight
	c.w.lines(fence)
}

// codeLines writes code in a cell.
func (c *converter) codeLines(code string) {
	for line := range strings.SplitSeq(code, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		c.codeSpanRaw(strings.TrimRight(line, " \t"))
		c.w.endBlock()
	}
}

// inlineCode writes code, tt, kbd and samp. What is more than text in it (links, mentions) is kept, its text as code.
func (c *converter) inlineCode(n *node) {
	if c.code {
		c.children(n)
		return
	}
	if isPlainCode(n) {
		c.codeSpan(n.text())
		return
	}
	c.code = true
	c.children(n)
	c.code = false
}

// isPlainCode reports whether there is nothing but text and marks below the node.
func isPlainCode(n *node) bool {
	for child := n.first; child != nil; child = child.next {
		if child.kind != elementNode {
			continue
		}
		switch child.tag {
		case tagOther, tagMarker, tagSpan, tagBold, tagEm, tagDel, tagSub, tagSup, tagCode:
			if !isPlainCode(child) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// codeSpan writes text as inline code; white space at its edges stands outside.
func (c *converter) codeSpan(s string) {
	s = strings.Map(lineToSpace, s)
	trimmed := strings.TrimSpace(s)
	if trimmed == "" {
		c.w.space = c.w.space || s != ""
		return
	}
	if isSpace(s[0]) {
		c.w.space = true
	}
	c.rec.keysInText(trimmed, nil, true)
	c.codeSpanRaw(trimmed)
	c.rec.pendingKey(len(c.w.txt))
	if isSpace(s[len(s)-1]) {
		c.w.space = true
	}
}

func (c *converter) codeSpanRaw(s string) {
	delimiter := strings.Repeat("`", longestRun(s, '`')+1)
	body := s
	if c.w.cell {
		body = strings.ReplaceAll(body, "|", `\|`)
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || s[0] == ' ' && s[len(s)-1] == ' ' {
		body = " " + body + " "
	}
	c.w.atom(delimiter+body+delimiter, s)
}

// plainText is the text of a plain body: its CDATA sections joined, or, where there is none, its text.
func plainText(n *node) string {
	var b strings.Builder
	hasCDATA := false
	for child := n.first; child != nil; child = child.next {
		hasCDATA = hasCDATA || child.kind == cdataNode
	}
	for child := n.first; child != nil; child = child.next {
		if hasCDATA && child.kind == textNode && child.blank() {
			continue // white space around a section
		}
		if n.first == n.last {
			return child.text()
		}
		b.WriteString(child.text())
	}
	return b.String()
}

func lineToSpace(r rune) rune {
	switch r {
	case '\n', '\t', 0xA0, 0x202F, 0x2028, 0x2029:
		return ' '
	case 0x200B, 0xFEFF, 0x2060, 0xAD:
		return -1
	}
	return r
}

// trimBlankLines removes empty lines and lines of white space from both ends.
func trimBlankLines(s string) string {
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 || strings.TrimSpace(s[:i]) != "" {
			break
		}
		s = s[i+1:]
	}
	s = strings.TrimRight(s, " \t\n")
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

func longestRun(s string, c byte) int {
	longest := 0
	for i := strings.IndexByte(s, c); i >= 0 && i < len(s); {
		n := runLength(s[i:], c)
		longest = max(longest, n)
		next := strings.IndexByte(s[i+n:], c)
		if next < 0 {
			break
		}
		i += n + next
	}
	return longest
}

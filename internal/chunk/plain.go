package chunk

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Code is a stretch of a plain text, in bytes, that is code.
type Code struct {
	Start, End int
	Block      bool // whole lines, as they were written
}

// Plain returns the text that a reader of rendered Markdown sees, a line a block line: marks, targets of links and
// escapes are gone, code stays as it is.
func Plain(markdown string) string {
	text, _ := PlainCode(markdown)
	return text
}

// PlainCode is Plain, and says what of the text is code, in its order.
func PlainCode(markdown string) (string, []Code) {
	var text plainText
	text.Grow(len(markdown))
	fence := ""
	opened := false
	for line := range strings.SplitSeq(markdown, "\n") {
		bare := strings.TrimLeft(line, " \t>")
		item := unlisted(bare)
		mark := fenceMark(item)
		switch {
		case fence != "" && strings.HasPrefix(mark, fence) && strings.TrimSpace(bare) == mark:
			fence = ""
			continue
		case fence != "":
			text.codeLine(strings.TrimRight(line, " "), opened)
			opened = false
			continue
		case mark != "":
			fence, opened = mark, true
			continue
		}
		text.markdownLine(item)
	}
	return text.String(), text.code
}

// plainText is a text in the making.
type plainText struct {
	strings.Builder

	code []Code
}

// begin ends the last line and returns where the next one begins.
func (t *plainText) begin() int {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	return t.Len()
}

// codeLine writes a line of a code block; first: of another one than the last line's.
func (t *plainText) codeLine(line string, first bool) {
	start := t.begin()
	t.WriteString(line)
	if n := len(t.code); !first && n > 0 && t.code[n-1].Block {
		t.code[n-1].End = t.Len()
		return
	}
	t.code = append(t.code, Code{Start: start, End: t.Len(), Block: true})
}

// markdownLine writes one line outside code, if anything of it is seen.
func (t *plainText) markdownLine(line string) {
	line = strings.TrimRight(line, " ")
	switch {
	case isDelimiter(line) || line == "---":
		return
	case strings.HasPrefix(line, "#"):
		line = strings.TrimLeft(line, "#")
	case strings.HasPrefix(line, "["):
		for _, box := range []string{"[ ] ", "[x] "} {
			line = strings.TrimPrefix(line, box)
		}
	}
	var seen plainText
	inline(&seen, line, strings.HasPrefix(line, "|"))
	fields := strings.Fields(seen.String())
	if len(fields) == 0 {
		return
	}
	start := t.begin()
	for i, field := range fields {
		if i > 0 {
			t.WriteByte(' ')
		}
		t.WriteString(field)
	}
	t.addCode(seen, start)
}

// addCode adds the code of a line that was written from start on, with each stretch of white space as one blank.
func (t *plainText) addCode(line plainText, start int) {
	text, read, written, gap := line.String(), 0, start, true
	at := func(i int) int {
		for read < i {
			r, size := utf8.DecodeRuneInString(text[read:])
			switch {
			case !unicode.IsSpace(r):
				written += size
				gap = false
			case !gap:
				written++
				gap = true
			}
			read += size
		}
		return written
	}
	for _, c := range line.code {
		t.code = append(t.code, Code{Start: at(c.Start), End: at(c.End)})
	}
}

// inline writes the visible text of inline Markdown; in a table row, pipes are borders.
func inline(b *plainText, s string, row bool) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && isPunct(s[i+1]):
			b.WriteByte(s[i+1])
			i += 2
		case c == '`':
			i += codeSpan(b, s[i:], row)
		case c == '*' && !(spaceAt(s, i-1) && spaceAt(s, i+1)), c == '~' && strings.HasPrefix(s[i:], "~~"):
			for i < len(s) && s[i] == c {
				i++
			}
		case c == '|' && row:
			b.WriteByte(' ')
			i++
		case c == '!' && i+1 < len(s) && s[i+1] == '[' && linkEnd(s, i+1) > 0:
			i++
		case c == '[':
			i += link(b, s[i:], row)
		case c == '<':
			i += angle(b, s[i:])
		case c == '&':
			i += entity(b, s[i:])
		default:
			b.WriteByte(c)
			i++
		}
	}
}

func spaceAt(s string, i int) bool { return i < 0 || i >= len(s) || s[i] == ' ' }

// codeSpan writes the code at the start of s and returns its length with the backticks.
func codeSpan(b *plainText, s string, row bool) int {
	n := 0
	for n < len(s) && s[n] == '`' {
		n++
	}
	for end := n; end < len(s); {
		at := strings.Index(s[end:], s[:n])
		if at < 0 {
			break
		}
		end += at
		run := 0
		for end+run < len(s) && s[end+run] == '`' {
			run++
		}
		if run == n {
			code := s[n:end]
			if row {
				code = strings.ReplaceAll(code, `\|`, "|")
			}
			if code = strings.TrimSpace(code); code != "" {
				b.code = append(b.code, Code{Start: b.Len(), End: b.Len() + len(code)})
				b.WriteString(code)
			}
			return end + n
		}
		end += run
	}
	b.WriteString(s[:n])
	return n
}

// link writes the label of the link at the start of s and returns the length of the whole.
func link(b *plainText, s string, row bool) int {
	end := linkEnd(s, 0)
	if end == 0 {
		b.WriteByte('[')
		return 1
	}
	label := labelEnd(s, 0)
	inline(b, s[1:label], row)
	return end
}

// maxLabel bounds the search for the end of a label, so that a row of open brackets costs no more than its length.
const maxLabel = 2000

// labelEnd returns where the bracket that opens at i closes, 0 if it does not.
func labelEnd(s string, i int) int {
	depth := 0
	for end := min(len(s), i+maxLabel); i < end; i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return 0
}

// linkEnd returns the position behind the link whose label opens at i, 0 if it is none.
func linkEnd(s string, i int) int {
	i = labelEnd(s, i)
	if i == 0 || i+1 >= len(s) || s[i+1] != '(' {
		return 0
	}
	depth := 0
	for i++; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		case ' ':
			return 0
		}
	}
	return 0
}

// angle writes what stands in angle brackets: an address is text, a tag is not.
func angle(b *plainText, s string) int {
	end := strings.IndexAny(s, "> ")
	if end < 0 || s[end] != '>' {
		b.WriteByte('<')
		return 1
	}
	switch inner := s[1:end]; {
	case inner == "br":
		b.WriteByte(' ')
	case strings.Contains(inner, ":"):
		b.WriteString(inner)
	case inner == "sub", inner == "/sub", inner == "sup", inner == "/sup":
	default:
		b.WriteByte('<')
		return 1
	}
	return end + 1
}

func entity(b *plainText, s string) int {
	if end := strings.IndexByte(s, ';'); end > 1 && end < 10 {
		if text := html.UnescapeString(s[:end+1]); text != s[:end+1] {
			b.WriteString(text)
			return end + 1
		}
	}
	b.WriteByte('&')
	return 1
}

func isPunct(c byte) bool {
	return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z')
}

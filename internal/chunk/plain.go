package chunk

import (
	"html"
	"strings"
)

// Plain returns the text that a reader of rendered Markdown sees, a line a block line: marks, targets of links and
// escapes are gone, code stays as it is.
func Plain(markdown string) string {
	var b strings.Builder
	b.Grow(len(markdown))
	fence := ""
	for line := range strings.SplitSeq(markdown, "\n") {
		bare := strings.TrimLeft(line, " \t>")
		item := unlisted(bare)
		mark := fenceMark(item)
		switch {
		case fence != "" && strings.HasPrefix(mark, fence) && strings.TrimSpace(bare) == mark:
			fence = ""
			continue
		case fence != "":
			writeLine(&b, strings.TrimRight(line, " "))
			continue
		case mark != "":
			fence = mark
			continue
		}
		if text := plainLine(item); text != "" {
			writeLine(&b, text)
		}
	}
	return b.String()
}

func writeLine(b *strings.Builder, line string) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(line)
}

// plainLine strips one line outside code.
func plainLine(line string) string {
	line = strings.TrimRight(line, " ")
	switch {
	case isDelimiter(line) || line == "---":
		return ""
	case strings.HasPrefix(line, "#"):
		line = strings.TrimLeft(line, "#")
	case strings.HasPrefix(line, "["):
		for _, box := range []string{"[ ] ", "[x] "} {
			line = strings.TrimPrefix(line, box)
		}
	}
	var b strings.Builder
	inline(&b, line, strings.HasPrefix(line, "|"))
	return strings.Join(strings.Fields(b.String()), " ")
}

// inline writes the visible text of inline Markdown; in a table row, pipes are borders.
func inline(b *strings.Builder, s string, row bool) {
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
func codeSpan(b *strings.Builder, s string, row bool) int {
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
			b.WriteString(strings.TrimSpace(code))
			return end + n
		}
		end += run
	}
	b.WriteString(s[:n])
	return n
}

// link writes the label of the link at the start of s and returns the length of the whole.
func link(b *strings.Builder, s string, row bool) int {
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
func angle(b *strings.Builder, s string) int {
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

func entity(b *strings.Builder, s string) int {
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

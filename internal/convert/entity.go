package convert

import (
	"html"
	"strings"
	"unicode/utf8"
)

// maxEntity is longer than the longest name of HTML, "&CounterClockwiseContourIntegral;".
const maxEntity = 40

// decode resolves references (&amp; &#38; &eacute;) in text and attribute values. Only those that end with a semicolon
// count, as in XML: "?a=1&copy=2" is an address. Unknown ones stay as typed, those to control characters vanish.
func decode(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		ref := reference(s)
		if ref == "" {
			b.WriteByte('&')
			s = s[1:]
		} else {
			writeReference(&b, ref)
			s = s[len(ref):]
		}
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// reference returns the reference at the start of s, "" if there is none.
func reference(s string) string {
	for i := 1; i < len(s) && i < maxEntity; i++ {
		switch c := s[i]; {
		case c == ';':
			if i == 1 {
				return ""
			}
			return s[:i+1]
		case c == '#' && i == 1, isAlnum(c):
		default:
			return ""
		}
	}
	return ""
}

func writeReference(b *strings.Builder, ref string) {
	text := html.UnescapeString(ref)
	if ref[1] == '#' && text != ref {
		if r, _ := utf8.DecodeRuneInString(text); isDirt(r) {
			return
		}
	}
	b.WriteString(text)
}

func isAlnum(c byte) bool { return isLetter(c) || isDigit(c) }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

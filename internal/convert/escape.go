package convert

import (
	"html"
	"strings"
	"unicode/utf8"
)

// charClass says what to do with a byte of running text.
type charClass uint8

const (
	plainChar   charClass = iota // as it is
	spaceChar                    // collapses
	specialChar                  // may have to be escaped
	wideChar                     // start of a longer character
)

var charClasses = func() (table [256]charClass) { //nolint:gochecknoglobals // a table
	for c := range table {
		switch {
		case c >= utf8.RuneSelf:
			table[c] = wideChar
		case c <= ' ':
			table[c] = spaceChar
		case strings.IndexByte("\\`*_~[]<>&|", byte(c)) >= 0:
			table[c] = specialChar
		}
	}
	return table
}()

// text writes running text: white space collapses, characters that Markdown would read are escaped. It holds no bare
// addresses; see converter.text.
func (w *writer) text(s string) {
	for i := 0; i < len(s); {
		switch charClasses[s[i]] {
		case spaceChar:
			w.space = true
			i++
		case wideChar:
			i += w.wide(s[i:])
		default:
			w.begin(rune(s[i]))
			i += w.run(s, i)
		}
	}
}

// run writes the visible ASCII characters from i up to the next space or wide character; it returns how many.
func (w *writer) run(s string, i int) int {
	start := i
	if w.fresh {
		i += w.lineStart(s[i:])
		w.fresh = false
	}
	for i < len(s) {
		j := i
		for j < len(s) && charClasses[s[j]] == plainChar {
			j++
		}
		w.md = append(w.md, s[i:j]...)
		w.txt = append(w.txt, s[i:j]...)
		i = j
		if i == len(s) || charClasses[s[i]] != specialChar {
			break
		}
		w.special(s, i)
		i++
	}
	return i - start
}

// wide writes the character of more than one byte at the start of s; it returns its length.
func (w *writer) wide(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	switch r {
	case 0xA0, 0x202F, 0x2028, 0x2029, 0x2007, 0x3000:
		w.space = true
		return size
	case 0x200B, 0xFEFF, 0x2060, 0xAD:
		return size
	}
	if isDirt(r) { // from a reference
		return size
	}
	w.begin(r)
	w.fresh = false
	w.md = append(w.md, s[:size]...)
	w.txt = append(w.txt, s[:size]...)
	return size
}

// special writes the character at i, escaped where it would act.
func (w *writer) special(s string, i int) {
	c := s[i]
	w.txt = append(w.txt, c)
	prev := lastRune(w.md)
	next := rune(-1) // unknown: the text goes on in another node
	if i+1 < len(s) {
		next, _ = utf8.DecodeRuneInString(s[i+1:])
	}
	switch c {
	case '<':
		if next < 0 || next < utf8.RuneSelf && (isLetter(byte(next)) || strings.ContainsRune("/!?", next)) {
			w.angle = true
			w.md = append(w.md, "&lt;"...)
			return
		}
	case '>':
		if w.angle {
			w.angle = false
			w.md = append(w.md, "&gt;"...)
			return
		}
	case '&':
		if isReference(s[i:]) {
			w.md = append(w.md, "&amp;"...)
			return
		}
	default:
		if w.acts(c, prev, next) {
			w.md = append(w.md, '\\')
		}
	}
	w.md = append(w.md, c)
}

// isReference reports whether the "&" at the start of s begins a reference, or what the next piece of text may make one.
func isReference(s string) bool {
	if ref := reference(s); ref != "" {
		return html.UnescapeString(ref) != ref
	}
	for i := 1; i < len(s); i++ {
		if i >= maxEntity || !isAlnum(s[i]) && s[i] != '#' {
			return false
		}
	}
	return true
}

// acts reports whether Markdown would read c between its neighbours. When in doubt, it does.
func (w *writer) acts(c byte, prev, next rune) bool {
	spaced := prev == ' ' && (next == ' ' || next == '\n')
	switch c {
	case '`':
		return true
	case '\\':
		return next < 0 || isPunct(next)
	case '*':
		return !spaced
	case '_':
		return !spaced && !(isWordOr(prev, '_') && isWordOr(next, '_'))
	case '~':
		// A single tilde acts only if one of two can close.
		return next == '~' || prev == '~' || !(prev == ' ' || prev == '\n' || prev == utf8.RuneError)
	case '[':
		return w.inLabel
	case ']':
		return w.inLabel || next < 0 || next == '(' || next == ':' || next == '['
	case '|':
		return w.cell
	}
	return false
}

func isWordOr(r, other rune) bool { return r == other || r >= 0 && isWord(r) }

// lineStart escapes what would start a block at the start of a line; it returns how many bytes of s it wrote.
func (w *writer) lineStart(s string) int {
	n := 0
	switch c := s[0]; c {
	case '[': // "[ ]" would make a task of a list item
		if len(s) < 3 || s[2] != ']' || len(w.containers) == 0 {
			return 0
		}
		w.md = append(w.md, '\\', c)
		w.txt = append(w.txt, c)
		return 1
	case '#', '=', '-', '+', '>', '*', '_', ':', '|', '~':
		n = runLength(s, c)
		if !startsBlock(c, s[n:], n) {
			return 0
		}
		w.md = append(w.md, '\\', c)
		w.txt = append(w.txt, c)
		return 1
	default:
		for n < len(s) && n < 10 && isDigit(s[n]) {
			n++
		}
		if n == 0 || n > 9 || n == len(s) || s[n] != '.' && s[n] != ')' || n+1 < len(s) && !isSpace(s[n+1]) {
			return 0
		}
		w.md = append(w.md, s[:n]...)
		w.md = append(w.md, '\\', s[n])
		w.txt = append(w.txt, s[:n+1]...)
		return n + 1
	}
}

// startsBlock reports whether a line that starts with n times c, then rest, would be something else than text.
func startsBlock(c byte, rest string, n int) bool {
	ends := rest == "" || isSpace(rest[0])
	switch c {
	case '#':
		return n <= 6 && ends
	case '+':
		return n == 1 && ends
	case '-', '=':
		return ends || rest[0] == '|' || rest[0] == ':'
	case ':':
		return rest == "" || rest[0] == '-'
	case '|':
		rest = strings.TrimLeft(rest, " \n\t")
		return rest == "" || rest[0] == '-' || rest[0] == ':'
	case '>':
		return true
	case '*', '_':
		return ends
	case '~':
		return n >= 3
	}
	return false
}

func runLength(s string, c byte) int {
	n := 0
	for n < len(s) && s[n] == c {
		n++
	}
	return n
}

func indexByteFrom(s string, c byte, from int) int {
	if i := strings.IndexByte(s[from:], c); i >= 0 {
		return from + i
	}
	return len(s)
}

// oneLine collapses white space and removes invisible characters.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\n\t\u00a0\u202f\u2028\u2029\u200b\ufeff\u2060\u00ad") && !strings.Contains(s, "  ") {
		return strings.TrimSpace(s)
	}
	s = strings.Map(func(r rune) rune {
		switch r {
		case 0x200B, 0xFEFF, 0x2060, 0xAD:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

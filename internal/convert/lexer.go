package convert

import "strings"

// tokenKind is what a token of the body is.
type tokenKind uint8

const (
	textToken tokenKind = iota
	cdataToken
	startToken
	endToken
	eofToken
)

// token is a piece of the body. The strings are parts of it, not copies.
type token struct {
	kind tokenKind
	data string // text with references, CDATA as it is, the attributes of a start tag
	name string // of a tag, as written
	leaf bool   // the start tag closes itself
}

// lexer cuts a body into tokens. It is our own rather than x/net/html's because that decodes references inside CDATA
// sections, knows raw-text elements that do not exist in XML, and copies. Each search for an end that is not there is
// done once and remembered, so that the time is linear in the length of the body for any input.
type lexer struct {
	src      string
	pos      int
	ends     map[string]int // next position of an end mark, len(src) if there is none
	repaired map[string]int
}

func newLexer(src string, repaired map[string]int) *lexer {
	return &lexer{src: src, ends: map[string]int{}, repaired: repaired}
}

func (l *lexer) next() token {
	for l.pos < len(l.src) {
		if l.src[l.pos] != '<' || !l.atMarkup(l.pos) {
			return l.text()
		}
		if tok, ok := l.markup(); ok {
			return tok
		}
	}
	return token{kind: eofToken}
}

// atMarkup reports whether the "<" at i starts a tag, comment or the like: "5 < 6" and "<3" do not.
func (l *lexer) atMarkup(i int) bool {
	if i+1 >= len(l.src) {
		return false
	}
	switch c := l.src[i+1]; {
	case isLetter(c):
		return true
	case c == '/':
		return i+2 < len(l.src) && isLetter(l.src[i+2])
	case c == '!':
		rest := l.src[i+2:]
		return strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "[") || hasPrefixFold(rest, "doctype")
	default:
		return c == '?'
	}
}

func (l *lexer) text() token {
	start, i := l.pos, l.pos+1
	for {
		at := strings.IndexByte(l.src[i:], '<')
		if at < 0 {
			i = len(l.src)
			break
		}
		i += at
		if l.atMarkup(i) {
			break
		}
		i++
	}
	l.pos = i
	return token{kind: textToken, data: l.src[start:i]}
}

// markup reads what starts with "<" at the current position; false if it is nothing to be told (a comment).
func (l *lexer) markup() (token, bool) {
	rest := l.src[l.pos:]
	switch {
	case strings.HasPrefix(rest, "<![CDATA["):
		return l.cdata(), true
	case strings.HasPrefix(rest, "<!--"):
		l.skip("-->", 4)
	case strings.HasPrefix(rest, "<?"):
		l.skip(">", 2)
	case strings.HasPrefix(rest, "<!["):
		l.skip(">", 3)
	case strings.HasPrefix(rest, "<!"):
		l.doctype()
	case rest[1] == '/':
		return l.endTag()
	default:
		return l.startTag()
	}
	return token{}, false
}

// find returns the position of mark at or after from, len(src) if there is none.
func (l *lexer) find(mark string, from int) int {
	if at, ok := l.ends[mark]; ok && at >= from {
		return at
	}
	at := len(l.src)
	if i := strings.Index(l.src[min(from, at):], mark); i >= 0 {
		at = from + i
	}
	l.ends[mark] = at
	return at
}

// skip moves behind the next mark. Where there is none, only the opening is dropped and the rest is content.
func (l *lexer) skip(mark string, opening int) {
	end := l.find(mark, l.pos+opening)
	if end == len(l.src) {
		l.repaired["unclosed comment or declaration"]++
		l.pos += opening
		return
	}
	l.pos = end + len(mark)
}

// doctype skips a document type with or without an internal subset in brackets.
func (l *lexer) doctype() {
	end := l.find(">", l.pos)
	if subset := l.find("[", l.pos); subset < end {
		if closing := l.find("]>", subset); closing < len(l.src) {
			l.pos = closing + 2
			return
		}
	}
	l.pos = min(end+1, len(l.src))
}

// cdata reads a CDATA section. Space exports end it with "]] >", which counts before the end tag of a plain body; a
// section that is cut off reaches to the end of the body.
func (l *lexer) cdata() token {
	start := l.pos + len("<![CDATA[")
	end := l.find("]]>", start)
	length := len("]]>")
	for at := l.find("]] >", start); at < end; at = l.find("]] >", at+1) {
		rest := strings.TrimLeft(l.src[at+4:min(at+64, len(l.src))], " \n\t")
		if strings.HasPrefix(rest, "</ac:plain-text") {
			end, length = at, len("]] >")
			l.repaired["CDATA end with a space"]++
			break
		}
	}
	if end == len(l.src) {
		l.repaired["CDATA section cut off"]++
	}
	l.pos = min(end+length, len(l.src))
	return token{kind: cdataToken, data: l.src[start:end]}
}

func (l *lexer) endTag() (token, bool) {
	start := l.pos + 2
	end := l.find(">", start)
	name := l.src[start : start+nameLength(l.src[start:end])]
	if end == len(l.src) {
		l.repaired["cut off in a tag"]++
	}
	l.pos = min(end+1, len(l.src))
	return token{kind: endToken, name: name}, true
}

func (l *lexer) startTag() (token, bool) {
	start := l.pos + 1
	name := l.src[start : start+nameLength(l.src[start:])]
	attrs := start + len(name)
	end, leaf := l.tagEnd(attrs)
	if end < 0 {
		// Nothing of a tag that never ends is content.
		l.repaired["cut off in a tag"]++
		l.pos = len(l.src)
		return token{}, false
	}
	l.pos = end + 1
	data := l.src[attrs:end]
	if leaf {
		data = data[:len(data)-1]
	}
	return token{kind: startToken, name: name, data: data, leaf: leaf}, true
}

// tagEnd returns the position of the ">" that ends the tag whose attributes start at i, and whether "/" closes it. -1
// if the body ends before.
func (l *lexer) tagEnd(i int) (end int, leaf bool) {
	value := false // behind "=": a quote opens a value here, and "/" belongs to it
	for ; i < len(l.src); i++ {
		switch c := l.src[i]; c {
		case '>':
			return i, l.src[i-1] == '/' && !value
		case '=':
			value = true
			for i+1 < len(l.src) && isSpace(l.src[i+1]) {
				i++
			}
			if i+1 < len(l.src) && (l.src[i+1] == '"' || l.src[i+1] == '\'') {
				closing := l.closingQuote(i + 1)
				if closing > 0 {
					i = closing
				} else {
					i++
				}
				value = false
			}
		case ' ', '\n', '\t':
			value = false
		}
	}
	return -1, false
}

// closingQuote returns the position of the quote that closes the one at i, 0 if it was forgotten: the value then runs
// into other tags.
func (l *lexer) closingQuote(i int) int {
	mark := l.src[i : i+1]
	end := l.find(mark, i+1)
	if end < len(l.src) {
		gt := l.find(">", i+1)
		if gt > end || strings.IndexByte(l.src[gt:end], '<') < 0 {
			return end
		}
	}
	l.repaired["unclosed quote"]++
	return 0
}

// nameLength is the length of the tag name at the start of s.
func nameLength(s string) int {
	for i := range len(s) {
		switch s[i] {
		case ' ', '\n', '\t', '/', '>', '<', '=', '"', '\'':
			return i
		}
	}
	return len(s)
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

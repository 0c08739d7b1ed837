package convert

import (
	"unicode"
	"unicode/utf8"
)

// markKind is an inline mark.
type markKind uint8

const (
	markBold markKind = iota
	markItalic
	markStrike
	markSub
	markSup
	markLink
	markKinds
)

var (
	markOpeners = [markKinds]string{"**", "*", "~~", "<sub>", "<sup>", "["}  //nolint:gochecknoglobals // a table
	markClosers = [markKinds]string{"**", "*", "~~", "</sub>", "</sup>", ""} //nolint:gochecknoglobals // a table
)

// mark is an open mark. Its opener is written before the first visible character.
type mark struct {
	kind    markKind
	at      int  // position of the opener in md
	textAt  int  // position in txt
	dropped bool // cannot be written here, or the same kind is open already
}

// inline is the part of the writer's state that belongs to running text.
type inline struct {
	open    bool   // a paragraph, heading or cell has visible text
	lead    string // what the next block begins with: "## "
	space   bool   // white space since the last visible character
	apart   bool   // what was written last wants white space behind it, unless punctuation follows
	breaks  int    // line breaks since then
	fresh   bool   // at the start of a line: characters that would start a block are escaped
	marks   []mark
	written int // marks of which the opener is written

	closed     mark // the mark that was closed last
	closedFrom int  // where its closer stands
	closedTo   int  // where it ends; the length of md if nothing followed

	cell    bool // in a table cell: one line, breaks are <br>
	flat    bool // in a heading or link: one line, breaks are spaces
	inLabel bool // in a link's label
	angle   bool // a "<" was escaped in this block, so its ">" is too
}

// begin makes ready for a visible character: it opens the paragraph, writes white space or line breaks that are due,
// and opens marks.
func (w *writer) begin(next rune) {
	switch {
	case !w.open:
		w.openBlock()
	case w.breaks > 0 && !w.flat:
		w.writeBreaks()
	case w.space || w.breaks > 0 || w.apart && !isSentencePunct(next) && next != ')' && next != ']':
		w.md = append(w.md, ' ')
		w.txt = append(w.txt, ' ')
	case w.closedTo == len(w.md) && w.closedTo > 0:
		w.mendClosed(next)
	}
	w.space, w.apart, w.breaks = false, false, 0
	if w.cell && w.lead != "" {
		w.md = append(w.md, w.lead...)
		w.lead = ""
	}
	if w.written < len(w.marks) {
		w.openMarks(next)
	}
}

func (w *writer) openBlock() {
	w.open, w.fresh, w.angle = true, true, false
	if w.cell {
		w.fresh = false
		w.textStart = len(w.txt)
		return
	}
	w.beginBlock()
	if w.lead != "" {
		w.md = append(w.md, w.lead...)
		w.fresh = w.lead[0] != '#'
		w.lead = ""
	}
}

// writeBreaks writes a line break, two as the end of the paragraph.
func (w *writer) writeBreaks() {
	switch {
	case w.cell:
		w.md = append(w.md, "<br>"...)
		w.txt = append(w.txt, ' ')
	case w.breaks > 1:
		w.endBlock()
		w.openBlock()
	default:
		w.md = append(w.md, "  \n"...)
		w.beginLine()
		w.txt = append(w.txt, '\n')
		w.fresh = true
	}
}

// openMarks writes the openers that are due. One that could not be read as an opener, because of its neighbours, is
// left out: the text stays, the emphasis goes.
func (w *writer) openMarks(next rune) {
	afterWord := isWord(lastRune(w.md))
	for i := w.written; i < len(w.marks); i++ {
		m := &w.marks[i]
		m.at, m.textAt = len(w.md), len(w.txt)
		m.dropped = w.isOpen(m.kind, i) || m.kind <= markStrike && afterWord && (isPunct(next) || w.bracketAfter(i))
		if m.dropped {
			continue
		}
		afterWord = afterWord && m.kind <= markStrike
		if m.kind == markLink {
			w.protectBang()
			w.inLabel = true
		}
		w.md = append(w.md, markOpeners[m.kind]...)
		w.fresh = false
	}
	w.written = len(w.marks)
}

// bracketAfter reports whether the opener of a mark after the i-th is punctuation.
func (w *writer) bracketAfter(i int) bool {
	for _, m := range w.marks[i+1:] {
		if m.kind > markStrike {
			return true
		}
	}
	return false
}

func (w *writer) isOpen(kind markKind, before int) bool {
	for _, m := range w.marks[:before] {
		if m.kind == kind && !m.dropped {
			return true
		}
	}
	return false
}

// protectBang escapes an exclamation mark that would make an image of the link behind it.
func (w *writer) protectBang() {
	if n := len(w.md); n > 0 && w.md[n-1] == '!' && (n < 2 || w.md[n-2] != '\\') {
		w.md = append(w.md[:n-1], `\!`...)
	}
}

// openMark opens a mark around what follows.
func (w *writer) openMark(kind markKind) {
	if w.written == len(w.marks) && !w.space && w.breaks == 0 && w.open &&
		w.closedTo == len(w.md) && w.closedTo > 0 && w.closed.kind == kind && kind != markLink && !w.closed.dropped {
		// The same mark ended right here: it goes on.
		w.md = w.md[:w.closedFrom]
		w.closedTo = 0
		w.marks = append(w.marks, w.closed)
		w.written++
		return
	}
	w.marks = append(w.marks, mark{kind: kind})
}

// closeMark closes the innermost mark.
func (w *writer) closeMark() {
	m := w.marks[len(w.marks)-1]
	w.marks = w.marks[:len(w.marks)-1]
	if w.written <= len(w.marks) {
		return // nothing visible in it
	}
	w.written--
	w.closeWritten(m)
}

func (w *writer) closeWritten(m mark) {
	if m.dropped {
		return
	}
	w.closed, w.closedFrom = m, len(w.md)
	w.md = append(w.md, markClosers[m.kind]...)
	w.closedTo = len(w.md)
}

// mendClosed looks at a closer again once the character behind it is known: "**Note:**text" would not be read as bold,
// because the closer stands between punctuation and a letter. The punctuation moves out; where it cannot, the mark goes.
func (w *writer) mendClosed(next rune) {
	m := w.closed
	if m.kind > markStrike || !isWord(next) || isSpaceRune(next) {
		return
	}
	last, size := utf8.DecodeLastRune(w.md[:w.closedFrom])
	if !isPunct(last) {
		return
	}
	closer := markClosers[m.kind]
	opener := len(markOpeners[m.kind])
	before, _ := utf8.DecodeLastRune(w.md[:w.closedFrom-size])
	if isSentencePunct(last) && isWord(before) && w.closedFrom-size > m.at+opener {
		w.md = append(w.md[:w.closedFrom-size], closer...)
		w.md = utf8.AppendRune(w.md, last)
	} else {
		inner := w.md[m.at+opener : w.closedFrom]
		w.md = append(w.md[:m.at], inner...)
	}
	w.closedTo = 0
}

// endBlock ends the open paragraph. Marks that are open are closed and will be opened again in the next.
func (w *writer) endBlock() {
	if w.flat {
		w.space = true
		return
	}
	if w.cell {
		if w.open && w.lead == "" {
			w.breaks = 1
		}
		w.space = false
		return
	}
	if w.open {
		for i := w.written - 1; i >= 0; i-- {
			w.closeWritten(w.marks[i])
		}
		w.written = 0
		w.finishBlock()
	}
	w.open, w.space, w.apart, w.breaks, w.closedTo = false, false, false, 0, 0
}

// lineBreak is a <br>.
func (w *writer) lineBreak() {
	if w.open {
		w.breaks++
	}
}

// atom writes a piece of Markdown that needs no escaping, with its plain text.
func (w *writer) atom(md, txt string) {
	r, _ := utf8.DecodeRuneInString(md)
	w.begin(r)
	w.md = append(w.md, md...)
	w.txt = append(w.txt, txt...)
	w.fresh = false
}

func lastRune(b []byte) rune {
	r, _ := utf8.DecodeLastRune(b)
	return r
}

// isWord reports what is neither white space nor punctuation for Markdown's rules of emphasis.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlnum(byte(r))
	}
	return r != utf8.RuneError && !isPunct(r) && !isSpaceRune(r)
}

func isPunct(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r < 0x7F && !isAlnum(byte(r))
	}
	return r != utf8.RuneError && (unicode.IsPunct(r) || unicode.IsSymbol(r))
}

func isSpaceRune(r rune) bool { return unicode.IsSpace(r) }

// isSentencePunct reports characters that may as well stand behind a mark as at its end.
func isSentencePunct(r rune) bool {
	switch r {
	case ':', ';', ',', '.', '?', '。', '、', '，', '：', '；', '？', '！':
		return true
	}
	return false
}

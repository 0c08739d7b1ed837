package convert

// separator is what stands between the last block and the next.
type separator uint8

const (
	sepNone  separator = iota // nothing: the document starts
	sepTight                  // a line end: items of a list
	sepBlank                  // an empty line
)

// maxContainers bounds how many quotes and list items add to the prefix of each line; deeper ones are written at this
// depth. It keeps the output linear in the input.
const maxContainers = 40

// container is an open quote or list item.
type container struct {
	first string // before its first line: "- "
	rest  string // before all others: "  "
	used  bool   // first is written
}

// writer writes blocks of Markdown and, beside it, plain text. Everything is lazy: a paragraph, list item, quote or mark
// comes into being with the first visible character in it, so that empty ones leave no trace.
type writer struct {
	md  []byte
	txt []byte

	containers []container
	prefix     []byte // of lines that continue: all rests joined
	unused     int    // containers, from the innermost, of which nothing is written
	sep        separator
	sepLen     int // length of the prefix common to the last block and the next

	blockStart int    // where the current or last block begins in md, behind separators
	textStart  int    // where it begins in txt
	cellMarks  []mark // room for the marks of cells
	inline
}

// push opens a container.
func (w *writer) push(first, rest string) {
	if len(w.containers) >= maxContainers {
		first, rest = "", ""
	}
	w.containers = append(w.containers, container{first: first, rest: rest})
	w.prefix = append(w.prefix, rest...)
	w.unused++
}

// pushUsed opens a container again whose first line is written: more of the same item.
func (w *writer) pushUsed(rest string) {
	w.push("", rest)
	if w.unused == 1 {
		w.containers[len(w.containers)-1].used = true
		w.unused = 0
	} else {
		w.containers[len(w.containers)-1].first = rest
	}
}

// pop closes the innermost container.
func (w *writer) pop() {
	last := w.containers[len(w.containers)-1]
	w.containers = w.containers[:len(w.containers)-1]
	w.prefix = w.prefix[:len(w.prefix)-len(last.rest)]
	if !last.used {
		w.unused--
	}
	w.sepLen = min(w.sepLen, len(w.prefix))
}

// beginBlock writes what stands before a block: the line end of the last one, an empty line, the prefix.
func (w *writer) beginBlock() {
	if len(w.md) > 0 {
		w.md = append(w.md, '\n')
		if w.sep == sepBlank {
			w.md = append(w.md, trimRight(w.prefix[:w.sepLen])...)
			w.md = append(w.md, '\n')
		}
	}
	if n := len(w.txt); n > 0 && w.txt[n-1] != '\n' {
		w.txt = append(w.txt, '\n')
	}
	w.beginLine()
	w.blockStart, w.textStart = len(w.md), len(w.txt)
}

// beginLine writes the prefix of a line.
func (w *writer) beginLine() {
	if w.unused == 0 {
		w.md = append(w.md, w.prefix...)
		return
	}
	for i := range w.containers {
		c := &w.containers[i]
		if c.used {
			w.md = append(w.md, c.rest...)
		} else {
			w.md = append(w.md, c.first...)
			c.used = true
		}
	}
	w.unused = 0
}

// finishBlock notes that a block is written: the next stands apart from it.
func (w *writer) finishBlock() {
	w.sep = sepBlank
	w.sepLen = len(w.prefix)
}

// lines writes a block of lines as they are, each with the prefix.
func (w *writer) lines(text string) {
	w.endBlock()
	w.beginBlock()
	for i := 0; ; {
		end := indexByteFrom(text, '\n', i)
		if end == i {
			w.md = trimRight(w.md) // no prefix may end in a space on an empty line
		}
		w.md = append(w.md, text[i:end]...)
		if end == len(text) {
			break
		}
		w.md = append(w.md, '\n')
		w.beginLine()
		i = end + 1
	}
	w.finishBlock()
}

// state is what undo needs to take back blocks of which nothing shall stay.
type state struct {
	md, txt, sepLen int
	sep             separator
	unused          int
}

// save notes the current place; no block may be open.
func (w *writer) save() state {
	return state{md: len(w.md), txt: len(w.txt), sepLen: w.sepLen, sep: w.sep, unused: w.unused}
}

// undo goes back to where save was called, with the same containers open.
func (w *writer) undo(s state) {
	w.md, w.txt, w.sepLen, w.sep, w.unused = w.md[:s.md], w.txt[:s.txt], s.sepLen, s.sep, s.unused
	w.closedTo = 0
	for i := len(w.containers) - w.unused; i < len(w.containers); i++ {
		w.containers[i].used = false
	}
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

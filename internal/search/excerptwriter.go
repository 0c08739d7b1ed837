package search

import (
	"strings"

	"github.com/sluicehq/sluice/internal/chunk"
)

// excerptWriter copies a stretch of a text with the marks around what matches, and says where its code stands in the copy.
type excerptWriter struct {
	text  string
	list  []match      // in the order of the text, none within another
	code  []chunk.Code // the same
	out   strings.Builder
	count int // characters written
	spans []CodeSpan
	open  bool // a mark
}

func newWriter(text string, list []match, code []chunk.Code) *excerptWriter {
	return &excerptWriter{text: text, list: list, code: code}
}

// gap writes what stands for the text that is left out before; line: on a line of its own.
func (w *excerptWriter) gap(sign string, line bool) {
	for _, r := range sign {
		w.rune(r)
	}
	if line {
		w.rune('\n')
	} else {
		w.rune(' ')
	}
}

func (w *excerptWriter) rune(r rune) {
	w.out.WriteRune(r)
	w.count++
}

// write copies text[start:end]. Matches that are not whole in it are not marked; marks that the text itself holds are
// dropped. It is called once.
func (w *excerptWriter) write(start, end int) excerpt {
	var within *chunk.Code // the code that is being copied
	indent := ""           // of the lines of that code
	skip := start          // what is before is not copied
	for i, r := range w.text[start:end] {
		at := start + i
		w.closeMark(at)
		if within != nil && at >= within.End {
			w.endCode()
			within = nil
		}
		if c := w.codeFrom(at); c != nil {
			within = c
			indent = w.beginCode(c, at, end)
		}
		if indent != "" && within != nil && (at == 0 || w.text[at-1] == '\n') && strings.HasPrefix(w.text[at:end], indent) {
			skip = at + len(indent)
		}
		w.openMark(at, end)
		if at >= skip && r != MarkStart && r != MarkEnd {
			w.rune(r)
		}
	}
	w.closeMark(end)
	if within != nil {
		w.endCode()
	}
	return excerpt{text: w.out.String(), code: w.spans}
}

// codeFrom returns the code that begins at a byte, or is begun already when the copy begins there.
func (w *excerptWriter) codeFrom(at int) *chunk.Code {
	for len(w.code) > 0 && w.code[0].End <= at {
		w.code = w.code[1:]
	}
	if len(w.code) == 0 || w.code[0].Start > at {
		return nil
	}
	c := w.code[0]
	w.code = w.code[1:]
	return &c
}

// beginCode notes that code begins, and returns the indentation that its lines in the copy have in common.
func (w *excerptWriter) beginCode(c *chunk.Code, at, end int) string {
	w.spans = append(w.spans, CodeSpan{Start: w.count, End: w.count, Block: c.Block})
	if !c.Block {
		return ""
	}
	code := w.text[at:min(c.End, end)]
	if at > 0 && w.text[at-1] != '\n' { // the first line is not copied from its beginning
		_, code, _ = strings.Cut(code, "\n")
	}
	return commonIndent(code)
}

func (w *excerptWriter) endCode() { w.spans[len(w.spans)-1].End = w.count }

func (w *excerptWriter) openMark(at, end int) {
	if w.open {
		return
	}
	for len(w.list) > 0 && (w.list[0].start < at || w.list[0].end > end) {
		w.list = w.list[1:]
	}
	if len(w.list) > 0 && w.list[0].start == at {
		w.rune(MarkStart)
		w.open = true
	}
}

func (w *excerptWriter) closeMark(at int) {
	if w.open && w.list[0].end <= at {
		w.rune(MarkEnd)
		w.list, w.open = w.list[1:], false
	}
}

// commonIndent returns the white space that all lines of code begin with, empty ones apart.
func commonIndent(code string) string {
	common, first := "", true
	for line := range strings.SplitSeq(code, "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		switch {
		case indent == line: // nothing else
		case first:
			common, first = indent, false
		default:
			n := 0
			for n < min(len(common), len(indent)) && common[n] == indent[n] {
				n++
			}
			common = common[:n]
		}
	}
	return common
}

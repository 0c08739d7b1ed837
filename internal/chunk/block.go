package chunk

import "strings"

type blockKind uint8

const (
	textBlock blockKind = iota
	headingBlock
	codeBlock
	tableBlock
)

// block is a piece of Markdown that is better not cut.
type block struct {
	kind  blockKind
	text  string // lines, without a line end at the end
	tight bool   // follows the last block on the next line, without an empty line between
	gap   string // the empty line before it: ">" within a quote
	words int
}

func weigh(blocks []block) int {
	n := 0
	for _, b := range blocks {
		n += b.words
	}
	return n
}

// join writes blocks with the space between them that they had.
func join(blocks []block) string {
	var b strings.Builder
	for i, block := range blocks {
		switch {
		case i == 0:
		case block.tight:
			b.WriteByte('\n')
		default:
			b.WriteByte('\n')
			b.WriteString(block.gap)
			b.WriteByte('\n')
		}
		b.WriteString(block.text)
	}
	return b.String()
}

// blocksOf cuts Markdown into blocks: at empty lines outside code, and before each item of an outermost list.
func blocksOf(markdown string) []block {
	var r reader
	for line := range strings.SplitSeq(markdown, "\n") {
		r.line(line)
	}
	r.end()
	return r.blocks
}

// reader gathers lines to blocks.
type reader struct {
	blocks []block
	lines  []string
	kind   blockKind
	fence  string // run of backticks or tildes that opened a code block
	tight  bool   // no empty line came before the current block
	gap    string // the empty line before it
}

func (r *reader) line(line string) {
	bare := strings.TrimLeft(line, " \t>")
	switch {
	case r.fence != "":
		r.lines = append(r.lines, line)
		if mark := fenceMark(bare); strings.HasPrefix(mark, r.fence) && strings.TrimSpace(bare) == mark {
			r.fence = ""
			r.end()
			r.tight = true
		}
	case strings.TrimSpace(bare) == "":
		r.end()
		if gap := strings.TrimRight(line, " \t"); r.tight || gap == "" {
			r.gap = gap
		}
		r.tight = false
	case fenceMark(unlisted(bare)) != "":
		r.end()
		r.kind, r.fence = codeBlock, fenceMark(unlisted(bare))
		r.lines = append(r.lines, line)
	case strings.HasPrefix(line, "#"):
		r.end()
		r.kind = headingBlock
		r.lines = append(r.lines, line)
		r.end()
		r.tight = true
	case strings.HasPrefix(bare, "|"):
		if r.kind != tableBlock {
			r.end()
			r.kind = tableBlock
		}
		r.lines = append(r.lines, line)
	default:
		if r.kind == tableBlock || len(r.lines) > 0 && isItem(line) {
			r.end()
			r.tight = true
		}
		r.lines = append(r.lines, line)
	}
}

func (r *reader) end() {
	if len(r.lines) > 0 {
		text := strings.Join(r.lines, "\n")
		r.blocks = append(r.blocks, block{kind: r.kind, text: text, tight: r.tight && len(r.blocks) > 0, gap: r.gap, words: Words(text)})
		r.tight, r.gap = true, ""
	}
	r.lines, r.kind, r.fence = nil, textBlock, ""
}

// isItem reports whether a line starts an item of a list that is not nested.
func isItem(line string) bool { return unlisted(line) != line }

// unlisted cuts the mark of a list item off.
func unlisted(line string) string {
	if len(line) > 2 && (line[0] == '-' || line[0] == '*' || line[0] == '+') && line[1] == ' ' {
		return strings.TrimLeft(line[2:], " ")
	}
	n := 0
	for n < len(line) && n < 9 && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	if n > 0 && n+1 < len(line) && (line[n] == '.' || line[n] == ')') && line[n+1] == ' ' {
		return strings.TrimLeft(line[n+2:], " ")
	}
	return line
}

// fenceMark returns the run of backticks or tildes at the start of a line that opens or closes code.
func fenceMark(line string) string {
	for _, c := range []byte("`~") {
		n := 0
		for n < len(line) && line[n] == c {
			n++
		}
		if n >= 3 && (c == '~' || strings.IndexByte(line[n:], '`') < 0) {
			return line[:n]
		}
	}
	return ""
}

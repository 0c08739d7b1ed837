package chunk

import (
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

const (
	// introWords is the most that a sentence ending in a colon may have to be kept with what it announces.
	introWords = 40
	// cutEvery: behind half the target, a chunk ends before one block in this many, chosen by the block's text. So the
	// cuts of a long section fall into place again behind an edit, instead of all moving.
	cutEvery = 4
)

// pack puts the blocks of a section into chunks.
func pack(blocks []block, opts Options) [][]block {
	var out [][]block
	var current []block
	words := 0
	flush := func() {
		// A heading, or a line that announces what follows, goes with it.
		keep := len(current)
		for keep > 0 && (current[keep-1].kind == headingBlock || isIntro(current[keep-1])) {
			keep--
		}
		if keep == 0 {
			keep = len(current)
		}
		if keep > 0 {
			out = append(out, current[:keep:keep])
		}
		current = append([]block(nil), current[keep:]...)
		words = weigh(current)
	}
	for _, b := range cutLong(blocks, opts) {
		if words > 0 && words+b.words > opts.Target && !onlyLeads(current, words+b.words, opts) ||
			words >= opts.Target/2 && marksCut(b) {
			flush()
		}
		if words+b.words > opts.Hard && len(current) > 0 {
			out = append(out, current)
			current, words = nil, 0
		}
		current = append(current, b)
		words += b.words
	}
	if len(current) > 0 {
		out = append(out, current)
	}
	return out
}

// onlyLeads reports whether a chunk so far holds only what belongs to the next block.
func onlyLeads(blocks []block, words int, opts Options) bool {
	for _, b := range blocks {
		if b.kind != headingBlock && !isIntro(b) {
			return false
		}
	}
	return words <= opts.Hard
}

func isIntro(b block) bool {
	return b.kind == textBlock && b.words <= introWords && strings.HasSuffix(strings.TrimRight(b.text, " *"), ":")
}

func marksCut(b block) bool {
	if b.tight && b.kind == textBlock {
		return false
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(b.text))
	return h.Sum32()%cutEvery == 0
}

// cutLong cuts blocks that are longer than a chunk should be: text and tables beyond the target, code only beyond the
// hard limit.
func cutLong(blocks []block, opts Options) []block {
	var out []block
	for _, b := range blocks {
		switch {
		case b.words <= opts.Target, b.kind == codeBlock && b.words <= opts.Hard:
			out = append(out, b)
		case b.kind == codeBlock:
			out = append(out, cutCode(b, opts)...)
		case b.kind == tableBlock:
			out = append(out, cutTable(b, opts)...)
		default:
			out = append(out, cutText(b, opts.Target)...)
		}
	}
	return out
}

// cutTable repeats the header lines over each part.
func cutTable(b block, opts Options) []block {
	lines := strings.Split(b.text, "\n")
	head := 0
	if len(lines) > 2 && isDelimiter(lines[1]) {
		head = 2
	}
	header := strings.Join(lines[:head], "\n")
	headWords := Words(header)
	if headWords > opts.Target/2 { // a header that fills the chunk is not worth repeating
		header, headWords, head = "", 0, 0
	}
	var rows []block
	for _, line := range lines[head:] {
		row := block{kind: tableBlock, text: line, words: Words(line)}
		if row.words+headWords > opts.Hard {
			rows = append(rows, cutText(row, opts.Target)...)
		} else {
			rows = append(rows, row)
		}
	}
	return gather(rows, opts.Target-headWords, b, func(text string) string {
		if header == "" {
			return text
		}
		return header + "\n" + text
	})
}

func isDelimiter(line string) bool {
	return strings.Contains(line, "---") && strings.Trim(line, " |:->") == ""
}

// cutCode closes and opens the fence around each part. Where the opening line alone fills a chunk, what stands behind
// the fence is no name of a language, and the block is cut as text.
func cutCode(b block, opts Options) []block {
	lines := strings.Split(b.text, "\n")
	first, last := lines[0], ""
	if Words(first) > opts.Target {
		return cutText(b, opts.Target)
	}
	bare := strings.TrimLeft(first, " \t>-0123456789.)")
	prefix := first[:len(first)-len(bare)]
	mark := fenceMark(bare)
	lines = lines[1:]
	if n := len(lines); n > 0 && strings.TrimLeft(lines[n-1], " \t>") == mark {
		last = lines[n-1]
		lines = lines[:n-1]
	} else {
		last = strings.Map(blankMark, prefix) + mark
	}
	var parts []block
	for _, line := range lines {
		l := block{kind: codeBlock, text: line, words: Words(line)}
		if l.words > opts.Target {
			parts = append(parts, cutText(l, opts.Target)...)
		} else {
			parts = append(parts, l)
		}
	}
	again := strings.Map(blankMark, prefix) + bare
	opening := first
	return gather(parts, opts.Target, b, func(text string) string {
		out := opening + "\n" + text + "\n" + last
		opening = again
		return out
	})
}

// blankMark turns the mark of a list item into spaces.
func blankMark(r rune) rune {
	if r == '>' || r == '\t' {
		return r
	}
	return ' '
}

// gather puts consecutive lines of a block into blocks of at most target words.
func gather(lines []block, target int, whole block, wrap func(string) string) []block {
	var out []block
	var texts []string
	words := 0
	flush := func() {
		text := wrap(strings.Join(texts, "\n"))
		out = append(out, block{kind: lines[0].kind, text: text, tight: whole.tight && len(out) == 0, gap: whole.gap, words: Words(text)})
		texts, words = nil, 0
	}
	for _, l := range lines {
		if words > 0 && words+l.words > target {
			flush()
		}
		texts = append(texts, l.text)
		words += l.words
	}
	if len(texts) > 0 {
		flush()
	}
	return out
}

// cutText cuts running text at line ends, sentences, or at last between words, whichever comes latest in the target.
func cutText(b block, target int) []block {
	var out []block
	text := b.text
	tight := b.tight
	for text != "" {
		end := cutPoint(text, target)
		piece := strings.TrimRight(text[:end], " \n")
		if piece != "" {
			out = append(out, block{kind: b.kind, text: piece, tight: tight, gap: b.gap, words: Words(piece)})
			tight = true
		}
		text = strings.TrimLeft(text[end:], "\n")
		if b.kind != codeBlock {
			text = strings.TrimLeft(text, " ")
		}
	}
	return out
}

// cutPoint returns where the next part of text ends.
func cutPoint(text string, target int) int {
	limit, sentence, word := reach(text, target), 0, 0
	if limit == len(text) {
		return limit
	}
	for i := 0; i < limit; {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		next := byte(' ')
		if i < len(text) {
			next = text[i]
		}
		switch {
		case r == '\n', isSentenceEnd(r) && (next == ' ' || next == '\n' || size > 1):
			sentence = i
			word = i
		case r == ' ':
			word = i
		}
	}
	switch {
	case sentence > limit/3:
		return sentence
	case word > limit/3:
		return word
	default:
		return limit
	}
}

func isSentenceEnd(r rune) bool {
	switch r {
	case '.', '!', '?', '。', '！', '？', '；':
		return true
	}
	return false
}

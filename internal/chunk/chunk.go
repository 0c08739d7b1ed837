// Package chunk cuts a page's Markdown into passages: the units that are searched and embedded. It cuts at headings
// first, then between blocks, keeps code whole, repeats the header of a table that it has to cut, and never loses
// text. Where it cuts depends on what stands nearby, so that an edit changes the chunks around it and no others. It
// knows nothing of models or of where the Markdown comes from.
package chunk

import (
	"crypto/sha256"
	"slices"
	"strings"
)

// Doc is a page.
type Doc struct {
	Title    string
	Markdown string
	// Sections are the headings of the document in the order of their offsets.
	Sections []Section
}

// Section is a heading; it has the fields of convert.Section and can be converted from it.
type Section struct {
	Level  int
	Title  string
	Anchor string
	Path   []string // titles of the open headings, outermost first, this one last
	Offset int      // byte offset of the heading's line in Markdown
}

// Chunk is a passage.
type Chunk struct {
	Number       int      // from 0, in the order of the page
	HeadingPath  []string // headings that are open at its start, without the page title; of merged sections the common ones
	SectionTitle string   // of the section it begins in; the page title before the first heading
	Anchor       string   // of that section, empty before the first heading
	Content      string   // Markdown
	Text         string   // plain text of the content, for the word index and for embedding
	Words        int      // weight of the text; see Options
	// Hash is the SHA-256 of the heading path and the content without regard to white space at line ends. Chunks with
	// the same hash need not be embedded again.
	Hash [sha256.Size]byte
}

// Options say how long chunks get. A word is a run of letters; a character of Chinese, Japanese or Korean counts as
// half a word, very long words as several. Zero values mean the defaults.
type Options struct {
	Target int // words to aim at and not to exceed where blocks allow; default 200
	Min    int // smaller sections are merged with what follows under the same heading; default 40
	Hard   int // no chunk is longer: a code block or row that is, is cut; default 800
}

func (o Options) withDefaults() Options {
	if o.Target <= 0 {
		o.Target = 200
	}
	if o.Min <= 0 {
		o.Min = o.Target / 5
	}
	if o.Hard <= 0 {
		o.Hard = 4 * o.Target
	}
	o.Hard = max(o.Hard, o.Target)
	return o
}

// Split cuts a page into chunks. An empty page has none.
func Split(doc Doc, opts Options) []Chunk {
	opts = opts.withDefaults()
	var pieces []piece
	for _, part := range parts(doc) {
		for _, blocks := range pack(blocksOf(part.text), opts) {
			pieces = append(pieces, piece{section: part.section, blocks: blocks, words: weigh(blocks)})
		}
	}
	pieces = merge(pieces, opts)
	chunks := make([]Chunk, 0, len(pieces))
	for _, p := range pieces {
		chunks = append(chunks, p.chunk(len(chunks), doc.Title))
	}
	return chunks
}

// part is the text of one section, with its heading.
type part struct {
	section *Section // nil before the first heading
	text    string
}

func parts(doc Doc) []part {
	var list []part
	add := func(section *Section, start, end int) {
		if text := doc.Markdown[start:end]; strings.TrimSpace(text) != "" {
			list = append(list, part{section: section, text: text})
		}
	}
	end := len(doc.Markdown)
	first := end
	for i := range doc.Sections {
		s := &doc.Sections[i]
		start := min(max(s.Offset, 0), end)
		first = min(first, start)
		next := end
		if i+1 < len(doc.Sections) {
			next = min(max(doc.Sections[i+1].Offset, start), end)
		}
		if i == 0 {
			add(nil, 0, first)
		}
		add(s, start, next)
	}
	if len(doc.Sections) == 0 {
		add(nil, 0, end)
	}
	return list
}

// piece is a chunk in the making.
type piece struct {
	section *Section
	blocks  []block
	words   int
	path    []string // set when pieces of several sections are merged
	merged  bool
}

func (p piece) headingPath() []string {
	if p.merged {
		return p.path
	}
	if p.section == nil {
		return nil
	}
	return p.section.Path
}

// merge joins pieces that are too short to stand alone with what follows under the same heading. The decision looks at
// neighbours only, so that it does not move with edits elsewhere.
func merge(pieces []piece, opts Options) []piece {
	var out []piece
	for _, p := range pieces {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.words+p.words <= opts.Target && (last.words < opts.Min || p.words < opts.Min && related(last.section, p.section)) &&
				joinable(last.headingPath(), p.headingPath()) {
				last.path = common(last.headingPath(), p.headingPath())
				last.merged = true
				last.blocks = append(slices.Clone(last.blocks), p.blocks...)
				last.words += p.words
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// related reports whether b is part of a or its sibling.
func related(a, b *Section) bool {
	return a != nil && b != nil && (a == b || b.Level >= a.Level)
}

// joinable reports whether two sections share the heading above: one is within the other, or both stand under the same.
func joinable(a, b []string) bool {
	shared := len(common(a, b))
	return shared >= min(len(a), len(b))-1 && (shared > 0 || len(a) <= 1)
}

func common(a, b []string) []string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

func (p piece) chunk(number int, title string) Chunk {
	c := Chunk{
		Number: number, HeadingPath: slices.Clone(p.headingPath()), SectionTitle: title,
		Content: join(p.blocks), Words: p.words,
	}
	if p.section != nil {
		c.SectionTitle, c.Anchor = p.section.Title, p.section.Anchor
	}
	c.Text = Plain(c.Content)
	c.Hash = hash(c.HeadingPath, c.Content)
	return c
}

func hash(path []string, content string) [sha256.Size]byte {
	var b strings.Builder
	for _, heading := range path {
		b.WriteString(heading)
		b.WriteByte(0)
	}
	b.WriteByte(0)
	for line := range strings.SplitSeq(content, "\n") {
		b.WriteString(strings.TrimRight(line, " \t\r"))
		b.WriteByte('\n')
	}
	return sha256.Sum256([]byte(b.String()))
}

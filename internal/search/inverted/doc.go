// Package inverted is the word index of chunks: what is kept of one chunk (Doc), immutable segments of many of them
// (Header and postings), how segments are built and merged, and how postings are read back. It does no I/O; where the
// bytes are kept is the store's affair.
package inverted

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// Version changes when documents are analysed or written in another way; an index of another version is built anew.
const Version = 2

// ErrDamaged: bytes are not what this package writes.
var ErrDamaged = errors.New("damaged search index")

// What a word counts for by where it stands, in tenths of an occurrence in the body.
const (
	bodyWeight    = 10
	sectionWeight = 15
	titleWeight   = 25
	linkWeight    = 4
	// Unit is one occurrence in the body.
	Unit = bodyWeight
)

// MaxFrequency bounds a frequency; BM25 is long saturated there.
const MaxFrequency = 255

// Fields are the texts of a chunk.
type Fields struct {
	Title   string // of the page
	Heading string // headings over the chunk, joined
	Section string // the innermost of them
	Body    string // plain text
	Content string // Markdown; the targets of its links are found, too
}

// Doc is what the index keeps of a chunk.
type Doc struct {
	ChunkID  int64
	SourceID string
	PageID   string
	Length   int // in words
	Terms    []TermFrequency
	Words    []string // unstemmed, for the correction of misspelt ones; sorted
	Phrase   string   // its section title
}

// TermFrequency is a term of a document and its weighted frequency, in units of a tenth of an occurrence, 1..255.
type TermFrequency struct {
	Term      string
	Frequency uint8
}

// Analyze makes a Doc of a chunk.
func Analyze(a *analysis.Analyzer, f Fields) Doc { return NewCounter(a).Analyze(f) }

// Counter analyses chunks one after the other; its memory is used again for the next one. It is not safe for concurrent use.
type Counter struct {
	a      *analysis.Analyzer
	terms  map[string]int
	words  map[string]bool
	length int
}

// NewCounter returns a counter of what a makes of texts.
func NewCounter(a *analysis.Analyzer) *Counter {
	return &Counter{a: a, terms: map[string]int{}, words: map[string]bool{}}
}

// Analyze makes a Doc of a chunk.
func (c *Counter) Analyze(f Fields) Doc {
	clear(c.terms)
	clear(c.words)
	c.length = 0
	c.add(f.Title, titleWeight, true)
	c.add(f.Heading, sectionWeight, true)
	c.add(f.Body, bodyWeight, false)
	c.links(f.Content)
	d := Doc{Length: c.length, Phrase: f.Section, Terms: make([]TermFrequency, 0, len(c.terms))}
	for t, n := range c.terms {
		d.Terms = append(d.Terms, TermFrequency{Term: t, Frequency: uint8(min(n, MaxFrequency))})
	}
	slices.SortFunc(d.Terms, func(a, b TermFrequency) int { return cmp.Compare(a.Term, b.Term) })
	d.Words = make([]string, 0, len(c.words))
	for w := range c.words {
		d.Words = append(d.Words, w)
	}
	slices.Sort(d.Words)
	return d
}

// add counts a text. Stop words are kept in titles and headings only, for those who look for "Who is who".
func (c *Counter) add(text string, weight int, title bool) {
	for _, t := range c.a.Tokens(text) {
		if t.Stop && !title {
			continue
		}
		if !title {
			c.length++
		}
		for i, term := range t.Terms {
			if term.Text == "" {
				continue
			}
			// Parts of one name are counted less than words that stand alone, or lists of names would win every query.
			w := weight
			if i > 0 && t.Kind == analysis.Identifier {
				w = weight * 6 / 10
			}
			c.terms[term.Text] += w
		}
		for _, r := range t.Characters() {
			c.terms[r] += weight / 5
		}
		c.word(t)
	}
}

// links counts the targets of links, which the plain text does not show: issues and addresses are looked for by them.
func (c *Counter) links(markdown string) {
	for rest := markdown; ; {
		i := strings.Index(rest, "](")
		if i < 0 {
			return
		}
		rest = rest[i+2:]
		end := strings.IndexAny(rest, ") \n")
		if end < 0 {
			return
		}
		target, _, _ := strings.Cut(rest[:end], "#")
		for _, t := range c.a.Tokens(target) {
			for _, term := range t.Terms {
				if _, ok := c.terms[term.Text]; !ok && term.Text != "" {
					c.terms[term.Text] = linkWeight
				}
			}
		}
		rest = rest[end:]
	}
}

// Lengths of words that are worth suggesting, in bytes.
const (
	minWord = 3
	maxWord = 32
)

func (c *Counter) word(t analysis.Token) {
	if t.Kind != analysis.Word || t.Stop || len(t.Folded) < minWord || len(t.Folded) > maxWord {
		return
	}
	c.words[t.Folded] = true
}

// Encode writes a Doc; its ids are not part of it.
func (d Doc) Encode() []byte {
	b := make([]byte, 0, 16*len(d.Terms))
	b = binary.AppendUvarint(b, Version)
	b = binary.AppendUvarint(b, uint64(d.Length))
	b = appendString(b, d.Phrase)
	b = binary.AppendUvarint(b, uint64(len(d.Terms)))
	for _, t := range d.Terms {
		b = appendString(b, t.Term)
		b = append(b, t.Frequency)
	}
	return appendSorted(b, d.Words)
}

// Encoded is a Doc as Encode wrote it: a quarter of the memory.
type Encoded struct {
	ChunkID int64
	Page    PageKey
	Words   []byte
}

package inverted

import (
	"encoding/binary"
	"math"
	"slices"
)

// PageKey names a page.
type PageKey struct {
	SourceID string
	PageID   string
}

// Phrase is a section title that several chunks of a segment have.
type Phrase struct {
	Text  string
	Count int     // pages
	Pages []int32 // a few of them, as indexes into Header.Pages
}

// Header is what is known of a segment beside its postings. Its chunks are numbered from 0 in the order of their ids.
type Header struct {
	ChunkIDs []int64 // ascending
	Page     []int32 // of each chunk, an index into Pages
	Lengths  []uint16
	Pages    []PageKey
	Words    []string // vocabulary, sorted
	Counts   []int32  // chunks that have each word
	Phrases  []Phrase
}

// phrasePages is how many pages a phrase names.
const phrasePages = 4

// Encode writes a header.
func (h *Header) Encode() []byte {
	b := make([]byte, 0, 8*len(h.ChunkIDs)+12*len(h.Words))
	b = binary.AppendUvarint(b, Version)
	b = binary.AppendUvarint(b, uint64(len(h.Pages)))
	source := ""
	for _, p := range h.Pages {
		if p.SourceID == source {
			b = append(b, 0)
		} else {
			b = appendString(append(b, 1), p.SourceID)
			source = p.SourceID
		}
		b = appendString(b, p.PageID)
	}
	b = binary.AppendUvarint(b, uint64(len(h.ChunkIDs)))
	var last int64
	for i, id := range h.ChunkIDs {
		b = binary.AppendUvarint(b, uint64(id-last))
		b = binary.AppendUvarint(b, uint64(h.Page[i]))
		b = binary.AppendUvarint(b, uint64(h.Lengths[i]))
		last = id
	}
	b = appendSorted(b, h.Words)
	for _, n := range h.Counts {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = binary.AppendUvarint(b, uint64(len(h.Phrases)))
	for _, p := range h.Phrases {
		b = appendString(b, p.Text)
		b = binary.AppendUvarint(b, uint64(p.Count))
		b = binary.AppendUvarint(b, uint64(len(p.Pages)))
		for _, page := range p.Pages {
			b = binary.AppendUvarint(b, uint64(page))
		}
	}
	return b
}

// DecodeHeader reads what Encode wrote.
func DecodeHeader(b []byte) (*Header, error) {
	r := reader{b: b}
	if r.uint() != Version {
		return nil, ErrDamaged
	}
	h := &Header{}
	source := ""
	for range r.count() {
		if r.byte() == 1 {
			source = r.string()
		}
		h.Pages = append(h.Pages, PageKey{SourceID: source, PageID: r.string()})
	}
	n := r.count()
	h.ChunkIDs, h.Page, h.Lengths = make([]int64, n), make([]int32, n), make([]uint16, n)
	var last int64
	for i := range n {
		last += int64(r.uint())
		page := r.uint()
		if page >= uint64(len(h.Pages)) {
			r.fail()
			return nil, r.err
		}
		h.ChunkIDs[i], h.Page[i], h.Lengths[i] = last, int32(page), uint16(min(r.uint(), math.MaxUint16))
	}
	h.Words = r.sorted()
	h.Counts = make([]int32, len(h.Words))
	for i := range h.Counts {
		h.Counts[i] = int32(r.uint())
	}
	for range r.count() {
		p := Phrase{Text: r.string(), Count: int(r.uint())}
		for range r.count() {
			page := r.uint()
			if page >= uint64(len(h.Pages)) {
				r.fail()
				return nil, r.err
			}
			p.Pages = append(p.Pages, int32(page))
		}
		h.Phrases = append(h.Phrases, p)
	}
	return h, r.err
}

// WordCount returns how many chunks have a word of the vocabulary.
func (h *Header) WordCount(word string) int {
	i, ok := slices.BinarySearch(h.Words, word)
	if !ok {
		return 0
	}
	return int(h.Counts[i])
}

package inverted

import (
	"encoding/binary"
	"iter"
)

// Posting is a chunk (by its number in the segment) that has a term.
type Posting struct {
	Doc       int32
	Frequency uint8
}

// AppendPostings writes postings, which are in the order of their chunks. Most are one body occurrence and take a byte.
func AppendPostings(b []byte, list []Posting) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	last := int32(-1)
	for _, p := range list {
		gap := uint64(p.Doc-last-1) << 1
		last = p.Doc
		if p.Frequency == Unit {
			b = binary.AppendUvarint(b, gap)
			continue
		}
		b = binary.AppendUvarint(b, gap|1)
		b = append(b, p.Frequency)
	}
	return b
}

// CountPostings returns how many postings b holds.
func CountPostings(b []byte) int {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)) {
		return 0
	}
	return int(n)
}

// Block is a piece of a list of postings, for those who read all of it: several times faster than one by one.
type Block struct {
	Docs        [blockSize]int32
	Frequencies [blockSize]uint8
}

// blockSize keeps a block within the processor's nearest cache.
const blockSize = 512

// Cursor reads what AppendPostings wrote, in blocks. It ends early where the bytes are damaged.
type Cursor struct {
	rest []byte
	doc  int32
}

// NewCursor returns a cursor at the beginning of b.
func NewCursor(b []byte) Cursor {
	_, n := binary.Uvarint(b)
	if n <= 0 {
		return Cursor{}
	}
	return Cursor{rest: b[n:], doc: -1}
}

// Next fills a block and returns how many postings are in it; 0 at the end.
func (c *Cursor) Next(to *Block) int {
	b, doc, i, n := c.rest, c.doc, 0, 0
	for n < blockSize && i < len(b) {
		v := uint64(b[i])
		i++
		if v >= 0x80 {
			u, size := binary.Uvarint(b[i-1:])
			if size <= 0 {
				return c.end(n)
			}
			v, i = u, i-1+size
		}
		if doc += int32(v>>1) + 1; doc < 0 {
			return c.end(n)
		}
		frequency := uint8(Unit)
		if v&1 == 1 {
			if i == len(b) {
				return c.end(n)
			}
			frequency = b[i]
			i++
		}
		to.Docs[n], to.Frequencies[n] = doc, frequency
		n++
	}
	c.rest, c.doc = b[i:], doc
	return n
}

// end makes a damaged list end after the n postings of this block.
func (c *Cursor) end(n int) int {
	c.rest = nil
	return n
}

// Postings yields what AppendPostings wrote. It ends early where b is damaged.
func Postings(b []byte) iter.Seq2[int32, uint8] {
	return func(yield func(int32, uint8) bool) {
		c := NewCursor(b)
		var block Block
		for n := c.Next(&block); n > 0; n = c.Next(&block) {
			for i, doc := range block.Docs[:n] {
				if !yield(doc, block.Frequencies[i]) {
					return
				}
			}
		}
	}
}

// Find returns the frequency of a term in a chunk, 0 where the chunk lacks it; b are the term's postings.
func Find(b []byte, doc int32) uint8 {
	for d, frequency := range Postings(b) {
		if d >= doc {
			if d == doc {
				return frequency
			}
			break
		}
	}
	return 0
}

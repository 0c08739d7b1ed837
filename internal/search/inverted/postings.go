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

// Postings yields what AppendPostings wrote. It ends early where b is damaged.
func Postings(b []byte) iter.Seq2[int32, uint8] {
	return func(yield func(int32, uint8) bool) {
		_, i := binary.Uvarint(b)
		if i <= 0 {
			return
		}
		doc := int32(-1)
		for i < len(b) {
			v := uint64(b[i])
			i++
			if v >= 0x80 {
				u, n := binary.Uvarint(b[i-1:])
				if n <= 0 {
					return
				}
				v, i = u, i-1+n
			}
			doc += int32(v>>1) + 1
			if doc < 0 {
				return
			}
			frequency := uint8(Unit)
			if v&1 == 1 {
				if i == len(b) {
					return
				}
				frequency = b[i]
				i++
			}
			if !yield(doc, frequency) {
				return
			}
		}
	}
}

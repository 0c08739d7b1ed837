package inverted

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Segment is a header with its postings by term.
type Segment struct {
	Header   *Header
	Postings map[string][]byte
}

// Build makes a segment of documents.
func Build(docs []Doc) Segment {
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b Doc) int { return cmp.Compare(a.ChunkID, b.ChunkID) })
	b := NewBuilder()
	for _, d := range docs {
		b.Add(d)
	}
	return b.Segment()
}

// BuildEncoded makes a segment of documents without decoding them; ErrDamaged where one cannot be read.
func BuildEncoded(docs []Encoded) (Segment, error) {
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b Encoded) int { return cmp.Compare(a.ChunkID, b.ChunkID) })
	b := NewBuilder()
	for _, d := range docs {
		if err := b.AddEncoded(d.ChunkID, d.Page, d.Words); err != nil {
			return Segment{}, fmt.Errorf("words of chunk %d: %w", d.ChunkID, err)
		}
	}
	return b.Segment(), nil
}

// Gone is the new number of a chunk that a merge leaves out.
const Gone = int32(-1)

// Merge joins headers into one, without the chunks that keep rejects. It also returns, for each header, the new number
// of each of its chunks. Vocabulary and headings are summed up; what a chunk that goes had of them stays counted until
// the index is built anew.
func Merge(headers []*Header, keep func(chunkID int64) bool) (*Header, [][]int32) {
	type origin struct {
		id       int64
		seg, doc int32
	}
	var all []origin
	numbers := make([][]int32, len(headers))
	for s, h := range headers {
		numbers[s] = make([]int32, len(h.ChunkIDs))
		for d, id := range h.ChunkIDs {
			if !keep(id) {
				numbers[s][d] = Gone
				continue
			}
			all = append(all, origin{id: id, seg: int32(s), doc: int32(d)})
		}
	}
	slices.SortFunc(all, func(a, b origin) int { return cmp.Compare(a.id, b.id) })
	merged := &Header{}
	pages := map[PageKey]int32{}
	for i, o := range all {
		h := headers[o.seg]
		key := h.Pages[h.Page[o.doc]]
		page, ok := pages[key]
		if !ok {
			page = int32(len(merged.Pages))
			pages[key] = page
			merged.Pages = append(merged.Pages, key)
		}
		merged.ChunkIDs = append(merged.ChunkIDs, o.id)
		merged.Page = append(merged.Page, page)
		merged.Lengths = append(merged.Lengths, h.Lengths[o.doc])
		numbers[o.seg][o.doc] = int32(i)
	}
	words := map[string]int32{}
	phrases := newPhraseCounter()
	for _, h := range headers {
		for i, w := range h.Words {
			words[w] += h.Counts[i]
		}
		for _, p := range h.Phrases {
			extra := p.Count
			for _, page := range p.Pages {
				if now, ok := pages[h.Pages[page]]; ok {
					phrases.add(p.Text, 0, now)
				}
				extra--
			}
			phrases.add(p.Text, extra, -1)
		}
	}
	merged.Words = slices.Sorted(maps.Keys(words))
	merged.Counts = make([]int32, len(merged.Words))
	for i, w := range merged.Words {
		merged.Counts[i] = words[w]
	}
	least := 1
	if len(merged.ChunkIDs) > manyChunks {
		least = 2
	}
	merged.Phrases = phrases.list(least)
	return merged, numbers
}

// manyChunks is when headings that stand on one page only are no longer kept.
const manyChunks = 5000

// MergePostings joins the postings of one term; lists[i] belongs to the header whose new numbers are numbers[i].
func MergePostings(lists [][]byte, numbers [][]int32) []byte {
	var all []Posting
	for i, data := range lists {
		for doc, frequency := range Postings(data) {
			if int(doc) >= len(numbers[i]) || numbers[i][doc] == Gone {
				continue
			}
			all = append(all, Posting{Doc: numbers[i][doc], Frequency: frequency})
		}
	}
	if len(all) == 0 {
		return nil
	}
	byDoc := func(a, b Posting) int { return cmp.Compare(a.Doc, b.Doc) }
	if !slices.IsSortedFunc(all, byDoc) { // mostly one segment's chunks are all older than the next one's
		slices.SortFunc(all, byDoc)
	}
	return AppendPostings(make([]byte, 0, 2+2*len(all)), all)
}

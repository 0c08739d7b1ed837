package inverted

import (
	"math"
	"slices"
)

// Builder makes a segment of documents that are added one after the other, in the order of their ids. It keeps of each
// no more than the segment will hold.
type Builder struct {
	header  Header
	pages   map[PageKey]int32
	terms   map[string]int // index into lists
	lists   [][]Posting
	words   map[string]int // index into counts
	counts  []int32
	phrases phraseCounter
	word    []byte // scratch
}

// NewBuilder returns a builder of an empty segment.
func NewBuilder() *Builder {
	return &Builder{pages: map[PageKey]int32{}, terms: map[string]int{}, words: map[string]int{}, phrases: newPhraseCounter()}
}

// Add adds a document.
func (b *Builder) Add(d Doc) {
	doc := b.add(d.ChunkID, PageKey{SourceID: d.SourceID, PageID: d.PageID}, d.Length, d.Phrase)
	for _, t := range d.Terms {
		i, ok := b.terms[t.Term]
		if !ok {
			i = b.newTerm(t.Term)
		}
		b.lists[i] = append(b.lists[i], Posting{Doc: doc, Frequency: t.Frequency})
	}
	for _, w := range d.Words {
		i, ok := b.words[w]
		if !ok {
			i = b.newWord(w)
		}
		b.counts[i]++
	}
}

// AddEncoded adds what Doc.Encode wrote, without making a Doc of it. After an error the builder is of no use.
func (b *Builder) AddEncoded(chunkID int64, page PageKey, doc []byte) error {
	r := reader{b: doc}
	if r.uint() != Version {
		return ErrDamaged
	}
	length, phrase := int(r.uint()), r.string()
	number := b.add(chunkID, page, length, phrase)
	for range r.count() {
		term, frequency := r.bytes(), r.byte()
		i, ok := b.terms[string(term)]
		if !ok {
			i = b.newTerm(string(term))
		}
		b.lists[i] = append(b.lists[i], Posting{Doc: number, Frequency: frequency})
	}
	b.word = b.word[:0]
	for range r.count() {
		shared := int(r.byte())
		rest := r.bytes()
		if r.err != nil || shared > len(b.word) {
			return ErrDamaged
		}
		b.word = append(b.word[:shared], rest...)
		i, ok := b.words[string(b.word)]
		if !ok {
			i = b.newWord(string(b.word))
		}
		b.counts[i]++
	}
	return r.err
}

// Readable reports whether doc is what Doc.Encode wrote.
func Readable(doc []byte) bool { return NewBuilder().AddEncoded(0, PageKey{}, doc) == nil }

func (b *Builder) add(chunkID int64, key PageKey, length int, phrase string) int32 {
	h := &b.header
	page, ok := b.pages[key]
	if !ok {
		page = int32(len(h.Pages))
		b.pages[key] = page
		h.Pages = append(h.Pages, key)
	}
	h.ChunkIDs = append(h.ChunkIDs, chunkID)
	h.Page = append(h.Page, page)
	h.Lengths = append(h.Lengths, uint16(min(length, math.MaxUint16)))
	b.phrases.add(phrase, 0, page)
	return int32(len(h.ChunkIDs) - 1)
}

func (b *Builder) newTerm(term string) int {
	b.terms[term] = len(b.lists)
	b.lists = append(b.lists, nil)
	return len(b.lists) - 1
}

func (b *Builder) newWord(word string) int {
	b.words[word] = len(b.counts)
	b.counts = append(b.counts, 0)
	return len(b.counts) - 1
}

// Segment returns the segment; nothing can be added any more.
func (b *Builder) Segment() Segment {
	h := &b.header
	h.Words = make([]string, 0, len(b.words))
	for w := range b.words {
		h.Words = append(h.Words, w)
	}
	slices.Sort(h.Words)
	h.Counts = make([]int32, len(h.Words))
	for i, w := range h.Words {
		h.Counts[i] = b.counts[b.words[w]]
	}
	h.Phrases = b.phrases.list(1)
	postings := make(map[string][]byte, len(b.lists))
	for term, i := range b.terms {
		postings[term] = AppendPostings(make([]byte, 0, 2+2*len(b.lists[i])), b.lists[i])
		b.lists[i] = nil
	}
	return Segment{Header: h, Postings: postings}
}

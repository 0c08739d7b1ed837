package search

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// state is one state of the index, as far as it is kept in memory: which chunks there are, on which pages, and what is
// known of the pages. The postings stay in the database, but for those of fresh chunks. A state never changes once
// published; the next one shares what is equal.
type state struct {
	since    int64
	seen     string
	until    int64
	lacking  bool       // chunks are missing from the index
	segments []*segment // stored ones, then fresh ones
	stored   []int64    // ids of the stored ones
	pages    []*pageInfo
	byKey    map[inverted.PageKey]int32
	sources  map[string]Source
	configs  []string // text search configurations in use
	docs     int      // live chunks
	average  float64  // their average length
	first    []docRef // of each page, its first chunk
	columns  columns
	// Pages by the terms of their labels.
	labelPages map[string][]int32
	names      []string // values of facets, by number
	// What is made when it is first needed.
	lazy *lazy
}

// lazy is what is derived of the pages of a state; states with the same pages share it.
type lazy struct {
	issues      sync.Once
	jiraPages   map[string][]int32 // by the issue keys that they carry
	open, whole atomic.Pointer[allowed]
}

// docRef is a chunk: segment and number in it.
type docRef struct{ seg, doc int32 }

var noDoc = docRef{seg: -1} //nolint:gochecknoglobals // a constant table

// segment is a segment of a state.
type segment struct {
	id      int64 // 0: fresh chunks
	header  *inverted.Header
	numbers []int32           // of the header's pages, index into state.pages
	page    []int32           // of each chunk, the same
	gone    []bool            // nil: none
	memory  map[string][]byte // postings of fresh chunks
	chunks  *chunkIndex
	counts  *counts
	// What is derived when it is first needed, shared by the copies of a segment.
	vocabulary *vocabulary
	phrases    *headingList
	live       int
	length     int // sum over the live chunks
}

// pageInfo is a page with what is derived from it.
type pageInfo struct {
	Page
	live       bool
	kind       string
	folded     string   // title
	labelTerms []string // terms of its labels
	titleTerms atomic.Pointer[[]string]
	// Numbers of facet values in state.names.
	space, author, typ int32
	labels             []int32
}

// terms are the terms of the title; they are made when they are first needed.
func (p *pageInfo) terms(a *analysis.Analyzer) []string {
	if list := p.titleTerms.Load(); list != nil {
		return *list
	}
	list := []string{}
	for _, t := range a.Tokens(p.Title) {
		for _, x := range t.Terms {
			list = append(list, x.Text)
		}
	}
	p.titleTerms.Store(&list)
	return list
}

func newPageInfo(p Page, sources map[string]Source, known *numbering) *pageInfo {
	source, ok := sources[p.SourceID]
	info := &pageInfo{Page: p, live: ok && !p.Deleted, kind: source.Kind, folded: analysis.Fold(p.Title)}
	info.space, info.author, info.typ = known.number(p.SpaceKey), known.number(p.Author), known.number(p.Type)
	for _, l := range p.Labels {
		info.labels = append(info.labels, known.number(l))
	}
	if len(p.Labels) > 0 {
		a := known.analyzer(source.TextConfig)
		for _, label := range p.Labels {
			for _, t := range a.Tokens(label) {
				for _, term := range t.Terms {
					if !slices.Contains(info.labelTerms, term.Text) {
						info.labelTerms = append(info.labelTerms, term.Text)
					}
				}
			}
		}
	}
	return info
}

// find returns the chunk with an id.
func (s *state) find(id int64) (docRef, bool) {
	for i, seg := range s.segments {
		doc, ok := slices.BinarySearch(seg.header.ChunkIDs, id)
		if ok && !seg.isGone(doc) {
			return docRef{seg: int32(i), doc: int32(doc)}, true
		}
	}
	return noDoc, false
}

func (seg *segment) isGone(doc int) bool { return seg.gone != nil && seg.gone[doc] }

func (s *state) pageOf(r docRef) int32 { return s.segments[r.seg].page[r.doc] }

func (s *state) chunkID(r docRef) int64 { return s.segments[r.seg].header.ChunkIDs[r.doc] }

// count sums up what BM25 needs, and finds the first chunks of pages; old is the state before.
func (s *state) count(old *state) {
	s.docs = 0
	length := 0
	for _, seg := range s.segments {
		s.docs += seg.live
		length += seg.length
	}
	s.average = math.Max(1, float64(length)/math.Max(1, float64(s.docs)))
	same := 0 // segments at the same place as before
	for same < min(len(s.segments), len(old.segments)) && s.segments[same].header == old.segments[same].header {
		same++
	}
	if same < len(old.segments) || same == 0 {
		s.first = make([]docRef, len(s.pages))
		for i := range s.first {
			s.first[i] = noDoc
		}
		same = 0
	} else {
		s.first = grown(old.first, len(s.pages))
		for i := len(old.first); i < len(s.first); i++ {
			s.first[i] = noDoc
		}
		s.refreshFirst(old, same)
	}
	for i, seg := range s.segments[same:] {
		s.setFirst(int32(same+i), seg)
	}
}

func (s *state) setFirst(i int32, seg *segment) {
	for doc, page := range seg.page {
		if s.first[page] == noDoc && !seg.isGone(doc) {
			s.first[page] = docRef{seg: i, doc: int32(doc)}
		}
	}
}

// refreshFirst looks again where the first chunk of a page has gone since.
func (s *state) refreshFirst(old *state, same int) {
	lost := map[int32]bool{}
	for i, seg := range s.segments[:same] {
		if seg == old.segments[i] {
			continue
		}
		for doc, gone := range seg.gone {
			if page := seg.page[doc]; gone && s.first[page] == (docRef{seg: int32(i), doc: int32(doc)}) {
				s.first[page] = noDoc
				lost[page] = true
			}
		}
	}
	for page := range lost {
		for i, seg := range s.segments[:same] {
			chunks := seg.chunks.of(page)
			if n := slices.IndexFunc(chunks, func(doc int32) bool { return !seg.isGone(int(doc)) }); n >= 0 {
				s.first[page] = docRef{seg: int32(i), doc: chunks[n]}
				break
			}
		}
	}
}

// indexLabels makes the look-up of pages by the terms of their labels; changed are the pages, ascending, that differ from
// old's.
func (s *state) indexLabels(old *state, changed []int32) {
	terms := func(pages []*pageInfo, i int32) []string {
		if int(i) < len(pages) && pages[i].live {
			return pages[i].labelTerms
		}
		return nil
	}
	changed = slices.DeleteFunc(changed, func(i int32) bool { return slices.Equal(terms(old.pages, i), terms(s.pages, i)) })
	next := maps.Clone(old.labelPages)
	if next == nil {
		next = map[string][]int32{}
	}
	own := map[string]bool{} // lists that are no longer old's
	for _, i := range changed {
		for _, t := range slices.Concat(terms(old.pages, i), terms(s.pages, i)) {
			if own[t] {
				continue
			}
			own[t] = true
			next[t] = slices.DeleteFunc(slices.Clone(next[t]), func(x int32) bool {
				_, ok := slices.BinarySearch(changed, x)
				return ok
			})
		}
	}
	for _, i := range changed {
		for _, t := range terms(s.pages, i) {
			next[t] = append(next[t], i)
		}
	}
	s.labelPages = next
}

// withIssue returns the pages that carry an issue key.
func (s *state) withIssue(key string) []int32 {
	s.lazy.issues.Do(func() {
		s.lazy.jiraPages = map[string][]int32{}
		for i, p := range s.pages {
			if !p.live {
				continue
			}
			for _, k := range p.JiraKeys {
				s.lazy.jiraPages[k] = append(s.lazy.jiraPages[k], int32(i))
			}
		}
	})
	return s.lazy.jiraPages[key]
}

// measure counts the live chunks of a segment.
func (seg *segment) measure() {
	seg.live, seg.length = 0, 0
	for doc, n := range seg.header.Lengths {
		if !seg.isGone(doc) {
			seg.live++
			seg.length += int(n)
		}
	}
}

// copied returns a copy whose chunks can be dropped.
func (seg *segment) copied() *segment {
	own := *seg
	if own.gone == nil {
		own.gone = make([]bool, len(own.header.ChunkIDs))
	} else {
		own.gone = slices.Clone(own.gone)
	}
	own.counts = newCounts()
	return &own
}

// drop marks a chunk that is live as gone.
func (seg *segment) drop(doc int) {
	seg.gone[doc] = true
	seg.live--
	seg.length -= int(seg.header.Lengths[doc])
}

// value of a facet, without regard to case.
func equalFold(list []string, value string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, value) })
}

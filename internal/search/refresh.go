package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicehq/sluice/internal/search/inverted"
	"github.com/sluicehq/sluice/internal/wiki"
)

// reader keeps the latest state. Every search asks for what changed before it answers, so that what is stored is found
// at once; searches that come at the same time share one question.
type reader struct {
	store   Store
	current atomic.Pointer[state]

	mu      sync.Mutex
	started time.Time // of the last refresh that succeeded
	known   *numbering
}

// loadTimeout bounds the first load, which outlives the search that happened to need it.
const loadTimeout = time.Minute

// state returns a state of the index that is not older than the call.
func (r *reader) state(ctx context.Context) (*state, error) {
	asked := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.current.Load(); s != nil && r.started.After(asked) {
		return s, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	old := r.current.Load()
	known := Known{}
	if old != nil {
		known = Known{Since: old.since, Until: old.until, Seen: old.seen, Segments: old.stored}
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
	}
	started := time.Now()
	c, err := r.store.Changes(ctx, known)
	if err != nil {
		return nil, err
	}
	if r.known == nil {
		r.known = newNumbering()
	}
	if c.Anew {
		old = nil
	}
	s, err := next(old, c, r.known)
	if errors.Is(err, errGap) {
		if c, err = r.store.Changes(ctx, Known{}); err != nil {
			return nil, err
		}
		s, err = next(nil, c, r.known)
	}
	if errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("%w: words of new chunks: %w; restart the program, which mends it", wiki.ErrUnavailable, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: search index: %w", wiki.ErrUnavailable, err)
	}
	r.current.Store(s)
	r.started = started
	return s, nil
}

// next makes the state that follows old.
func next(old *state, c Changes, known *numbering) (*state, error) {
	if old == nil {
		old = &state{byKey: map[inverted.PageKey]int32{}, sources: map[string]Source{}, lazy: &lazy{}}
	}
	s := *old
	s.since, s.until, s.seen, s.lacking = c.Since, c.Until, c.Seen, c.Incomplete
	sources := make(map[string]Source, len(c.Sources))
	for _, src := range c.Sources {
		sources[src.ID] = src
	}
	sameSources := maps.Equal(sources, old.sources)
	news := news{pages: changedPages(old, c.Pages), fresh: unknown(old, c.Fresh), removed: c.Removed}
	if sameSources && !c.Moved && news.empty(old) {
		return &s, nil
	}
	var changed []int32
	if !sameSources {
		changed = s.setSources(sources, known)
	}
	changed = append(changed, s.setPages(news.pages, known)...)
	s.names = known.names
	if err := s.setSegments(old, c, news.fresh); err != nil {
		return nil, err
	}
	s.remove(c.Removed)
	s.derive(old, changed)
	s.count(old)
	return &s, nil
}

// derive makes what is looked up by the properties of pages; changed are those that differ from old's.
func (s *state) derive(old *state, changed []int32) {
	for i := len(old.pages); i < len(s.pages); i++ {
		changed = append(changed, int32(i))
	}
	if len(changed) == 0 {
		return
	}
	slices.Sort(changed)
	changed = slices.Compact(changed)
	s.columns = old.columns.with(s.pages, changed)
	s.indexLabels(old, changed)
	s.lazy = &lazy{}
}

type news struct {
	pages   []Page
	fresh   []inverted.Encoded
	removed []int64
}

// empty reports whether there is nothing that old does not hold already.
func (n news) empty(old *state) bool {
	if len(n.pages)+len(n.fresh) > 0 {
		return false
	}
	return !slices.ContainsFunc(n.removed, func(id int64) bool {
		_, ok := old.find(id)
		return ok
	})
}

// changedPages drops the pages that are as a state knows them.
func changedPages(old *state, pages []Page) []Page {
	return slices.DeleteFunc(slices.Clone(pages), func(p Page) bool {
		i, ok := old.byKey[inverted.PageKey{SourceID: p.SourceID, PageID: p.PageID}]
		return ok && samePage(old.pages[i].Page, p)
	})
}

func samePage(a, b Page) bool {
	return a.SpaceKey == b.SpaceKey && a.Type == b.Type && a.Title == b.Title && a.URL == b.URL && a.LastModified.Equal(b.LastModified) &&
		slices.Equal(a.Ancestors, b.Ancestors) && a.AuthorID == b.AuthorID && a.Author == b.Author && slices.Equal(a.Labels, b.Labels) &&
		slices.Equal(a.JiraKeys, b.JiraKeys) && a.Restricted == b.Restricted && a.Deleted == b.Deleted && a.Chunks == b.Chunks && a.Hash == b.Hash
}

// setSources returns the pages that are to be derived anew: all.
func (s *state) setSources(sources map[string]Source, known *numbering) (changed []int32) {
	s.sources = sources
	s.configs = nil
	for _, id := range slices.Sorted(maps.Keys(sources)) {
		if config := sources[id].TextConfig; !slices.Contains(s.configs, config) {
			s.configs = append(s.configs, config)
		}
	}
	s.pages = slices.Clone(s.pages)
	for i, p := range s.pages {
		s.pages[i] = newPageInfo(p.Page, sources, known)
		changed = append(changed, int32(i))
	}
	return changed
}

// setPages returns the numbers of the pages.
func (s *state) setPages(pages []Page, known *numbering) (changed []int32) {
	if len(pages) == 0 {
		return nil
	}
	s.pages = slices.Clone(s.pages)
	s.ownKeys(pages)
	for _, p := range pages {
		i := s.pageNumber(inverted.PageKey{SourceID: p.SourceID, PageID: p.PageID})
		s.pages[i] = newPageInfo(p, s.sources, known)
		changed = append(changed, i)
	}
	return changed
}

// ownKeys copies the numbers of pages, which other states read, where new ones are to come.
func (s *state) ownKeys(pages []Page) {
	for _, p := range pages {
		if _, ok := s.byKey[inverted.PageKey{SourceID: p.SourceID, PageID: p.PageID}]; !ok {
			s.byKey = maps.Clone(s.byKey)
			return
		}
	}
}

// pageNumber returns the number of a page. One that is not known (yet) gets one, and is not live.
func (s *state) pageNumber(key inverted.PageKey) int32 {
	if i, ok := s.byKey[key]; ok {
		return i
	}
	i := int32(len(s.pages))
	s.pages = append(s.pages, &pageInfo{Page: Page{SourceID: key.SourceID, PageID: key.PageID}})
	s.byKey[key] = i
	return i
}

func (s *state) setSegments(old *state, c Changes, fresh []inverted.Encoded) error {
	byID := map[int64]*segment{}
	var memory []*segment
	for _, seg := range old.segments {
		if seg.id != 0 {
			byID[seg.id] = seg
		} else {
			memory = append(memory, seg)
		}
	}
	if c.Moved {
		var err error
		if memory, err = stillFresh(memory, fresh, c.FreshIDs); err != nil {
			return err
		}
	}
	for _, h := range c.Segments {
		byID[h.ID] = s.newSegment(h.ID, h.Header, nil)
	}
	s.stored = c.SegmentIDs
	s.segments = make([]*segment, 0, len(c.SegmentIDs)+len(memory)+1)
	for _, id := range c.SegmentIDs {
		if seg := byID[id]; seg != nil {
			s.segments = append(s.segments, seg)
		}
	}
	if len(fresh) > 0 {
		built, err := inverted.BuildEncoded(fresh)
		if err != nil {
			return err
		}
		memory = append(memory, s.newSegment(0, built.Header, built.Postings))
	}
	if len(memory) > freshPieces {
		memory = []*segment{s.joinFresh(memory)}
	}
	s.segments = append(s.segments, memory...)
	return nil
}

func (s *state) newSegment(id int64, header *inverted.Header, memory map[string][]byte) *segment {
	if slices.ContainsFunc(header.Pages, func(key inverted.PageKey) bool { _, ok := s.byKey[key]; return !ok }) {
		s.byKey = maps.Clone(s.byKey)
		s.pages = slices.Clone(s.pages)
	}
	numbers := make([]int32, len(header.Pages))
	for i, key := range header.Pages {
		numbers[i] = s.pageNumber(key)
	}
	seg := &segment{
		id: id, header: header, memory: memory, numbers: numbers, page: make([]int32, len(header.Page)),
		chunks: newChunkIndex(numbers, header.Page), counts: newCounts(), vocabulary: &vocabulary{}, phrases: &headingList{},
	}
	for doc, page := range header.Page {
		seg.page[doc] = numbers[page]
	}
	seg.measure()
	return seg
}

// remove marks chunks as gone, in copies of their segments.
func (s *state) remove(ids []int64) {
	copied := map[int32]bool{}
	for _, id := range ids {
		r, ok := s.find(id)
		if !ok {
			continue
		}
		if !copied[r.seg] {
			s.segments[r.seg] = s.segments[r.seg].copied()
			copied[r.seg] = true
		}
		s.segments[r.seg].drop(int(r.doc))
	}
}

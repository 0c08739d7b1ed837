package search

import (
	"math"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// empty reports whether nothing is narrowed.
func (f Filters) empty() bool {
	return len(f.Spaces)+len(f.Labels)+len(f.Jira)+len(f.Authors)+len(f.Types)+len(f.Under)+len(f.Sources)+len(f.Kinds) == 0 &&
		!f.HasJira && f.UpdatedAfter == nil && f.UpdatedBefore == nil
}

// and adds the filters of the query's text to those of the form; of two dates the narrower one holds.
func (f Filters) and(g Filters) Filters {
	f.Spaces = slices.Concat(f.Spaces, g.Spaces)
	f.Labels = slices.Concat(f.Labels, g.Labels)
	f.Jira = slices.Concat(f.Jira, g.Jira)
	f.Authors = slices.Concat(f.Authors, g.Authors)
	f.Types = slices.Concat(f.Types, g.Types)
	f.Under = slices.Concat(f.Under, g.Under)
	f.Sources = slices.Concat(f.Sources, g.Sources)
	f.Kinds = slices.Concat(f.Kinds, g.Kinds)
	f.HasJira = f.HasJira || g.HasJira
	if g.UpdatedAfter != nil && (f.UpdatedAfter == nil || g.UpdatedAfter.After(*f.UpdatedAfter)) {
		f.UpdatedAfter = g.UpdatedAfter
	}
	if g.UpdatedBefore != nil && (f.UpdatedBefore == nil || g.UpdatedBefore.Before(*f.UpdatedBefore)) {
		f.UpdatedBefore = g.UpdatedBefore
	}
	return f
}

// allowed tells which pages of a state pass, and how many chunks they have. It may be shared by searches.
type allowed struct {
	pages  []bool
	count  int // pages
	chunks int
	all    int // chunks of all live pages
}

func (a *allowed) has(page int32) bool { return a.pages[page] }

// clone returns a copy of one's own.
func (a *allowed) clone() *allowed {
	c := *a
	c.pages = slices.Clone(a.pages)
	return &c
}

// allow finds the pages that pass the filters and may be seen. The answer is not to be changed.
func (s *state) allow(f Filters, restricted bool) *allowed {
	if !f.empty() {
		return s.filter(f, restricted)
	}
	kept := &s.lazy.open
	if restricted {
		kept = &s.lazy.whole
	}
	a := kept.Load()
	if a == nil {
		a = s.filter(f, restricted)
		kept.Store(a)
	}
	return a
}

func (s *state) filter(f Filters, restricted bool) *allowed {
	m := newMatcher(s, f, restricted)
	a := &allowed{pages: make([]bool, len(s.pages))}
	hidden := flagRestricted
	if restricted {
		hidden = 0
	}
	for i, flags := range s.columns.flags {
		if flags&flagLive == 0 {
			continue
		}
		chunks := int(s.columns.chunks[i])
		a.all += chunks
		if flags&hidden != 0 || !m.match(s, int32(i)) {
			continue
		}
		a.pages[i] = true
		a.count++
		a.chunks += chunks
	}
	return a
}

// matcher is Filters, prepared.
type matcher struct {
	Filters
	spaces, labels, types, authorNames values
	after, before                      int64    // µs
	authors                            []string // folded
	under                              []string // ids
	none                               bool     // nothing is narrowed
	deep                               bool     // the columns do not tell
}

// values are numbers in state.names; nil: any.
type values []bool

func (v values) has(number int32) bool { return v == nil || v[number] }

func newMatcher(s *state, f Filters, restricted bool) *matcher {
	m := &matcher{Filters: f, none: f.empty(), after: math.MinInt64, before: math.MaxInt64}
	m.spaces, m.labels, m.types = s.sameNames(f.Spaces), s.sameNames(f.Labels), s.sameNames(f.Types)
	if f.UpdatedAfter != nil {
		m.after = micros(*f.UpdatedAfter)
	}
	if f.UpdatedBefore != nil {
		m.before = micros(*f.UpdatedBefore)
	}
	for _, a := range f.Authors {
		m.authors = append(m.authors, analysis.Fold(strings.TrimSpace(a)))
	}
	if len(m.authors) > 0 {
		m.authorNames = s.namesWith(m.authors)
	}
	for _, u := range f.Under {
		m.under = append(m.under, s.pageIDs(u, restricted)...)
	}
	m.deep = m.HasJira || len(m.Sources)+len(m.Kinds)+len(m.Jira)+len(m.authors)+len(m.under) > 0
	return m
}

// sameNames returns which names are one of some values, without regard to case.
func (s *state) sameNames(list []string) values {
	if len(list) == 0 {
		return nil
	}
	v := make(values, len(s.names))
	for i, name := range s.names {
		v[i] = equalFold(list, name)
	}
	return v
}

// namesWith returns which names have one of some folded texts in them.
func (s *state) namesWith(parts []string) values {
	v := make(values, len(s.names))
	for i, name := range s.names {
		folded := analysis.Fold(name)
		v[i] = slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(folded, part) })
	}
	return v
}

// pageIDs returns the ids that a value of "under" means: itself, and those of the pages with that title.
func (s *state) pageIDs(value string, restricted bool) []string {
	ids := []string{value}
	title := analysis.Fold(value)
	for _, p := range s.pages {
		if p.folded == title && p.readable(restricted) {
			ids = append(ids, p.PageID)
		}
	}
	return ids
}

func (m *matcher) match(s *state, page int32) bool {
	if m.none {
		return true
	}
	c := &s.columns
	at := c.modified[page]
	if !m.spaces.has(c.space[page]) || !m.types.has(c.typ[page]) || at < m.after || at >= m.before {
		return false
	}
	if m.labels != nil && !slices.ContainsFunc(c.labelsOf(page), m.labels.has) {
		return false
	}
	return !m.deep || m.matchDeep(s.pages[page])
}

func (m *matcher) matchDeep(p *pageInfo) bool {
	switch {
	case len(m.Sources) > 0 && !slices.Contains(m.Sources, p.SourceID),
		len(m.Kinds) > 0 && !equalFold(m.Kinds, p.kind),
		m.HasJira && len(p.JiraKeys) == 0:
		return false
	}
	return anyOf(m.Jira, func(v string) bool { return equalFold(p.JiraKeys, v) }) &&
		anyOf(m.authors, func(v string) bool { return m.authorNames[p.author] || strings.EqualFold(v, p.AuthorID) }) &&
		anyOf(m.under, func(v string) bool { return slices.Contains(p.Ancestors, v) })
}

// anyOf reports whether one of the values matches; no values always do.
func anyOf(values []string, match func(string) bool) bool {
	return len(values) == 0 || slices.ContainsFunc(values, match)
}

// readable reports whether a page is there for somebody who may read restricted pages, or may not.
func (p *pageInfo) readable(restricted bool) bool { return p.live && (restricted || !p.Restricted) }

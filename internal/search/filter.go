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

// facetSet is a set of facets.
type facetSet uint8

// The facets.
const (
	spaceFacet facetSet = 1 << iota
	labelFacet
	authorFacet
	typeFacet
	updatedFacet
)

// chosen are the facets in which something is chosen.
func (f Filters) chosen() facetSet {
	var set facetSet
	for facet, chosen := range map[facetSet]bool{
		spaceFacet: len(f.Spaces) > 0, labelFacet: len(f.Labels) > 0, authorFacet: len(f.Authors) > 0, typeFacet: len(f.Types) > 0,
		updatedFacet: f.UpdatedAfter != nil || f.UpdatedBefore != nil,
	} {
		if chosen {
			set |= facet
		}
	}
	return set
}

// allowed tells which pages of a state pass, and how many chunks they have. It may be shared by searches.
type allowed struct {
	pages  []fit
	count  int // pages that pass
	chunks int // of them
	beside int // chunks of the pages beside
	all    int // chunks of all live pages
}

// fit is how a page fits the filters: it passes, or not, or is beside: it fails in the one open facet that the fit is, and
// is counted there.
type fit facetSet

const (
	passes fit = 0
	fails  fit = 0xFF
)

func (a *allowed) has(page int32) bool { return a.pages[page] == passes }

// isBeside reports whether a page fails, but only in what was chosen in one open facet.
func (a *allowed) isBeside(page int32) bool { return a.pages[page] != passes && a.pages[page] != fails }

// clone returns a copy of one's own.
func (a *allowed) clone() *allowed {
	c := *a
	c.pages = slices.Clone(a.pages)
	return &c
}

// allow finds the pages that pass the filters and may be seen, and those beside them by open facets. The answer is not to
// be changed.
func (s *state) allow(f Filters, open facetSet, restricted bool) *allowed {
	if !f.empty() {
		return s.filter(f, open, restricted)
	}
	kept := &s.lazy.open
	if restricted {
		kept = &s.lazy.whole
	}
	a := kept.Load()
	if a == nil {
		a = s.filter(f, 0, restricted)
		kept.Store(a)
	}
	return a
}

func (s *state) filter(f Filters, open facetSet, restricted bool) *allowed {
	m := newMatcher(s, f, restricted)
	m.open = open
	a := &allowed{pages: make([]fit, len(s.pages))}
	hidden := flagRestricted
	if restricted {
		hidden = 0
	}
	for i, flags := range s.columns.flags {
		a.pages[i] = fails
		if flags&flagLive == 0 {
			continue
		}
		chunks := int(s.columns.chunks[i])
		a.all += chunks
		if flags&hidden != 0 {
			continue
		}
		switch a.pages[i] = m.fit(s, int32(i)); a.pages[i] {
		case passes:
			a.count++
			a.chunks += chunks
		case fails:
		default:
			a.beside += chunks
		}
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
	open                               facetSet // which are counted without what is chosen in them
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

func (m *matcher) fit(s *state, page int32) fit {
	if m.none {
		return passes
	}
	c := &s.columns
	at := c.modified[page]
	var missed facetSet
	if !m.spaces.has(c.space[page]) {
		missed |= spaceFacet
	}
	if !m.types.has(c.typ[page]) {
		missed |= typeFacet
	}
	if at < m.after || at >= m.before {
		missed |= updatedFacet
	}
	if missed&^m.open != 0 {
		return fails
	}
	if m.labels != nil && !slices.ContainsFunc(c.labelsOf(page), m.labels.has) {
		missed |= labelFacet
	}
	if m.deep {
		p := s.pages[page]
		if !anyOf(m.authors, func(v string) bool { return m.authorNames[p.author] || strings.EqualFold(v, p.AuthorID) }) {
			missed |= authorFacet
		}
		if missed&^m.open != 0 || !m.fitsDeep(p) {
			return fails
		}
	}
	if missed&^m.open != 0 || missed&(missed-1) != 0 { // more than one
		return fails
	}
	return fit(missed)
}

// fitsDeep looks at what is no facet.
func (m *matcher) fitsDeep(p *pageInfo) bool {
	switch {
	case len(m.Sources) > 0 && !slices.Contains(m.Sources, p.SourceID),
		len(m.Kinds) > 0 && !equalFold(m.Kinds, p.kind),
		m.HasJira && len(p.JiraKeys) == 0:
		return false
	}
	return anyOf(m.Jira, func(v string) bool { return equalFold(p.JiraKeys, v) }) &&
		anyOf(m.under, func(v string) bool { return slices.Contains(p.Ancestors, v) })
}

// anyOf reports whether one of the values matches; no values always do.
func anyOf(values []string, match func(string) bool) bool {
	return len(values) == 0 || slices.ContainsFunc(values, match)
}

// readable reports whether a page is there for somebody who may read restricted pages, or may not.
func (p *pageInfo) readable(restricted bool) bool { return p.live && (restricted || !p.Restricted) }

package search

import (
	"slices"
	"strings"
	"unicode/utf8"

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

// allowed tells which pages of a state pass, and how many chunks they have.
type allowed struct {
	pages  []bool
	count  int // pages
	chunks int
	all    int // chunks of all live pages
}

func (a *allowed) has(page int32) bool { return a.pages[page] }

// allow finds the pages that pass the filters and may be seen.
func (s *state) allow(f Filters, restricted bool) *allowed {
	m := newMatcher(s, f, restricted)
	a := &allowed{pages: make([]bool, len(s.pages))}
	for i, p := range s.pages {
		if !p.live {
			continue
		}
		a.all += p.Chunks
		if p.Restricted && !restricted || !m.match(p) {
			continue
		}
		a.pages[i] = true
		a.count++
		a.chunks += p.Chunks
	}
	return a
}

// matcher is Filters, prepared.
type matcher struct {
	Filters
	authors []string // folded
	under   []string // ids
	none    bool     // nothing is narrowed
}

func newMatcher(s *state, f Filters, restricted bool) *matcher {
	m := &matcher{Filters: f, none: f.empty()}
	for _, a := range f.Authors {
		m.authors = append(m.authors, analysis.Fold(strings.TrimSpace(a)))
	}
	for _, u := range f.Under {
		m.under = append(m.under, s.pageIDs(u, restricted)...)
	}
	return m
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

func (m *matcher) match(p *pageInfo) bool {
	if m.none {
		return true
	}
	switch {
	case len(m.Sources) > 0 && !slices.Contains(m.Sources, p.SourceID),
		len(m.Spaces) > 0 && !equalFold(m.Spaces, p.SpaceKey),
		len(m.Kinds) > 0 && !equalFold(m.Kinds, p.kind),
		len(m.Types) > 0 && !equalFold(m.Types, p.Type),
		m.HasJira && len(p.JiraKeys) == 0,
		m.UpdatedAfter != nil && p.LastModified.Before(*m.UpdatedAfter),
		m.UpdatedBefore != nil && !p.LastModified.Before(*m.UpdatedBefore):
		return false
	}
	return anyOf(m.Labels, func(v string) bool { return equalFold(p.Labels, v) }) &&
		anyOf(m.Jira, func(v string) bool { return equalFold(p.JiraKeys, v) }) &&
		anyOf(m.authors, func(v string) bool {
			return strings.Contains(analysis.Fold(p.Author), v) || strings.EqualFold(v, p.AuthorID)
		}) &&
		anyOf(m.under, func(v string) bool { return slices.Contains(p.Ancestors, v) })
}

// anyOf reports whether one of the values matches; no values always do.
func anyOf(values []string, match func(string) bool) bool {
	return len(values) == 0 || slices.ContainsFunc(values, match)
}

// readable reports whether a page is there for somebody who may read restricted pages, or may not.
func (p *pageInfo) readable(restricted bool) bool { return p.live && (restricted || !p.Restricted) }

// notes says which values of filters exist nowhere, as far as whoever asks may know.
func (s *state) notes(f Filters, restricted bool) []string {
	var notes []string
	missing := func(what string, values []string, has func(p *pageInfo, v string) bool) {
		for _, v := range values {
			if !slices.ContainsFunc(s.pages, func(p *pageInfo) bool { return p.readable(restricted) && has(p, v) }) {
				notes = append(notes, "There is no "+what+" “"+shortened(v)+"”.")
			}
		}
	}
	missing("space", f.Spaces, func(p *pageInfo, v string) bool { return strings.EqualFold(p.SpaceKey, v) })
	missing("label", f.Labels, func(p *pageInfo, v string) bool { return equalFold(p.Labels, v) })
	missing("author", f.Authors, func(p *pageInfo, v string) bool {
		return strings.Contains(analysis.Fold(p.Author), analysis.Fold(v)) || strings.EqualFold(v, p.AuthorID)
	})
	missing("page with issue", f.Jira, func(p *pageInfo, v string) bool { return equalFold(p.JiraKeys, v) })
	missing("page", f.Under, func(p *pageInfo, v string) bool {
		return p.PageID == v || p.folded == analysis.Fold(v) || slices.Contains(p.Ancestors, v)
	})
	return notes
}

// mostShown is how much of a value a note repeats, in bytes.
const mostShown = 80

// shortened is a value as a note shows it: without control characters, and not at any length.
func shortened(value string) string {
	value = cleanQuery(value)
	if len(value) <= mostShown {
		return value
	}
	n := mostShown
	for !utf8.RuneStart(value[n]) {
		n--
	}
	return value[:n] + "…"
}

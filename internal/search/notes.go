package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// notes says which values of filters exist nowhere, as far as whoever asks may know; some: pages pass the filters, so that
// single values do exist.
func (s *state) notes(f Filters, restricted, some bool) []string {
	var notes []string
	missing := func(what string, values []string, has func(v string) func(page int32) bool) {
		if some && len(values) == 1 {
			return
		}
		for _, v := range values {
			if !s.anyReadable(restricted, has(v)) {
				notes = append(notes, "There is no "+what+" “"+shortened(v)+"”.")
			}
		}
	}
	deep := func(has func(p *pageInfo, v string) bool) func(string) func(int32) bool {
		return func(v string) func(int32) bool {
			return func(page int32) bool { return has(s.pages[page], v) }
		}
	}
	missing("space", f.Spaces, func(v string) func(int32) bool {
		names := s.sameNames([]string{v})
		return func(page int32) bool { return names.has(s.columns.space[page]) }
	})
	missing("label", f.Labels, func(v string) func(int32) bool {
		names := s.sameNames([]string{v})
		return func(page int32) bool { return slices.ContainsFunc(s.columns.labelsOf(page), names.has) }
	})
	missing("author", f.Authors, func(v string) func(int32) bool {
		names := s.namesWith([]string{analysis.Fold(v)})
		return func(page int32) bool {
			return names.has(s.columns.author[page]) || strings.EqualFold(v, s.pages[page].AuthorID)
		}
	})
	missing("page with issue", f.Jira, deep(func(p *pageInfo, v string) bool { return equalFold(p.JiraKeys, v) }))
	missing("page", f.Under, deep(func(p *pageInfo, v string) bool {
		return p.PageID == v || p.folded == analysis.Fold(v) || slices.Contains(p.Ancestors, v)
	}))
	return notes
}

// anyReadable reports whether a page that whoever asks may read is as asked.
func (s *state) anyReadable(restricted bool, is func(page int32) bool) bool {
	for i, flags := range s.columns.flags {
		if flags&flagLive != 0 && (restricted || flags&flagRestricted == 0) && is(int32(i)) {
			return true
		}
	}
	return false
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

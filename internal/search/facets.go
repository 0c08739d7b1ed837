package search

import (
	"cmp"
	"slices"
	"time"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// facetValues is how many values a facet lists.
const facetValues = 50

// numbering gives the values of facets numbers, so that counting them is adding in arrays. It only grows, and is used by
// one refresh at a time; states keep the names that they need.
type numbering struct {
	names     []string
	byName    map[string]int32
	analyzers map[string]*analysis.Analyzer
}

func newNumbering() *numbering {
	return &numbering{names: []string{""}, byName: map[string]int32{"": 0}, analyzers: map[string]*analysis.Analyzer{}}
}

func (n *numbering) number(name string) int32 {
	i, ok := n.byName[name]
	if !ok {
		i = int32(len(n.names))
		n.byName[name] = i
		n.names = append(n.names, name)
	}
	return i
}

func (n *numbering) analyzer(config string) *analysis.Analyzer {
	a := n.analyzers[config]
	if a == nil {
		a = analysis.New(config)
		n.analyzers[config] = a
	}
	return a
}

// facets counts what the pages that were found have, each open facet with the pages that are found beside them.
func (f *found) facets() Facets {
	c := &f.s.columns
	return Facets{
		Space: f.s.countValues(c.space, f.counted(spaceFacet)), Label: f.s.countLabels(f.counted(labelFacet)),
		Author: f.s.countValues(c.author, f.counted(authorFacet)), Type: f.s.countValues(c.typ, f.counted(typeFacet)),
		Updated: f.s.countAges(f.counted(updatedFacet), f.plan.now),
	}
}

// counted returns the pages that a facet counts.
func (f *found) counted(facet facetSet) []int32 {
	if f.open&facet == 0 {
		return f.ranking.pages
	}
	pages := slices.Clone(f.ranking.pages)
	beside := func(page int32) bool { return f.a.pages[page] == fit(facet) }
	if f.lexical == nil {
		for i := range f.a.pages {
			if beside(int32(i)) && f.s.first[i] != noDoc {
				pages = append(pages, int32(i))
			}
		}
		return pages
	}
	l := f.lexical.with(beside)
	r := f.s.gather(f.plan, l, f.vector.with(f.s, beside), l.topPages(ranked))
	if f.plan.sort == ByDate {
		r.onlyAnswers(f.s, f.plan)
	}
	for _, page := range r.pages {
		if beside(page) {
			pages = append(pages, page)
		}
	}
	return pages
}

// with returns what is found with some of the pages beside.
func (l *lexical) with(beside func(page int32) bool) *lexical {
	more := *l
	more.pages = slices.Clone(l.pages)
	for _, page := range l.beside {
		if beside(page) {
			more.pages = append(more.pages, page)
		}
	}
	return &more
}

// with returns the nearest chunks where those of some of the pages beside count, too.
func (v *vectorLeg) with(s *state, beside func(page int32) bool) *vectorLeg {
	if v == nil {
		return nil
	}
	more := *v
	more.hits = slices.Clone(v.hits)
	for _, h := range v.beside {
		if beside(s.pageOf(h.doc)) {
			more.hits = append(more.hits, h)
		}
	}
	slices.SortStableFunc(more.hits, func(a, b vectorHit) int { return cmp.Compare(b.similarity, a.similarity) })
	more.hits = more.hits[:min(len(more.hits), max(len(v.hits), vectorHits))]
	return &more
}

// countValues counts the values, by their numbers, that pages have.
func (s *state) countValues(column, pages []int32) []FacetValue {
	n := make([]int32, len(s.names))
	for _, page := range pages {
		n[column[page]]++
	}
	return s.values(n)
}

func (s *state) countLabels(pages []int32) []FacetValue {
	n := make([]int32, len(s.names))
	for _, page := range pages {
		for _, label := range s.columns.labelsOf(page) {
			n[label]++
		}
	}
	return s.values(n)
}

func (s *state) values(counts []int32) []FacetValue {
	list := []FacetValue{}
	for i, n := range counts {
		if n > 0 && i > 0 {
			list = append(list, FacetValue{Value: s.names[i], Count: int(n)})
		}
	}
	slices.SortFunc(list, func(a, b FacetValue) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
	return list[:min(len(list), facetValues)]
}

// countAges counts pages by how long ago they were updated. Each span holds the shorter ones, as the filter does.
func (s *state) countAges(pages []int32, now time.Time) []FacetValue {
	edges := [...]int64{micros(now.AddDate(0, 0, -7)), micros(now.AddDate(0, 0, -30)), micros(now.AddDate(0, 0, -365))}
	week, month, year, older := 0, 0, 0, 0
	for _, page := range pages {
		switch at := s.columns.modified[page]; {
		case at >= edges[0]:
			week++
		case at >= edges[1]:
			month++
		case at >= edges[2]:
			year++
		default:
			older++
		}
	}
	var list []FacetValue
	for _, v := range []FacetValue{{"week", week}, {"month", week + month}, {"year", week + month + year}, {"older", older}} {
		if v.Count > 0 {
			list = append(list, v)
		}
	}
	return list
}

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

// facets counts what pages have.
func (s *state) facets(pages []int32, now time.Time) Facets {
	space, label, author, kind := s.counter(), s.counter(), s.counter(), s.counter()
	weekEdge, monthEdge, yearEdge := micros(now.AddDate(0, 0, -7)), micros(now.AddDate(0, 0, -30)), micros(now.AddDate(0, 0, -365))
	week, month, year, older := 0, 0, 0, 0
	c := &s.columns
	for _, i := range pages {
		space[c.space[i]]++
		author[c.author[i]]++
		kind[c.typ[i]]++
		for _, l := range c.labelsOf(i) {
			label[l]++
		}
		switch at := c.modified[i]; {
		case at >= weekEdge:
			week++
		case at >= monthEdge:
			month++
		case at >= yearEdge:
			year++
		default:
			older++
		}
	}
	f := Facets{Space: space.values(s), Label: label.values(s), Author: author.values(s), Type: kind.values(s)}
	// Each span holds the shorter ones, as the filter does.
	for _, v := range []FacetValue{{"week", week}, {"month", week + month}, {"year", week + month + year}, {"older", older}} {
		if v.Count > 0 {
			f.Updated = append(f.Updated, v)
		}
	}
	return f
}

// counter counts values by their number.
type counter []int32

func (s *state) counter() counter { return make(counter, len(s.names)) }

func (c counter) values(s *state) []FacetValue {
	list := []FacetValue{}
	for i, n := range c {
		if n > 0 && i > 0 {
			list = append(list, FacetValue{Value: s.names[i], Count: int(n)})
		}
	}
	slices.SortFunc(list, func(a, b FacetValue) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
	return list[:min(len(list), facetValues)]
}

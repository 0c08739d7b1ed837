package search

import (
	"cmp"
	"slices"
	"time"
)

// facetValues is how many values a facet lists.
const facetValues = 50

// facets counts what pages have.
func (s *state) facets(pages []int32, now time.Time) Facets {
	space, label, author, kind := newCounter(), newCounter(), newCounter(), newCounter()
	week, month, year, older := 0, 0, 0, 0
	for _, i := range pages {
		p := s.pages[i]
		space.add(p.SpaceKey)
		author.add(p.Author)
		kind.add(p.Type)
		for _, l := range p.Labels {
			label.add(l)
		}
		switch age := now.Sub(p.LastModified); {
		case age <= 7*24*time.Hour:
			week++
		case age <= 30*24*time.Hour:
			month++
		case age <= 365*24*time.Hour:
			year++
		default:
			older++
		}
	}
	f := Facets{Space: space.values(), Label: label.values(), Author: author.values(), Type: kind.values()}
	// Each span holds the shorter ones, as the filter does.
	for _, v := range []FacetValue{{"week", week}, {"month", week + month}, {"year", week + month + year}, {"older", older}} {
		if v.Count > 0 {
			f.Updated = append(f.Updated, v)
		}
	}
	return f
}

type counter map[string]*int

func newCounter() counter { return counter{} }

func (c counter) add(value string) {
	if value == "" {
		return
	}
	if n := c[value]; n != nil {
		*n++
		return
	}
	one := 1
	c[value] = &one
}

func (c counter) values() []FacetValue {
	list := make([]FacetValue, 0, len(c))
	for v, n := range c {
		list = append(list, FacetValue{Value: v, Count: *n})
	}
	slices.SortFunc(list, func(a, b FacetValue) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
	return list[:min(len(list), facetValues)]
}

package search

import (
	"cmp"
	"slices"
)

const (
	// ranked is how many pages get boosts and are looked at for duplicates, at least.
	ranked = 400
	// nearestShare is how close to the best a page found by its meaning alone has to be.
	nearestShare = 0.5
)

// gather finds the pages of both legs, the best of them as candidates.
func (s *state) gather(q *plan, l *lexical, v *vectorLeg, top []pageScore) *ranking {
	r := &ranking{weight: q.fusion.weight}
	byVector := s.vectorPages(v)
	if q.mode == Vector {
		r.weight = 1
	} else if v == nil || len(v.hits)+len(v.compared) == 0 {
		r.weight = 0
	}
	r.list = make([]*candidate, 0, len(top)+len(byVector))
	byPage := make(map[int32]*candidate, len(top)+len(byVector))
	if q.mode != Vector {
		r.pages = l.pages
		r.addKeyword(s, top, byPage)
	}
	r.addVector(s, q, l, byVector, byPage)
	return r
}

// pageScore is a page with its score by words.
type pageScore struct {
	page  int32
	score float64
}

// topPages returns the best pages of the keyword leg, in order.
func (l *lexical) topPages(most int) []pageScore {
	least := 0.0
	if len(l.pages) > most+most/4 {
		least = l.cut(most)
	}
	list := make([]pageScore, 0, min(len(l.pages), 2*most))
	for _, p := range l.pages {
		if score := l.score(p); score >= least {
			list = append(list, pageScore{p, score})
		}
	}
	slices.SortFunc(list, func(a, b pageScore) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.page, b.page))
	})
	return list[:min(len(list), most)]
}

// cut returns a score that the best pages have at least, and few others, by a histogram: sorting all would take longer
// than scoring them.
func (l *lexical) cut(most int) float64 {
	const bins = 1024
	top := 0.0
	for _, p := range l.pages {
		top = max(top, l.score(p))
	}
	var histogram [bins + 1]int
	perBin := bins / top
	for _, p := range l.pages {
		histogram[int(l.score(p)*perBin)]++
	}
	edge, n := bins+1, 0
	for edge > 0 && n < most {
		edge--
		n += histogram[edge]
	}
	return float64(edge) / perBin * (1 - 1e-9) // what was rounded into the bin is in it
}

func (r *ranking) addKeyword(s *state, keep []pageScore, byPage map[int32]*candidate) {
	if len(keep) == 0 {
		return
	}
	r.best = keep[0].score
	all := make([]candidate, len(keep))
	for i, x := range keep {
		all[i] = candidate{
			page: x.page, keyword: x.score, keywordNorm: x.score / r.best, keywordRank: i + 1, lastModified: s.pages[x.page].LastModified,
		}
		byPage[x.page] = &all[i]
		r.list = append(r.list, &all[i])
	}
}

// vectorPage is what the vector leg says of a page.
type vectorPage struct {
	page int32
	hits []vectorHit
}

func (s *state) vectorPages(v *vectorLeg) []vectorPage {
	if v == nil {
		return nil
	}
	var list []vectorPage
	place := map[int32]int{}
	for _, h := range v.hits {
		page := s.pageOf(h.doc)
		i, ok := place[page]
		if !ok {
			i = len(list)
			place[page] = i
			list = append(list, vectorPage{page: page})
		}
		list[i].hits = append(list[i].hits, h)
	}
	return list
}

func (r *ranking) addVector(s *state, q *plan, l *lexical, list []vectorPage, byPage map[int32]*candidate) {
	if len(list) == 0 {
		return
	}
	best, worst := list[0].hits[0].similarity, list[len(list)-1].hits[0].similarity
	for i, p := range list {
		similarity := p.hits[0].similarity
		share := 1.0
		if best > worst {
			share = (similarity - worst) / (best - worst)
		}
		c := byPage[p.page]
		if c == nil {
			found := q.mode != Vector && l.score(p.page) > 0
			if q.mode != Vector && !found && share < nearestShare {
				continue
			}
			c = &candidate{page: p.page, lastModified: s.pages[p.page].LastModified}
			if found {
				c.keyword = l.score(p.page)
				c.keywordNorm = c.keyword / r.best
			} else {
				r.pages = append(r.pages, p.page)
			}
			byPage[p.page] = c
			r.list = append(r.list, c)
		}
		c.vector, c.vectorRank, c.vectorHits = similarity, i+1, p.hits
		c.nearness, c.vectorNorm = share, share
	}
}

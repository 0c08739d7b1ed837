package search

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// What breaks ties, as shares of the fused score, which is at most 1.
const (
	titleBoost     = 0.04 // all words of the query in the title; less for some of them
	exactBoost     = 0.04 // the title is the query
	freshBoost     = 0.015
	hierarchyBoost = 0.005
	issueBoost     = 1 // the query is an issue key and the page carries it
)

const (
	freshHalf = 180 * 24 * time.Hour // freshness halves
	// ranked is how many pages get boosts and are looked at for duplicates, at least.
	ranked = 400
	// nearestShare is how close to the best a page found by its meaning alone has to be.
	nearestShare = 0.5
	// steepness: likeness counts where it stands out. Of the many passages that are about as like a query as each other
	// none is moved far by it.
	steepness = 3
)

// candidate is a page with its scores.
type candidate struct {
	page         int32
	keyword      float64 // BM25, labels included
	vector       float64 // cosine
	keywordNorm  float64 // 0..1 among this query's pages
	vectorNorm   float64
	keywordRank  int // 1 is the best; 0: not found by words
	vectorRank   int
	fused        float64
	score        float64
	also         []string // sources with the same page
	vectorHits   []vectorHit
	lastModified time.Time
}

// ranking is the ordered answer before its texts are fetched.
type ranking struct {
	pages  []int32 // all that match
	list   []*candidate
	weight float64 // of the vector leg
	top    float64 // best BM25 score
}

// rank fuses the legs and orders the pages. need is how many are wanted from the top.
func (s *state) rank(q *plan, l *lexical, v *vectorLeg, need int) *ranking {
	r := s.gather(q, l, v, need)
	titles := q.titleWords()
	for _, c := range r.list {
		c.fused = (1-r.weight)*c.keywordNorm + r.weight*c.vectorNorm
		s.boost(c, q, titles)
	}
	r.sort(s, q.sort)
	r.list = s.merge(r.list)
	return r
}

// gather finds the pages of both legs, the best of them as candidates.
func (s *state) gather(q *plan, l *lexical, v *vectorLeg, need int) *ranking {
	r := &ranking{weight: q.weight}
	byVector := s.vectorPages(v)
	if l == nil || q.mode == Vector {
		r.weight = 1
	}
	if len(byVector) == 0 && q.mode != Vector {
		r.weight = 0
	}
	keep := s.topPages(l, max(ranked, need+50))
	r.list = make([]*candidate, 0, len(keep)+len(byVector))
	byPage := make(map[int32]*candidate, len(keep)+len(byVector))
	if l != nil && q.mode != Vector {
		r.pages = l.pages
		r.addKeyword(s, keep, byPage)
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
func (s *state) topPages(l *lexical, most int) []pageScore {
	if l == nil {
		return nil
	}
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
	r.top = keep[0].score
	all := make([]candidate, len(keep))
	for i, x := range keep {
		all[i] = candidate{
			page: x.page, keyword: x.score, keywordNorm: x.score / r.top, keywordRank: i + 1, lastModified: s.pages[x.page].LastModified,
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
	telling := 1.0
	if q.spread > 0 {
		telling = min(1, (best-worst)/q.spread)
	}
	for i, p := range list {
		similarity := p.hits[0].similarity
		share := 1.0
		if best > worst {
			share = (similarity - worst) / (best - worst)
		}
		c := byPage[p.page]
		if c == nil {
			found := l != nil && l.score(p.page) > 0
			if q.mode != Vector && !found && share < nearestShare {
				continue
			}
			c = &candidate{page: p.page, lastModified: s.pages[p.page].LastModified}
			if q.mode != Vector && found {
				c.keyword = l.score(p.page)
				c.keywordNorm = c.keyword / r.top
				c.keywordRank = ranked
			} else {
				r.pages = append(r.pages, p.page)
			}
			r.list = append(r.list, c)
		}
		c.vector, c.vectorNorm, c.vectorRank, c.vectorHits = similarity, share, i+1, p.hits
		if q.mode != Vector {
			c.vectorNorm = telling * math.Pow(share, steepness)
		}
	}
}

// boost adds what breaks ties; titles are the query's titleWords.
func (s *state) boost(c *candidate, q *plan, titles [][]string) {
	c.score = c.fused
	s.eachBoost(c, q, titles, func(_ string, value float64) { c.score += value })
}

// boosts lists what boost has added.
func (s *state) boosts(c *candidate, q *plan) []Boost {
	var list []Boost
	s.eachBoost(c, q, q.titleWords(), func(reason string, value float64) { list = append(list, Boost{Reason: reason, Value: value}) })
	return list
}

func (s *state) eachBoost(c *candidate, q *plan, titles [][]string, boost func(reason string, value float64)) {
	p := s.pages[c.page]
	add := func(reason string, value float64) {
		if value >= 0.0005 {
			boost(reason, value)
		}
	}
	if share := titleShare(p.terms(q.titles), titles); share > 0 {
		add("words in the title", titleBoost*share*share)
	}
	if q.folded != "" && p.folded == q.folded {
		add("the title is the query", exactBoost)
	}
	add("freshness", freshBoost*math.Exp2(-float64(q.now.Sub(p.LastModified))/float64(freshHalf)))
	add("place in the hierarchy", hierarchyBoost/float64(1+len(p.Ancestors)))
	if q.issue != "" && slices.Contains(p.JiraKeys, q.issue) {
		add("carries the issue", issueBoost)
	}
}

// titleWords are, for each word of the query, the terms of which a title has to have one.
func (q *plan) titleWords() [][]string {
	list := make([][]string, len(q.wanted.words))
	for i, w := range q.wanted.words {
		for _, t := range w.Terms {
			if t.Share >= 1 {
				list[i] = append(list[i], t.Text)
			}
		}
	}
	return list
}

// titleShare is the share (0..1) of words that stand in a title with these terms.
func titleShare(title []string, words [][]string) float64 {
	if len(words) == 0 {
		return 0
	}
	n := 0
	for _, terms := range words {
		if slices.ContainsFunc(terms, func(t string) bool { return slices.Contains(title, t) }) {
			n++
		}
	}
	return float64(n) / float64(len(words))
}

// byDateShare is how good a page has to be, against the best, to be listed where dates decide the order: a page that has
// one common word of the query is none of its answers.
const byDateShare = 0.3

func (r *ranking) sort(s *state, by Sort) {
	slices.SortFunc(r.list, func(a, b *candidate) int {
		if a.score != b.score {
			return cmp.Compare(b.score, a.score)
		}
		if n := b.lastModified.Compare(a.lastModified); n != 0 {
			return n
		}
		return comparePages(s, a.page, b.page)
	})
	if by != ByDate || len(r.list) == 0 {
		return
	}
	least := r.list[0].score * byDateShare
	r.list = slices.DeleteFunc(r.list, func(c *candidate) bool { return c.score < least })
	r.pages = r.pages[:0]
	for _, c := range r.list {
		r.pages = append(r.pages, c.page)
	}
	// What is in the order of its score stays so among equal dates.
	slices.SortStableFunc(r.list, func(a, b *candidate) int { return b.lastModified.Compare(a.lastModified) })
}

func comparePages(s *state, a, b int32) int {
	return cmp.Or(cmp.Compare(s.pages[a].SourceID, s.pages[b].SourceID), cmp.Compare(s.pages[a].PageID, s.pages[b].PageID))
}

// merge folds pages that are the same under several sources into the best of them.
func (s *state) merge(list []*candidate) []*candidate {
	if len(s.sources) < 2 {
		return list
	}
	type content struct {
		hash  [32]byte
		title string
	}
	byURL, byContent := make(map[string]*candidate, len(list)), make(map[content]*candidate, len(list))
	kept := list[:0]
	for _, c := range list {
		p := s.pages[c.page]
		key := content{hash: p.Hash, title: p.Title}
		known := key.hash != [32]byte{} && p.Chunks > 0
		same := byURL[p.URL]
		if p.URL == "" || same == nil {
			same = nil
			if known {
				same = byContent[key]
			}
		}
		if same != nil && s.pages[same.page].SourceID != p.SourceID {
			if !slices.Contains(same.also, p.SourceID) {
				same.also = append(same.also, p.SourceID)
			}
			continue
		}
		byURL[p.URL] = c
		if known {
			byContent[key] = c
		}
		kept = append(kept, c)
	}
	return kept
}

// plan is a request that was understood.
type plan struct {
	mode   Mode
	sort   Sort
	wanted *wanted
	weight float64 // of the vector leg
	spread float64 // see embedding.Model
	issue  string  // the query is this issue key
	folded string  // the query's text, folded
	titles *analysis.Analyzer
	now    time.Time
}

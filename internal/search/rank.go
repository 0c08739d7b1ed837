package search

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// What breaks ties, beside a fused score that is about 1 at most.
const (
	titleBoost     = 0.04 // all words of the query in the title; less for some of them
	exactBoost     = 0.04 // the title is the query
	freshBoost     = 0.015
	hierarchyBoost = 0.005
	issueBoost     = 1 // the query is an issue key and the page carries it
)

// freshHalf is after how long freshness halves.
const freshHalf = 180 * 24 * time.Hour

// candidate is a page with its scores.
type candidate struct {
	page         int32
	keyword      float64 // BM25, labels included
	vector       float64 // cosine
	keywordNorm  float64 // 0..1 among this query's pages
	vectorNorm   float64
	nearness     float64 // 0..1 among what the vector leg found
	keywordRank  int     // 1 is the best; 0: not among the best
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
	best   float64 // BM25 score
}

// rank fuses the legs and orders the pages. top are the best pages by words.
func (s *state) rank(q *plan, l *lexical, v *vectorLeg, top []pageScore) *ranking {
	r := s.gather(q, l, v, top)
	if q.mode != Vector && r.weight > 0 {
		r.addLikeness(q.fusion, v.compared)
	}
	titles := q.titleWords()
	for _, c := range r.list {
		c.fused = (1-r.weight)*c.keywordNorm + r.weight*c.vectorNorm
		s.boost(c, q, titles)
	}
	if q.sort == ByDate {
		r.onlyAnswers(s, q)
	}
	r.sort(s, q.sort)
	r.list = s.merge(r.list)
	return r
}

// addLikeness sets what likeness adds to the scores by words: of pages that the vector leg found, and of those that it
// compared.
func (r *ranking) addLikeness(f fusion, compared map[int32][]vectorHit) {
	for _, c := range r.list {
		for _, h := range compared[c.page] {
			c.vector = max(c.vector, h.similarity)
			c.vectorHits = append(c.vectorHits, h)
		}
		if len(c.vectorHits) > 0 {
			c.vectorNorm = f.gain(c.vector)
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
	if s.carries(c.page, q.issue) {
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

// byDateShare is how good a page has to be, against the best by words, to be listed where dates decide the order: a page
// that has one common word of the query is none of its answers.
const byDateShare = 0.3

// onlyAnswers leaves the pages that may be listed where dates decide the order: good ones by words, those near in
// meaning, and those that carry the issue.
func (r *ranking) onlyAnswers(s *state, q *plan) {
	r.list = slices.DeleteFunc(r.list, func(c *candidate) bool {
		return c.keywordNorm < byDateShare && c.nearness < nearestShare && !s.carries(c.page, q.issue)
	})
	r.pages = r.pages[:0]
	for _, c := range r.list {
		r.pages = append(r.pages, c.page)
	}
}

// carries reports whether a page carries an issue.
func (s *state) carries(page int32, issue string) bool {
	return issue != "" && slices.Contains(s.pages[page].JiraKeys, issue)
}

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
	if by == ByDate {
		// What is in the order of its score stays so among equal dates.
		slices.SortStableFunc(r.list, func(a, b *candidate) int { return b.lastModified.Compare(a.lastModified) })
	}
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
	fusion fusion
	issue  string // the query is this issue key
	folded string // the query's text, folded
	titles *analysis.Analyzer
	now    time.Time
}

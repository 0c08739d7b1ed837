package search

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sluicehq/sluice/internal/search/inverted"
)

// Passages of a hit: how many are shown, and how many are looked at, because some may say the same.
const (
	shownPassages = 3
	readPassages  = 5
)

// passage is a chunk of a hit with its scores.
type passage struct {
	doc        docRef
	score      float64
	keyword    float64
	similarity float64
}

// page fetches the texts of the hits from begin and completes the results.
func (r *Searcher) page(ctx context.Context, req Request, f *found, begin int, last bool) error {
	list := f.ranking.list
	end := min(begin+req.Limit, len(list))
	if req.Facets {
		f.results.Facets = f.facets()
	}
	if begin >= end {
		return nil
	}
	shown := list[begin:end]
	passages := f.passages(shown)
	var ids []int64
	for _, ps := range passages {
		for _, p := range ps {
			ids = append(ids, f.s.chunkID(p.doc))
		}
	}
	began := time.Now()
	texts, err := r.store.Passages(ctx, ids)
	if err != nil {
		return err
	}
	r.observer.Leg(legPassages, time.Since(began))
	byID := make(map[int64]*ChunkText, len(texts))
	for i := range texts {
		byID[texts[i].ID] = &texts[i]
	}
	if len(texts) < len(ids) && !last {
		return errReplaced
	}
	began = time.Now()
	defer func() { r.observer.Leg(legSnippets, time.Since(began)) }()
	cutter := newCutter(f)
	for i, c := range shown {
		hit, ok := f.hit(c, passages[i], byID, cutter)
		if !ok {
			continue
		}
		if req.Explain {
			hit.Explain = f.explain(c)
		}
		f.results.Hits = append(f.results.Hits, hit)
	}
	if end < len(list) && end <= deepest {
		p := f.s.pages[shown[len(shown)-1].page]
		f.results.NextCursor = encodeCursor(cursor{Query: fingerprint(req), Offset: end, Source: p.SourceID, Page: p.PageID})
	}
	return nil
}

// passages chooses the best chunks of each candidate.
func (f *found) passages(list []*candidate) [][]passage {
	place := make(map[int32]int, len(list))
	chosen := make([][]passage, len(list))
	for i, c := range list {
		place[c.page] = i
	}
	similar := map[docRef]float64{}
	for _, c := range list {
		for _, h := range c.vectorHits {
			similar[h.doc] = h.similarity
		}
	}
	add := func(i int, p passage) { chosen[i] = append(chosen[i], p) }
	if f.lexical != nil && f.plan.mode != Vector {
		for i, c := range list {
			for ref, score := range f.lexical.of(f.s, c.page) {
				p := passage{doc: ref, keyword: score, similarity: similar[ref]}
				delete(similar, ref)
				add(i, f.weigh(p))
			}
		}
	}
	for ref, similarity := range similar {
		add(place[f.s.pageOf(ref)], f.weigh(passage{doc: ref, similarity: similarity}))
	}
	for i, c := range list {
		if len(chosen[i]) == 0 {
			add(i, passage{doc: f.s.first[c.page]})
		}
		slices.SortFunc(chosen[i], func(a, b passage) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(f.s.chunkID(a.doc), f.s.chunkID(b.doc)))
		})
		chosen[i] = chosen[i][:min(len(chosen[i]), readPassages)]
	}
	return chosen
}

// weigh gives a passage its score, in the way pages get theirs.
func (f *found) weigh(p passage) passage {
	w := f.ranking.weight
	if f.ranking.best > 0 {
		p.score = (1 - w) * p.keyword / f.ranking.best
	}
	p.score += w * math.Max(0, p.similarity)
	if f.exact[p.doc] {
		p.score++
	}
	return p
}

// hit makes a hit of a candidate and its texts; false where the page is gone.
func (f *found) hit(c *candidate, list []passage, texts map[int64]*ChunkText, cut *cutter) (Hit, bool) {
	p := f.s.pages[c.page]
	h := Hit{
		PageID: p.PageID, SourceID: p.SourceID, Kind: p.kind, SpaceKey: p.SpaceKey, Title: p.Title, URL: p.URL, Type: p.Type,
		Author: p.Author, LastModified: p.LastModified, Labels: orEmpty(p.Labels), JiraKeys: orEmpty(p.JiraKeys), Breadcrumbs: []string{},
		Restricted: p.Restricted, Score: round(c.score), AlsoIn: c.also, Passages: []Passage{},
	}
	if marked := cut.mark(p.Title); marked != p.Title {
		h.TitleMarked = marked
	}
	var shown []shingles
	for _, x := range list {
		t := texts[f.s.chunkID(x.doc)]
		if t == nil || len(h.Passages) == shownPassages {
			continue
		}
		if len(list) > 1 {
			words := shinglesOf(t.Body)
			if slices.ContainsFunc(shown, func(other shingles) bool { return overlap(words, other) > 0.8 }) {
				continue
			}
			shown = append(shown, words)
		}
		if len(h.Passages) == 0 {
			h.Breadcrumbs = crumbs(t.Breadcrumb)
		}
		section := t.Section
		if section == "" {
			section = p.Title
		}
		snippet := cut.snippet(t.Body, t.code())
		h.Passages = append(h.Passages, Passage{
			ChunkID: strconv.FormatInt(t.ID, 10), SectionTitle: section, Snippet: snippet.text, Code: snippet.code, Score: round(x.score), URL: t.URL,
			Anchor: t.Anchor,
		})
	}
	if len(h.Passages) == 0 {
		return Hit{}, false
	}
	h.SectionTitle, h.Snippet = h.Passages[0].SectionTitle, h.Passages[0].Snippet
	return h, true
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func round(f float64) float64 { return math.Round(f*1e4) / 1e4 }

// crumbs are the titles of a breadcrumb; one that cannot be read is left out, it is no reason to lose the hit.
func crumbs(raw []byte) []string {
	var list []struct {
		Title string `json:"title"`
	}
	titles := []string{}
	if json.Unmarshal(raw, &list) != nil {
		return titles
	}
	for _, c := range list {
		titles = append(titles, c.Title)
	}
	return titles
}

// explain says how a candidate's score came about, by its best chunk.
func (f *found) explain(c *candidate) *Explain {
	e := &Explain{Legs: []string{}, Boosts: f.s.boosts(c, f.plan), FusedScore: round(c.fused)}
	if c.keyword > 0 {
		e.Legs = append(e.Legs, "keyword")
		e.Keyword = &LegExplain{Rank: c.keywordRank, Score: round(c.keyword), Normalised: round(c.keywordNorm), Weight: round(1 - f.ranking.weight)}
		e.Terms = f.termScores(f.lexical.doc[c.page])
		e.Keyword.OtherPassages = round(f.lexical.fromOthers(c.page))
	}
	if len(c.vectorHits) > 0 {
		e.Legs = append(e.Legs, "vector")
		e.Vector = &LegExplain{Rank: c.vectorRank, Score: round(c.vector), Normalised: round(c.vectorNorm), Weight: round(f.ranking.weight)}
	}
	return e
}

// termScores takes the score of a chunk apart.
func (f *found) termScores(d docRef) []TermScore {
	seg := f.s.segments[d.seg]
	norms := f.s.norms()
	norm := norms[min(int(seg.header.Lengths[d.doc]), len(norms)-1)]
	var list []TermScore
	for i, t := range f.scorer.terms {
		if t.weight == 0 {
			continue
		}
		if frequency := inverted.Find(f.scorer.postings[d.seg][i], d.doc); frequency > 0 {
			tf := float64(frequency) / inverted.Unit
			score := t.weight * tf * (k1 + 1) / (tf + float64(norm))
			list = append(list, TermScore{Term: t.text, DF: f.scorer.readable(i), IDF: round(t.idf), Score: round(score)})
		}
	}
	for i, t := range f.scorer.terms {
		page := f.s.pageOf(d)
		if t.weight > 0 && slices.Contains(f.s.labelPages[t.text], page) {
			list = append(list, TermScore{Term: fmt.Sprintf("label:%s", t.text), DF: f.scorer.readable(i), IDF: round(t.idf), Score: round(labelFactor * t.weight)})
		}
	}
	slices.SortStableFunc(list, func(a, b TermScore) int { return cmp.Compare(b.Score, a.Score) })
	return list
}

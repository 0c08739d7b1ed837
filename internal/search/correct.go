package search

import (
	"context"
	"strings"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// words fetches what the words of a query need, and replaces those that the corpus does not have by near ones that it
// has. The words as typed are searched where that is asked for; then the correction is offered. A word that the corpus
// has, but hardly, is searched, and a near one that it often has is offered.
func (r *Searcher) words(ctx context.Context, req Request, f *found, w *wanted) (*wanted, error) {
	sc, err := newScorer(ctx, f.s, r.postings, w, f.lang, req.IncludeRestricted)
	if err != nil {
		return nil, err
	}
	f.scorer = sc
	unknown := func(x word) bool { return x.Unknown }
	corrected, err := r.correct(ctx, f, w, unknown, func(correction, word) bool { return true })
	if err != nil {
		return nil, err
	}
	if corrected == "" {
		f.results.Suggestion, err = r.correct(ctx, f, w, sc.rare, sc.rather)
		return w, err
	}
	f.results.Suggestion = corrected
	if req.Verbatim {
		return w, nil
	}
	p := parse(corrected)
	next := analyse(p, f.lang)
	if f.scorer, err = newScorer(ctx, f.s, r.postings, next, f.lang, req.IncludeRestricted); err != nil {
		return nil, err
	}
	f.results.Corrected = true
	f.p = p
	return next, nil
}

// A word of so few chunks may be a slip of those who wrote them, if so many times more chunks have a near one.
const (
	rareChunks = 2
	rareFactor = 100
	rareLength = 6
)

func (sc *scorer) rare(x word) bool {
	return len(x.Folded) >= rareLength && sc.df(x.Terms[0].Text) <= rareChunks && len(sc.s.labelPages[x.Terms[0].Text]) == 0
}

// rather reports whether a correction is so much likelier than a word that the corpus has.
func (sc *scorer) rather(c correction, x word) bool {
	return c.distance == 1 && len(c.words) == 1 && c.count >= rareFactor*max(1, sc.df(x.Terms[0].Text))
}

// correct returns the query with those of its words replaced that are wrong and for which there is a correction that
// will do; it is empty where there is nothing to replace. A correction has only words that whoever asks can find: what
// stands on restricted pages alone is no secret any more once it is suggested.
func (r *Searcher) correct(ctx context.Context, f *found, w *wanted, wrong func(word) bool, will func(correction, word) bool) (string, error) {
	var places []word
	var lists [][]correction
	var terms []string
	for _, x := range w.words {
		if !wrong(x) || x.Phrase >= 0 || x.Kind != analysis.Word {
			continue
		}
		var list []correction
		for _, c := range f.s.nearWords(x.Folded) {
			if will(c, x) {
				list = append(list, c)
				for _, text := range c.words {
					terms = append(terms, f.lang.terms(text)...)
				}
			}
		}
		if len(list) > 0 {
			places, lists = append(places, x), append(lists, list)
		}
	}
	if len(places) == 0 {
		return "", nil
	}
	postings, err := r.postings.get(ctx, f.s, terms)
	if err != nil {
		return "", err
	}
	seen := map[string]bool{}
	for i, term := range terms {
		if _, ok := seen[term]; !ok {
			seen[term] = f.scorer.sees(postings, i)
		}
	}
	var b strings.Builder
	query, at := f.p.Query, 0
	for i, x := range places {
		better := f.firstSeen(lists[i], seen)
		if better == "" || x.Start < at {
			continue
		}
		b.WriteString(query[at:x.Start])
		b.WriteString(better)
		at = x.End
	}
	if at == 0 {
		return "", nil
	}
	b.WriteString(query[at:])
	return b.String(), nil
}

// firstSeen returns the first correction whose words all can be found.
func (f *found) firstSeen(list []correction, seen map[string]bool) string {
	for _, c := range list {
		all := true
		for _, text := range c.words {
			some := false
			for _, term := range f.lang.terms(text) {
				some = some || seen[term]
			}
			all = all && some
		}
		if all {
			return c.text
		}
	}
	return ""
}

// terms are the terms of a plain word in the languages in use.
func (s *speech) terms(text string) []string {
	var list []string
	for _, a := range s.analyzers {
		for _, t := range a.Tokens(text) {
			list = append(list, t.Terms[0].Text)
		}
	}
	return list
}

// sees reports whether whoever asks can find a chunk with the term of that number.
func (sc *scorer) sees(postings [][][]byte, term int) bool {
	for i, seg := range sc.s.segments {
		for doc := range inverted.Postings(postings[i][term]) {
			if int(doc) < len(seg.page) && !seg.isGone(int(doc)) && sc.mayRead(seg.page[doc]) {
				return true
			}
		}
	}
	return false
}

func (sc *scorer) mayRead(page int32) bool {
	return sc.s.pages[page].readable(sc.restricted)
}

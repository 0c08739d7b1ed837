package search

import (
	"context"
	"strings"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// words fetches what the words of a query need, and replaces those that the corpus does not have by near ones that it
// has. The words as typed are searched where that is asked for; then the correction is offered. A word that the corpus
// has, but hardly, is searched together with the near one that it often has, which is offered: in a large corpus most
// slips have been made by somebody before.
func (r *Searcher) words(ctx context.Context, req Request, f *found, w *wanted) (*wanted, error) {
	sc, err := newScorer(ctx, f.s, r.postings, w, f.lang, req.IncludeRestricted)
	if err != nil {
		return nil, err
	}
	f.scorer = sc
	unknown := func(x word) bool { return x.Unknown }
	corrected, _, err := r.correct(ctx, f, w, unknown, func(correction, word) bool { return true })
	if err != nil {
		return nil, err
	}
	f.results.Suggestion = corrected
	if req.Verbatim && corrected != "" {
		return w, nil
	}
	if corrected != "" {
		f.p = parse(corrected)
		w = analyse(f.p, f.lang)
		if f.scorer, err = newScorer(ctx, f.s, r.postings, w, f.lang, req.IncludeRestricted); err != nil {
			return nil, err
		}
		f.results.Corrected = true
	}
	likelier, meant, err := r.correct(ctx, f, w, f.scorer.rare, f.scorer.rather)
	if err != nil || likelier == "" {
		return w, err
	}
	if corrected == "" {
		f.results.Suggestion = likelier
	}
	if req.Verbatim {
		return w, nil
	}
	w.widen(meant, f.lang)
	f.scorer, err = newScorer(ctx, f.s, r.postings, w, f.lang, req.IncludeRestricted)
	return w, err
}

// A word of so few chunks may be a slip of those who wrote them, if so many times more chunks have a near one. A word of
// which other forms alone are there, if any, is one of another language or a slip, if so many more have a near one.
const (
	rareChunks = 10
	rareFactor = 100
	rareLength = 6
	formFactor = 4
)

func (sc *scorer) rare(x word) bool {
	df := sc.df(x.Terms[0].Text)
	return len(x.Folded) >= rareLength && (df <= rareChunks || sc.s.wordCount(x.Folded) == 0) && len(sc.s.labelPages[x.Terms[0].Text]) == 0
}

// rather reports whether a correction is so much likelier than a word that the corpus has.
func (sc *scorer) rather(c correction, x word) bool {
	if c.distance > 1 || len(c.words) > 1 {
		return false
	}
	df := max(1, sc.df(x.Terms[0].Text))
	return c.count >= rareFactor*df || sc.s.wordCount(x.Folded) == 0 && c.count >= formFactor*df
}

// correct returns the query with those of its words replaced that are wrong and for which there is a correction that
// will do, and what replaced them, by where they begin; both are empty where there is nothing to replace. A correction
// has only words that whoever asks can find: what stands on restricted pages alone is no secret any more once it is
// suggested.
func (r *Searcher) correct(
	ctx context.Context, f *found, w *wanted, wrong func(word) bool, will func(correction, word) bool,
) (query string, replaced map[int]string, err error) {
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
		return "", nil, nil
	}
	postings, err := r.postings.get(ctx, f.s, terms)
	if err != nil {
		return "", nil, err
	}
	seen := map[string]bool{}
	for i, term := range terms {
		if _, ok := seen[term]; !ok {
			seen[term] = f.scorer.sees(postings, i)
		}
	}
	var b strings.Builder
	typed, at := f.p.Query, 0
	replaced = map[int]string{}
	for i, x := range places {
		better := f.firstSeen(lists[i], seen)
		if better == "" || x.Start < at {
			continue
		}
		b.WriteString(typed[at:x.Start])
		b.WriteString(better)
		at = x.End
		replaced[x.Start] = better
	}
	if at == 0 {
		return "", nil, nil
	}
	b.WriteString(typed[at:])
	return b.String(), replaced, nil
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

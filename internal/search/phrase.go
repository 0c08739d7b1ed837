package search

import (
	"cmp"
	"context"
	"slices"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// phraseChunks is in how many chunks a phrase is looked up, best first.
const phraseChunks = 600

// narrow takes pages away that lack a phrase or have what is excluded. It reports whether it looked at part of the
// chunks only, and returns the chunks that have all phrases' words in a row.
func (sc *scorer) narrow(ctx context.Context, store Store, w *wanted, a *allowed) (exact map[docRef]bool, cut bool, err error) {
	for _, words := range w.excluded {
		docs := sc.having(words)
		if len(words) > 1 {
			var over bool
			if docs, over, err = sc.inARow(ctx, store, a, docs, words); err != nil {
				return nil, false, err
			}
			cut = cut || over
		}
		for _, d := range docs {
			a.forbid(sc.s, sc.s.pageOf(d))
		}
	}
	exact = map[docRef]bool{}
	for _, words := range w.phrases {
		docs := slices.DeleteFunc(sc.having(words), func(d docRef) bool { return a.pages[sc.s.pageOf(d)] == fails })
		if len(words) > 1 || words[0].Kind == analysis.CJK {
			var over bool
			if docs, over, err = sc.inARow(ctx, store, a, docs, words); err != nil {
				return nil, false, err
			}
			cut = cut || over
		}
		pages := map[int32]bool{}
		for _, d := range docs {
			pages[sc.s.pageOf(d)] = true
			exact[d] = true
		}
		for page := range a.pages {
			if !pages[int32(page)] {
				a.forbid(sc.s, int32(page))
			}
		}
	}
	return exact, cut, nil
}

func (a *allowed) forbid(s *state, page int32) {
	switch a.pages[page] {
	case passes:
		a.count--
		a.chunks -= s.pages[page].Chunks
	case fails:
	default:
		a.beside -= s.pages[page].Chunks
	}
	a.pages[page] = fails
}

// having returns the chunks that have all of the words, stop words aside unless there is nothing else.
func (sc *scorer) having(words []word) []docRef {
	need := slices.DeleteFunc(slices.Clone(words), func(x word) bool { return x.Stop })
	if len(need) == 0 {
		need = words
	}
	terms := map[string]bool{}
	for _, x := range need {
		if x.Kind == analysis.CJK {
			for _, t := range x.Terms {
				terms[t.Text] = true
			}
			continue
		}
		terms[x.Terms[0].Text] = true
	}
	var docs []docRef
	for i, seg := range sc.s.segments {
		counts := make([]uint8, len(seg.header.ChunkIDs))
		for text := range terms {
			t, ok := sc.index[text]
			if !ok {
				return nil
			}
			for doc := range inverted.Postings(sc.postings[i][t]) {
				if int(doc) < len(counts) {
					counts[doc]++
				}
			}
		}
		for doc, n := range counts {
			if int(n) == len(terms) && !seg.isGone(doc) {
				docs = append(docs, docRef{seg: int32(i), doc: int32(doc)})
			}
		}
	}
	return docs
}

// inARow keeps the chunks whose text has the words one after the other. Of many it looks at some; cut: not at all of
// those whose pages pass.
func (sc *scorer) inARow(ctx context.Context, store Store, a *allowed, docs []docRef, words []word) (kept []docRef, cut bool, err error) {
	if len(docs) > phraseChunks {
		length := func(d docRef) uint16 { return sc.s.segments[d.seg].header.Lengths[d.doc] }
		fit := func(d docRef) fit { return a.pages[sc.s.pageOf(d)] }
		slices.SortFunc(docs, func(x, y docRef) int { return cmp.Or(cmp.Compare(fit(x), fit(y)), cmp.Compare(length(x), length(y))) })
		cut = fit(docs[phraseChunks]) == passes
		docs = docs[:phraseChunks]
	}
	if len(docs) == 0 {
		return nil, false, nil
	}
	byID := make(map[int64]docRef, len(docs))
	ids := make([]int64, len(docs))
	for i, d := range docs {
		ids[i] = sc.s.chunkID(d)
		byID[ids[i]] = d
	}
	texts, err := store.Bodies(ctx, ids)
	if err != nil {
		return nil, false, err
	}
	an := sc.plain
	for _, t := range texts {
		if hasRow(an, t.Body, words) || hasRow(an, t.Title, words) || hasRow(an, t.Heading, words) {
			kept = append(kept, byID[t.ID])
		}
	}
	return kept, cut, nil
}

// hasRow reports whether a text has words one after the other, without regard to case and accents.
func hasRow(an *analysis.Analyzer, text string, words []word) bool {
	tokens := an.Tokens(text)
	for i := 0; i+len(words) <= len(tokens); i++ {
		n := 0
		for n < len(words) && sameWord(tokens[i+n], words[n], len(words) == 1) {
			n++
		}
		if n == len(words) {
			return true
		}
	}
	return false
}

func sameWord(t analysis.Token, x word, alone bool) bool {
	if t.Kind == analysis.CJK && alone {
		return containsRunes(t.Folded, x.Folded)
	}
	return t.Folded == x.Folded
}

package search

import (
	"cmp"
	"context"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// BM25's parameters, and what a label counts for against a word of the text.
const (
	k1          = 1.2
	b           = 0.75
	labelFactor = 0.5
)

// scored is a term with its weight in this query.
type scored struct {
	text   string
	df     int
	idf    float64
	weight float64 // idf by its share, summed over the words it is part of
}

// lexical is the keyword leg's answer: scores of chunks and the best of each page.
type lexical struct {
	terms  []scored
	scores [][]float32 // by segment, by chunk; nil where nothing was found
	best   []float32   // by page, by its best chunks, without labels
	doc    []docRef    // by page, its best chunk
	label  []float32   // by page; nil where no label matches
	pages  []int32     // that were found, in no order
	beside []int32     // that would be, were nothing chosen in an open facet
	lent   *buffers
}

// score is the score of a page.
func (l *lexical) score(page int32) float64 {
	v := float64(l.best[page])
	if l.label != nil {
		v += float64(l.label[page])
	}
	return v
}

// fromOthers is the part of a page's score that comes from chunks other than its best one.
func (l *lexical) fromOthers(page int32) float64 {
	best := l.doc[page]
	if scores := l.scores[best.seg]; scores != nil && scores[best.doc] > 0 {
		return float64(l.best[page] - scores[best.doc])
	}
	return 0
}

// of yields the chunks of a page that were found, with their scores.
func (l *lexical) of(s *state, page int32) iter.Seq2[docRef, float64] {
	return func(yield func(docRef, float64) bool) {
		for i, scores := range l.scores {
			if scores == nil {
				continue
			}
			for _, doc := range s.segments[i].chunks.of(page) {
				if scores[doc] > 0 && !yield(docRef{seg: int32(i), doc: doc}, float64(scores[doc])) {
					return
				}
			}
		}
	}
}

// bestOf returns the best chunks of a page, n at most; its first one where it is found by its labels alone.
func (l *lexical) bestOf(s *state, page int32, n int) []docRef {
	type scoredDoc struct {
		doc   docRef
		score float64
	}
	var list []scoredDoc
	for doc, score := range l.of(s, page) {
		list = append(list, scoredDoc{doc, score})
	}
	if len(list) == 0 {
		return []docRef{l.doc[page]}
	}
	slices.SortFunc(list, func(a, b scoredDoc) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(s.chunkID(a.doc), s.chunkID(b.doc)))
	})
	best := make([]docRef, 0, n)
	for _, x := range list[:min(len(list), n)] {
		best = append(best, x.doc)
	}
	return best
}

// scorer scores the chunks of a state.
type scorer struct {
	s        *state
	terms    []scored
	postings [][][]byte // by segment, by term
	index    map[string]int
	plain    *analysis.Analyzer // words as they are written
	// restricted: whoever asks may read restricted pages.
	restricted bool
	readableDF map[int]int // what readable has counted
}

// newScorer fetches what the words of a query need: postings and frequencies.
func newScorer(ctx context.Context, s *state, cache *postingsCache, w *wanted, lang *speech, restricted bool) (*scorer, error) {
	sc := &scorer{s: s, plain: lang.plain, restricted: restricted, index: map[string]int{}, readableDF: map[int]int{}}
	shares := map[string]float64{}
	var texts []string
	add := func(t term, share float64) {
		if _, ok := sc.index[t.Text]; !ok {
			sc.index[t.Text] = len(texts)
			texts = append(texts, t.Text)
		}
		shares[t.Text] += share
	}
	for _, x := range w.words {
		for _, t := range x.Terms {
			add(t, float64(t.Share))
		}
	}
	joined := w.joined(lang)
	for _, t := range joined {
		add(t.term, 0)
	}
	for _, list := range [][][]word{w.phrases, w.excluded} {
		for _, words := range list {
			for _, x := range words {
				add(x.Terms[0], 0)
			}
		}
	}
	var err error
	if sc.postings, err = cache.get(ctx, s, texts); err != nil {
		return nil, err
	}
	for i, text := range texts {
		t := scored{text: text}
		for seg := range sc.postings {
			t.df += s.segments[seg].frequency(text, sc.postings[seg][i])
		}
		n, df := float64(max(s.docs, t.df)), float64(t.df)
		t.idf = math.Log(1 + (n-df+0.5)/(df+0.5))
		t.weight = t.idf * shares[text]
		sc.terms = append(sc.terms, t)
	}
	sc.weighJoined(w, joined)
	for i := range w.words {
		w.words[i].Unknown = sc.unknown(w.words[i])
	}
	return sc, nil
}

// weighJoined gives the terms of words written as one their weight: no more than the two words have, however rare it is
// that they are written so.
func (sc *scorer) weighJoined(w *wanted, list []joinedTerm) {
	for _, j := range list {
		t := &sc.terms[sc.index[j.Text]]
		apart := 0.0
		for _, x := range w.words[j.first : j.first+2] {
			apart += sc.terms[sc.index[x.Terms[0].Text]].idf
		}
		t.weight += float64(j.Share) * min(t.idf, apart)
	}
}

// frequency is how many chunks of a segment a term has. Few removed ones among many change no ranking and are counted.
func (seg *segment) frequency(text string, postings []byte) int {
	if removed := len(seg.header.ChunkIDs) - seg.live; removed*50 < len(seg.header.ChunkIDs) || len(postings) == 0 {
		return inverted.CountPostings(postings)
	}
	return seg.counts.get(text, func() int {
		n := 0
		for doc := range inverted.Postings(postings) {
			if int(doc) < len(seg.header.ChunkIDs) && !seg.isGone(int(doc)) {
				n++
			}
		}
		return n
	})
}

// unknown reports whether no chunk that may be read has the word: for an identifier, neither it nor any of its parts.
func (sc *scorer) unknown(x word) bool {
	return !slices.ContainsFunc(x.Terms, func(t term) bool { return sc.sees(sc.postings, sc.index[t.Text]) }) &&
		!slices.ContainsFunc(sc.s.labelPages[x.Terms[0].Text], sc.mayRead)
}

// readable is how many chunks that whoever asks may read have the term of that number.
func (sc *scorer) readable(term int) int {
	if n, ok := sc.readableDF[term]; ok {
		return n
	}
	n := 0
	for i, seg := range sc.s.segments {
		for doc := range inverted.Postings(sc.postings[i][term]) {
			if int(doc) < len(seg.page) && !seg.isGone(int(doc)) && sc.mayRead(seg.page[doc]) {
				n++
			}
		}
	}
	sc.readableDF[term] = n
	return n
}

func (sc *scorer) df(text string) int {
	if i, ok := sc.index[text]; ok {
		return sc.terms[i].df
	}
	return 0
}

// normLengths is up to which length, in words, chunks are told apart.
const normLengths = 2048

// norms are the length part of BM25 by length in words.
func (s *state) norms() []float32 {
	norms := make([]float32, normLengths)
	for n := range norms {
		norms[n] = float32(k1 * (1 - b + b*float64(n)/s.average))
	}
	return norms
}

// run scores all chunks and finds the best of each page that is allowed. The answer's buffers are lent.
func (sc *scorer) run(ctx context.Context, a *allowed, lent *buffers) (*lexical, error) {
	l := &lexical{terms: sc.terms, scores: make([][]float32, len(sc.s.segments)), lent: lent}
	norms := sc.s.norms()
	found := make([][]foundPage, len(sc.s.segments))
	sc.eachSegment(func(i int) {
		var marks stretches
		if l.scores[i], marks = sc.segment(i, norms, lent); marks != nil {
			found[i] = pagesOf(l.scores[i], sc.s.segments[i].page, marks, a, lent)
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.fold(sc.s, a, found)
	sc.labels(l, a)
	return l, nil
}

// muchWork is how many bytes of postings are worth a goroutine for each segment.
const muchWork = 64 << 10

// eachSegment calls f for every segment, beside one another where there is much to do.
func (sc *scorer) eachSegment(f func(i int)) {
	work := 0
	for _, lists := range sc.postings {
		for _, data := range lists {
			work += len(data)
		}
	}
	if work < muchWork {
		for i := range sc.s.segments {
			f(i)
		}
		return
	}
	workers := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range sc.s.segments {
		workers <- struct{}{}
		wg.Go(func() {
			f(i)
			<-workers
		})
	}
	wg.Wait()
}

// segment scores the chunks of a segment, and tells in which stretches some have a score; nil where none has a term.
func (sc *scorer) segment(i int, norms []float32, lent *buffers) (scores []float32, marks stretches) {
	seg := sc.s.segments[i]
	var block inverted.Block
	lengths := seg.header.Lengths
	for t, data := range sc.postings[i] {
		weight := float32(sc.terms[t].weight)
		if len(data) == 0 || weight == 0 {
			continue
		}
		if scores == nil {
			scores, marks = lent.floats(len(lengths)), newStretches(len(lengths))
		}
		var gains [inverted.MaxFrequency + 1]float32
		for f := range gains {
			gains[f] = weight * (k1 + 1) * float32(f) / inverted.Unit
		}
		cursor := inverted.NewCursor(data)
		for n := cursor.Next(&block); n > 0; n = cursor.Next(&block) {
			if int(block.Docs[n-1]) >= len(lengths) { // damaged
				break
			}
			marks.mark(block.Docs[:n])
			for k, doc := range block.Docs[:n] {
				norm := norms[min(int(lengths[doc]), normLengths-1)]
				frequency := block.Frequencies[k]
				scores[doc] += gains[frequency] / (float32(frequency)/inverted.Unit + norm)
			}
		}
	}
	if scores != nil {
		for doc, gone := range seg.gone {
			if gone {
				scores[doc] = 0
			}
		}
	}
	return scores, marks
}

// add adds a page that was not found yet.
func (l *lexical) add(a *allowed, page int32) {
	if a.has(page) {
		l.pages = append(l.pages, page)
	} else {
		l.beside = append(l.beside, page)
	}
}

// labels adds what labels are worth. A page that has a word only as a label is found by its first chunk.
func (sc *scorer) labels(l *lexical, a *allowed) {
	for _, t := range sc.terms {
		if t.weight == 0 {
			continue
		}
		for _, page := range sc.s.labelPages[t.text] {
			if a.pages[page] == fails || sc.s.first[page] == noDoc {
				continue
			}
			if l.label == nil {
				l.label = l.lent.floats(len(sc.s.pages))
			}
			if l.best[page] == 0 && l.label[page] == 0 {
				l.add(a, page)
				l.doc[page] = sc.s.first[page]
			}
			l.label[page] += float32(labelFactor * t.weight)
		}
	}
}

// coverage is how much (0..1) of what the query asks the best page has, by the weight of the words. It is low where the
// pages say it in other words.
func (sc *scorer) coverage(l *lexical, pages []pageScore, w *wanted) float64 {
	if len(pages) == 0 {
		return 0
	}
	top := pages[0].page
	all, found := 0.0, 0.0
	for _, x := range w.words {
		t := sc.terms[sc.index[x.Terms[0].Text]]
		all += t.idf
		if sc.has(l.doc[top], x) || slices.Contains(sc.s.labelPages[t.text], top) {
			found += t.idf
		}
	}
	if all == 0 {
		return 1
	}
	return found / all
}

// has reports whether a chunk has one of a word's terms.
func (sc *scorer) has(d docRef, x word) bool {
	return slices.ContainsFunc(x.Terms, func(t term) bool {
		return inverted.Find(sc.postings[d.seg][sc.index[t.Text]], d.doc) > 0
	})
}

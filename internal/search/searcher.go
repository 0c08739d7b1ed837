package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Options configure a Searcher; the zero value is usable.
type Options struct {
	// Timeout bounds one search; 0: 10 seconds.
	Timeout time.Duration
	// CacheBytes bounds the postings that are kept in memory; 0: 16 MB, and more where there are more than 350,000 chunks.
	CacheBytes int
	// Concurrent is how many searches are worked on at once, the others wait; 0: 8.
	Concurrent int
	// Observer is told how long the parts of searches take; nil: nobody is.
	Observer Observer
	// Now is the clock; nil: time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Searcher answers searches. It is safe for concurrent use.
type Searcher struct {
	store     Store
	embedder  embedding.Embedder // nil: there is no vector leg
	reader    reader
	postings  *postingsCache
	queries   *queryCache
	languages *languages
	slots     chan struct{}
	buffers   sync.Pool // of *buffers
	observer  Observer
	timeout   time.Duration
	now       func() time.Time
	log       *slog.Logger
}

// cachedQueries is how many embedded queries are remembered.
const cachedQueries = 1024

// New returns a searcher. embedder may be nil: then words alone are searched.
func New(store Store, embedder embedding.Embedder, o Options) *Searcher {
	s := &Searcher{store: store, embedder: embedder, reader: reader{store: store}, observer: o.Observer, timeout: o.Timeout, now: o.Now, log: o.Logger}
	if s.timeout <= 0 {
		s.timeout = 10 * time.Second
	}
	if o.Concurrent <= 0 {
		o.Concurrent = 8
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.observer == nil {
		s.observer = nobody{}
	}
	s.buffers.New = func() any { return &buffers{} }
	s.postings = newPostingsCache(store, o.CacheBytes, s.observer)
	s.queries = newQueryCache(cachedQueries)
	s.languages = newLanguages()
	s.slots = make(chan struct{}, o.Concurrent)
	return s
}

// Limits of a request.
const (
	usualLimit = 10
	mostLimit  = 50
	mostQuery  = 4000 // bytes
)

// Search answers a request. Bad input is a *wiki.InvalidError; a database that does not answer wraps
// wiki.ErrUnavailable. An answer that had to do without a leg says so.
func (r *Searcher) Search(ctx context.Context, req Request) (Results, error) {
	began := time.Now()
	if err := check(&req); err != nil {
		return Results{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Results{}, fmt.Errorf("wait for other searches: %w", late(ctx.Err()))
	}
	results, err := r.retry(ctx, req)
	if err != nil {
		return Results{}, fmt.Errorf("search: %w", late(err))
	}
	results.TookMS = math.Round(float64(time.Since(began).Microseconds())/10) / 100
	return results, nil
}

// late makes a search that took too long one that may work later.
func late(err error) error {
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, wiki.ErrUnavailable) {
		return fmt.Errorf("%w: %w", wiki.ErrUnavailable, err)
	}
	return err
}

func check(req *Request) error {
	var faults []wiki.FieldError
	fault := func(field, message string) { faults = append(faults, wiki.FieldError{Field: field, Message: message}) }
	if req.Limit == 0 {
		req.Limit = usualLimit
	}
	if req.Limit < 1 || req.Limit > mostLimit {
		fault("limit", fmt.Sprintf("must be between 1 and %d", mostLimit))
	}
	switch req.Mode {
	case "":
		req.Mode = Hybrid
	case Hybrid, Keyword, Vector:
	default:
		fault("mode", "must be hybrid, keyword or vector")
	}
	switch req.Sort {
	case "":
		req.Sort = ByRelevance
	case ByRelevance, ByDate:
	default:
		fault("sort", "must be relevance or date")
	}
	if len(req.Query) > mostQuery {
		fault("q", fmt.Sprintf("is too long: %d characters; search for at most %d", utf8.RuneCountInString(req.Query), mostQuery))
	}
	if len(faults) > 0 {
		return &wiki.InvalidError{Fields: faults}
	}
	return nil
}

// attempts is how often a search begins again because the index was rearranged, or a page replaced, while it ran; on a
// busy machine that may happen several times in a row.
const attempts = 8

var errReplaced = errors.New("a page was replaced during the search")

func (r *Searcher) retry(ctx context.Context, req Request) (Results, error) {
	for try := 1; ; try++ {
		results, err := r.once(ctx, req, try == attempts)
		if try == attempts || !errors.Is(err, ErrMoved) && !errors.Is(err, errReplaced) {
			if errors.Is(err, ErrMoved) {
				err = fmt.Errorf("%w: %w", wiki.ErrUnavailable, err)
			}
			return results, err
		}
	}
}

// once answers a request from one state of the index. last: what was replaced meanwhile is left out.
func (r *Searcher) once(ctx context.Context, req Request, last bool) (Results, error) {
	began := time.Now()
	s, err := r.reader.state(ctx)
	if err != nil {
		return Results{}, err
	}
	r.observer.Leg(legRefresh, time.Since(began))
	p := parse(req.Query)
	results := Results{Query: req.Query, Mode: req.Mode, Degraded: []string{}, Hits: []Hit{}}
	if s.lacking {
		results.Degraded = append(results.Degraded, "keyword")
		results.Notes = append(results.Notes, "The index of words is being built; pages may be missing for some minutes.")
	}
	lang := r.languages.lend(s.configs)
	defer r.languages.giveBack(lang)
	w := analyse(p, lang)
	filters := req.Filters.and(p.Filters)
	if len(w.words) == 0 && filters.empty() {
		return Results{}, wiki.Invalid("q", "has no word to search for")
	}
	after := cursor{}
	if req.Cursor != "" {
		if after, err = decodeCursor(req.Cursor, fingerprint(req)); err != nil {
			return Results{}, err
		}
	}
	var open facetSet
	if req.Facets && req.OpenFacets {
		open = req.Filters.chosen() &^ p.Filters.chosen()
	}
	a := s.allow(filters, open, req.IncludeRestricted)
	q := &plan{mode: req.Mode, sort: req.Sort, titles: lang.analyzers[0], now: r.now()}
	lent := r.buffers.Get().(*buffers)
	defer lent.giveBack(&r.buffers)
	found := &found{s: s, p: p, lang: lang, a: a, open: open, plan: q, lent: lent, results: &results}
	if len(w.words) == 0 {
		found.listing(after.Offset + req.Limit)
	} else if err := r.legs(ctx, req, found, w, after.Offset+req.Limit); err != nil {
		return Results{}, err
	}
	results.Notes = append(append(results.Notes, found.p.Notes...), s.notes(filters, req.IncludeRestricted, a.count > 0)...)
	if w.cut {
		results.Notes = append(results.Notes, "The query is very long; its first words were searched.")
	}
	begin := 0
	if req.Cursor != "" {
		begin = after.start(s, found.ranking.list)
	}
	return results, r.page(ctx, req, found, begin, last)
}

// found is a search under way.
type found struct {
	s       *state
	p       *parsed
	lang    *speech
	a       *allowed
	open    facetSet
	plan    *plan
	lent    *buffers
	scorer  *scorer
	lexical *lexical
	top     []pageScore // the best of the keyword leg
	vector  *vectorLeg
	exact   map[docRef]bool // chunks that have the phrases
	ranking *ranking
	results *Results
}

// listing is the answer to filters without words: all pages that pass, the latest first; need of them are put in order.
func (f *found) listing(need int) {
	f.plan.wanted = &wanted{}
	f.ranking = &ranking{pages: f.lent.numbers(len(f.s.pages))}
	modified := f.s.columns.modified
	var times []int64
	for i, fit := range f.a.pages {
		if fit == passes && f.s.first[i] != noDoc {
			f.ranking.pages = append(f.ranking.pages, int32(i))
			times = append(times, modified[i])
		}
	}
	least := int64(math.MinInt64)
	if need += 50; len(times) > need { // some may be the same under several sources
		slices.Sort(times)
		least = times[len(times)-need]
	}
	for _, page := range f.ranking.pages {
		if modified[page] >= least {
			f.ranking.list = append(f.ranking.list, &candidate{page: page, lastModified: f.s.pages[page].LastModified})
		}
	}
	f.ranking.sort(f.s, ByRelevance)
	f.ranking.list = f.s.merge(f.ranking.list)
	f.results.Total = len(f.ranking.pages)
}

// legs runs the two legs and ranks what they find.
func (r *Searcher) legs(ctx context.Context, req Request, f *found, w *wanted, need int) error {
	began := time.Now()
	w, err := r.words(ctx, req, f, w)
	if err != nil {
		return err
	}
	f.plan.wanted = w
	text := freeText(f.p)
	f.plan.folded = analysis.Fold(text)
	f.plan.issue = issueKey(text)
	vector := r.startVector(ctx, req, f, w, text)
	var cut bool
	if len(w.excluded)+len(w.phrases) > 0 {
		f.a = f.a.clone()
		if f.exact, cut, err = f.scorer.narrow(ctx, r.store, w, f.a); err != nil {
			return err
		}
	}
	if f.lexical, err = f.scorer.run(ctx, f.a, f.lent); err != nil {
		return err
	}
	f.addIssue()
	f.top = f.lexical.topPages(max(ranked, need+50))
	r.observer.Leg(legKeyword, time.Since(began))
	f.vector = vector(f)
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.vector != nil {
		f.plan.fusion = newFusion(r.embedder.Model(), f.scorer.coverage(f.lexical, f.top, w), f.vector)
	}
	f.ranking = f.s.rank(f.plan, f.lexical, f.vector, f.top)
	f.results.Total, f.results.TotalIsLowerBound = len(f.ranking.pages), cut
	return nil
}

// addIssue adds pages that carry the issue that the query is, though no word of theirs says so.
func (f *found) addIssue() {
	if f.plan.issue == "" {
		return
	}
	for _, page := range f.s.withIssue(f.plan.issue) {
		if f.a.pages[page] != fails && f.lexical.score(page) == 0 && f.s.first[page] != noDoc {
			f.lexical.best[page] = 1e-3
			f.lexical.doc[page] = f.s.first[page]
			f.lexical.add(f.a, page)
		}
	}
}

// startVector starts the vector leg beside the keyword leg; the function it returns waits for its answer. nil: the
// answer has to do without.
func (r *Searcher) startVector(ctx context.Context, req Request, f *found, w *wanted, text string) func(*found) *vectorLeg {
	none := func(*found) *vectorLeg { return nil }
	forced := req.Mode == Vector
	if req.Mode == Keyword || !forced && (w.identifiersOnly() || w.quotedOnly() || w.mostlyUnknown()) {
		return none
	}
	if r.embedder == nil {
		f.results.Degraded = append(f.results.Degraded, "vector")
		return none
	}
	type answer struct {
		leg *vectorLeg
		err error
	}
	embedded, done := make(chan []float32, 1), make(chan answer, 1)
	a := f.a
	legCtx, cancel := context.WithTimeout(ctx, legTimeout)
	go func() {
		defer cancel()
		defer close(embedded)
		q, err := r.embed(legCtx, text)
		if err != nil || len(q.Vector) == 0 || q.UnknownShare > unknownMost && !forced {
			done <- answer{&vectorLeg{}, err} // the query is none for it
			return
		}
		embedded <- q.Vector
		leg, err := r.vectorSearch(legCtx, f.s, a, q.Vector)
		done <- answer{leg, err}
	}()
	return func(f *found) *vectorLeg {
		var compared comparison
		var err error
		if query, ok := <-embedded; ok && !forced { // while the index is still being asked
			compared, err = r.compare(ctx, f, query)
		}
		got := <-done
		if got.err == nil {
			got.err = err
		}
		if got.err != nil {
			if ctx.Err() == nil {
				r.log.WarnContext(ctx, "search does without the vector leg", "err", got.err)
			}
			f.results.Degraded = append(f.results.Degraded, "vector")
			return nil
		}
		if got.leg.absent {
			f.results.Degraded = append(f.results.Degraded, "vector")
		}
		// What lacks a phrase, or has what is excluded, does not pass any more.
		got.leg.hits = slices.DeleteFunc(got.leg.hits, func(h vectorHit) bool { return !f.a.has(f.s.pageOf(h.doc)) })
		got.leg.beside = slices.DeleteFunc(got.leg.beside, func(h vectorHit) bool { return f.a.pages[f.s.pageOf(h.doc)] == fails })
		got.leg.comparison = compared
		return got.leg
	}
}

// mostlyUnknown reports whether the corpus does not know most of the words: then likeness of meaning is a guess.
func (w *wanted) mostlyUnknown() bool {
	n := 0
	for _, x := range w.words {
		if x.Unknown {
			n++
		}
	}
	return n*2 > len(w.words)
}

// freeText is the query without its filters and exclusions, for the embedder and for titles.
func freeText(p *parsed) string {
	var parts []string
	for _, s := range inOrder(p) {
		parts = append(parts, p.text(s))
	}
	return strings.Join(parts, " ")
}

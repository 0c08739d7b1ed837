package spacesync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Options configure a Syncer; the zero value is usable.
type Options struct {
	// Downloads is how many requests for bodies one run keeps under way; the client limits them per site. 0: 4.
	Downloads int
	// Overlap is how far behind the start of a run the watermark is set: more than the search index may lag. 0: 15 minutes.
	Overlap time.Duration
	// MaxOutage is how long a run waits for a site that does not answer. 0: 15 minutes.
	MaxOutage time.Duration
	// FirstPause is how long the first wait for such a site is; each one is twice as long as the one before. 0: 2 seconds.
	FirstPause time.Duration
	// ReconcileEvery is the interval of weekly_reconciliation. 0: 7 days.
	ReconcileEvery time.Duration
	// Now is our clock. nil: time.Now.
	Now func() time.Time
	// RenderMacros fetches the rendered body of pages whose macros exist only so, one more request for each.
	RenderMacros bool
	Logger       *slog.Logger
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	if o.Downloads <= 0 {
		o.Downloads = 4
	}
	if o.Overlap <= 0 {
		o.Overlap = 15 * time.Minute
	}
	if o.MaxOutage <= 0 {
		o.MaxOutage = 15 * time.Minute
	}
	if o.FirstPause <= 0 {
		o.FirstPause = 2 * time.Second
	}
	if o.ReconcileEvery <= 0 {
		o.ReconcileEvery = 7 * 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Syncer brings sources up to date. It is safe for concurrent use by runs of different sources.
type Syncer struct {
	store   Store
	indexer *index.Indexer
	options Options

	mu     sync.Mutex               // guards clocks
	clocks map[string]time.Duration // base URL → how far the site's clock is ahead of ours
}

// siteTime is the site's time as far as we know it.
func (s *Syncer) siteTime(base string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Now().Add(s.clocks[base])
}

func (s *Syncer) setSiteTime(base string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clocks[base] = at.Sub(s.options.Now())
}

// New returns a syncer.
func New(store Store, indexer *index.Indexer, o Options) *Syncer {
	return &Syncer{store: store, indexer: indexer, options: o.WithDefaults(), clocks: map[string]time.Duration{}}
}

// work is one run at work on one source.
type work struct {
	*Syncer
	site  Site
	run   Run
	src   Source
	rec   *recorder
	began time.Time // the server's clock at the start: the next watermark, but for the overlap
	me    string    // who the site took us for at the start

	states   map[string]State         // what was stored before a comparison, deleted pages included
	live     map[string]bool          // what was stored when the run began: whether readers saw it; nil where the run found nothing to do
	listed   map[string]bool          // by the complete listing of a comparison
	nodes    map[string]TreeNode      // what was known of the tree beside pages
	fresh    map[string]bool          // nodes of the tree that were looked up, or left out, by this run
	children map[string][]index.Child // of the pages of a whole tree, as a comparison found it
	archived bool                     // the space is: the search index does not know it
	gone     bool                     // something that was listed could not be read by id: is it us?
	taking   chan struct{}            // bounds the batches that are converted at once

	concealed map[string]bool // stored pages that turned out to be restricted
	withheld  map[string]bool // those of them that are hidden and kept

	mu         sync.Mutex // guards what follows while pages are fetched
	tree       tree
	titles     map[string]string // lower-case title → id of the pages of the tree
	again      bool              // the next run has to compare the whole space
	latestMe   string            // by the latest check
	latestTime time.Time
}

func (w *work) setAgain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = true
}

// byHand reports whether a person asked for the run.
func (w *work) byHand() bool { return w.run.Trigger != sources.TriggerSchedule }

// takeBatches is how many batches are converted and stored at once: the trees of a batch are the most memory that a run
// holds, and one batch is stored by as many workers as there are cores.
const takeBatches = 2

func (s *Syncer) newWork(site Site, run Run, src Source) *work {
	return &work{
		Syncer: s, site: site, run: run, src: src, rec: newRecorder(s.store, run, site), tree: tree{},
		listed: map[string]bool{}, nodes: map[string]TreeNode{}, fresh: map[string]bool{}, taking: make(chan struct{}, takeBatches),
		concealed: map[string]bool{}, withheld: map[string]bool{},
	}
}

// Run brings the run's source up to date and returns what it did. When the error is nil, the store equals what the account may see of the space,
// and the watermark has moved; after an error it has not, and what was stored so far stays. *StoppedError where somebody
// asked the run to end. The figures are also in the run's row; closing the run is the caller's.
func (s *Syncer) Run(ctx context.Context, site Site, run Run) (Progress, error) {
	src, err := s.store.SyncSource(ctx, run.SourceID)
	if err != nil {
		return Progress{}, err
	}
	w := s.newWork(site, run, src)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var beats sync.WaitGroup
	beats.Go(func() { w.rec.run(ctx, stop) })
	if run.Kind == sources.KindReprocess {
		err = w.reprocess(ctx)
	} else {
		err = w.sync(ctx)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var stopped *StoppedError
	if errors.As(err, &stopped) {
		w.rec.note(stopped.Error())
	}
	stop(nil)
	beats.Wait()
	// The last figures are written whatever ended the run, and for a moment even past the end of the context.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if werr := w.rec.write(last); werr != nil && err == nil && !errors.As(werr, &stopped) {
		err = werr
	}
	return w.rec.snapshot(), err
}

// sync is one run: what changed, then the pages and their tree, then deletions, then the watermark.
func (w *work) sync(ctx context.Context) error {
	start := time.Now()
	if w.run.Full && w.src.FullSince == nil {
		if err := w.store.SetFullSince(ctx, w.src.ID, start); err != nil {
			return err
		}
		w.src.FullSince = &start
	}
	compare, deletes := w.mode()
	var items []*item
	var err error
	if compare {
		items, err = w.compareAll(ctx)
	} else {
		items, err = w.changes(ctx)
	}
	if err != nil {
		return err
	}
	watermark := w.began.Add(-w.options.Overlap)
	w.rec.change(func(p *Progress) { p.WatermarkFrom, p.WatermarkTo = w.src.Watermark, &watermark })
	listed := len(items) > 0 // the items themselves go as they are worked off
	if err := w.incorporate(ctx, items); err != nil {
		return err
	}
	if err := w.place(ctx, listed, compare); err != nil {
		return err
	}
	if err := w.trust(ctx); err != nil {
		return err
	}
	if compare && deletes {
		w.rec.phase(sources.PhaseReconciling)
		if err := w.deletions(ctx); err != nil {
			return err
		}
	}
	if err := w.rec.check(); err != nil {
		return err
	}
	return w.finish(ctx, start, watermark, compare, deletes)
}

// mode says whether the whole space is compared with the store, and whether what is missing from it may be deleted.
func (w *work) mode() (compare, deletes bool) {
	first := w.src.Watermark == nil
	due := false
	switch w.src.Strategy {
	case sources.EverySync:
		due = true
	case sources.OnDemand:
	default:
		due = w.src.LastReconciliation == nil || w.options.Now().Sub(*w.src.LastReconciliation) >= w.options.ReconcileEvery
	}
	deletes = w.run.Reconcile || due || first
	compare = deletes || w.run.Full || w.src.FullSince != nil || w.src.ReconcileWanted
	return compare, deletes
}

// finish writes the watermark: last of all, because until then a crash only repeats work.
func (w *work) finish(ctx context.Context, start, watermark time.Time, compared, reconciled bool) error {
	total, err := w.store.CountLive(ctx, w.src.ID)
	if err != nil {
		return err
	}
	p := w.rec.snapshot()
	f := Finish{
		Watermark: watermark, Compared: compared, Wishes: w.src.Wishes, ReconcileAgain: w.again, TotalPages: total,
		Metrics: sources.SyncMetrics{
			PagesCreated: p.Created, PagesUpdated: p.Updated, PagesDeleted: p.Deleted, PagesFailed: p.Failed,
			ChunksCreated: p.ChunksCreated, APICalls: p.Calls, APIErrors: p.Errors, LastSyncDuration: time.Since(start).Seconds(),
		},
	}
	if reconciled {
		f.Reconciled = &w.began
	}
	if err := w.store.FinishSource(ctx, w.run.Fence(), w.src.ID, f); err != nil {
		return err
	}
	w.log(ctx, "info", fmt.Sprintf("Done: %d listed = %d created + %d updated + %d unchanged + %d skipped + %d failed; %d deleted",
		p.Listed, p.Created, p.Updated, p.Unchanged, p.Skipped, p.Failed, p.Deleted))
	w.rec.phase(sources.PhaseDone)
	return nil
}

// log writes a line into the run's log; one that cannot be written is no reason to end a run.
func (w *work) log(ctx context.Context, level, message string) {
	w.options.Logger.LogAttrs(ctx, map[string]slog.Level{"warn": slog.LevelWarn}[level], "sync",
		slog.String("source", w.src.ID), slog.Int64("run", w.run.ID), slog.String("message", message))
	if err := w.store.AddRunLog(ctx, w.run.ID, level, message); err != nil && !errors.Is(err, wiki.ErrUnavailable) && ctx.Err() == nil {
		w.options.Logger.WarnContext(ctx, "run log", "run", w.run.ID, "err", err)
	}
}

package spacesync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
)

// beat is how often a run writes its progress, which is also how soon it hears that it should stop.
const beat = 500 * time.Millisecond

// StoppedError is the cause of a run's end that somebody asked for.
type StoppedError struct {
	Reason string // sources.StopCancel or sources.StopPause
}

// Error says so.
func (s *StoppedError) Error() string {
	if s.Reason == sources.StopPause {
		return "the source was paused"
	}
	return "the run was cancelled"
}

// outcome is what became of one listed page.
type outcome int

const (
	created outcome = iota + 1
	updated
	unchanged
	skipped
	failed
)

// Usage is what a site's client has sent and received.
type Usage struct {
	Calls   int
	Errors  int
	Retries int
	Bytes   int64
}

// Metered is a Site that counts.
type Metered interface {
	Usage() Usage
}

// recorder counts what becomes of every listed page, exactly once, and writes it down while the run goes on.
type recorder struct {
	store Store
	fence index.Fence
	usage func() Usage

	mu         sync.Mutex // guards what follows
	p          Progress
	listed     map[string]outcome
	phaseSince time.Time
	rate       []sample
}

// sample is how many pages were settled at a moment, for the estimate of the time left.
type sample struct {
	at   time.Time
	done int
}

func newRecorder(store Store, run Run, site Site) *recorder {
	r := &recorder{
		store: store, fence: run.Fence(), usage: func() Usage { return Usage{} }, listed: map[string]outcome{}, phaseSince: time.Now(),
		p: Progress{Phase: sources.PhaseDiscovering, SkippedReasons: map[string]int{}, PhaseSeconds: map[sources.Phase]float64{}},
	}
	if m, ok := site.(Metered); ok {
		before := m.Usage()
		r.usage = func() Usage {
			now := m.Usage()
			return Usage{now.Calls - before.Calls, now.Errors - before.Errors, now.Retries - before.Retries, now.Bytes - before.Bytes}
		}
	}
	return r
}

// list adds pages that the run has to account for; a page counts once however often it is listed.
func (r *recorder) list(ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if _, ok := r.listed[id]; !ok {
			r.listed[id] = 0
			r.p.Listed++
		}
	}
	r.p.Total = r.p.Listed
}

// settle tells what became of a listed page. The first word counts: a page is settled once.
func (r *recorder) settle(id string, o outcome, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if was, ok := r.listed[id]; !ok || was != 0 {
		return
	}
	r.listed[id] = o
	r.p.Processed++
	switch o {
	case created:
		r.p.Created++
	case updated:
		r.p.Updated++
	case unchanged:
		r.p.Unchanged++
	case skipped:
		r.p.Skipped++
		r.p.SkippedReasons[reason]++
	case failed:
		r.p.Failed++
	}
}

// unsettled reports whether a listed page has not been accounted for yet.
func (r *recorder) unsettled(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, ok := r.listed[id]
	return ok && o == 0
}

// check asserts that every listed page has been accounted for.
func (r *recorder) check() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := r.p.Created + r.p.Updated + r.p.Unchanged + r.p.Skipped + r.p.Failed
	if sum == r.p.Listed && sum == len(r.listed) {
		return nil
	}
	for id, o := range r.listed {
		if o == 0 {
			return fmt.Errorf("the run lost sight of %d of %d pages, such as %s; this is a fault of the program", r.p.Listed-sum, r.p.Listed, id)
		}
	}
	return fmt.Errorf("the run counted %d pages of %d; this is a fault of the program", sum, r.p.Listed)
}

func (r *recorder) change(f func(p *Progress)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.p)
}

func (r *recorder) note(text string) { r.change(func(p *Progress) { p.Note = text }) }

// phase ends one phase and begins another.
func (r *recorder) phase(next sources.Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.p.PhaseSeconds[r.p.Phase] += time.Since(r.phaseSince).Seconds()
	r.p.Phase, r.phaseSince = next, time.Now()
	r.rate = nil
}

// snapshot is the progress now.
func (r *recorder) snapshot() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.p
	p.SkippedReasons, p.PhaseSeconds = maps.Clone(p.SkippedReasons), maps.Clone(p.PhaseSeconds)
	p.PhaseSeconds[p.Phase] += time.Since(r.phaseSince).Seconds()
	p.ETASeconds = r.eta(time.Now())
	u := r.usage()
	p.Calls, p.Errors, p.Retries, p.Bytes = u.Calls, u.Errors, u.Retries, u.Bytes
	return p
}

// The estimate looks back over a window, so that it follows a change of pace, and says nothing before it has seen some.
const (
	etaWindow  = 20 * time.Second
	etaMinimum = 2 * time.Second
)

// eta is the time left at the pace of the last seconds; nil while it cannot be told.
func (r *recorder) eta(now time.Time) *int {
	if r.p.Phase != sources.PhaseSyncing {
		return nil
	}
	r.rate = append(r.rate, sample{now, r.p.Processed})
	for len(r.rate) > 2 && now.Sub(r.rate[0].at) > etaWindow {
		r.rate = r.rate[1:]
	}
	first := r.rate[0]
	took, done := now.Sub(first.at), r.p.Processed-first.done
	if took < etaMinimum || done <= 0 {
		return nil
	}
	left := int(took.Seconds()/float64(done)*float64(r.p.Total-r.p.Processed) + 0.5)
	return &left
}

// run writes the progress at every beat until the context ends; stop is called with the cause when the run should end.
// A database that does not answer for a moment does not end a run: the writes that matter fail by themselves.
func (r *recorder) run(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := r.write(ctx); err != nil {
			var stopped *StoppedError
			if errors.As(err, &stopped) || lost(err) {
				stop(err)
				return
			}
		}
	}
}

// write writes the progress once; *StoppedError where the run should end.
func (r *recorder) write(ctx context.Context) error {
	stop, err := r.store.WriteProgress(ctx, r.fence, r.snapshot())
	if err != nil {
		return err
	}
	if stop != "" {
		return &StoppedError{Reason: stop}
	}
	return nil
}

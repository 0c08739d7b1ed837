package backlog

import (
	"context"
	"sync"
	"time"
)

// Stats is what this worker did since it was started.
type Stats struct {
	Embedded    int64 // chunks
	Failures    int64 // batches that failed
	PerSecond   float64
	LastSuccess time.Time // zero: none yet
	Problem     string    // the latest failure, until something succeeds
}

// Progress is how far the backlog is and how fast it goes.
type Progress struct {
	Counts
	PerSecond   float64
	Left        time.Duration // 0: nothing to do, or no telling
	LastSuccess time.Time     // zero: none in this process
}

// Stats reports on this worker alone, without asking the database.
func (w *Worker) Stats() Stats { return w.state.stats(time.Now()) }

// Progress reports on the backlog, whoever works on it; the rate is this worker's. The counts are a few seconds old at
// most: many pages that poll cost one count.
func (w *Worker) Progress(ctx context.Context) (Progress, error) {
	counts, err := w.counts(ctx)
	if err != nil {
		return Progress{}, err
	}
	stats := w.Stats()
	if stats.Problem != "" {
		counts.Problem = stats.Problem
	}
	p := Progress{Counts: counts, PerSecond: stats.PerSecond, LastSuccess: stats.LastSuccess}
	if open := counts.Missing + counts.Other - counts.Failed; open > 0 && p.PerSecond > 0 {
		p.Left = time.Duration(float64(open) / p.PerSecond * float64(time.Second)).Round(time.Second)
	}
	return p, nil
}

// countEvery is how long counts are good for.
const countEvery = 2 * time.Second

// recent is the latest count.
type recent struct {
	mu     sync.Mutex // guards all below; held while counting, so that one caller counts for all
	counts Counts
	at     time.Time
}

func (w *Worker) counts(ctx context.Context) (Counts, error) {
	w.recent.mu.Lock()
	defer w.recent.mu.Unlock()
	if !w.recent.at.IsZero() && time.Since(w.recent.at) < countEvery {
		return w.recent.counts, nil
	}
	counts, err := w.store.Counts(ctx, w.embedder.Model().ID)
	if err != nil {
		return Counts{}, err
	}
	w.recent.counts, w.recent.at = counts, time.Now()
	return counts, nil
}

// The rate is measured over the latest slots.
const (
	slotLength = 5 * time.Second
	slotCount  = 12
)

// state is what the loops share.
type state struct {
	mu          sync.Mutex // guards all below
	batch       int
	embedded    int64
	failures    int64
	problem     string
	lastSuccess time.Time
	slots       [slotCount]int // chunks embedded, by time
	slot        int64          // number of the latest slot since the epoch
	firstSlot   int64          // the slot in which work began
}

func (s *state) batchSize() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batch
}

// shrink halves the batches, down to single chunks: if one of them brings the embedder down, it is found.
func (s *state) shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch = max(1, s.batch/2)
}

func (s *state) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures++
	s.problem = err.Error()
}

func (s *state) recovered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problem = ""
}

func (s *state) succeeded(chunks, largest int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.turn(now)
	s.slots[s.slot%slotCount] += chunks
	s.embedded += int64(chunks)
	s.lastSuccess, s.problem = now, ""
	s.batch = min(2*s.batch, largest)
}

func (s *state) total() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.embedded
}

// turn moves on to the slot of now, and empties those that were passed over.
func (s *state) turn(now time.Time) {
	slot := now.UnixNano() / int64(slotLength)
	if slot-s.slot >= slotCount {
		s.slots, s.firstSlot = [slotCount]int{}, slot
	}
	for s.slot < slot-slotCount {
		s.slot = slot - slotCount
	}
	for s.slot < slot {
		s.slot++
		s.slots[s.slot%slotCount] = 0
	}
}

func (s *state) stats(now time.Time) Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(now)
	sum := 0
	for _, n := range s.slots {
		sum += n
	}
	// The present slot has only just begun; the rate is that of the time since the oldest one that counts.
	oldest := max(s.firstSlot, s.slot-slotCount+1)
	span := now.Sub(time.Unix(0, oldest*int64(slotLength)))
	rate := 0.0
	if sum > 0 {
		rate = float64(sum) / max(span.Seconds(), 1)
	}
	return Stats{Embedded: s.embedded, Failures: s.failures, PerSecond: rate, LastSuccess: s.lastSuccess, Problem: s.problem}
}

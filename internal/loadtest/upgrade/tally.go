package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/loadtest"
)

// tally counts answers, by the state that the installation was in.
type tally struct {
	mu       sync.Mutex // guards the rest
	searches int
	syncs    int
	degraded int
	times    loadtest.Latencies
	failed   []error // since the last report
	all      int     // failures of all states
}

func (t *tally) search(query string, found loadtest.Found, took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.searches++
	t.times.Add(took)
	if slices.Contains(found.Degraded, "keyword") {
		t.degraded++
	}
	switch {
	case err != nil:
		t.failed = append(t.failed, err)
	case found.Total == 0 && len(found.Degraded) == 0:
		t.failed = append(t.failed, fmt.Errorf("search for %q: nothing is found", query))
	}
}

func (t *tally) sync(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.syncs++
	if err != nil {
		t.failed = append(t.failed, err)
	}
}

// report prints what was counted since the last one.
func (t *tally) report(state string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Printf("%s: %d searches (%s), %d without all words, %d syncs asked for, %d failed\n", state, t.searches, &t.times, t.degraded, t.syncs, len(t.failed))
	for _, err := range t.failed[:min(5, len(t.failed))] {
		fmt.Println("  ", err)
	}
	t.all += len(t.failed)
	t.searches, t.degraded, t.syncs, t.failed, t.times = 0, 0, 0, nil, loadtest.Latencies{}
}

// verdict is an error where anything failed.
func (t *tally) verdict() error {
	if t.all > 0 {
		return fmt.Errorf("%d answers failed", t.all)
	}
	return nil
}

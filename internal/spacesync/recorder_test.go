package spacesync

import (
	"strings"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
)

func TestRecorderCountsEachPageOnce(t *testing.T) {
	t.Parallel()
	r := newRecorder(nil, Run{}, nil)
	r.list("1", "2", "3")
	r.list("3", "4")
	if err := r.check(); err == nil || !strings.Contains(err.Error(), "4 of 4") {
		t.Errorf("unsettled pages: %v", err)
	}
	r.settle("1", created, "")
	r.settle("1", failed, "") // the first word counts
	r.settle("2", skipped, "restricted")
	r.settle("3", unchanged, "")
	r.settle("9", updated, "") // not listed
	if err := r.check(); err == nil || !strings.Contains(err.Error(), "such as 4") {
		t.Errorf("one unsettled page: %v", err)
	}
	r.settle("4", failed, "")
	if err := r.check(); err != nil {
		t.Error(err)
	}
	p := r.snapshot()
	if p.Listed != 4 || p.Created != 1 || p.Skipped != 1 || p.Unchanged != 1 || p.Failed != 1 || p.SkippedReasons["restricted"] != 1 {
		t.Errorf("progress %+v", p)
	}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	r := newRecorder(nil, Run{}, nil)
	r.p.Phase, r.p.Total = sources.PhaseSyncing, 100
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	step := func(seconds, done int) *int {
		r.p.Processed = done
		return r.eta(at.Add(time.Duration(seconds) * time.Second))
	}
	if eta := step(0, 0); eta != nil {
		t.Errorf("at once: %d", *eta)
	}
	if eta := step(1, 10); eta != nil {
		t.Errorf("after a second: %d", *eta)
	}
	if eta := step(10, 50); eta == nil || *eta != 10 {
		t.Errorf("half done after ten seconds: %v", eta)
	}
	if eta := step(30, 60); eta == nil || *eta != 80 {
		t.Errorf("slower since: %v", eta)
	}
	r.phase(sources.PhaseReconciling)
	if eta := step(31, 61); eta != nil {
		t.Errorf("in another phase: %d", *eta)
	}
}

package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/schedule"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

func TestARunIsWorkedOnOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "eng")
	w := newWorker(b.store)
	w.did.Created = 3
	after := make(chan int, 1)
	tell := func(_ context.Context, _ string, p spacesync.Progress) { after <- p.Created }
	s := b.scheduler(w, func(o *schedule.Options) { o.AfterRun = tell })
	first := b.enqueue(s, "eng", manual)
	second := b.enqueue(s, "eng", sources.RunRequest{SyncRequest: sources.SyncRequest{Full: true, Trigger: sources.TriggerAPI}, Kind: sources.KindSync})
	if first.Conflict || !second.Conflict || second.RunID != first.RunID {
		t.Errorf("first %+v, second %+v", first, second)
	}
	b.start(s)
	other := b.scheduler(w, func(o *schedule.Options) { o.Name, o.AfterRun = "two", tell })
	b.start(other)
	run := b.next(w)
	if !run.Full {
		t.Error("the queued run did not take over what the second request asked for")
	}
	if third := b.enqueue(other, "eng", manual); !third.Conflict || third.State != sources.RunRunning {
		t.Errorf("while it runs: %+v", third)
	}
	close(w.hold)
	b.untilState("eng", sources.RunSucceeded)
	if n := len(b.runs("eng")); n != 1 {
		t.Errorf("%d runs", n)
	}
	if n := <-after; n != 3 {
		t.Errorf("the hook was told of %d created pages", n)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "eng")
	w := newWorker(b.store)
	s := b.scheduler(w, nil)
	if err := s.Stop(t.Context(), "eng", sources.StopCancel); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("nothing to stop: %v", err)
	}
	b.enqueue(s, "eng", manual)
	b.ok(s.Stop(t.Context(), "eng", sources.StopCancel))
	if state := b.runs("eng")[0].State; state != sources.RunCancelled {
		t.Errorf("a queued run is %s", state)
	}
	b.start(s)
	b.enqueue(s, "eng", manual)
	b.next(w)
	b.ok(s.Stop(t.Context(), "eng", sources.StopPause))
	b.untilState("eng", sources.RunCancelled)
	if n := len(b.runs("eng")); n != 2 {
		t.Errorf("%d runs", n)
	}
}

// A process that shuts down gives its run back, and another one goes on with it.
func TestShutdownGivesRunsBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "eng")
	w := newWorker(b.store)
	s := b.scheduler(w, nil)
	stop := b.start(s)
	started := b.enqueue(s, "eng", manual)
	first := b.next(w)
	stop()
	b.start(b.scheduler(w, func(o *schedule.Options) { o.Name = "two" }))
	second := b.next(w)
	if second.ID != first.ID || second.Attempt != first.Attempt+1 {
		t.Errorf("first %+v, then %+v", first, second)
	}
	close(w.hold)
	b.untilState("eng", sources.RunSucceeded)
	if runs := b.runs("eng"); len(runs) != 1 || runs[0].ID != started.RunID {
		t.Errorf("runs %+v", runs)
	}
}

// The run of a process that died is closed as interrupted, and another one is queued and worked on.
func TestDeadWorker(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "eng")
	full := manual
	full.Full = true
	id, _, err := b.store.AddRun(t.Context(), "eng", full)
	b.ok(err)
	_, err = b.store.ClaimRun(t.Context(), id, "dead")
	b.ok(err)
	_, err = b.db.Exec(t.Context(), `UPDATE sync_runs SET heartbeat_at = now() - interval '1 minute' WHERE id = $1`, id)
	b.ok(err)
	w := newWorker(b.store)
	b.start(b.scheduler(w, nil))
	run := b.next(w)
	if run.ID == id || !run.Full || run.Trigger != sources.TriggerManual {
		t.Errorf("resumed as %+v", run)
	}
	close(w.hold)
	b.untilState("eng", sources.RunSucceeded)
	if dead := b.runs("eng")[1]; dead.State != sources.RunFailed || !dead.Interrupted {
		t.Errorf("the dead one: %+v", dead)
	}
}

// A queued run whose job was never delivered gets another one.
func TestForgottenRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "eng")
	id, _, err := b.store.AddRun(t.Context(), "eng", manual)
	b.ok(err)
	w := newWorker(b.store)
	b.start(b.scheduler(w, func(o *schedule.Options) { o.Forgotten = 50 * time.Millisecond }))
	if run := b.next(w); run.ID != id {
		t.Errorf("run %d, want %d", run.ID, id)
	}
	close(w.hold)
	b.untilState("eng", sources.RunSucceeded)
}

// A run whose job a process took that died before it claimed the run gets another job; one whose job waits, because all
// workers are busy, does not.
func TestLostJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "lost")
	b.source("acme", "waits")
	s := b.scheduler(nil, func(o *schedule.Options) { o.Forgotten = time.Millisecond })
	b.enqueue(s, "lost", manual)
	b.enqueue(s, "waits", manual)
	_, err := b.db.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = '{dead}' WHERE args->>'source_id' = 'lost'`)
	b.ok(err)
	jobs := func(source, state string) (n int) {
		b.ok(b.db.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE args->>'source_id' = $1 AND state = $2`, source, state).Scan(&n))
		return n
	}
	b.until("the lost job is replaced", func() bool {
		b.ok(s.Dispatch(t.Context()))
		return jobs("lost", "available") > 0
	})
	for range 3 {
		time.Sleep(2 * time.Millisecond) // past Forgotten
		b.ok(s.Dispatch(t.Context()))
	}
	if lost, waits := jobs("lost", "available"), jobs("waits", "available"); lost != 1 || waits != 1 {
		t.Errorf("%d jobs for the run whose job was lost, %d for the one that waits; want one each", lost, waits)
	}
}

func TestDueSources(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	now := time.Now()
	for i := range 5 {
		id := fmt.Sprintf("a%d", i)
		b.source("acme", id)
		b.ok(b.store.SetNextSync(t.Context(), id, now.Add(-time.Duration(10-i)*time.Minute)))
	}
	b.source("umbrella", "u0")
	b.ok(b.store.SetNextSync(t.Context(), "u0", now.Add(-time.Second)))
	b.source("umbrella", "later")
	b.ok(b.store.SetNextSync(t.Context(), "later", now.Add(time.Hour)))
	b.source("umbrella", "paused")
	b.ok(b.store.SetNextSync(t.Context(), "paused", now.Add(-time.Hour)))
	b.ok(b.store.SetPaused(t.Context(), "paused", true))

	s := b.scheduler(nil, nil)
	var wait sync.WaitGroup
	for range 3 { // several processes look at once
		wait.Go(func() {
			if err := s.Dispatch(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	open := func() (ids []string) {
		runs, err := b.store.Runs(t.Context(), sources.RunFilter{Active: true, Limit: 100})
		b.ok(err)
		for _, r := range runs {
			ids = append(ids, r.SourceID)
		}
		slices.Sort(ids)
		return ids
	}
	if got := open(); !slices.Equal(got, []string{"a0", "a1", "u0"}) {
		t.Errorf("queued %v; two of a site at once, the longest overdue first", got)
	}
	src, err := b.store.Source(t.Context(), "a0")
	b.ok(err)
	if want := schedule.Next("a0", time.Now(), 2*time.Hour); src.NextSyncAt == nil || !src.NextSyncAt.Equal(want) {
		t.Errorf("next at %v, want %v", src.NextSyncAt, want)
	}
	b.ok(s.Stop(t.Context(), "a0", sources.StopCancel))
	b.ok(s.Dispatch(t.Context()))
	if got := open(); !slices.Equal(got, []string{"a1", "a2", "u0"}) {
		t.Errorf("queued %v after one ended", got)
	}
}

// One site's runs do not take all the workers, and people's runs go first.
func TestFairness(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := newWorker(b.store)
	s := b.scheduler(w, func(o *schedule.Options) { o.Workers, o.PerSite = 2, 1 })
	for _, id := range []string{"a0", "a1", "a2"} {
		b.source("acme", id)
		b.enqueue(s, id, manual)
	}
	b.source("umbrella", "u0")
	b.enqueue(s, "u0", manual)
	b.start(s)
	got := []string{b.next(w).SourceID, b.next(w).SourceID}
	slices.Sort(got)
	if got[0][0] != 'a' || got[1] != "u0" {
		t.Errorf("under way: %v; one of each site should be", got)
	}
	close(w.hold)
	for _, id := range []string{"a0", "a1", "a2", "u0"} {
		b.untilState(id, sources.RunSucceeded)
	}
}

func TestManualFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := newWorker(b.store)
	s := b.scheduler(w, func(o *schedule.Options) { o.Workers = 1 })
	for i := range 3 {
		id := fmt.Sprintf("s%d", i)
		b.source("acme", id)
		b.enqueue(s, id, sources.RunRequest{SyncRequest: sources.SyncRequest{Trigger: sources.TriggerSchedule}, Kind: sources.KindSync})
	}
	b.source("acme", "mine")
	b.enqueue(s, "mine", manual)
	b.enqueue(s, "s2", manual) // it is queued already; now somebody waits for it
	b.start(s)
	close(w.hold)
	var got []string
	for range 4 {
		got = append(got, b.next(w).SourceID)
	}
	if slices.Sort(got[:2]); !slices.Equal(got[:2], []string{"mine", "s2"}) {
		t.Errorf("in the order %v", got)
	}
}

func TestFailedRun(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{wiki.ErrUnavailable, wiki.ErrCredentials} {
		t.Run(cause.Error(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.source("acme", "eng")
			regular := time.Now().Add(90 * time.Minute)
			b.ok(b.store.SetNextSync(t.Context(), "eng", regular))
			w := newWorker(b.store)
			w.err = fmt.Errorf("page 7: %w", cause)
			close(w.hold)
			s := b.scheduler(w, nil)
			b.start(s)
			b.enqueue(s, "eng", manual)
			b.untilState("eng", sources.RunFailed)
			if got := b.runs("eng")[0].Error; got != w.err.Error() {
				t.Errorf("error %q", got)
			}
			refused := errors.Is(cause, wiki.ErrCredentials)
			b.until("the connection's problem and the next time", func() bool {
				c, err := b.store.Connection(t.Context(), "acme")
				b.ok(err)
				src, err := b.store.Source(t.Context(), "eng")
				b.ok(err)
				soon := time.Until(*src.NextSyncAt) < 6*time.Minute
				return (c.Problem != "") == refused && soon != refused
			})
		})
	}
}

// What is changed about a source while a run goes on, for which no second run can be queued, is queued when it ends.
func TestChangedDuringARun(t *testing.T) {
	t.Parallel()
	include, german := sources.Include, "german"
	for name, tt := range map[string]struct {
		change sources.SourceUpdate
		want   string // kind and reconcile of the run that follows
	}{
		"restricted pages": {sources.SourceUpdate{SourceChange: sources.SourceChange{RestrictedPages: &include}, ReconcileWanted: true}, "sync true"},
		"comparison":       {sources.SourceUpdate{ReconcileWanted: true}, "sync false"},
		"language":         {sources.SourceUpdate{SourceChange: sources.SourceChange{TextLanguage: &german}}, "reprocess false"},
		"nothing":          {want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.source("acme", "eng")
			w := newWorker(b.store)
			s := b.scheduler(w, nil)
			b.start(s)
			b.enqueue(s, "eng", manual)
			first := b.next(w)
			b.ok(b.store.UpdateSource(t.Context(), "eng", tt.change))
			close(w.hold)
			if tt.want == "" {
				b.untilState("eng", sources.RunSucceeded)
				if n := len(b.runs("eng")); n != 1 {
					t.Errorf("%d runs", n)
				}
				return
			}
			run := b.next(w)
			if got := fmt.Sprintf("%s %v", run.Kind, run.Reconcile); run.ID == first.ID || got != tt.want {
				t.Errorf("then run %d: %s, want %s", run.ID, got, tt.want)
			}
			b.untilState("eng", sources.RunSucceeded)
			if n := len(b.runs("eng")); n != 2 {
				t.Errorf("%d runs", n)
			}
		})
	}
}

// A panic is the run's failure.
type panicking struct{}

func (panicking) Run(context.Context, spacesync.Site, spacesync.Run) (spacesync.Progress, error) {
	panic("no such thing")
}

func TestPanic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "eng")
	s := b.scheduler(panicking{}, nil)
	b.start(s)
	b.enqueue(s, "eng", manual)
	b.untilState("eng", sources.RunFailed)
}

func TestTasks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.source("acme", "eng")
	for i := range 25 {
		id, _, err := b.store.AddRun(t.Context(), "eng", manual)
		b.ok(err)
		run, err := b.store.ClaimRun(t.Context(), id, "old")
		b.ok(err)
		b.ok(b.store.FinishRun(t.Context(), run.Fence(), schedule.End{State: sources.RunSucceeded}))
		if i < 24 {
			_, err = b.db.Exec(t.Context(), `UPDATE sync_runs SET finished_at = now() - interval '100 days' WHERE id = $1`, id)
			b.ok(err)
		}
	}
	did := make(chan struct{}, 10)
	s := b.scheduler(newWorker(b.store), func(o *schedule.Options) {
		o.Tasks = []schedule.Task{{Name: "sweep", Every: time.Hour, Do: func(context.Context) error { did <- struct{}{}; return nil }}}
	})
	b.start(s)
	select {
	case <-did:
	case <-time.After(30 * time.Second):
		t.Fatal("the task did not run")
	}
	b.until("old runs to be forgotten", func() bool { return len(b.runs("eng")) == 20 })
}

// A hundred sources that come due while nobody works do not start at once, however many processes look, and afterwards
// each has a time of its own.
func TestManyDueSources(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 100 {
		id := fmt.Sprintf("s%d", i)
		b.source(fmt.Sprintf("site%d", i%5), id)
		b.ok(b.store.SetNextSync(t.Context(), id, time.Now().Add(-time.Hour)))
	}
	s := b.scheduler(nil, nil)
	minutes := map[time.Time]int{}
	for range 10 { // two of each of five sites at a time
		b.ok(s.Dispatch(t.Context()))
		open, err := b.store.Runs(t.Context(), sources.RunFilter{Active: true, Limit: 1000})
		b.ok(err)
		if len(open) != 10 {
			t.Fatalf("%d runs are open, want two of each site", len(open))
		}
		for _, run := range open {
			src, err := b.store.Source(t.Context(), run.SourceID)
			b.ok(err)
			minutes[src.NextSyncAt.Truncate(time.Minute)]++
			b.ok(s.Stop(t.Context(), run.SourceID, sources.StopCancel))
		}
	}
	if len(minutes) < 50 {
		t.Errorf("the next times of 100 sources fall on %d minutes of 120", len(minutes))
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	const every = 24 * time.Hour
	perHour := map[int]int{}
	for i := range 240 {
		id := "confluence_S" + strconv.Itoa(i)
		at := schedule.Next(id, now, every)
		if !at.After(now) || at.Sub(now) > every {
			t.Fatalf("%s: %s", id, at)
		}
		if again := schedule.Next(id, at, every); again.Sub(at) != every {
			t.Errorf("%s: then after %s", id, again.Sub(at))
		}
		perHour[at.Hour()]++
	}
	for hour, n := range perHour {
		if n > 25 {
			t.Errorf("%d of 240 sources start in hour %d", n, hour)
		}
	}
}

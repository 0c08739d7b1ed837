package spacesync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

var errPoison = fmt.Errorf("internal server error: %w", wiki.ErrUnavailable)

func watermark(t *testing.T, b *bench, id string) time.Time {
	t.Helper()
	src, err := b.store.SyncSource(t.Context(), id)
	b.ok(err)
	if src.Watermark == nil {
		return time.Time{}
	}
	return *src.Watermark
}

// A page that no batch can hold stands alone in the end; the others come through.
func TestPoisonPages(t *testing.T) {
	t.Parallel()
	f := newFake("ENG")
	for i := range 120 {
		f.add("ENG", wiki.TypePage, "", fmt.Sprintf("Page %d", i))
	}
	ids := f.ids()
	dead, shy := ids[17], ids[90] // one that never comes, one that comes alone
	f.change(ids[3], func(c *content) { c.body = "none" })
	f.fault = func(call string, batch []string) error {
		if call == "bodies" && (slices.Contains(batch, dead) || slices.Contains(batch, shy) && len(batch) > 1) {
			return errPoison
		}
		return nil
	}
	b := newBench(t, f, spacesync.Options{Now: f.clock})
	b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
	p := b.sync("eng")
	if p.Created != 118 || p.Failed != 2 {
		t.Errorf("created %d, failed %d, want 118 and 2", p.Created, p.Failed)
	}
	failures, err := b.store.Failures(t.Context(), "eng", "", 10)
	b.ok(err)
	got := map[string]string{}
	for _, x := range failures {
		got[x.PageID] = x.Error
	}
	want := map[string]string{dead: errPoison.Error(), ids[3]: "the site sent the page without its body"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	// The clock's runs leave them alone until their next try is due; a person's run tries them at once.
	f.sleep(time.Hour)
	f.took()
	if p := b.sync("eng"); p.Listed != 0 && p.Failed != 0 {
		t.Errorf("not due and tried: %+v", p)
	}
	if p := b.compare("eng"); p.Skipped != 2 || p.Failed != 0 {
		t.Errorf("a comparison did not leave them alone: %+v", p)
	}
	f.fault = nil
	_, err = b.db.Exec(t.Context(), `UPDATE page_failures SET next_try_at = now() WHERE page_id = $1`, dead)
	b.ok(err)
	if p := b.sync("eng"); p.Created != 1 {
		t.Errorf("due and not tried: %+v", p)
	}
	f.change(ids[3], func(c *content) { c.body = "<p>whole</p>" })
	b.run("eng", sources.RunRequest{SyncRequest: sources.SyncRequest{Trigger: sources.TriggerManual}})
	b.same("eng", f.truth("ENG", false))
	failures, err = b.store.Failures(t.Context(), "eng", "", 10)
	b.ok(err)
	if len(failures) != 0 {
		t.Errorf("%d failures left", len(failures))
	}
}

// The pages of a site that stops answering come when it answers again, in the same run.
func TestOutagePausesARun(t *testing.T) {
	t.Parallel()
	f := newFake("ENG")
	for i := range 60 {
		f.add("ENG", wiki.TypePage, "", fmt.Sprintf("Page %d", i))
	}
	var down atomic.Int32
	var calls atomic.Int32
	f.fault = func(string, []string) error {
		if calls.Add(1) == 6 {
			down.Store(8)
		}
		if down.Load() > 0 {
			down.Add(-1)
			return wiki.ErrUnavailable
		}
		return nil
	}
	b := newBench(t, f, spacesync.Options{Now: f.clock})
	b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
	if p := b.sync("eng"); p.Created != 60 || p.Failed != 0 {
		t.Errorf("created %d, failed %d", p.Created, p.Failed)
	}
}

func TestOutageEndsARunInTheEnd(t *testing.T) {
	t.Parallel()
	f, _, _, guide, _, _ := standard()
	b := newBench(t, f, spacesync.Options{Now: f.clock, MaxOutage: 20 * time.Millisecond})
	b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
	b.sync("eng")
	before := watermark(t, b, "eng")
	f.sleep(time.Hour)
	f.edit(guide, nil)
	f.fault = func(string, []string) error { return wiki.ErrUnavailable }
	if _, err := b.try(t.Context(), "eng", sources.RunRequest{}); !errors.Is(err, wiki.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if at := watermark(t, b, "eng"); !at.Equal(before) {
		t.Error("the watermark moved")
	}
	f.fault = nil
	b.sync("eng")
	b.same("eng", f.truth("ENG", false))
}

// A listing that cannot be read to its end fails the run and moves and deletes nothing.
func TestBrokenListing(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"list", "changed", "recent"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			f, _, _, guide, _, _ := standard()
			b := started(t, f, sources.Skip)
			before, stored := watermark(t, b, "eng"), b.pages("eng")
			f.sleep(time.Hour)
			f.drop(guide)
			f.fault = func(got string, _ []string) error {
				if got == call {
					return errPoison
				}
				return nil
			}
			r := sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: call == "list"}}
			if _, err := b.try(t.Context(), "eng", r); err == nil {
				t.Error("the run succeeded")
			}
			if at := watermark(t, b, "eng"); !at.Equal(before) {
				t.Error("the watermark moved")
			}
			b.same("eng", stored)
		})
	}
}

// Credentials that are refused in the middle look like an empty space to the listings.
func TestRevokedCredentials(t *testing.T) {
	t.Parallel()
	for _, as := range []string{"refused", "somebody else"} {
		t.Run(as, func(t *testing.T) {
			t.Parallel()
			f, home, folder, guide, step, post := standard()
			b := started(t, f, sources.Skip)
			stored, before := b.pages("eng"), watermark(t, b, "eng")
			f.sleep(time.Hour)
			asked := 0
			f.fault = func(call string, _ []string) error {
				if call == "me" {
					if asked++; asked > 1 && as == "refused" {
						return wiki.ErrCredentials
					}
					if asked > 1 {
						f.me = "anonymous"
					}
				}
				return nil
			}
			for _, id := range []string{home, folder, guide, step, post} {
				f.change(id, func(c *content) { c.hidden = true })
			}
			_, err := b.try(t.Context(), "eng", sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: true}})
			if !errors.Is(err, wiki.ErrCredentials) {
				t.Errorf("error %v", err)
			}
			b.same("eng", stored)
			if at := watermark(t, b, "eng"); !at.Equal(before) {
				t.Error("the watermark moved")
			}
		})
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, confirm := range []bool{true, false} {
		t.Run(fmt.Sprintf("confirm=%v", confirm), func(t *testing.T) {
			t.Parallel()
			f := newFake("ENG")
			for i := range 100 {
				f.add("ENG", wiki.TypePage, "", fmt.Sprintf("Page %d", i))
			}
			b := newBench(t, f, spacesync.Options{Now: f.clock})
			b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
			b.sync("eng")
			ids := f.ids()
			for _, id := range ids[:10] { // a tenth may go
				f.drop(id)
			}
			if p := b.compare("eng"); p.Deleted != 10 {
				t.Fatalf("deleted %d", p.Deleted)
			}
			for _, id := range ids[10:40] {
				f.drop(id)
			}
			p := b.compare("eng")
			if p.Deleted != 0 || p.Note == "" || len(b.pages("eng")) != 90 {
				t.Errorf("deleted %d, note %q", p.Deleted, p.Note)
			}
			pending, err := b.store.PendingDeletions(t.Context(), "eng", "", 100)
			b.ok(err)
			if len(pending) != 30 || pending[0].Reason != "not found" {
				t.Fatalf("%d wait for a decision: %+v", len(pending), pending)
			}
			f.change(ids[50], func(c *content) { c.labels = []string{"x"} })
			n, err := b.store.DropPending(t.Context(), "eng", confirm)
			b.ok(err)
			if n != 30 {
				t.Errorf("decided on %d", n)
			}
			if confirm {
				b.compare("eng")
				b.same("eng", f.truth("ENG", false))
				return
			}
			if b.compare("eng"); len(b.pages("eng")) != 90 {
				t.Error("dismissed, and removed")
			}
		})
	}
}

func TestMovedToAnotherSource(t *testing.T) {
	t.Parallel()
	for _, restricted := range []bool{false, true} {
		t.Run(fmt.Sprintf("restricted=%v", restricted), func(t *testing.T) {
			t.Parallel()
			f := newFake("ENG", "OPS", "LAB")
			page, other := f.add("ENG", wiki.TypePage, "", "Page"), f.add("ENG", wiki.TypePage, "", "Other")
			b := newBench(t, f, spacesync.Options{Now: f.clock})
			b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
			b.source(*f.spaces["OPS"], sources.OnDemand, sources.Skip)
			b.sync("eng")
			b.sync("ops")
			f.sleep(24 * time.Hour)
			f.change(page, func(c *content) { c.ref.SpaceID = f.spaces["OPS"].ID; c.restricted = restricted })
			f.change(other, func(c *content) { c.ref.SpaceID = f.spaces["LAB"].ID })
			b.compare("eng")
			if _, ok := b.pages("eng")[page]; !ok {
				t.Error("gone before the other source has it")
			}
			if _, ok := b.pages("eng")[other]; ok {
				t.Error("moved to a space that is not synced, and still there")
			}
			b.sync("ops") // compares, because the other source asked for it
			b.same("eng", f.truth("ENG", false))
			b.same("ops", f.truth("OPS", false))
		})
	}
}

// slow holds up every fetch of bodies until it is released, or the run is over.
func slow(f *fakeSite) (reached, release chan struct{}) {
	reached, release = make(chan struct{}, 100), make(chan struct{})
	f.fault = func(call string, _ []string) error {
		if call == "bodies" {
			reached <- struct{}{}
			<-release
		}
		return nil
	}
	return reached, release
}

func TestCancelAndPause(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{sources.StopCancel, sources.StopPause} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			f := newFake("ENG")
			for i := range 400 {
				f.add("ENG", wiki.TypePage, "", fmt.Sprintf("Page %d", i))
			}
			f.hold = "bodies"
			b := newBench(t, f, spacesync.Options{Now: f.clock})
			b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
			run := b.claim("eng", sources.RunRequest{})
			asked := make(chan time.Time, 1)
			go func() {
				<-f.held
				if err := b.store.RequestStop(t.Context(), "eng", reason); err != nil {
					t.Error(err)
				}
				asked <- time.Now()
			}()
			_, err := b.syncer.Run(t.Context(), b.site, run)
			t.Logf("stopped %s after it was asked to", time.Since(<-asked).Round(time.Millisecond))
			var stopped *spacesync.StoppedError
			if !errors.As(err, &stopped) || stopped.Reason != reason {
				t.Errorf("ended with %v", err)
			}
			if !watermark(t, b, "eng").IsZero() {
				t.Error("a stopped run moved the watermark")
			}
		})
	}
}

// A worker that was silent and lost its run can write no more.
func TestLostRun(t *testing.T) {
	t.Parallel()
	f, _, _, guide, _, _ := standard()
	b := started(t, f, sources.Skip)
	stored := b.pages("eng")
	f.sleep(time.Hour)
	b.sync("eng")
	f.edit(guide, nil)
	reached, release := slow(f)
	run := b.claim("eng", sources.RunRequest{})
	end := make(chan error, 1)
	go func() {
		_, err := b.syncer.Run(t.Context(), b.site, run)
		end <- err
	}()
	<-reached
	dead, err := b.store.InterruptDeadRuns(t.Context(), -time.Hour) // any heartbeat is too old
	b.ok(err)
	if len(dead) != 1 {
		t.Fatalf("%d dead runs", len(dead))
	}
	close(release)
	if err := <-end; !errors.Is(err, wiki.ErrConflict) {
		t.Errorf("ended with %v", err)
	}
	b.same("eng", stored)
	f.fault = nil
	b.sync("eng")
	b.same("eng", f.truth("ENG", false))
}

// A run that dies anywhere leaves what the next one completes.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	f, home, folder, guide, step, _ := standard()
	for i := range 30 {
		f.add("ENG", wiki.TypePage, guide, fmt.Sprintf("Page %d", i))
	}
	b := started(t, f, sources.Skip)
	for n := 1; ; n++ {
		f.sleep(time.Hour)
		f.edit(home, func(c *content) { c.ref.Title = fmt.Sprintf("Home %d", n) })
		f.edit(step, nil)
		f.change(folder, func(c *content) { c.ref.Title = fmt.Sprintf("Folder %d", n) })
		ctx, kill := context.WithCancel(t.Context())
		var calls atomic.Int32
		f.fault = func(string, []string) error {
			if int(calls.Add(1)) == n {
				kill()
			}
			return nil
		}
		_, err := b.try(ctx, "eng", sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: n%2 == 0}})
		f.fault = nil
		kill()
		b.compare("eng")
		b.same("eng", f.truth("ENG", false))
		if err == nil {
			return
		}
	}
}

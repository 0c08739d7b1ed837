package contentstore_test

import (
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// A page that fails again waits twice as long, a day at most.
func TestFailuresWaitLonger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const id = "confluence_ENG"
	waits := []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440}
	for n, minutes := range waits {
		tries, err := b.store.SaveFailure(t.Context(), id, spacesync.Failure{ID: "7", Type: wiki.TypePage, Title: "Poison", Error: "no body"})
		if err != nil || tries != n+1 {
			t.Fatalf("try %d counts as %d, %v", n+1, tries, err)
		}
		list, err := b.store.Failures(t.Context(), id, "", 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("failures %+v, %v", list, err)
		}
		if got := list[0].NextTryAt.Sub(list[0].LastAt); got != minutes*time.Minute {
			t.Errorf("after try %d it waits %s, want %s", n+1, got, minutes*time.Minute)
		}
	}
	due, err := b.store.DueFailures(t.Context(), id, false)
	if err != nil || len(due) != 0 {
		t.Errorf("due %+v, %v", due, err)
	}
	all, err := b.store.DueFailures(t.Context(), id, true)
	if err != nil || len(all) != 1 {
		t.Errorf("all %+v, %v", all, err)
	}
}

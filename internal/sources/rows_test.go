package sources_test

import (
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/schedule"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
)

// synced makes a source look as if a run had succeeded.
func synced(b *bench, id string) {
	b.Helper()
	b.ok(b.store.FinishSource(b.Context(), index.Fence{}, id, spacesync.Finish{Watermark: time.Now(), Compared: true}))
}

// stopped adds a run of a source that was stopped after one page failed.
func stopped(b *bench, id string) {
	b.Helper()
	n, _, err := b.store.AddRun(b.Context(), id, sources.RunRequest{
		SyncRequest: sources.SyncRequest{Reconcile: true, Full: true, Trigger: sources.TriggerAPI}, Kind: sources.KindSync,
	})
	b.ok(err)
	run, err := b.store.ClaimRun(b.Context(), n, "test")
	b.ok(err)
	_, err = b.store.WriteProgress(b.Context(), run.Fence(), spacesync.Progress{Phase: sources.PhaseSyncing, Listed: 1, Failed: 1})
	b.ok(err)
	b.ok(b.store.AddRunError(b.Context(), n, "7", "Page", "no body"))
	b.ok(b.store.FinishRun(b.Context(), run.Fence(), schedule.End{State: sources.RunCancelled}))
}

package app

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// When memory is given back: this often it is looked at; so many collections in between are no work to speak of (the
// runtime makes one every two minutes by itself); less than that is not worth one more.
const (
	memoryEvery    = 4 * time.Second
	quietCycles    = 1
	worthGivingOff = 8 << 20
	programEvery   = 5 // of these looks, one lets go of the program's pages, idle or not
)

// How often the share of garbage is looked at, and how far it must be off.
const (
	boundEvery   = time.Second
	worthSetting = 4
)

// How much garbage may gather before the next collection, in percent of what is in use: most while little is, so that
// collecting costs little; less as the two together come to heapGoal; never below least, or a large index would be gone
// through all the time. The runtime's 100 doubles the peak of a sync.
const (
	garbageMost  = 50
	garbageLeast = 25
	heapGoal     = 135 << 20
)

// garbageShare is the share for so many bytes in use.
func garbageShare(live uint64) int {
	return max(garbageLeast, min(garbageMost, int(100*(heapGoal-min(float64(live), heapGoal))/float64(max(live, 1)))))
}

// boundGarbage follows garbageShare until ctx ends, unless the operator has set GOGC.
func boundGarbage(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	tick := time.NewTicker(boundEvery)
	defer tick.Stop()
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for now := 0; ; {
		metrics.Read(samples)
		if share := garbageShare(samples[0].Value.Uint64()); now == 0 || max(share, now)-min(share, now) >= worthSetting {
			now = share
			debug.SetGCPercent(share)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// giveBackMemory hands memory that the last sync or the start left over back to the system once the program is idle. By
// itself the runtime keeps about as much as it uses.
func giveBackMemory(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(samples)
	for look := 0; ; look++ {
		if look%programEvery == 1 {
			if err := letGoOfProgram(); err != nil {
				log.DebugContext(ctx, "memory", "err", err)
			}
		}
		before := samples[0].Value.Uint64()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		metrics.Read(samples)
		spare := samples[1].Value.Uint64() + samples[2].Value.Uint64()
		if samples[0].Value.Uint64()-before <= quietCycles && spare > worthGivingOff {
			debug.FreeOSMemory()
			metrics.Read(samples)
		}
	}
}

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
	programEvery   = 2 // of these looks, one lets go of the program's pages, idle or not
)

// How much memory the program takes beside the pages of its file. Garbage may come to garbageShare percent of what is in
// use (the runtime's 100 doubles the peak of a sync), and all together to memoryGoal; where more is in use than fits
// there, to leastShare of it more and leastRoom for what is no heap. A fixed limit would have the program do nothing but
// collect once an index is larger than it.
const (
	garbageShare = 50
	memoryGoal   = 145 << 20
	leastShare   = 0.2
	leastRoom    = 16 << 20
	limitEvery   = time.Second
)

// memoryLimit is the limit for so many bytes in use.
func memoryLimit(live uint64) int64 {
	return max(memoryGoal, int64(float64(live)*(1+leastShare))+leastRoom)
}

// boundMemory follows memoryLimit until ctx ends. What the operator has set (GOGC, GOMEMLIMIT) holds.
func boundMemory(ctx context.Context) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbageShare)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	tick := time.NewTicker(limitEvery)
	defer tick.Stop()
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for {
		metrics.Read(samples)
		debug.SetMemoryLimit(memoryLimit(samples[0].Value.Uint64()))
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

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

// garbageShare is how much garbage may gather before the next collection, in percent of what is in use. The runtime's 100
// doubles the peak of a sync; the price is collecting about twice as often.
const garbageShare = 50

// boundGarbage applies garbageShare, unless the operator has set GOGC.
func boundGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbageShare)
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

package pagestest

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/server/pages"
)

// System is a fake of pages.System: all is well but the disk, and a third of the chunks wait for their vectors.
type System struct{}

// Health implements pages.System.
func (*System) Health(context.Context) (pages.Health, error) {
	return pages.Health{
		Checks: []pages.Check{
			{Name: "Database", Detail: "PostgreSQL 17.2 with pgvector 0.8.0, private cluster", OK: true},
			{Name: "Embedder", Detail: "use-lite-1 answers in 1.2 ms", OK: true},
			{Name: "Disk", Detail: "4% of 40 GB are free", Advice: "Free some space, or move the data directory to a larger disk.", OK: false},
		},
		Facts: []pages.NamedValue{{Name: "Version", Value: "0.1.0 (abcdef0)"}, {Name: "Started", Value: "24 Nov 2026, 08:12:40 UTC"}, {Name: "Database size", Value: "312 MB"}},
		Queue: []pages.QueueState{{Kind: "Sync", Waiting: 1, Running: 1}, {Kind: "Re-process", Waiting: 0, Running: 0}},
	}, nil
}

// Embedding implements pages.System.
func (*System) Embedding(context.Context) (pages.Embedding, error) {
	return pages.Embedding{Model: "use-lite-1:int8:sif0.001:w128", Dimensions: 512, Chunks: 16454, Embedded: 12020, OtherModel: 2544, PerSecond: 210, LeftSeconds: new(21), LastEmbedding: new(ago(time.Second))}, nil
}

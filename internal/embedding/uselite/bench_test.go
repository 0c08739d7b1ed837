package uselite

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicehq/sluice/internal/embedding"
)

// windowOperations is what a full window costs: multiplications and additions of the products of matrices.
func windowOperations() float64 {
	total := 0.0
	for _, d := range []int{tokenWidth, width} {
		linear := d*3*d + d*width + 2*width*innerWidth
		if d != width {
			linear += d * width
		}
		total += float64(maxTokens * (linear + 2*maxTokens*d))
	}
	return 2 * (total + width*width)
}

// processorTime is what this process has used of all cores.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var use unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkWindow encodes full windows on one core with each kernel of this machine, plain Go among them.
func BenchmarkWindow(b *testing.B) {
	ids := make([]int32, maxTokens)
	for i := range ids {
		ids[i] = int32(reserved + 37*i)
	}
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			weights, err := newModel(weightsFile, k)
			if err != nil {
				b.Fatal(err)
			}
			enc, s, out := newEncoder(k, weights, nil), newScratch(), make([]float32, width)
			b.ReportAllocs()
			start := processorTime(b)
			for b.Loop() {
				enc.encode(out, ids, s, func() {})
			}
			used := (processorTime(b) - start).Seconds()
			b.ReportMetric(float64(b.N)/used, "windows/cpu-s")
			b.ReportMetric(float64(b.N)*windowOperations()/used/1e9, "gflop/cpu-s")
		})
	}
}

// BenchmarkMultiply is the product that the encoder spends most on: 128 x 512 by 512 x 1536.
func BenchmarkMultiply(b *testing.B) {
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			m := k.pack(make([]float32, width*innerWidth), width, innerWidth, func(r, c int) float32 { return float32(r-c) / innerWidth })
			s := newScratch()
			start := processorTime(b)
			for b.Loop() {
				k.multiply(s.wide, innerWidth, s.x, width, maxTokens, m, s.packed[:innerWidth], s.packed)
			}
			b.ReportMetric(float64(b.N)*2*maxTokens*width*innerWidth/(processorTime(b)-start).Seconds()/1e9, "gflop/cpu-s")
		})
	}
}

// BenchmarkQuery embeds a question of eight tokens.
func BenchmarkQuery(b *testing.B) {
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			m, err := load(Options{}, k)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.EmbedQuery(context.Background(), "How do I reset my password?"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDocuments embeds passages of about 200 words on all cores.
func BenchmarkDocuments(b *testing.B) {
	text := golden(b)[33].Text
	for len(text) < 1200 {
		text += " " + text
	}
	for _, workers := range []int{1, 0} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			m, err := New(Options{Workers: workers})
			if err != nil {
				b.Fatal(err)
			}
			docs := make([]embedding.Document, 16)
			for i := range docs {
				docs[i] = embedding.Document{Context: "Handbook > Accounts", Text: text[i:1200]}
			}
			start, begin := processorTime(b), time.Now()
			for b.Loop() {
				if _, err := m.EmbedDocuments(context.Background(), docs); err != nil {
					b.Fatal(err)
				}
			}
			done := float64(b.N * len(docs))
			b.ReportMetric(done/(processorTime(b)-start).Seconds(), "chunks/cpu-s")
			b.ReportMetric(done/time.Since(begin).Seconds(), "chunks/s")
		})
	}
}

// BenchmarkQueryDuringDocuments is how long a query takes while all cores embed documents.
func BenchmarkQueryDuringDocuments(b *testing.B) {
	m, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan int)
	go func() {
		docs := make([]embedding.Document, 16)
		for i := range docs {
			docs[i] = embedding.Document{Context: "Handbook > Accounts", Text: golden(b)[33].Text}
		}
		n := 0
		for ctx.Err() == nil {
			if _, err := m.EmbedDocuments(ctx, docs); err == nil {
				n += len(docs)
			}
		}
		done <- n
	}()
	var took []time.Duration
	begin := time.Now()
	for b.Loop() {
		time.Sleep(20 * time.Millisecond)
		start := time.Now()
		if _, err := m.EmbedQuery(ctx, "How do I reset my password?"); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	cancel()
	b.ReportMetric(float64(<-done)/time.Since(begin).Seconds(), "documents/s")
	slices.Sort(took)
	for _, p := range []int{50, 95, 99} {
		b.ReportMetric(float64(took[len(took)*p/100])/float64(time.Millisecond), fmt.Sprintf("p%d-ms", p))
	}
}

// BenchmarkLoad is what the model adds to the start of the program, and to its memory.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	var m *Model
	for b.Loop() {
		var err error
		if m, err = New(Options{}); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MB")
	runtime.KeepAlive(m)
}

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/sluicehq/sluice/internal/eval"
	"github.com/sluicehq/sluice/internal/search"
)

// ask answers a query and skips lists of hits; it returns how long the last list took.
type ask func(ctx context.Context, query string, deep int) (time.Duration, error)

// ours asks the searcher, as the API does, facets included.
func ours(s *search.Searcher, mode search.Mode) ask {
	return func(ctx context.Context, query string, deep int) (time.Duration, error) {
		request := search.Request{Query: query, Mode: mode, Facets: true}
		for range deep {
			r, err := s.Search(ctx, request)
			if err != nil || r.NextCursor == "" {
				return 0, err
			}
			request.Cursor = r.NextCursor
		}
		began := time.Now()
		_, err := s.Search(ctx, request)
		return time.Since(began), err
	}
}

// suggest asks for completions.
func suggest(s *search.Searcher) ask {
	return func(ctx context.Context, query string, _ int) (time.Duration, error) {
		began := time.Now()
		_, err := s.Suggest(ctx, query, 0)
		return time.Since(began), err
	}
}

func baseline(s eval.System) ask {
	return func(ctx context.Context, query string, _ int) (time.Duration, error) {
		began := time.Now()
		_, err := s.Answer(ctx, query)
		return time.Since(began), err
	}
}

// longest bounds the measurement of a class with a number of clients: slow systems answer fewer queries.
const longest = 6 * time.Second

// run asks the queries of a class with a number of clients at once.
func run(ctx context.Context, c class, clients int, f ask) ([]time.Duration, error) {
	var next atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var wg sync.WaitGroup
	began := time.Now()
	for range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(c.queries) || time.Since(began) > longest {
					return
				}
				took, err := f(ctx, c.queries[i], c.deep)
				mu.Lock()
				all = append(all, took)
				if err != nil {
					failed = fmt.Errorf("%s: %q: %w", c.name, c.queries[i], err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all, failed
}

// table measures a system over all classes and prints milliseconds.
func table(ctx context.Context, out *tabwriter.Writer, name string, classes []class, f ask) error {
	for _, c := range classes {
		fmt.Fprintf(out, "%s\t%s", name, c.name)
		warm := c
		warm.queries = c.queries[:min(len(c.queries), 20)]
		if _, err := run(ctx, warm, 1, f); err != nil {
			return err
		}
		before, searches := cpuTime(), 0
		for _, clients := range []int{1, 4} {
			all, err := run(ctx, c, clients, f)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "\t%s / %s / %s", at(all, 50), at(all, 95), at(all, 99))
			searches += len(all) * (c.deep + 1)
		}
		fmt.Fprintf(out, "\t%.2f", float64((cpuTime()-before).Microseconds())/1000/float64(searches))
		fmt.Fprintln(out)
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func at(all []time.Duration, percent int) string {
	return fmt.Sprintf("%.1f", float64(all[min(len(all)-1, len(all)*percent/100)].Microseconds())/1000)
}

// cpuTime is what this process has computed so far; what the database computed is not in it. On a busy machine it says
// more than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Command benchsearch measures how fast search answers over a generated wiki, in a database of its own or in one that it
// is given, beside what others would have built. The same flags give the same wiki and the same queries.
//
//	go run ./internal/eval/benchsearch -chunks 100000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sluicehq/sluice/internal/eval"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

func main() {
	if err := bench(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "benchsearch:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context) (err error) {
	chunks := flag.Int("chunks", 100_000, "chunks of the generated wiki")
	queries := flag.Int("queries", 200, "queries of each class")
	url := flag.String("database", "", "an empty database to use; empty: a private server")
	dir := flag.String("dir", "", "where the private server keeps its data; kept and used again where it holds the wiki already. Empty: a temporary folder")
	stored := flag.Int("ingest", 100, "pages that are stored to measure ingestion, when the wiki has just been made; 0: none")
	modes := flag.String("modes", "keyword,vector,hybrid,suggest,baselines", "what to measure, facets and alternatives too; empty: nothing, the wiki is only made")
	profile := flag.String("cpuprofile", "", "write a profile of the measurement to this file")
	flag.Parse()
	own := *url == ""
	if own {
		instance, clean, err := private(ctx, *dir)
		if err != nil {
			return err
		}
		defer clean()
		*url = instance.DSN()
	}
	if _, err := postgres.Migrate(ctx, *url, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, postgres.Options{URL: *url, MaxConns: 8})
	if err != nil {
		return err
	}
	defer db.Close()
	m := &model{vectors: map[string][]float32{}}
	c, err := searchtest.New(db, m)
	if err != nil {
		return err
	}
	g := newGenerator()
	var there bool
	if err := db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM chunks)").Scan(&there); err != nil {
		return err
	}
	if !there {
		if err := load(ctx, c, g, *chunks); err != nil {
			return err
		}
		if *stored > 0 {
			if err := ingest(ctx, c, g, *stored); err != nil {
				return err
			}
		}
	} else if err := errors.Join(c.Store.Complete(ctx), c.Store.Maintain(ctx)); err != nil {
		return err
	}
	if *modes == "" {
		return nil
	}
	if own {
		if err := warm(ctx, db); err != nil {
			return err
		}
	}
	if *profile != "" {
		stop, err := startProfile(*profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	return measure(ctx, c, g.classes(*queries, m), g.prefixes(*queries), strings.Split(*modes, ","))
}

func startProfile(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "benchsearch: profile:", err)
		}
	}, nil
}

func measure(ctx context.Context, c *searchtest.Corpus, classes []class, prefixes class, modes []string) error {
	before := heap()
	began := time.Now()
	if _, err := c.Search.Suggest(ctx, "x", 0); err != nil {
		return err
	}
	fmt.Printf("index loaded in %s, %d MB\n", time.Since(began).Round(time.Millisecond), heap()-before)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "system\tqueries\t1 client: p50 / p95 / p99 ms\t4 clients\tCPU ms a search")
	for _, mode := range modes {
		var err error
		switch mode {
		case "suggest":
			err = table(ctx, out, mode, []class{prefixes}, suggest(c.Search))
		case "facets":
			err = facets(ctx, out, c.Search, classes[0])
		case "baselines":
			err = others(ctx, out, c, classes[:3])
		case "alternatives":
			err = alternatives(ctx, out, c, classes[:3])
		case string(search.Vector): // its list is not that deep
			shallow := slices.DeleteFunc(slices.Clone(classes), func(c class) bool { return c.deep > 0 })
			err = table(ctx, out, mode, shallow, ours(c.Search, search.Vector))
		default:
			err = table(ctx, out, mode, classes, ours(c.Search, search.Mode(mode)))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
	}
	fmt.Printf("memory with what was cached: %d MB more than without the index\n", heap()-before)
	return nil
}

// heap is what is in use after a collection, in MB.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc >> 20)
}

// others measures the baselines.
func others(ctx context.Context, out *tabwriter.Writer, c *searchtest.Corpus, classes []class) error {
	systems, cleanUp, err := eval.Baselines(ctx, c)
	if err != nil {
		return err
	}
	defer cleanUp()
	for _, s := range systems {
		if err := table(ctx, out, s.Name, classes, baseline(s)); err != nil {
			return err
		}
	}
	_, err = c.DB.Exec(ctx, "DROP TABLE baseline_chunks")
	return err
}

// alternatives measures the other ways of a keyword leg in PostgreSQL.
func alternatives(ctx context.Context, out *tabwriter.Writer, c *searchtest.Corpus, classes []class) error {
	began := time.Now()
	systems, cleanUp, err := eval.Alternatives(ctx, c)
	if err != nil {
		return err
	}
	fmt.Printf("tables of the alternatives made in %s\n", time.Since(began).Round(time.Second))
	for _, s := range systems {
		if err := table(ctx, out, s.Name, classes, baseline(s)); err != nil {
			return errors.Join(err, cleanUp())
		}
	}
	return cleanUp()
}

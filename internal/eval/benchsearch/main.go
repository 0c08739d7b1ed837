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
	"runtime/pprof"
	"text/tabwriter"

	"github.com/sluicehq/sluice/internal/eval"
	"github.com/sluicehq/sluice/internal/pgserver"
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
	withVectors := flag.Bool("vectors", true, "with the vector leg")
	baselines := flag.Bool("baselines", true, "measure the baselines, too")
	profile := flag.String("cpuprofile", "", "write a profile of the measurement to this file")
	flag.Parse()
	if *url == "" {
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
	var stored int
	if err := db.QueryRow(ctx, "SELECT count(*) FROM chunks").Scan(&stored); err != nil {
		return err
	}
	if stored == 0 {
		if err := load(ctx, c, g, *chunks); err != nil {
			return err
		}
		if *withVectors {
			if err := vectors(ctx, c, g, m.Model()); err != nil {
				return err
			}
		}
	}
	if *profile != "" {
		stop, err := startProfile(*profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	return measure(ctx, c, g.classes(*queries, m), *withVectors, *baselines)
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

func measure(ctx context.Context, c *searchtest.Corpus, classes []class, withVectors, baselines bool) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "system\tqueries\t1 client: p50 / p95 / p99 ms\t4 clients\tCPU ms a search")
	if err := table(ctx, out, "keyword", classes, ours(c.Search, search.Keyword)); err != nil {
		return err
	}
	if withVectors {
		if err := table(ctx, out, "hybrid", classes, ours(c.Search, search.Hybrid)); err != nil {
			return err
		}
	}
	if !baselines || !withVectors {
		return nil
	}
	systems, cleanUp, err := eval.Baselines(ctx, c)
	if err != nil {
		return err
	}
	defer cleanUp()
	for _, s := range systems {
		if err := table(ctx, out, s.Name, classes[:3], baseline(s)); err != nil {
			return err
		}
	}
	_, err = c.DB.Exec(ctx, "DROP TABLE baseline_chunks")
	return err
}

// private starts a server for the benchmark, with memory for the index.
func private(ctx context.Context, dir string) (*pgserver.Instance, func(), error) {
	temporary := dir == ""
	if temporary {
		var err error
		if dir, err = os.MkdirTemp("", "sluice-bench-"); err != nil {
			return nil, nil, err
		}
	}
	instance, err := pgserver.Open(ctx, pgserver.Options{DataDir: dir, Settings: map[string]string{
		"shared_buffers": "4GB", "maintenance_work_mem": "2GB", "synchronous_commit": "off", "max_wal_size": "8GB",
	}})
	if err != nil {
		return nil, nil, err
	}
	return instance, func() {
		err := instance.Close(context.WithoutCancel(ctx))
		if temporary {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "benchsearch: clean up:", err)
		}
	}, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres"
)

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

// warmSQL reads what searches read into the server's memory: the indexes last, so that they stay where not all has room.
const warmSQL = `SELECT (coalesce(sum(pg_prewarm(oid)), 0) * 8 / 1024)::bigint FROM (
	SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') AND relname ~ '^(chunks|confluence_pages|search_)'
	ORDER BY relkind = 'i', relname ~ 'hnsw', relname OFFSET 0) AS relations`

// warm puts a private server into the state of one that has been serving for a while; a new one would read its index from
// the files page by page during the measurement.
func warm(ctx context.Context, db *postgres.DB) error {
	began := time.Now()
	if _, err := db.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_prewarm"); err != nil {
		return fmt.Errorf("warm the server: %w", err)
	}
	var mb int64
	if err := db.QueryRow(ctx, warmSQL).Scan(&mb); err != nil {
		return fmt.Errorf("warm the server: %w", err)
	}
	fmt.Printf("read into memory: %d MB in %s\n", mb, time.Since(began).Round(time.Millisecond))
	return nil
}

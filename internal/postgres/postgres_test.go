package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/wiki"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	kinds := []error{wiki.ErrNotFound, wiki.ErrConflict, wiki.ErrUnavailable, wiki.ErrInvalid}
	tests := []struct {
		name string
		err  error
		want error // nil: none of the kinds
	}{
		{"missing row", pgx.ErrNoRows, wiki.ErrNotFound},
		{"unique violation", &pgconn.PgError{Code: "23505"}, wiki.ErrConflict},
		{"foreign key violation", &pgconn.PgError{Code: "23503"}, wiki.ErrNotFound},
		{"deadlock", &pgconn.PgError{Code: "40P01"}, wiki.ErrConflict},
		{"statement timeout", &pgconn.PgError{Code: "57014"}, wiki.ErrUnavailable},
		{"disk full", &pgconn.PgError{Code: "53100"}, wiki.ErrUnavailable},
		{"shutdown", &pgconn.PgError{Code: "57P01"}, wiki.ErrUnavailable},
		{"connection lost", &net.OpError{Op: "read", Err: errors.New("reset")}, wiki.ErrUnavailable},
		{"server killed in the middle of an answer", io.ErrUnexpectedEOF, wiki.ErrUnavailable},
		{"syntax error", &pgconn.PgError{Code: "42601"}, nil},
		{"cancelled", context.Canceled, nil},
		{"has a kind", fmt.Errorf("page: %w", wiki.ErrInvalid), wiki.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := postgres.Translate(fmt.Errorf("wrapped: %w", tt.err))
			if !errors.Is(got, tt.err) {
				t.Errorf("Translate lost the cause: %v", got)
			}
			for _, kind := range kinds {
				if errors.Is(got, kind) != errors.Is(kind, tt.want) {
					t.Errorf("errors.Is(%v, %v) = %v", got, kind, errors.Is(got, kind))
				}
			}
		})
	}
	if postgres.Translate(nil) != nil {
		t.Error("Translate(nil) is an error")
	}
}

// Several processes that start at once must take turns, and a second run has nothing to do.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewURL(t)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 4 {
		wg.Go(func() {
			n, err := postgres.Migrate(t.Context(), url, log)
			if err != nil {
				t.Errorf("migrate: %v", err)
			}
			mu.Lock()
			total += n
			mu.Unlock()
		})
	}
	wg.Wait()
	if n, err := postgres.Migrate(t.Context(), url, log); err != nil || n != 0 {
		t.Errorf("second run applied %d, %v; want none", n, err)
	}
	db, err := postgres.Open(t.Context(), postgres.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n, err := postgres.Pending(t.Context(), db); err != nil || n != 0 {
		t.Errorf("pending = %d, %v; want none", n, err)
	}
	if total == 0 {
		t.Error("nobody migrated anything")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for name, url := range map[string]string{
		"nobody listens": "postgres://u:" + secret + "@127.0.0.1:1/db?connect_timeout=2",
		"not an address": "postgres://u:" + secret + "@[::1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := postgres.Open(t.Context(), postgres.Options{URL: url})
			if err == nil {
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the password is in the message: %v", err)
			}
			if name == "nobody listens" && !errors.Is(err, wiki.ErrUnavailable) {
				t.Errorf("%v is not unavailable", err)
			}
		})
	}
}

// A transaction that loses to another is run again, and its first try leaves nothing behind.
func TestInTxRepeats(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	tries := 0
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		tries++
		if _, err := tx.Exec(t.Context(), "INSERT INTO instance_settings (key, value) VALUES ('tries', to_jsonb($1::int))", tries); err != nil {
			return err
		}
		if tries < 3 {
			return &pgconn.PgError{Code: "40001"}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if err := db.QueryRow(t.Context(), "SELECT value::int FROM instance_settings WHERE key = 'tries'").Scan(&got); err != nil || got != 3 {
		t.Errorf("stored %d, %v; want 3", got, err)
	}
	tries = 0
	err = db.InTx(t.Context(), func(pgx.Tx) error { tries++; return &pgconn.PgError{Code: "40P01"} })
	if err == nil || tries != 4 {
		t.Errorf("gave up after %d tries with %v", tries, err)
	}
}

package postgrestest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// Tests that run side by side must not see each other's rows.
func TestNewIsolates(t *testing.T) {
	t.Parallel()
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			if n, err := postgres.Pending(t.Context(), db); err != nil || n != 0 {
				t.Fatalf("pending migrations = %d, %v, want none", n, err)
			}
			_, err := db.Exec(t.Context(), "INSERT INTO sources (source_id, source_type, name) VALUES ('confluence_A', 'confluence', 'A')")
			if err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.QueryRow(t.Context(), "SELECT count(*) FROM sources").Scan(&n); err != nil || n != 1 {
				t.Errorf("rows = %d, %v, want 1", n, err)
			}
		})
	}
}

func TestDatabasesAreDropped(t *testing.T) {
	t.Parallel()
	var names []string
	t.Run("use", func(t *testing.T) {
		for _, url := range []string{postgrestest.New(t).Config().ConnString(), postgrestest.NewURL(t)} {
			names = append(names, databaseName(t, url))
		}
	})
	conn := connect(t, postgrestest.NewURL(t))
	var left []string
	err := conn.QueryRow(t.Context(), "SELECT array_agg(datname::text) FROM pg_database WHERE datname = ANY($1)", names).Scan(&left)
	if err != nil || len(left) != 0 {
		t.Errorf("databases left behind: %v, %v", left, err)
	}
}

func TestNewURLIsEmpty(t *testing.T) {
	t.Parallel()
	conn := connect(t, postgrestest.NewURL(t))
	var n int
	err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("tables = %d, %v, want none", n, err)
	}
}

// A test that forgets to close its server must neither leave it running nor fail to remove the folder.
func TestDataDirRemovesEverything(t *testing.T) {
	t.Parallel()
	var dir string
	t.Run("use", func(t *testing.T) {
		dir = postgrestest.DataDir(t)
		inst, err := pgserver.Open(t.Context(), pgserver.Options{DataDir: dir, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := inst.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		if !strings.Contains(inst.DSN(), filepath.Base(dir)) {
			t.Errorf("DSN = %s, want the server in %s", inst.DSN(), dir)
		}
	})
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s: %v, want it gone", dir, err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func databaseName(t *testing.T, url string) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Database
}

// Package postgrestest gives tests real databases: New a migrated one, NewURL an empty one, each the test's own and gone
// at its end. All test processes of a user share one private server, which the first starts and the last one out stops;
// SLUICE_TEST_DATABASE_URL (of a role that may create databases) names another. It is for tests only.
package postgrestest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres"
)

// New returns a migrated database of the test's own. It is closed and dropped when the test ends.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	ctx := t.Context()
	s := open(t)
	name, err := s.clone(ctx)
	if err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	s.dropAtEnd(t, name)
	db, err := postgres.Open(ctx, postgres.Options{URL: withDatabase(s.url, name), Application: "test " + t.Name()})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// NewURL returns the connection string of an empty, unmigrated database of the test's own, for tests that run the whole
// program. It is dropped when the test ends, whoever is connected to it still.
func NewURL(t testing.TB) string {
	t.Helper()
	s := open(t)
	name, err := s.create(t.Context())
	if err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	s.dropAtEnd(t, name)
	return withDatabase(s.url, name)
}

// BinDir returns the folder of the PostgreSQL programs (pg_dump and the like) of the server that New and NewURL use;
// empty, for "those in PATH", where SLUICE_TEST_DATABASE_URL names the server.
func BinDir(t testing.TB) string {
	t.Helper()
	return open(t).binDir
}

// DataDir returns a fresh data directory for tests in which the program runs a private server of its own. At the end of
// the test it waits for the users of that server to leave, stops it if it is left over, and removes everything.
func DataDir(t testing.TB) string {
	t.Helper()
	// Not t.TempDir: its names are long, and a socket's path must be short.
	dir, err := os.MkdirTemp("", "sluice-data-") //nolint:usetesting // see above
	if err != nil {
		t.Fatalf("make a data directory: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), cleanupTimeout)
		defer cancel()
		if err := pgserver.Stop(ctx, dir); err != nil {
			t.Errorf("stop the private server of the test: %v", err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the data directory of the test: %v", err)
		}
	})
	return dir
}

// cleanupTimeout bounds what happens after a test, whose own context has ended by then.
const cleanupTimeout = 30 * time.Second

func open(t testing.TB) *server {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatalf("tests need PostgreSQL with pgvector; \"make test\" installs it, or: sh internal/pgserver/install.sh\n%v", err)
	}
	return s
}

// dropAtEnd registers the drop first, so that it runs after what the test registers itself.
func (s *server) dropAtEnd(t testing.TB, name string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), cleanupTimeout)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
}

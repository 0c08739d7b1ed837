package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/migrations"
)

// migrateTo applies migrations up to a version, as the program of that time did.
func migrateTo(t *testing.T, url string, files fs.FS, version int64) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// contentVersion is the schema that has pages and chunks, and nothing that came later.
const contentVersion = 2

// filled returns a database of the old schema with pages and chunks in it.
func filled(t *testing.T) (url string, conn *pgx.Conn) {
	t.Helper()
	url = postgrestest.NewURL(t)
	migrateTo(t, url, migrations.FS, contentVersion)
	conn = connect(t, url)
	for _, statement := range []string{
		`INSERT INTO sources (source_id, name) VALUES ('confluence_OLD', 'Old')`,
		`INSERT INTO confluence_pages (source_id, page_id, space_key, title, version, version_at, last_modified, path, created_at, markdown, chunk_count)
			SELECT 'confluence_OLD', n::text, 'OLD', 'Page ' || n, 3, now(), now(), '/' || n, now(), repeat('words of page ' || n || ' ', 50), 4
			FROM generate_series(1, 500) n`,
		`INSERT INTO chunks (source_id, chunk_number, title, content, body_text, hash, metadata)
			SELECT 'confluence_OLD', c, 'Page ' || n, 'legacy words ' || n, 'legacy words ' || n, sha256((n || '-' || c)::bytea), jsonb_build_object('page_id', n::text)
			FROM generate_series(1, 500) n, generate_series(1, 4) c`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
	return url, conn
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

// lockWait is how long a migration may hold up others; a little is added for a busy machine.
const lockWait = 5*time.Second + 3*time.Second

// A long transaction keeps a migration from its tables. The migration lets others pass after some seconds, tries again,
// and gets done once the transaction has ended.
func TestMigrateBesideLongTransaction(t *testing.T) {
	t.Parallel()
	url, holder := filled(t)
	tx, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT count(*) FROM confluence_pages, sources"); err != nil {
		t.Fatal(err)
	}
	gaveWay := make(chan struct{}, 8)
	log := slog.New(slog.NewTextHandler(writer(func(p []byte) {
		if bytes.Contains(p, []byte("migrating again")) {
			gaveWay <- struct{}{}
		}
	}), nil))
	migrated := make(chan error, 1)
	go func() {
		_, err := postgres.Migrate(t.Context(), url, log)
		migrated <- err
	}()
	reader, slowest := connect(t, url), time.Duration(0)
	for waiting := true; waiting; {
		began := time.Now()
		if _, err := reader.Exec(t.Context(), "SELECT 1 FROM confluence_pages LIMIT 1"); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(began))
		select {
		case <-gaveWay:
			waiting = false
		case err := <-migrated:
			t.Fatalf("migrated past a transaction that reads the table: %v", err)
		default:
		}
	}
	if slowest > lockWait {
		t.Errorf("a reader waited %s for the migration", slowest)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Errorf("after the transaction: %v", err)
	}
}

// writer is a function that is told of what is written.
type writer func(p []byte)

// Write hands p on.
func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// During a rolling upgrade the old version serves beside the new one, on a schema that has more than it knows, and can be
// restarted on it.
func TestOldVersionOnNewSchema(t *testing.T) {
	t.Parallel()
	i := start(t)
	source := i.connect(t, "OPS")
	newer := fstest.MapFS{"99999_newer.sql": {Data: []byte(`-- +goose Up
ALTER TABLE confluence_pages ADD mood text NOT NULL DEFAULT 'fine';
ALTER TABLE chunks ADD mood text;
ALTER TABLE sync_runs ADD mood text;
CREATE TABLE moods (mood text PRIMARY KEY);
-- +goose Down
SELECT 1;
`)}}
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		newer[name] = &fstest.MapFile{Data: data}
	}
	migrateTo(t, i.database, newer, 99999)

	i.site.Edit("7003", "<p>The pager is with Lovelace.</p>", "")
	if last := i.sync(t, source.ID, true); last.PagesFailed != 0 || last.PagesUpdated != 1 {
		t.Errorf("sync on the newer schema: %d updated, %d failed", last.PagesUpdated, last.PagesFailed)
	}
	restarted := run(t, i.Config, config.RoleWeb, "")
	status, err := get(t.Context(), http.DefaultClient, "http://"+restarted.address+"/readyz", "")
	if err != nil || status != http.StatusOK {
		t.Errorf("restarted on the newer schema: %d, %v", status, err)
	}
	a := i.call(t, i.reader, http.MethodGet, "/api/search?q=lovelace", nil)
	if a.status != http.StatusOK || !strings.Contains(string(a.body), "7003") {
		t.Errorf("search on the newer schema: %d\n%s", a.status, a.body)
	}
	restarted.end(t)
}

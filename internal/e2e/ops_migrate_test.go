package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/search"
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
	rows, err := os.ReadFile(filepath.Join("testdata", "schema00002.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), string(rows)); err != nil {
		t.Fatal(err)
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

// An installation of an old schema, which people read and a sync writes to meanwhile, is brought to the newest one: no
// table is written anew, nobody waits long, every chunk keeps its vector and is found by its words although it was stored
// before there was an index of words.
func TestMigrateFilledOldSchema(t *testing.T) {
	t.Parallel()
	url, conn := filled(t)
	type content struct{ Pages, Chunks, Vectors string }
	read := func() (c content) {
		t.Helper()
		err := conn.QueryRow(t.Context(), `SELECT
			(SELECT pg_relation_filenode('confluence_pages') || ' ' || count(*) || md5(string_agg(page_id || title || markdown || content_hash, '' ORDER BY page_id)) FROM confluence_pages),
			(SELECT pg_relation_filenode('chunks') || ' ' || count(*) || md5(string_agg(id || content || hash, '' ORDER BY id)) FROM chunks WHERE chunk_number < 11),
			(SELECT count(*) || md5(string_agg(id || embedding_model || embedding::text, '' ORDER BY id)) FROM chunks WHERE embedding IS NOT NULL)`).Scan(&c.Pages, &c.Chunks, &c.Vectors)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := read()

	busy, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	slowest := map[string]*time.Duration{}
	for what, sql := range map[string]string{
		"reads pages":  "SELECT count(*) FROM confluence_pages WHERE page_id = '7'",
		"reads chunks": "SELECT count(*) FROM chunks WHERE page_id = '7'",
		"writes pages": "UPDATE confluence_pages SET synced_at = now() WHERE page_id = '7'",
		"writes chunks": `INSERT INTO chunks (source_id, chunk_number, content, body_text, hash, metadata)
			VALUES ('confluence_OLD', 11, 'meanwhile', 'meanwhile', '', '{"page_id": "7"}')`,
	} {
		own, longest := connect(t, url), new(time.Duration)
		slowest[what] = longest
		others.Go(func() {
			pause := time.NewTicker(5 * time.Millisecond)
			defer pause.Stop()
			for busy.Err() == nil {
				began := time.Now()
				if _, err := own.Exec(t.Context(), sql); err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
				*longest = max(*longest, time.Since(began))
				<-pause.C
			}
		})
	}
	began := time.Now()
	applied, err := postgres.Migrate(t.Context(), url, slog.New(slog.NewTextHandler(t.Output(), nil)))
	took := time.Since(began)
	stop()
	others.Wait()
	if err != nil || applied == 0 {
		t.Fatalf("%d migrations applied, %v", applied, err)
	}
	for what, longest := range slowest {
		t.Logf("%s: waited %s at most, of %s", what, longest.Round(time.Millisecond), took.Round(time.Millisecond))
		if *longest > lockWait {
			t.Errorf("who %s waited %s for the migration", what, *longest)
		}
	}
	if diff := cmp.Diff(before, read()); diff != "" {
		t.Errorf("pages, chunks, vectors (-before +after), each with the file of its table:\n%s", diff)
	}
	var chunks, counted, unembedded, waiting int
	err = conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM chunks WHERE embedding IS NULL), sum(chunks), sum(unembedded)
		FROM chunk_counts WHERE source_id = 'confluence_OLD'`).Scan(&chunks, &unembedded, &counted, &waiting)
	if err != nil || chunks != counted || unembedded != waiting {
		t.Errorf("%d chunks, %d without a vector, %v; counted %d, %d", chunks, unembedded, err, counted, waiting)
	}

	cfg, err := config.Load(config.Source{Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir, cfg.DatabaseURL, cfg.PublicSearch = t.TempDir(), url, true
	p := run(t, cfg, config.RoleWeb, "")
	find := func(query string) (r search.Results) {
		t.Helper()
		r, err := p.Searcher.Search(t.Context(), search.Request{Query: query, Mode: search.Keyword, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	eventually(t, "the words of old chunks are indexed", func() bool { r := find("pump"); return r.Total == 2000 && len(r.Degraded) == 0 })
	for query, page := range map[string]string{"station1234": "1234", "meanwhile": "7"} {
		if r := find(query); r.Total != 1 || r.Hits[0].PageID != page {
			t.Errorf("%s: %d pages, %+v; want page %s", query, r.Total, r.Hits, page)
		}
	}
	if diff := cmp.Diff(before, read()); diff != "" {
		t.Errorf("pages, chunks, vectors (-before +after the program has run):\n%s", diff)
	}
	p.end(t)
}

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

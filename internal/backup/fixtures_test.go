package backup_test

import (
	"archive/zip"
	"bytes"
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/backup"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

func options(t *testing.T, db *postgres.DB) backup.Options {
	t.Helper()
	return backup.Options{DSN: db.Config().ConnString(), BinDir: postgrestest.BinDir(t), Program: "v1.2.3"}
}

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// content is every row of every table as text, but for the ids of transactions, which do not carry over.
func content(t *testing.T, db *postgres.DB) map[string][]string {
	t.Helper()
	names := collect(t, db, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	rows := map[string][]string{}
	for _, name := range names {
		rows[name] = collect(t, db, "SELECT (to_jsonb(t) - 'search_changed' - 'changed')::text FROM "+pgx.Identifier{name}.Sanitize()+" t ORDER BY 1")
	}
	return rows
}

func collect(t *testing.T, db *postgres.DB, sql string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func tables(t *testing.T, dsn string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// withManifest is a backup that has only a table of contents.
func withManifest(t *testing.T, manifest string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("manifest.json")
	if err == nil {
		_, err = f.Write([]byte(manifest))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

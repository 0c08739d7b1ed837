package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/backup"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// future is a transaction id that no test cluster reaches.
const future = int64(1) << 50

// seed is a little of everything that is hard to carry over: generated and identity columns, vectors, bytes, arrays,
// odd characters.
const seed = `
INSERT INTO connections (id, name, base_url, deployment, token_sealed) VALUES ('c1', 'Acme', 'https://acme.example', 'cloud', '\x00ff10');
INSERT INTO sources (source_id, name, connection_id, metadata) VALUES ('confluence_A', E'Tab\t, "quote" and ünïcödé 漢字', 'c1', '{"total_pages": 200}');
INSERT INTO confluence_pages (source_id, page_id, space_key, title, version, version_at, last_modified, path, labels, created_at, markdown, search_changed)
	SELECT 'confluence_A', n::text, 'A', 'Page ' || n, n, now(), now(), '/1/' || n, ARRAY['a b', '{}', NULL], now(), repeat(E'line\\.\n', n), 1125899906842624
	FROM generate_series(1, 200) n;
INSERT INTO chunks (source_id, chunk_number, content, hash, metadata, embedding)
	SELECT 'confluence_A', 1, 'content ' || n, sha256(n::text::bytea), jsonb_build_object('page_id', n::text), ('[' || n || ',0.5,-1]')::halfvec
	FROM generate_series(1, 200) n;
DELETE FROM chunks WHERE page_id IN ('3', '5');`

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := postgrestest.New(t)
	if _, err := db.Exec(ctx, seed); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup")
	written, err := backup.WriteFile(ctx, options(t, db), file)
	if err != nil {
		t.Fatal(err)
	}
	if written.Tables["chunks"] != 198 || written.Program != "v1.2.3" || written.Schema == 0 || written.Rows() < 198+200 {
		t.Errorf("manifest = %+v", written)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file = %v, %v, want 0600", info.Mode(), err)
	}

	url := postgrestest.NewURL(t)
	restored, err := backup.RestoreFile(ctx, backup.Options{DSN: url, BinDir: postgrestest.BinDir(t)}, file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, restored); diff != "" {
		t.Errorf("manifest (-written +restored):\n%s", diff)
	}
	copied := open(t, url)
	if diff := cmp.Diff(content(t, db), content(t, copied)); diff != "" {
		t.Errorf("content (-original +restored):\n%s", diff)
	}
	if n, err := postgres.Pending(ctx, copied); n != 0 || err != nil {
		t.Errorf("pending migrations = %d, %v, want none", n, err)
	}
	// The ids of transactions belong to the cluster.
	var changed, id int64
	if err := copied.QueryRow(ctx, "SELECT max(search_changed) FROM confluence_pages").Scan(&changed); err != nil || changed >= future {
		t.Errorf("transaction of the last change = %d, %v, want one of the new cluster", changed, err)
	}
	// And identity columns go on where they were.
	err = copied.QueryRow(ctx, "INSERT INTO chunks (source_id, chunk_number, content, hash, metadata) VALUES ('confluence_A', 2, '', '', '{\"page_id\": \"1\"}') RETURNING id").Scan(&id)
	if err != nil || id <= 200 {
		t.Errorf("id of the next chunk = %d, %v, want more than 200", id, err)
	}
}

// What is written while the backup runs is in it either whole or not at all.
func TestConsistentWhileWriting(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	if _, err := db.Exec(t.Context(), "CREATE TABLE left_side (n bigint); CREATE TABLE right_side (n bigint)"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	written, done := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		for n := 0; ctx.Err() == nil; n++ {
			err := db.InTx(t.Context(), func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), fmt.Sprintf("INSERT INTO left_side VALUES (%d); INSERT INTO right_side VALUES (%d)", n, n))
				return err
			})
			if err != nil {
				done <- err
				return
			}
			select {
			case written <- struct{}{}:
			default:
			}
		}
		done <- nil
	}()
	<-written
	var file bytes.Buffer
	m, err := backup.Write(t.Context(), options(t, db), &file)
	stop()
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	if m.Tables["left_side"] == 0 || m.Tables["left_side"] != m.Tables["right_side"] {
		t.Errorf("rows = %d and %d, want as many in both, and some", m.Tables["left_side"], m.Tables["right_side"])
	}
	// Restoring compares the rows with those counts.
	_, err = backup.Restore(t.Context(), backup.Options{DSN: postgrestest.NewURL(t), BinDir: postgrestest.BinDir(t)}, bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Error(err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	var file bytes.Buffer
	if _, err := backup.Write(t.Context(), options(t, db), &file); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	damaged := bytes.Clone(whole)
	damaged[len(damaged)/2] ^= 0xFF
	tests := map[string]struct {
		file []byte
		dsn  string
		want error
	}{
		"into a filled database": {file: whole, dsn: db.Config().ConnString(), want: backup.ErrNotEmpty},
		"cut short":              {file: whole[:len(whole)/2], want: backup.ErrDamaged},
		"damaged":                {file: damaged, want: backup.ErrDamaged},
		"something else":         {file: []byte("hello"), want: backup.ErrDamaged},
		"newer format":           {file: withManifest(t, `{"format": 99, "program": "v9"}`), want: backup.ErrNewer},
		"newer schema":           {file: withManifest(t, `{"format": 1, "schema": 99999, "program": "v9"}`), want: backup.ErrNewer},
		"newer server":           {file: withManifest(t, `{"format": 1, "postgres": 99}`), want: backup.ErrNewer},
		"without a dump":         {file: withManifest(t, `{"format": 1}`), want: backup.ErrDamaged},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := tt.dsn
			if dsn == "" {
				dsn = postgrestest.NewURL(t)
			}
			_, err := backup.Restore(t.Context(), backup.Options{DSN: dsn, BinDir: postgrestest.BinDir(t)}, bytes.NewReader(tt.file), int64(len(tt.file)))
			if !errors.Is(err, tt.want) {
				t.Errorf("Restore = %v, want %v", err, tt.want)
			}
			if tt.dsn == "" && tables(t, dsn) != 0 {
				t.Error("something was restored all the same")
			}
		})
	}
}

// A failed backup must not touch the last good one.
func TestFailedBackupKeepsTheOldFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "backup")
	if err := os.WriteFile(file, []byte("the last one"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := backup.WriteFile(t.Context(), backup.Options{DSN: postgrestest.NewURL(t), BinDir: postgrestest.BinDir(t)}, file)
	if err == nil || !strings.Contains(err.Error(), "never migrated") {
		t.Errorf("WriteFile = %v, want a complaint that the database was never migrated", err)
	}
	if raw, err := os.ReadFile(file); err != nil || string(raw) != "the last one" {
		t.Errorf("file = %q, %v, want it untouched", raw, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("folder = %v, %v, want nothing else in it", entries, err)
	}
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	o := options(t, db)
	o.BinDir = t.TempDir()
	if _, err := backup.Write(t.Context(), o, &bytes.Buffer{}); !errors.Is(err, backup.ErrNoProgram) {
		t.Errorf("Write = %v, want ErrNoProgram", err)
	}
}

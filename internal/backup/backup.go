// Package backup writes everything that the program stores in its database into one file, and restores it. The file is
// a zip archive of a table of contents (manifest.json) and what pg_dump writes (database.dump), so that ordinary tools
// can open it where this program is not at hand. The secret key is not in it: what is encrypted stays so, and whoever
// restores needs the key as well. Finding and starting servers, and migrating what was restored, are the caller's.
package backup

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The entries of a backup.
const (
	manifestName = "manifest.json"
	dumpName     = "database.dump"
)

// formatVersion is of the file as a whole; a program reads what is not newer than its own.
const formatVersion = 1

// Manifest is a backup's table of contents.
type Manifest struct {
	Format    int              `json:"format"`
	Program   string           `json:"program"` // version of the program that wrote it
	CreatedAt time.Time        `json:"created_at"`
	Postgres  int              `json:"postgres"` // major version of the server it was taken from
	Schema    int64            `json:"schema"`   // the last migration that was applied
	Tables    map[string]int64 `json:"tables"`   // rows of each table
}

// Rows is the number of rows in all tables.
func (m Manifest) Rows() int64 {
	var n int64
	for _, rows := range m.Tables {
		n += rows
	}
	return n
}

// Options say which database is meant.
type Options struct {
	// DSN is the database's connection string.
	DSN string
	// BinDir is the folder of pg_dump and pg_restore, as pgserver.Instance.BinDir; empty: those in PATH.
	BinDir string
	// Program is this program's version, for the manifest.
	Program string
}

// Write writes a backup to w. The database may be in use: what is written is its state at one instant.
func Write(ctx context.Context, o Options, w io.Writer) (Manifest, error) {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// The transaction holds the snapshot that pg_dump reads, so that the counts are of the same instant.
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	manifest, snapshot, err := describe(ctx, tx)
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	manifest.Program = o.Program
	dump, err := o.program(ctx, "pg_dump", manifest.Postgres,
		"--format=custom", "--compress=0", "--no-owner", "--no-privileges", "--snapshot="+snapshot)
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	if err := writeArchive(w, manifest, dump); err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	return manifest, nil
}

// WriteFile writes a backup to a file, which appears, or replaces an older one, only when it is whole. Only its owner may
// read it.
func WriteFile(ctx context.Context, o Options, path string) (m Manifest, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".partial-*")
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if m, err = Write(ctx, o, f); err != nil {
		return Manifest{}, err
	}
	if err = f.Sync(); err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	if err = f.Close(); err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

func writeArchive(w io.Writer, m Manifest, dump *exec.Cmd) error {
	archive := zip.NewWriter(w)
	// Most of it is numbers and Markdown; the fastest level takes nearly all there is to take, at the disk's speed.
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: manifestName, Method: zip.Deflate, Modified: m.CreatedAt})
	if err != nil {
		return err
	}
	enc := json.NewEncoder(entry)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return err
	}
	entry, err = archive.CreateHeader(&zip.FileHeader{Name: dumpName, Method: zip.Deflate, Modified: m.CreatedAt})
	if err != nil {
		return err
	}
	dump.Stdout = entry
	if err := run(dump); err != nil {
		return err
	}
	return archive.Close()
}

// run runs a program of PostgreSQL's and gives its complaints as the error.
func run(cmd *exec.Cmd) error {
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, strings.TrimSpace(complaints.String()))
	}
	return nil
}

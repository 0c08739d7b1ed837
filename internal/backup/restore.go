package backup

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/wiki"
)

// ErrNotEmpty: there is something in the database that a restore would have to destroy; it never does.
var ErrNotEmpty = fmt.Errorf("the database is not empty: %w", wiki.ErrConflict)

// ErrNewer: the backup was written by a newer program or server than this one can read.
var ErrNewer = fmt.Errorf("the backup is newer than this program: %w", wiki.ErrInvalid)

// ErrDamaged: the file is no backup, or not whole.
var ErrDamaged = fmt.Errorf("the backup cannot be read: %w", wiki.ErrInvalid)

// ReadManifest returns a backup's table of contents.
func ReadManifest(r io.ReaderAt, size int64) (Manifest, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return readManifest(archive)
}

func readManifest(archive *zip.Reader) (Manifest, error) {
	f, err := archive.Open(manifestName)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer f.Close()
	var m Manifest
	if err := json.NewDecoder(f).Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %s: %w", ErrDamaged, manifestName, err)
	}
	if m.Format > formatVersion {
		return m, fmt.Errorf("%w: its format is %d (written by version %s), this program reads up to %d",
			ErrNewer, m.Format, m.Program, formatVersion)
	}
	return m, nil
}

// Restore reads a backup of size bytes into an empty database: all of it or, on any error, nothing. Migrate it
// afterwards; the backup may be of an older version.
func Restore(ctx context.Context, o Options, r io.ReaderAt, size int64) (Manifest, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w: %w", ErrDamaged, err)
	}
	m, err := readManifest(archive)
	if err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	known, err := knownSchema()
	if err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	if m.Schema > known {
		return m, fmt.Errorf("restore: %w: it was written by version %s, whose tables this one does not know; install that one", ErrNewer, m.Program)
	}
	if err := restoreInto(ctx, o, archive, m); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

// RestoreFile is Restore from a file.
func RestoreFile(ctx context.Context, o Options, path string) (Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	return Restore(ctx, o, f, info.Size())
}

func restoreInto(ctx context.Context, o Options, archive *zip.Reader, m Manifest) error {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := checkEmpty(ctx, conn); err != nil {
		return err
	}
	server, err := serverMajor(ctx, conn)
	if err != nil {
		return err
	}
	if m.Postgres > server {
		return fmt.Errorf("%w: it is of PostgreSQL %d, the database is %d; restoring needs %d or later", ErrNewer, m.Postgres, server, m.Postgres)
	}
	if err := checkWhole(archive); err != nil {
		return err
	}
	dump, err := archive.Open(dumpName)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer dump.Close()
	// Comments on extensions may be made by their owner only, which on a managed service is somebody else.
	cmd, err := o.program(ctx, "pg_restore", server, "--dbname="+databaseFromEnvironment, "--single-transaction", "--exit-on-error",
		"--no-owner", "--no-privileges", "--no-comments")
	if err != nil {
		return err
	}
	cmd.Stdin = dump
	if err := run(cmd); err != nil {
		return err
	}
	if err := verify(ctx, conn, m); err != nil {
		return err
	}
	if err := renewTransactionIDs(ctx, conn); err != nil {
		return err
	}
	// A new database has no statistics; without them the first queries would be planned blindly.
	if _, err := conn.Exec(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("gather statistics: %w", err)
	}
	return nil
}

// checkWhole reads the dump to its end, which compares its checksum: a damaged one must be noticed before the hours that
// restoring a large one may take.
func checkWhole(archive *zip.Reader) error {
	f, err := archive.Open(dumpName)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", ErrDamaged, dumpName)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer f.Close()
	if _, err := io.Copy(io.Discard, f); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// verify compares the rows with the table of contents.
func verify(ctx context.Context, conn *pgx.Conn, m Manifest) error {
	tables, err := countRows(ctx, conn)
	if err != nil {
		return err
	}
	if !maps.Equal(tables, m.Tables) {
		return fmt.Errorf("%w: rows restored: %v; rows in the backup: %v", ErrDamaged, tables, m.Tables)
	}
	return nil
}

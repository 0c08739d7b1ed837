// Package pgbundle carries a PostgreSQL server with pgvector inside the program, where it was built with the tag
// "pgbundle" (`make dist-bundle`), so that one file on a bare Linux machine is the whole system. Without the tag it is
// empty. It only unpacks; package pgserver runs what is unpacked.
package pgbundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The two files of a bundle, as build.sh makes them.
const (
	archiveFile = "bundle/postgres.tar.gz"
	versionFile = "bundle/VERSION"
)

// Bundle is a packed server.
type Bundle struct {
	archive []byte
	version string
}

// Embedded returns the bundle that this program carries; ok is false where it carries none.
func Embedded() (b Bundle, ok bool, err error) {
	archive, err := fs.ReadFile(files, archiveFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Bundle{}, false, nil
	}
	if err != nil {
		return Bundle{}, false, fmt.Errorf("embedded PostgreSQL: %w", err)
	}
	version, err := fs.ReadFile(files, versionFile)
	if err != nil {
		return Bundle{}, false, fmt.Errorf("embedded PostgreSQL: %w", err)
	}
	return Bundle{archive: archive, version: strings.TrimSpace(string(version))}, true, nil
}

// Name is the folder that the bundle is unpacked to: its version, and a hash, since a bundle of the same version may be
// built differently.
func (b Bundle) Name() string {
	sum := sha256.Sum256(b.archive)
	return b.version + "-" + hex.EncodeToString(sum[:6])
}

// Unpack unpacks the bundle below parent, unless it is there already, and returns the folder of its programs. Anybody
// may read what is unpacked, since the server may run as another account. Other processes may do the same at once.
func (b Bundle) Unpack(parent string) (binDir string, err error) {
	dir := filepath.Join(parent, b.Name())
	binDir = filepath.Join(dir, "bin")
	if _, err := os.Stat(dir); err == nil {
		return binDir, nil
	}
	tmp, err := os.MkdirTemp(parent, b.version+"-new-")
	if err != nil {
		return "", fmt.Errorf("unpack the embedded PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := b.extract(tmp); err != nil {
		return "", fmt.Errorf("unpack the embedded PostgreSQL: %w", err)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", fmt.Errorf("unpack the embedded PostgreSQL: %w", err)
	}
	// It appears whole or not at all; whoever was faster has the same.
	if err := os.Rename(tmp, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("unpack the embedded PostgreSQL: %w", err)
	}
	return binDir, nil
}

func (b Bundle) extract(dir string) error {
	packed, err := gzip.NewReader(bytes.NewReader(b.archive))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for entries := tar.NewReader(packed); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := extractOne(root, header, entries); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

func extractOne(root *os.Root, header *tar.Header, content io.Reader) error {
	mode := header.FileInfo().Mode().Perm()
	name := filepath.Clean(header.Name)
	switch header.Typeflag {
	case tar.TypeDir:
		if name == "." {
			return nil
		}
		// Twice: the first is subject to the umask.
		return errors.Join(root.Mkdir(name, mode), root.Chmod(name, mode))
	case tar.TypeSymlink:
		return root.Symlink(header.Linkname, name)
	case tar.TypeLink: // time zones have many names
		return root.Link(filepath.Clean(header.Linkname), name)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return errors.Join(err, f.Chmod(mode), f.Close())
	default:
		return fmt.Errorf("unexpected kind of entry %q", header.Typeflag)
	}
}

package pgserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sluicehq/sluice/internal/pgbundle"
)

// sharedBundles is where root unpacks the embedded server for an account that cannot get to the data directory.
const sharedBundles = "/var/cache/sluice"

// unpackBundle unpacks the server that the program carries, if it does, into the cluster's folder, and returns the folder
// of its programs; empty if there is none. Programs, unlike data, must be reached by name: a program finds its libraries
// and its files from where it lies.
func (c cluster) unpackBundle() (string, error) {
	bundle, ok, err := pgbundle.Embedded()
	if err != nil || !ok {
		return "", err
	}
	parent := c.root
	if !c.account.reaches(c.root) {
		parent = sharedBundles
		if err := makeSharedBundles(); err != nil {
			return "", fmt.Errorf("unpack the embedded PostgreSQL: %w", err)
		}
	}
	return bundle.Unpack(parent)
}

// makeSharedBundles makes the folder, or checks that nobody else could have put programs there.
func makeSharedBundles() error {
	if err := os.MkdirAll(filepath.Dir(sharedBundles), 0o755); err != nil { //nolint:gosec // others must run what is in it
		return err
	}
	if err := os.Mkdir(sharedBundles, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // as above
		return err
	}
	info, err := os.Lstat(sharedBundles)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not root's alone; remove it", sharedBundles)
	}
	return os.Chmod(sharedBundles, 0o755)
}

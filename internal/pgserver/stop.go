package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Stop waits until no process uses the cluster of a data directory any more, and stops its server if that was left
// over. It does nothing where there is no cluster.
func Stop(ctx context.Context, dataDir string) (err error) {
	root, err := filepath.Abs(filepath.Join(dataDir, "pg"))
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stop the database: %w", err)
	}
	c := cluster{root: root}
	if _, err := os.Stat(c.usersLock()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	users, err := lockExclusive(ctx, c.usersLock())
	if err != nil {
		return fmt.Errorf("stop the database: %w", err)
	}
	defer func() { err = errors.Join(err, users.release()) }()
	pids, postmaster := c.findProcesses()
	if postmaster != 0 {
		return attach(postmaster, c.isServer).stop(ctx)
	}
	for _, pid := range pids {
		if err := attach(pid, c.isServer).stop(ctx); err != nil {
			return err
		}
	}
	return nil
}

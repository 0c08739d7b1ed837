package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// fileLock is a flock(2) on a file. The kernel releases it when the process ends, however it ends; that is what tells
// the others, and the warden (see warden.go), that a user of the cluster has gone.
type fileLock struct{ file *os.File }

// lockPoll is how often a lock that another process holds is tried again. Blocking in the kernel could not be
// interrupted by a context.
const lockPoll = 5 * time.Millisecond

const (
	flockShared    = unix.LOCK_SH
	flockExclusive = unix.LOCK_EX
)

func lockShared(ctx context.Context, path string) (*fileLock, error) {
	return openLock(ctx, path, flockShared)
}

func lockExclusive(ctx context.Context, path string) (*fileLock, error) {
	return openLock(ctx, path, flockExclusive)
}

func openLock(ctx context.Context, path string, how int) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	l := &fileLock{file: f}
	for {
		ok, err := l.try(how)
		if ok {
			return l, nil
		}
		if err == nil {
			select {
			case <-time.After(lockPoll):
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
}

// try takes or converts the lock without waiting. A failed conversion may lose the lock that was held.
func (l *fileLock) try(how int) (bool, error) {
	for {
		err := unix.Flock(int(l.file.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, unix.EINTR):
		default:
			return false, err
		}
	}
}

func (l *fileLock) release() error { return l.file.Close() }

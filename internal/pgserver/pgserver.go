// Package pgserver runs the private PostgreSQL server that the program uses where no SLUICE_DATABASE_URL is set: it
// finds the machine's binaries, makes the cluster under the data directory, starts, watches and stops it. Several
// processes may use one cluster: the first starts it, the others attach, the last one out stops it. It is the only
// package that starts processes of PostgreSQL or knows its files; what is stored in it is no concern of this package.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options say where the cluster is and how it runs.
type Options struct {
	// DataDir is the program's data directory; the cluster lives in its folder "pg". Made if missing.
	DataDir string
	// BinDir is the folder of initdb and postgres; empty: the newest installation with pgvector, see findInstallation.
	BinDir string
	// Database is the database that is made and used; empty: "sluice".
	Database string
	// Settings are added to the server's configuration, after the program's own and before the operator's local.conf.
	Settings map[string]string
	// NoSync leaves out the flush to disk at the end of initdb; for tests.
	NoSync bool
	// Logger gets starts, stops and restarts; nil: nothing is logged.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Database == "" {
		o.Database = "sluice"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// role is the superuser of the cluster. Only the owner of the cluster's files and root can be it, by the kernel's word
// for who is at the other end of the socket ("peer"), so there is no password to keep.
const role = "sluice"

// Instance is a running cluster that this process uses. It is kept running until Close: a server that dies is started
// again.
type Instance struct {
	cluster cluster
	users   *fileLock
	started bool

	stop    context.CancelFunc
	stopped chan struct{} // the watching goroutine has ended
	done    chan struct{} // see Done

	closing sync.Once

	mu     sync.Mutex // guards the two below
	server *process
	err    error
}

// Open returns the cluster of the data directory, running and accepting connections: it starts it, or attaches to the
// one that another process started. Errors about the machine (no server, no extension, another major version) are
// sentences with the command to run; see ErrNoServer, ErrNoExtension and ErrMajor.
func Open(ctx context.Context, opts Options) (*Instance, error) {
	opts = opts.withDefaults()
	c, err := newCluster(opts)
	if err != nil {
		return nil, err
	}
	users, err := lockShared(ctx, c.usersLock())
	if err != nil {
		return nil, fmt.Errorf("use the database under %s: %w", opts.DataDir, err)
	}
	server, started, err := c.ensureRunning(ctx)
	if err != nil {
		return nil, errors.Join(err, users.release())
	}
	watchCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	inst := &Instance{
		cluster: c, users: users, started: started, server: server,
		stop: cancel, stopped: make(chan struct{}), done: make(chan struct{}),
	}
	go inst.watch(watchCtx)
	return inst, nil
}

// DSN is the connection string of the program's database, for pgx and for libpq's tools.
func (i *Instance) DSN() string { return i.cluster.dsn(i.cluster.opts.Database) }

// BinDir is the folder of the server's programs, where pg_dump and pg_restore are too.
func (i *Instance) BinDir() string { return i.cluster.install.bin }

// Started reports whether this process started the server, rather than found it running.
func (i *Instance) Started() bool { return i.started }

// PID is the server's process id; it changes when the server had to be started again.
func (i *Instance) PID() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.server.pid
}

// Done is closed when the server died and could not be started again; Err then says why. It is not closed by Close.
func (i *Instance) Done() <-chan struct{} { return i.done }

// Err returns why Done is closed, or nil.
func (i *Instance) Err() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err
}

// Close ends the use of the cluster and stops the server, unless another process uses it still: then that one stops it.
// Calling it again does nothing.
func (i *Instance) Close(ctx context.Context) error {
	var err error
	i.closing.Do(func() {
		i.stop()
		<-i.stopped
		err = i.cluster.leave(ctx, i.users, i.current())
	})
	return err
}

func (i *Instance) current() *process {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.server
}

// Restarting: how often in a row, and how long between two tries at most. Together some five minutes, time enough for a
// full disk to be noticed and cleared.
const (
	restartTries   = 20
	restartMaxWait = 20 * time.Second
)

// watch starts the server again when it dies. It ends with ctx, or gives up and closes done.
func (i *Instance) watch(ctx context.Context) {
	defer close(i.stopped)
	log := i.cluster.opts.Logger
	for {
		select {
		case <-ctx.Done():
			return
		case <-i.current().exited:
		}
		if ctx.Err() != nil {
			return
		}
		log.Error("the database server stopped; starting it again", "pid", i.current().pid, "log", i.cluster.logFile())
		server, err := i.restart(ctx)
		if ctx.Err() != nil {
			return
		}
		i.mu.Lock()
		i.server, i.err = server, err
		i.mu.Unlock()
		if err != nil {
			log.Error("the database server cannot be started again", "err", err)
			close(i.done)
			return
		}
		log.Info("the database server runs again", "pid", server.pid)
	}
}

// restart tries until the server runs, with growing pauses.
func (i *Instance) restart(ctx context.Context) (*process, error) {
	wait := 100 * time.Millisecond
	var err error
	for range restartTries {
		var server *process
		if server, _, err = i.cluster.ensureRunning(ctx); err == nil {
			return server, nil
		}
		i.cluster.opts.Logger.Warn("starting the database server failed", "err", err, "retry_in", wait)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, restartMaxWait)
	}
	return nil, err
}

// makeDir makes a folder that belongs to the account the server runs as.
func makeDir(path string, acc account) error {
	if err := os.MkdirAll(filepath.Clean(path), 0o700); err != nil {
		return err
	}
	return acc.own(path)
}

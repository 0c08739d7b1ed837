package pgserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// cluster is the cluster's place on disk and how to run it. It has no state of its own: what runs is found out anew.
type cluster struct {
	opts    Options
	root    string // DataDir/pg, absolute, no symbolic links
	socket  string // folder of the socket
	account account
	install installation
}

// newCluster finds everything that a start needs, and makes the folders.
func newCluster(opts Options) (cluster, error) {
	dataDir, err := filepath.Abs(opts.DataDir)
	if err != nil {
		return cluster{}, fmt.Errorf("data directory: %w", err)
	}
	root := filepath.Join(dataDir, "pg")
	acc, err := serverAccount(root)
	if err != nil {
		return cluster{}, err
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return cluster{}, fmt.Errorf("make the data directory: %w", err)
	}
	if err := makeDir(root, acc); err != nil {
		return cluster{}, ownershipHint(root, err)
	}
	// /proc shows the real path of a server's folder, so ours must be it as well.
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return cluster{}, fmt.Errorf("data directory: %w", err)
	}
	c := cluster{opts: opts, root: root, account: acc}
	major, err := c.major()
	if err != nil {
		return cluster{}, ownershipHint(root, err)
	}
	bundle, err := c.unpackBundle()
	if err != nil {
		return cluster{}, err
	}
	if c.install, err = findInstallation(opts.BinDir, bundle, major, acc); err != nil {
		return cluster{}, err
	}
	if c.socket, err = c.socketDir(); err != nil {
		return cluster{}, err
	}
	return c, nil
}

func ownershipHint(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("open the database's folder: %w", err)
	}
	return fmt.Errorf("the database under %s belongs to another account: start the program as that account or as root, "+
		"or choose another data directory: %w", path, err)
}

func (c cluster) dataDir() string    { return filepath.Join(c.root, "data") }
func (c cluster) logFile() string    { return filepath.Join(c.root, "server.log") }
func (c cluster) usersLock() string  { return filepath.Join(c.root, "users.lock") }
func (c cluster) startLock() string  { return filepath.Join(c.root, "start.lock") }
func (c cluster) pidFile() string    { return filepath.Join(c.dataDir(), "postmaster.pid") }
func (c cluster) socketFile() string { return filepath.Join(c.socket, ".s.PGSQL.5432") }

// dsn is a libpq connection string; the quoting is for folders with odd names.
func (c cluster) dsn(database string) string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	return fmt.Sprintf("host='%s' port=5432 user=%s dbname='%s'", quote.Replace(c.socket), role, quote.Replace(database))
}

// major is the version that made the cluster, 0 where there is none yet.
func (c cluster) major() (int, error) {
	path := filepath.Join(c.dataDir(), "PG_VERSION")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return n, nil
}

// maxSocketPath is what fits into a socket's address on every system (104 bytes on macOS, 108 on Linux).
const maxSocketPath = 100

// socketDir makes the folder of the socket: under the data directory, or, where that path is too long for a socket, in
// the folder for temporary files under a name that follows from the data directory.
func (c cluster) socketDir() (string, error) {
	dir := filepath.Join(c.root, "run")
	if len(dir)+len("/.s.PGSQL.5432.lock") > maxSocketPath {
		sum := sha256.Sum256([]byte(c.root))
		dir = filepath.Join(os.TempDir(), "sluice-"+hex.EncodeToString(sum[:8]))
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the folder of the database's socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("folder of the database's socket: %w", err)
	}
	// In a folder that everybody may write to, somebody else may have been there first.
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || (int(st.Uid) != c.account.uid && int(st.Uid) != os.Getuid()) {
		return "", fmt.Errorf("the folder of the database's socket, %s, belongs to somebody else: remove it, or set TMPDIR", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return "", fmt.Errorf("folder of the database's socket: %w", err)
	}
	return dir, c.account.own(dir)
}

// ensureRunning returns the server of the cluster, accepting connections and with the database in it. started tells
// whether it had to be started.
func (c cluster) ensureRunning(ctx context.Context) (server *process, started bool, err error) {
	lock, err := lockExclusive(ctx, c.startLock())
	if err != nil {
		return nil, false, fmt.Errorf("start the database: %w", err)
	}
	defer func() { err = errors.Join(err, lock.release()) }()

	server, err = c.adopt(ctx)
	if err != nil || server != nil {
		return server, false, err
	}
	if err := c.initialise(ctx); err != nil {
		return nil, false, err
	}
	begin := time.Now()
	if server, err = c.start(); err != nil {
		return nil, false, err
	}
	if err := c.waitReady(ctx, server); err != nil {
		return nil, false, errors.Join(err, server.stop(context.WithoutCancel(ctx)))
	}
	if err := c.startWarden(); err != nil {
		c.opts.Logger.Warn("nothing will stop the database server if this program is killed; the next start will take it over", "err", err)
	}
	c.opts.Logger.Debug("database server started", "pid", server.pid, "version", c.install.major, "bin_dir", c.install.bin,
		"data_dir", c.dataDir(), "took", time.Since(begin).Round(time.Millisecond))
	return server, true, nil
}

// adopt returns the server that runs on the cluster's files already, started by another process or left over from one
// that was killed; nil where none does. What cannot be used is stopped: never may a second server run on the same files.
func (c cluster) adopt(ctx context.Context) (*process, error) {
	pids, postmaster := c.findProcesses()
	if postmaster != 0 {
		server := attach(postmaster, c.isServer)
		err := c.waitReady(ctx, server)
		if err == nil {
			return server, nil
		}
		if ctx.Err() != nil {
			server.forget()
			return nil, err
		}
		c.opts.Logger.Warn("a database server runs on these files but does not answer; stopping it", "pid", postmaster, "err", err)
		if err := server.stop(ctx); err != nil {
			return nil, err
		}
		pids, _ = c.findProcesses()
	}
	// Backends whose postmaster was killed end by themselves; while one lives, its files are in use.
	for _, pid := range pids {
		if err := attach(pid, c.isServer).stop(ctx); err != nil {
			return nil, err
		}
	}
	// Only now: the pid file is PostgreSQL's own protection against two servers.
	for _, path := range []string{c.pidFile(), c.socketFile(), c.socketFile() + ".lock"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("remove what a killed database server left: %w", err)
		}
	}
	return nil, nil
}

// readyPoll is how often a starting server is asked whether it is ready.
const readyPoll = 10 * time.Millisecond

// errStopped tells waitReady's callers that the server ended instead of getting ready.
var errStopped = errors.New("the database server stopped while it was starting")

// waitReady waits until the server accepts connections, and makes the database if it is not there. Recovery after a
// crash may take long, so as long as the server says that it is starting only ctx ends the wait.
func (c cluster) waitReady(ctx context.Context, server *process) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	slow := time.NewTicker(5 * time.Second)
	defer slow.Stop()
	for {
		err := c.tryConnect(ctx)
		if err == nil || !startingUp(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-server.exited:
			return fmt.Errorf("%w; the end of %s:\n%s", errStopped, c.logFile(), tail(c.logFile(), 12))
		case <-slow.C:
			c.opts.Logger.Info("waiting for the database server to be ready", "pid", server.pid, "state", err)
		case <-tick.C:
		}
	}
}

// startingUp reports whether err is how a server looks that is not ready yet, or is just going down.
func startingUp(err error) bool {
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == cannotConnectNow
}

// PostgreSQL's error codes that are part of an ordinary start.
const (
	cannotConnectNow   = "57P03"
	invalidCatalogName = "3D000"
)

func (c cluster) tryConnect(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.dsn(c.opts.Database))
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == invalidCatalogName {
		return c.createDatabase(ctx)
	}
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	return conn.Close(ctx)
}

func (c cluster) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the new cluster: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{c.opts.Database}.Sanitize())
	if err != nil {
		err = fmt.Errorf("create the database: %w", err)
	}
	return errors.Join(err, conn.Close(ctx))
}

// tail returns the last lines of a file, for an error message.
func tail(path string, lines int) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

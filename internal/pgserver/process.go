package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a running server: a child of ours, or one that another process started.
type process struct {
	pid    int
	exited chan struct{} // closed when it is gone
	// forget ends the watch of a server that is no child of ours and goes on without us.
	forget context.CancelFunc
}

// start runs the server as a child. It gets a session of its own, so that Ctrl-C in a terminal reaches only the
// program, and it may outlive us: others may be using it, and the warden stops it when nobody does.
func (c cluster) start() (*process, error) {
	if err := c.writeConfig(); err != nil {
		return nil, fmt.Errorf("write the database's configuration: %w", err)
	}
	log, err := c.openLog()
	if err != nil {
		return nil, fmt.Errorf("open the database's log: %w", err)
	}
	defer func() { _ = log.Close() }()

	cmd, err := c.command("postgres", "data", "-D")
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := runWithRoot(cmd, cmd.Start); err != nil {
		return nil, fmt.Errorf("start the database server: %w", err)
	}
	p := &process{pid: cmd.Process.Pid, exited: make(chan struct{}), forget: func() {}}
	go func() {
		// How it ended is in its log; that it ended is what matters here.
		_ = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// command prepares a program of the server's that works on a folder of the cluster and runs as its account. The
// account may be unable to walk to that folder (root's home is closed to it); it then gets the cluster's root as an open
// file and names it through /proc, which needs no right on the folders above.
func (c cluster) command(program, folder, dirFlag string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(c.install.program(program))
	cmd.Dir = "/"
	// Nothing of ours: neither PGHOST and the like nor the program's secrets.
	cmd.Env = []string{"PATH=" + c.install.bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c.account.credential()}
	root := c.root
	if !c.account.reaches(c.root) {
		if _, err := os.Stat("/proc/self/fd"); err != nil {
			return nil, fmt.Errorf("the account %s, which runs the database because root must not, cannot get to %s: "+
				"make the folders above it searchable (chmod o+x), or choose another data directory", c.account.name, c.root)
		}
		dir, err := os.Open(c.root)
		if err != nil {
			return nil, err
		}
		cmd.ExtraFiles = []*os.File{dir}
		root = "/proc/self/fd/3"
	}
	cmd.Args = append(cmd.Args, dirFlag, filepath.Join(root, folder))
	cmd.Args = append(cmd.Args, args...)
	return cmd, nil
}

// runWithRoot runs cmd by start and closes the file that command opened for it.
func runWithRoot(cmd *exec.Cmd, start func() error) error {
	err := start()
	for _, f := range cmd.ExtraFiles {
		err = errors.Join(err, f.Close())
	}
	return err
}

// maxLog is the size at which the server's log is begun anew; one older file is kept.
const maxLog = 4 << 20

func (c cluster) openLog() (*os.File, error) {
	if info, err := os.Stat(c.logFile()); err == nil && info.Size() > maxLog {
		if err := os.Rename(c.logFile(), c.logFile()+".1"); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return f, c.account.own(c.logFile())
}

// initialise makes the cluster where there is none. It works in a folder of another name, so that an interrupted first
// start leaves nothing half made.
func (c cluster) initialise(ctx context.Context) error {
	if n, err := c.major(); err != nil || n != 0 {
		return err
	}
	begin := time.Now()
	fresh := filepath.Join(c.root, "data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove an interrupted first start: %w", err)
	}
	if err := makeDir(fresh, c.account); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	args := []string{"--username=" + role, "--encoding=UTF8", "--auth=peer", "--data-checksums", "--no-instructions"}
	args = append(args, c.localeArgs()...)
	if c.opts.NoSync {
		args = append(args, "--no-sync")
	}
	cmd, err := c.command("initdb", "data.new", "-D", args...)
	if err != nil {
		return err
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	stop := context.AfterFunc(ctx, func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill()
		}
	})
	defer stop()
	if err := runWithRoot(cmd, cmd.Run); err != nil {
		return fmt.Errorf("create the database cluster: %w:\n%s", errors.Join(err, ctx.Err()), strings.TrimSpace(out.String()))
	}
	if err := c.includeConfig(fresh); err != nil {
		return fmt.Errorf("configure the database cluster: %w", err)
	}
	if err := os.Rename(fresh, c.dataDir()); err != nil {
		return fmt.Errorf("create the database cluster: %w", err)
	}
	c.opts.Logger.Info("created the database", "data_dir", c.dataDir(), "version", c.install.major, "took", time.Since(begin).Round(time.Millisecond))
	return nil
}

// attach watches a server that is no child of ours; alive tells whether the pid is still it.
func attach(pid int, alive func(pid int) bool) *process {
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{pid: pid, exited: make(chan struct{}), forget: cancel}
	go func() {
		tick := time.NewTicker(attachPoll)
		defer tick.Stop()
		for alive(pid) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		close(p.exited)
	}()
	return p
}

const attachPoll = 20 * time.Millisecond

// How long a server gets to stop in each way before a harsher one is tried.
const (
	fastStop      = 20 * time.Second // SIGINT: roll back, write out, end
	immediateStop = 5 * time.Second  // SIGQUIT: end now, recover at the next start
)

// stop ends the server: a fast shutdown, and where that takes too long an immediate one.
func (p *process) stop(ctx context.Context) error {
	for _, step := range []struct {
		signal  syscall.Signal
		timeout time.Duration
	}{{syscall.SIGINT, fastStop}, {syscall.SIGQUIT, immediateStop}, {syscall.SIGKILL, immediateStop}} {
		select {
		case <-p.exited:
			return nil
		default:
		}
		if err := syscall.Kill(p.pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the database server, process %d: %w", p.pid, err)
		}
		select {
		case <-p.exited:
			return nil
		case <-time.After(step.timeout):
		case <-ctx.Done():
			return fmt.Errorf("stop the database server, process %d: %w", p.pid, ctx.Err())
		}
	}
	return fmt.Errorf("the database server, process %d, does not stop", p.pid)
}

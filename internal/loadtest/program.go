// Package loadtest drives the real program from outside, as a site under load would: it starts the binary on a data
// directory of its own, talks to its API, and measures it and its database server from the process table. It is for the
// commands below it, load and soak; everything stays on loopback and ends by itself.
package loadtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Options say how the program is run.
type Options struct {
	Binary  string // path of bin/sluice
	DataDir string
	Env     []string // more of the environment, "NAME=value"
	Role    string   // empty: all
	// Log gets the program's own log; nil: a file beside the data directory.
	Log *os.File
}

// Program is a running sluice.
type Program struct {
	Base    string // http://127.0.0.1:PORT
	options Options
	cmd     *exec.Cmd
	exited  chan struct{}
	err     error
}

// Credentials of the admin that every started program has.
const (
	adminEmail    = "load@example.org"
	adminPassword = "a long password for nobody"
)

// startTimeout bounds a start, the first one with its initdb included.
const startTimeout = 90 * time.Second

// Start starts the program and waits until it is ready to serve. The returned duration is from the start of the process
// to the first 200 of /readyz.
func Start(ctx context.Context, o Options) (*Program, time.Duration, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, 0, err
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, 0, fmt.Errorf("data directory: %w", err)
	}
	p := &Program{Base: "http://" + listen, options: o, exited: make(chan struct{})}
	p.cmd = exec.Command(o.Binary, "serve")
	p.cmd.Env = append(p.environment(), "SLUICE_LISTEN="+listen)
	if o.Role != "" {
		p.cmd.Env = append(p.cmd.Env, "SLUICE_ROLE="+o.Role)
	}
	log := o.Log
	if log == nil {
		if log, err = os.OpenFile(filepath.Clean(o.DataDir)+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return nil, 0, fmt.Errorf("log: %w", err)
		}
		defer log.Close()
	}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("start %s: %w", o.Binary, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	if err := p.ready(ctx); err != nil {
		return nil, 0, errors.Join(err, p.Kill())
	}
	return p, time.Since(began), nil
}

func (p *Program) environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SLUICE_") {
			env = append(env, v)
		}
	}
	return append(append(env, "SLUICE_DATA_DIR="+p.options.DataDir, "SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+adminPassword,
		"SLUICE_ALLOW_PRIVATE_ADDRESSES=true"), p.options.Env...)
}

// freeAddress is a loopback address that nobody listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (p *Program) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Base+"/readyz", http.NoBody)
		if err != nil {
			return fmt.Errorf("readiness: %w", err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.exited:
			return fmt.Errorf("the program ended while it started (%w); its log is %s.log", p.err, filepath.Clean(p.options.DataDir))
		case <-ctx.Done():
			return fmt.Errorf("the program is not ready: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// PID is the process id.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Command runs another command of the program on the same data and returns what it prints, without the line end.
func (p *Program) Command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, p.options.Binary, args...)
	cmd.Env = p.environment()
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return "", fmt.Errorf("sluice %s: %s", strings.Join(args, " "), strings.TrimSpace(string(exit.Stderr)))
		}
		return "", fmt.Errorf("sluice %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Stop asks the program to end and waits for it.
func (p *Program) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop: %w", err)
	}
	select {
	case <-p.exited:
		return p.err
	case <-time.After(time.Minute):
		return errors.Join(errors.New("the program does not stop"), p.Kill())
	}
}

// Kill ends the program as a crash would.
func (p *Program) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill: %w", err)
	}
	<-p.exited
	return nil
}

// Tidy removes the working folder after a success; after a failure it stays, with the program's log, and the error says so.
func Tidy(dir string, err error) error {
	if err != nil {
		return fmt.Errorf("%w\nlog and data are kept in %s", err, dir)
	}
	return os.RemoveAll(dir)
}

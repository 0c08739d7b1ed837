package loadtest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Latencies collects durations. It is safe for concurrent use.
type Latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

// Add adds one.
func (l *Latencies) Add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, d)
}

// String gives the number and the percentiles, in milliseconds.
func (l *Latencies) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return "none"
	}
	slices.Sort(l.list)
	at := func(p float64) float64 {
		return float64(l.list[int(p*float64(len(l.list)-1))]) / float64(time.Millisecond)
	}
	return fmt.Sprintf("p50 %.1f, p95 %.1f, p99 %.1f ms (%d)", at(.5), at(.95), at(.99), len(l.list))
}

// Memory is what processes hold, in bytes.
type Memory struct {
	Program   int64 // resident set: Anonymous, and pages of the program's own file, which the system may drop
	Anonymous int64
	Database  int64 // proportional set of all processes of the private server
}

// largest is the larger of each part.
func (m Memory) largest(o Memory) Memory {
	return Memory{Program: max(m.Program, o.Program), Anonymous: max(m.Anonymous, o.Anonymous), Database: max(m.Database, o.Database)}
}

// memoryOf measures a program and the private server under its data directory. Shared memory of the server counts once,
// because each process is charged its share of it (Pss).
func memoryOf(pid int, dataDir string) Memory {
	var m Memory
	m.Program, m.Anonymous = procField(pid, "status", "VmRSS:"), procField(pid, "status", "RssAnon:")
	for _, other := range processesIn(dataDir) {
		if other != pid {
			m.Database += procField(other, "smaps_rollup", "Pss:")
		}
	}
	return m
}

// processesIn are the processes whose working directory is below dir, which is how PostgreSQL's are told.
func processesIn(dir string) []int {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return nil
	}
	var pids []int
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, dir+"/") {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return pids
}

// procField reads a field that is given in kB; 0 where the process is gone.
func procField(pid int, file, field string) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		if rest, ok := bytes.CutPrefix(line, []byte(field)); ok {
			kb, err := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
			if err != nil {
				return 0
			}
			return kb << 10
		}
	}
	return 0
}

// OpenFiles is how many files and sockets a process has open.
func OpenFiles(pid int) int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0
	}
	return len(entries)
}

// Watch samples the memory until the context ends and returns the peaks.
func Watch(ctx context.Context, pid int, dataDir string) func() Memory {
	var mu sync.Mutex
	var peak Memory
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			now := memoryOf(pid, dataDir)
			mu.Lock()
			peak = peak.largest(now)
			mu.Unlock()
			select {
			case <-ctx.Done():
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	return func() Memory {
		mu.Lock()
		defer mu.Unlock()
		return peak
	}
}

// Memory measures the program and its private server now.
func (p *Program) Memory() Memory { return memoryOf(p.PID(), p.options.DataDir) }

// Postmaster is the process of the private server that all others of it descend from; 0 where none runs.
func (p *Program) Postmaster() int {
	for _, pid := range processesIn(p.options.DataDir) {
		if pid == p.PID() {
			continue
		}
		if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && bytes.Contains(name, []byte("-D")) {
			return pid
		}
	}
	return 0
}

// DiskUsage is the size of the files below a folder, in bytes.
func DiskUsage(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // files come and go under a running server
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total, err
}

// MB prints bytes as megabytes.
func MB(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

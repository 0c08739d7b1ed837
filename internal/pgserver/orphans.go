package pgserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// findProcesses returns the processes that work on the cluster's files, and which of them is the postmaster (0: none).
// On Linux the proof is the working folder, which every process of a server keeps in its data directory: a pid file may
// be stale and its number may belong to somebody else by now.
func (c cluster) findProcesses() (pids []int, postmaster int) {
	if !hasProc() {
		if pid := c.pidFromFile(); pid != 0 && c.isServer(pid) {
			return []int{pid}, pid
		}
		return nil, 0
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, 0
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && c.isServer(pid) {
			pids = append(pids, pid)
		}
	}
	own := c.pidFromFile()
	for _, pid := range pids {
		if pid == own {
			postmaster = pid
		}
	}
	return pids, postmaster
}

// isServer reports whether pid is a living process of this cluster's server.
func (c cluster) isServer(pid int) bool {
	if hasProc() {
		cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
		return err == nil && cwd == c.dataDir()
	}
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), "postgres") && strings.Contains(string(out), c.dataDir())
}

func hasProc() bool {
	_, err := os.Readlink("/proc/self/cwd")
	return err == nil
}

// pidFromFile is the pid in PostgreSQL's own pid file, 0 if there is none.
func (c cluster) pidFromFile() int {
	raw, err := os.ReadFile(c.pidFile())
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0
	}
	return pid
}

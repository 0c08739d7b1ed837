package pgserver_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

func TestFirstAndSecondStart(t *testing.T) {
	t.Parallel()
	dir := postgrestest.DataDir(t)
	// What a first start leaves that was cut short must not be in the way.
	if err := os.MkdirAll(filepath.Join(dir, "pg", "data.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	first := openCluster(t, dir)
	if !first.Started() {
		t.Error("the first start says that the server ran already")
	}
	query(t, first.DSN(), "CREATE EXTENSION vector; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent; CREATE TABLE kept AS SELECT 42 AS n")
	if got := query(t, first.DSN(), "SHOW listen_addresses"); got != "" {
		t.Errorf("listen_addresses = %q, want none", got)
	}
	pid := first.PID()
	closeCluster(t, first)
	closeCluster(t, first)
	if alive(pid) {
		t.Error("the server runs after its last user closed it")
	}

	second := openCluster(t, dir)
	if !second.Started() || second.PID() == pid {
		t.Errorf("second start: started = %v, pid %d, want a new server", second.Started(), second.PID())
	}
	if got := query(t, second.DSN(), "SELECT n FROM kept"); got != "42" {
		t.Errorf("row = %q, want 42", got)
	}
}

// Several processes that come at the same moment share one server, which outlives the one that started it.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	dir := postgrestest.DataDir(t)
	users := []*helper{spawn(t, dir), spawn(t, dir), spawn(t, dir)}
	var starter *helper
	var others []*helper
	for _, u := range users {
		if u.ready(t); u.Started {
			starter = u
		} else {
			others = append(others, u)
		}
	}
	if starter == nil || len(others) != 2 {
		t.Fatalf("%d of %d processes found the server running, want all but one", len(others), len(users))
	}
	for _, u := range others {
		if u.PID != starter.PID {
			t.Errorf("servers %d and %d on the same files", u.PID, starter.PID)
		}
	}

	starter.kill(t)
	others[0].leave(t)
	if got := query(t, others[1].DSN, "SELECT 1"); got != "1" || !alive(starter.PID) {
		t.Errorf("the server is gone although a process uses it")
	}
	others[1].leave(t)
	if alive(starter.PID) {
		t.Error("the server runs after its last user left")
	}
}

// Nobody is left to stop the server when its only user is killed, but the warden.
func TestKilledUser(t *testing.T) {
	t.Parallel()
	dir := postgrestest.DataDir(t)
	u := spawn(t, dir).ready(t)
	query(t, u.DSN, "CREATE TABLE kept AS SELECT 42 AS n")
	u.kill(t)
	eventually(t, "the warden stops the server", func() bool { return !alive(u.PID) })
	inst := openCluster(t, dir)
	if got := query(t, inst.DSN(), "SELECT n FROM kept"); got != "42" || !inst.Started() {
		t.Errorf("row = %q, started = %v, want 42 from a new server", got, inst.Started())
	}
}

// As on a system without flock(1), or after somebody killed everything by name.
func TestOrphanIsAdopted(t *testing.T) {
	t.Parallel()
	dir := postgrestest.DataDir(t)
	u := spawn(t, dir).ready(t)
	killWarden(t, dir)
	u.kill(t)
	if !alive(u.PID) {
		t.Fatal("the server went with its user; nothing to adopt")
	}
	inst := openCluster(t, dir)
	if inst.Started() || inst.PID() != u.PID {
		t.Errorf("started = %v, pid %d, want the orphan %d", inst.Started(), inst.PID(), u.PID)
	}
	query(t, inst.DSN(), "SELECT 1")
	closeCluster(t, inst)
	if alive(u.PID) {
		t.Error("the adopted server runs after its last user closed it")
	}
}

// After a power cut the pid file may name any process of the new session: here ourselves.
func TestStalePidFile(t *testing.T) {
	t.Parallel()
	dir := postgrestest.DataDir(t)
	u := spawn(t, dir).ready(t)
	killWarden(t, dir)
	u.kill(t)
	pidFile := filepath.Join(dir, "pg", "data", "postmaster.pid")
	content, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(u.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	if err := os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n%s", os.Getpid(), rest), 0o600); err != nil {
		t.Fatal(err)
	}
	inst := openCluster(t, dir)
	if !inst.Started() {
		t.Error("a server was found where none ran")
	}
	query(t, inst.DSN(), "SELECT 1")
}

// A server that dies under a running program is started again.
func TestServerIsRestarted(t *testing.T) {
	t.Parallel()
	inst := openCluster(t, postgrestest.DataDir(t))
	pid := inst.PID()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server runs again", func() bool {
		if inst.PID() == pid {
			return false
		}
		_, err := tryQuery(t.Context(), inst.DSN(), "SELECT 1")
		return err == nil
	})
	if inst.Err() != nil {
		t.Errorf("Err = %v, want nil", inst.Err())
	}
}

func TestLongAndOddPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(postgrestest.DataDir(t), strings.Repeat("long", 25), `it's a "folder"`)
	inst := openCluster(t, dir)
	if strings.Contains(inst.DSN(), dir) {
		t.Errorf("DSN = %s, want a shorter path for the socket", inst.DSN())
	}
	query(t, inst.DSN(), "SELECT 1")
	closeCluster(t, inst)
	if err := pgserver.Stop(t.Context(), dir); err != nil {
		t.Error(err)
	}
}

// The server never runs as root: root's runs as somebody else, even below a folder that only root may enter, and anybody
// else's as who started it.
func TestWhoRunsTheServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(postgrestest.DataDir(t), "closed", "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	inst := openCluster(t, dir)
	info, err := os.Stat(filepath.Join("/proc", strconv.Itoa(inst.PID())))
	if err != nil {
		t.Fatal(err)
	}
	me := uint32(os.Getuid())
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid == 0 || me != 0 && st.Uid != me {
		t.Errorf("started by user %d, the server runs as %d", me, st.Uid)
	}
	query(t, inst.DSN(), "SELECT 1")
	closeCluster(t, inst)
	if err := pgserver.Stop(t.Context(), dir); err != nil {
		t.Error(err)
	}
}

// A user without rights runs the whole thing as itself, in a process of its own; afterwards root can use that cluster too.
// Who is not root is such a user already.
func TestAsUser(t *testing.T) {
	t.Parallel()
	dir := postgrestest.DataDir(t)
	as := func(*exec.Cmd) {}
	if os.Getuid() == 0 {
		as = asNobody(t, dir)
	}
	u := spawn(t, dir, as).ready(t)
	query(t, u.DSN, "CREATE TABLE kept AS SELECT 42 AS n")
	u.leave(t)
	inst := openCluster(t, dir)
	if got := query(t, inst.DSN(), "SELECT n FROM kept"); got != "42" {
		t.Errorf("row = %q, want 42", got)
	}
}

// asNobody makes a process of this test's binary run as nobody, whom dir is given to. Needs root.
func asNobody(t *testing.T, dir string) func(*exec.Cmd) {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	// The folder of the test binary is closed to others.
	exe := filepath.Join(dir, "helper.test")
	own, err := os.Executable()
	if err == nil {
		err = exec.Command("cp", own, exe).Run()
	}
	if err == nil {
		err = os.Chown(dir, uid, gid)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(cmd *exec.Cmd) {
		cmd.Path = exe
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}

func TestStopWithoutCluster(t *testing.T) {
	t.Parallel()
	if err := pgserver.Stop(t.Context(), filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("Stop = %v, want nothing to do", err)
	}
}

// killWarden finds the wardens of a cluster by their arguments; there may be one.
func killWarden(t *testing.T, dir string) {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, path := range procs {
		raw, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(raw, []byte("sluice-pg-warden")) || !bytes.Contains(raw, []byte(dir)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		killed++
	}
	if killed == 0 {
		t.Fatal("found no warden")
	}
}

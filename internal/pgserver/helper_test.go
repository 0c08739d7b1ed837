package pgserver_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/pgserver"
)

// helperVariable makes the test binary run as another user of the cluster in the folder that it names, so that tests
// can kill one.
const helperVariable = "SLUICE_PGSERVER_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		if err := beUser(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// report is what a helper process tells about its use of the cluster.
type report struct {
	Started bool
	PID     int // the server's
	DSN     string
}

// beUser uses the cluster until its standard input is closed.
func beUser(dir string) error {
	ctx := context.Background()
	inst, err := pgserver.Open(ctx, pgserver.Options{DataDir: dir, NoSync: true})
	if err != nil {
		return err
	}
	err = json.NewEncoder(os.Stdout).Encode(report{Started: inst.Started(), PID: inst.PID(), DSN: inst.DSN()})
	_, readErr := io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, readErr, inst.Close(ctx))
}

// helper is another process that uses a cluster.
type helper struct {
	report

	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
}

// spawn starts a helper process; ready waits for it.
func spawn(t *testing.T, dir string, configure ...func(*exec.Cmd)) *helper {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperVariable+"="+dir)
	cmd.Stderr = os.Stderr
	for _, f := range configure {
		f(cmd)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	u := &helper{cmd: cmd, stdin: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			u.kill(t)
		}
	})
	return u
}

// ready waits until the helper uses the cluster.
func (u *helper) ready(t *testing.T) *helper {
	t.Helper()
	if err := json.NewDecoder(u.out).Decode(&u.report); err != nil {
		t.Fatalf("helper process: %v", err)
	}
	return u
}

// kill ends the helper without a chance to clean up.
func (u *helper) kill(t *testing.T) {
	t.Helper()
	if err := u.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = u.cmd.Wait() // "killed" is what it says
}

// leave lets the helper end in good order.
func (u *helper) leave(t *testing.T) {
	t.Helper()
	if err := errors.Join(u.stdin.Close(), u.cmd.Wait()); err != nil {
		t.Errorf("helper process: %v", err)
	}
}

// openCluster opens the cluster in this process, and closes it at the end of the test.
func openCluster(t *testing.T, dir string) *pgserver.Instance {
	t.Helper()
	inst, err := pgserver.Open(t.Context(), pgserver.Options{DataDir: dir, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeCluster(t, inst) })
	return inst
}

func closeCluster(t *testing.T, inst *pgserver.Instance) {
	t.Helper()
	if err := inst.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("close: %v", err)
	}
}

// query runs one statement on a connection of its own and returns what it yields as text.
func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	out, err := tryQuery(t.Context(), dsn, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func tryQuery(ctx context.Context, dsn, sql string) (string, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	var cells []string
	for _, r := range results {
		for _, row := range r.Rows {
			for _, cell := range row {
				cells = append(cells, string(cell))
			}
		}
	}
	return strings.Join(cells, " "), errors.Join(err, conn.Close(ctx))
}

// alive reports whether a process runs; one that has ended and that nobody waits for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return os.IsNotExist(err) && !onLinux()
	}
	_, state, _ := strings.Cut(string(raw), ") ")
	return !strings.HasPrefix(state, "Z")
}

func onLinux() bool {
	_, err := os.Stat("/proc/self")
	return err == nil
}

// eventually waits for what another process does in its own time.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still waiting: %s", what)
		}
	}
}

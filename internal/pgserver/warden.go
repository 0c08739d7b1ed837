package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
)

// wardenScript stops the server once no process uses the cluster any more, however those ended. It waits for the lock
// of which every user holds a share; while it holds it itself, nobody can start to use the cluster. The server is told
// by its working folder, since its pid may be another process's by then.
const wardenScript = `
exec 9<"$1"
flock -x 9 || exit 0
pid=$(head -n 1 "$2/postmaster.pid" 2>/dev/null) || exit 0
runs() { [ "/proc/$pid/cwd" -ef "$2" ]; }
n=0
while runs "$@"; do
	case $n in
	0) kill -INT "$pid" ;;
	500) kill -QUIT "$pid" ;;
	1000) exit 1 ;;
	esac
	n=$((n + 1))
	sleep 0.02
done
`

// startWarden leaves a small process behind that outlives us and stops the server when its last user is gone. Without
// flock(1) or /proc (macOS) there is none; a server that is left over is then taken over by the next start.
func (c cluster) startWarden() error {
	if !hasProc() {
		return errors.New("this system has no /proc")
	}
	for _, program := range []string{"sh", "flock", "head", "sleep"} {
		if _, err := exec.LookPath(program); err != nil {
			return err
		}
	}
	cmd := exec.Command("sh", "-c", wardenScript, "sluice-pg-warden", c.usersLock(), c.dataDir())
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the warden of the database server: %w", err)
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// leave gives this process's share of the cluster up and, if it was the last, stops the server and waits for its end.
func (c cluster) leave(ctx context.Context, users *fileLock, server *process) error {
	defer server.forget()
	last, err := users.try(flockExclusive)
	if err == nil && !last {
		// Somebody else holds a share, or the warden took the lock in the moment of the conversion and is stopping the
		// server. A share can be had again only in the first case.
		others, shareErr := users.try(flockShared)
		err = shareErr
		last = shareErr == nil && !others
	}
	if err != nil {
		return errors.Join(fmt.Errorf("leave the database: %w", err), users.release())
	}
	if last {
		err = server.stop(ctx)
	}
	return errors.Join(err, users.release())
}

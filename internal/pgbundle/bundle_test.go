//go:build pgbundle

package pgbundle_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/pgbundle"
)

// The program with PostgreSQL inside runs in a root folder with nothing in it but the C library, a shell and a password
// file: migrates, serves, stops in good order, starts again, backs up and restores; and the demonstration syncs until
// a page of it is found, by words and by meaning.
func TestInEmptyRoot(t *testing.T) {
	root := emptyRoot(t)
	run(t, root, "version")
	run(t, root, "migrate")
	run(t, root, "doctor")
	start(t, root, "serve").stop(t)
	s := start(t, root, "serve")
	run(t, root, "backup", "/backup")
	s.stop(t)
	run(t, root, "restore", "--data-dir", "/other", "/backup")
	run(t, root, "user", "list", "--data-dir", "/other")

	s = start(t, root, "demo", "--data-dir", "/demo")
	for _, mode := range []string{"keyword", "vector"} {
		find(t, root, "--data-dir", "/demo", "--mode", mode, "scrape interval")
	}
	s.stop(t)
}

// find searches until there is a hit.
func find(t *testing.T, root string, args ...string) {
	t.Helper()
	begin := time.Now()
	for {
		out := run(t, root, append([]string{"search", "--json"}, args...)...)
		var found struct {
			Hits     []struct{ Title string }
			Degraded []string
		}
		if err := json.Unmarshal(out, &found); err != nil {
			t.Fatalf("search printed %q: %v", out, err)
		}
		if len(found.Hits) > 0 && len(found.Degraded) == 0 {
			t.Logf("found %q after %v", found.Hits[0].Title, time.Since(begin).Round(time.Millisecond))
			return
		}
		if time.Since(begin) > time.Minute {
			t.Fatalf("nothing is found: %s", out)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// What a bundle says it is, is in it.
func TestEmbedded(t *testing.T) {
	b, ok, err := pgbundle.Embedded()
	if err != nil || !ok {
		t.Fatalf("Embedded = %v, %v, want a bundle", ok, err)
	}
	bin, err := b.Unpack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "initdb", "pg_dump", "pg_restore", "psql"} {
		out, err := exec.Command(filepath.Join(bin, name), "--version").CombinedOutput()
		if version, _, _ := strings.Cut(b.Name(), "-"); err != nil || !strings.Contains(string(out), version) {
			t.Errorf("%s --version = %q, %v, want %s", name, out, err, version)
		}
	}
	for _, extension := range []string{"vector", "pg_trgm", "unaccent"} {
		if _, err := os.Stat(filepath.Join(bin, "../share/postgresql/extension", extension+".control")); err != nil {
			t.Error(err)
		}
	}
}

// emptyRoot makes the folder, with the program in it.
func emptyRoot(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("needs root, for chroot and mount")
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"bin", "dev", "etc", "proc", "tmp"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o1777); err != nil {
		t.Fatal(err)
	}
	passwd := "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(passwd), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, minor := range map[string]int{"null": 3, "zero": 5, "urandom": 9} {
		path := filepath.Join(root, "dev", name)
		if err := syscall.Mknod(path, syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	proc := filepath.Join(root, "proc")
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(proc, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	copyLibraries(t, root)
	command(t, "cp", "-L", "/bin/sh", filepath.Join(root, "bin/sh"))
	command(t, "go", "build", "-trimpath", "-tags", "pgbundle", "-o", filepath.Join(root, "sluice"), "github.com/sluicehq/sluice/cmd/sluice")
	return root
}

var libraryPath = regexp.MustCompile(`(?m)(?:=> |^\s*)(/\S+) \(0x`)

// copyLibraries copies what the bundle's programs and the shell need, and fails where that is more than the C library.
func copyLibraries(t *testing.T, root string) {
	t.Helper()
	b, _, err := pgbundle.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := b.Unpack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"/bin/sh", filepath.Join(bin, "postgres"), filepath.Join(bin, "initdb"), filepath.Join(bin, "pg_dump")} {
		for _, m := range libraryPath.FindAllStringSubmatch(command(t, "ldd", program), -1) {
			path := m[1]
			if strings.HasPrefix(path, filepath.Dir(bin)) {
				continue
			}
			if !regexp.MustCompile(`/(ld-linux.*|lib(c|m|pthread|dl|rt))\.so\.\d+$`).MatchString(path) {
				t.Errorf("%s needs %s, which is not glibc's", program, path)
			}
			target := filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				t.Fatal(err)
			}
			command(t, "cp", "-L", path, target)
		}
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// inRoot prepares a command of the program in the root folder.
func inRoot(ctx context.Context, root string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/sluice", args...)
	cmd.Dir = "/"
	cmd.Env = []string{"SLUICE_DATA_DIR=/data", "SLUICE_EMBEDDER=builtin", "SLUICE_LOG_FORMAT=text"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	return cmd
}

// run runs a command of the program to its end and returns what it prints.
func run(t *testing.T, root string, args ...string) []byte {
	t.Helper()
	begin := time.Now()
	var log bytes.Buffer
	cmd := inRoot(t.Context(), root, args...)
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sluice %s: %v\n%s%s", strings.Join(args, " "), err, out, &log)
	}
	t.Logf("sluice %s: %v", strings.Join(args, " "), time.Since(begin).Round(time.Millisecond))
	return out
}

// server is a running program.
type server struct {
	cmd *exec.Cmd
	log *bytes.Buffer
}

// start starts the program and waits until it is ready.
func start(t *testing.T, root string, args ...string) *server {
	t.Helper()
	begin := time.Now()
	address := freeAddress(t)
	s := &server{cmd: inRoot(t.Context(), root, append(args, "--listen", address)...), log: &bytes.Buffer{}}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.log.Write(append(lines.Bytes(), '\n'))
		}
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ready(t.Context(), address) {
		select {
		case <-tick.C:
		case <-logged:
			t.Fatalf("sluice %s ended: %v\n%s", args[0], s.cmd.Wait(), s.log)
		}
	}
	t.Logf("sluice %s: ready after %v", args[0], time.Since(begin).Round(time.Millisecond))
	return s
}

func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("%s: %v\n%s", s.cmd, err, s.log)
	}
}

func ready(ctx context.Context, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/readyz", address), http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

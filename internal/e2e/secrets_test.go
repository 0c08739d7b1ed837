package e2e_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// TestSecretsAreInNoArgumentsAndNoBackup runs the built program with every secret that it takes, and reads the arguments
// of all processes of the machine meanwhile, what it prints, the files that it leaves, and a backup.
func TestSecretsAreInNoArgumentsAndNoBackup(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	dir := t.TempDir()
	const sealing = "a-secret-key-of-the-settings-0815"
	s := shell{T: t, env: setting(dir, postgrestest.NewURL(t), "SLUICE_PG_BINDIR="+postgrestest.BinDir(t), "SLUICE_SECRET_KEY="+sealing,
		"SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+password, "SLUICE_LOG_LEVEL=debug")}
	i := &instance{url: s.serving("serve")}
	token := strings.TrimSpace(s.must("", "token", "create", "--name", "x", "--role", "admin"))
	s.must(siteToken, "source", "add", "--base-url", address, "--email", siteEmail, "--space-key", "OPS")
	s.must("", "sync", ops, "--wait")
	invitation := strings.TrimSpace(s.must("", "user", "invite", "guest@example.org"))
	secrets := map[string]string{
		"the site's token": siteToken, "an API token": token, "the password": password, "the sealing key": sealing,
		"a one-time link": invitation[strings.LastIndexByte(invitation, '/')+1:], "a session": i.signedIn(t, adminEmail).cookie(t),
	}
	look := func(where string, text []byte) {
		t.Helper()
		for name, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %s", where, name)
			}
		}
	}
	stop := eachArguments(func(arguments []byte) { look("a process's arguments", arguments) })
	defer stop()
	look("the settings in effect", []byte(s.must("", "config", "print")))
	look("doctor", []byte(s.must("", "doctor", "--json")))

	file := filepath.Join(t.TempDir(), "sluice.backup")
	s.must("", "backup", file)
	look("the backup", backedUp(t, file))
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		look(path, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// eachArguments passes on, until stop is called, the arguments of the processes of this program and of PostgreSQL.
func eachArguments(look func(arguments []byte)) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			processes, _ := filepath.Glob("/proc/[0-9]*") // none where there is no such folder
			for _, p := range processes {
				exe, err := os.Readlink(filepath.Join(p, "exe"))
				name := filepath.Base(exe)
				if err != nil || name != "sluice" && name != "postgres" && !strings.HasPrefix(name, "pg_") {
					continue
				}
				if arguments, err := os.ReadFile(filepath.Join(p, "cmdline")); err == nil { // else it has ended
					look(arguments)
				}
			}
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// backedUp returns a backup as SQL, in which text stands as it is, after its table of contents.
func backedUp(t *testing.T, file string) []byte {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var all bytes.Buffer
	dump := filepath.Join(t.TempDir(), "database.dump")
	for _, entry := range archive.File {
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
		if entry.Name == "database.dump" {
			if err := os.WriteFile(dump, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(postgrestest.BinDir(t), "pg_restore"), "-f", "-", dump).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte(adminEmail)) || !bytes.Contains(out, []byte("Scrape interval")) {
		t.Error("the backup has not what is looked through: the test shows nothing")
	}
	all.Write(out)
	return all.Bytes()
}

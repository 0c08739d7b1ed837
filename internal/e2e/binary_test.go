package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/sources"
)

// built is the program, built once for all tests of the package.
var built struct {
	once sync.Once
	dir  string
	path string
	err  error
}

func TestMain(m *testing.M) {
	code := browsertest.Main(m)
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // a temporary folder; nothing to do about it
	}
	os.Exit(code)
}

// binary returns the path of the built program.
func binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "sluice-e2e-"); built.err != nil { //nolint:usetesting // it outlives the first test that needs it
			return
		}
		built.path = filepath.Join(built.dir, "sluice")
		build := exec.Command("go", "build", "-ldflags", "-X main.version=v0.0.0-test", "-o", built.path, "../../cmd/sluice")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// environment points commands at the instance.
func (i *instance) environment() []string {
	return setting(i.Config.DataDir, i.database)
}

// setting is an environment with nothing of ours in it but these settings.
func setting(dataDir, database string, more ...string) []string {
	env := []string{"SLUICE_DATA_DIR=" + dataDir, "SLUICE_DATABASE_URL=" + database, "SLUICE_ALLOW_PRIVATE_ADDRESSES=true"}
	for _, kept := range []string{"PATH", "HOME", "TMPDIR"} {
		env = append(env, kept+"="+os.Getenv(kept))
	}
	return append(env, more...)
}

// shell runs commands of the built program.
type shell struct {
	*testing.T
	env []string
}

type result struct {
	code           int
	stdout, stderr string
}

func (s shell) run(stdin string, args ...string) result {
	s.Helper()
	command := exec.CommandContext(s.Context(), binary(s.T), args...)
	command.Env, command.Stdin = s.env, strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	return result{code: command.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// must runs a command that has to succeed and returns what it prints.
func (s shell) must(stdin string, args ...string) string {
	s.Helper()
	r := s.run(stdin, args...)
	if r.code != 0 {
		s.Fatalf("sluice %s: exit %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// fails runs a command that has to fail with one line on stderr that holds want, and nothing of a stack or a driver.
func (s shell) fails(code int, want, stdin string, args ...string) {
	s.Helper()
	r := s.run(stdin, args...)
	line := strings.TrimSuffix(r.stderr, "\n")
	if r.code != code || !strings.HasPrefix(line, "sluice: ") || strings.Contains(line, "\n") || !strings.Contains(strings.ToLower(line), strings.ToLower(want)) {
		s.Errorf("sluice %s: exit %d (want %d), stderr without %q:\n%s", strings.Join(args, " "), r.code, code, want, r.stderr)
	}
}

// serving starts the server and returns its address; it is interrupted when the test ends, and must end well.
func (s shell) serving(args ...string) string {
	s.Helper()
	url, _, _ := s.started(args...)
	return url
}

// started is serving, with what the server logs and a way to stop it before the test ends.
func (s shell) started(args ...string) (url string, logs *logBuffer, stop func()) {
	s.Helper()
	command := exec.CommandContext(context.WithoutCancel(s.Context()), binary(s.T), append(args, "--listen", "127.0.0.1:0")...)
	command.Env = s.env
	logs = &logBuffer{}
	command.Stderr = logs
	stdout, err := command.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := command.Start(); err != nil {
		s.Fatal(err)
	}
	address := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		announced := regexp.MustCompile(`Sluice is at (\S+)`)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if m := announced.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
		close(address)
		done <- command.Wait()
	}()
	stop = sync.OnceFunc(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended, which the next line tells
		if err := <-done; err != nil {
			s.Errorf("the server ended with %v\n%s", err, logs)
		}
	})
	s.Cleanup(stop)
	url, ok := <-address
	if !ok {
		s.Fatalf("the server did not start\n%s", logs)
	}
	return url, logs, stop
}

// TestTheProgramFromEndToEnd goes the whole way with the built program alone: a server on a free port, a source, a sync,
// an edit, a deletion, and the commands beside the running server.
func TestTheProgramFromEndToEnd(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t), "SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+password)}
	url := s.serving("serve")
	token := strings.TrimSpace(s.must("", "token", "create", "--name", "e2e", "--role", "admin"))
	i := &instance{url: url}
	if a := i.call(t, token, "GET", "/api/me", nil); a.status != 200 {
		t.Fatalf("the printed token: %d %s", a.status, a.body)
	}
	if id := s.must(siteToken+"\n", "source", "add", "--base-url", address, "--email", siteEmail, "--space-key", "OPS", "--no-sync"); strings.TrimSpace(id) != ops {
		t.Fatalf("source add printed %q", id)
	}
	out := s.must("", "sync", ops, "--wait")
	if !strings.Contains(out, "succeeded") || !strings.Contains(out, "6 created") || strings.ContainsRune(out, '\x1b') {
		t.Errorf("sync --wait printed:\n%s", out)
	}
	s.finds("30 seconds", "scrape interval")

	site.Edit("7001", "<p>The scrape interval is 15 seconds now.</p>", "712020:sync")
	site.Trash("7003")
	site.FlushIndex()
	var run sources.Run
	if err := json.Unmarshal([]byte(s.must("", "sync", ops, "--wait", "--reconcile", "--json")), &run); err != nil {
		t.Fatal(err)
	}
	if run.State != sources.RunSucceeded || run.PagesUpdated != 1 || run.PagesDeleted != 1 || run.Trigger != sources.TriggerCLI {
		t.Errorf("second run: %+v", run)
	}
	s.finds("15 seconds", "scrape interval")
	for _, hit := range s.search("pager this week").Hits {
		if hit.PageID == "7003" {
			t.Error("a deleted page is found")
		}
	}
	if got := s.search("scrape interval", "--space", "NONE"); got.Total != 0 || got.Hits == nil {
		t.Errorf("another space: %d hits", got.Total)
	}
	if text := s.must("", "search", "scrape", "interval"); !strings.Contains(text, "1. Scrape interval") || strings.ContainsRune(text, '\x1b') {
		t.Errorf("search printed:\n%s", text)
	}
	s.must("", "reprocess", ops, "--wait")
	s.must("", "secret", "rotate")
	s.must("", "sync", ops, "--wait")
	if list := s.must("", "source", "list"); !strings.Contains(list, ops) {
		t.Errorf("source list printed:\n%s", list)
	}
	s.must("", "doctor")
	s.must("", "source", "remove", ops)
	s.fails(1, "not found", "", "sync", ops)
}

func (s shell) search(query string, args ...string) search.Results {
	s.Helper()
	var r search.Results
	if err := json.Unmarshal([]byte(s.must("", append([]string{"search", query, "--json"}, args...)...)), &r); err != nil {
		s.Fatal(err)
	}
	return r
}

// finds checks that the best hit for a query says something.
func (s shell) finds(want, query string) {
	s.Helper()
	r := s.search(query)
	if len(r.Hits) == 0 {
		s.Fatalf("%q finds nothing", query)
	}
	snippet := strings.NewReplacer(string(search.MarkStart), "", string(search.MarkEnd), "").Replace(r.Hits[0].Snippet)
	if !strings.Contains(snippet, want) {
		s.Errorf("%q finds %q: %q, want %q in it", query, r.Hits[0].Title, snippet, want)
	}
}

func TestCommandsWithoutAServer(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t))}
	s.fails(1, "sluice user add", "", "token", "create", "--name", "x")
	if out := s.must(password, "user", "add", adminEmail, "--role", "admin"); !strings.Contains(out, adminEmail) {
		t.Errorf("user add printed %q", out)
	}
	s.must(siteToken, "source", "add", "--base-url", address, "--email", siteEmail, "--space-key", "OPS")
	if out := s.must("", "sync", ops, "--wait"); !strings.Contains(out, "succeeded") {
		t.Errorf("sync --wait printed:\n%s", out)
	}
	s.finds("30 seconds", "scrape interval")
	if r := s.search("scrape interval", "--mode", "vector"); len(r.Hits) == 0 || len(r.Degraded) > 0 {
		t.Errorf("vectors are missing after sync --wait: %d hits, degraded %v", len(r.Hits), r.Degraded)
	}
	for _, args := range [][]string{{"user", "list"}, {"user", "list", "--json"}, {"token", "list"}, {"migrate"}, {"doctor", "--json"}, {"config", "print"}, {"version"}, {"version", "--json"}, {"completion", "bash"}} {
		s.must("", args...)
	}
	if out := s.must("", "user", "invite", "new@example.org"); !strings.Contains(out, "/invitation/") {
		t.Errorf("invite printed %q", out)
	}
	if out := s.must("", "user", "reset-link", adminEmail); !strings.Contains(out, "/reset-password/") {
		t.Errorf("reset-link printed %q", out)
	}
	s.must(password+"2", "user", "passwd", adminEmail)
	s.fails(1, "last administrator", "", "user", "remove", adminEmail)
	token := strings.TrimSpace(s.must("", "token", "create", "--name", "ci"))
	if !strings.HasPrefix(token, "slc_") || strings.ContainsAny(token, " \n") {
		t.Errorf("token create printed %q", token)
	}
	s.must("", "token", "revoke", "ci")
}

// TestWhatGoesWrongIsSaidClearly gives commands and forms bad input: one clear line each, and nothing else is lost.
func TestWhatGoesWrongIsSaidClearly(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t))}
	add := func(token string, args ...string) (string, []string) {
		return token, append([]string{"source", "add", "--email", siteEmail}, args...)
	}
	for _, c := range []struct {
		want, token string
		args        []string
	}{
		{"does not answer", siteToken, []string{"--base-url", "http://127.0.0.1:1", "--space-key", "OPS"}},
		{"base_url", siteToken, []string{"--base-url", "not an address", "--space-key", "OPS"}},
		{"credentials", "wrong", []string{"--base-url", address, "--space-key", "OPS"}},
		{"NOPE", siteToken, []string{"--base-url", address, "--space-key", "NOPE"}},
		{"space_key", siteToken, []string{"--base-url", address}},
		{"api_token", "", []string{"--base-url", address, "--space-key", "OPS"}},
	} {
		token, args := add(c.token, c.args...)
		s.fails(1, c.want, token, args...)
	}
	s.fails(2, "unknown command", "", "serf")
	s.fails(2, "SOURCE is missing", "", "sync")
	s.fails(2, "unknown flag", "", "search", "x", "--nope")
	s.fails(2, "sync-concurrency", "", "search", "x", "--sync-concurrency", "0")
	s.fails(1, "limit", "", "search", "x", "--limit", "99")
	s.fails(1, "not found", "", "sync", "confluence_NOPE")
	s.fails(1, "context", "<p/>", "convert", "--context", "/nonexistent.json")

	// Pages that are hard to take do not keep the others from being stored.
	site.AddPage("OPS", confluencetest.Page{ID: "7010", Title: "Broken markup", Body: `<p>Broken <b>markup<p><ac:structured-macro ac:name="info"><ac:rich-text-body><p>pelican</p>`})
	site.AddPage("OPS", confluencetest.Page{ID: "7011", Title: "Empty page"})
	site.AddPage("OPS", confluencetest.Page{ID: "7012", Title: "Large page", Body: "<p>flamingo</p>" + strings.Repeat("<p>"+strings.Repeat("word ", 200)+"</p>", 1000)})
	site.AddPage("OPS", confluencetest.Page{ID: "7013", Title: "Unreadable page", Body: "<p>heron</p>"})
	site.MakeUnreadable("7013")
	s.must(siteToken, "source", "add", "--base-url", address, "--email", siteEmail, "--space-key", "OPS", "--no-sync")
	s.must("", "sync", ops, "--wait")
	s.finds("pelican", "pelican")
	s.finds("flamingo", "flamingo")
	s.finds("30 seconds", "scrape interval")
}

func TestCommandsThatNeedNoDatabase(t *testing.T) {
	t.Parallel()
	s := shell{T: t, env: setting("/nonexistent", "postgres://127.0.0.1:1/none")}
	var converted struct {
		Markdown string
		JiraKeys []string `json:"jira_keys"`
		Report   any
	}
	page := `<h1>Title</h1><p>See ` + jira("OPS-12") + ` and ` + jira("ABC-1") + `.</p>`
	if err := json.Unmarshal([]byte(s.must(page, "convert", "--report")), &converted); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(converted.Markdown, "# Title") || strings.Join(converted.JiraKeys, " ") != "ABC-1 OPS-12" || converted.Report == nil {
		t.Errorf("convert printed %+v", converted)
	}
	if out := s.must("", "convert"); !strings.Contains(out, `"jira_keys": []`) {
		t.Errorf("an empty page: %s", out)
	}
	lines := strings.Split(strings.TrimSpace(s.must("scrape interval\n\nhow often are metrics collected\n", "embed")), "\n")
	if len(lines) != 3 || lines[1] != "[]" {
		t.Fatalf("embed printed %d lines", len(lines))
	}
	var vector []float64
	if err := json.Unmarshal([]byte(lines[0]), &vector); err != nil || len(vector) != 512 {
		t.Errorf("a vector of %d numbers: %v", len(vector), err)
	}
	if out := s.must("", "version"); !strings.Contains(out, "v0.0.0-test") {
		t.Errorf("version printed %q", out)
	}
	for _, command := range []string{"", "serve", "demo", "sync", "search", "convert", "embed", "source add", "user add", "token create", "migrate", "backup", "restore", "doctor", "mcp", "secret rotate", "config print", "reprocess"} {
		if out := s.must("", append(strings.Fields(command), "--help")...); !strings.Contains(out, "Usage:") {
			t.Errorf("help of %q:\n%s", command, out)
		}
	}
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	dir := t.TempDir()
	s := shell{T: t, env: setting(dir, postgrestest.NewURL(t), "SLUICE_PG_BINDIR="+postgrestest.BinDir(t))}
	s.must(siteToken, "source", "add", "--base-url", address, "--email", siteEmail, "--space-key", "OPS")
	s.must("", "sync", ops, "--wait")
	before := s.search("scrape interval")
	file := filepath.Join(t.TempDir(), "sluice.backup")
	s.must("", "backup", file)

	key, err := os.ReadFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "secret.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	restored := shell{T: t, env: setting(other, postgrestest.NewURL(t), "SLUICE_PG_BINDIR="+postgrestest.BinDir(t))}
	restored.must("", "restore", file)
	after := restored.search("scrape interval")
	if len(before.Hits) == 0 || len(before.Hits) != len(after.Hits) || before.Hits[0].PageID != after.Hits[0].PageID || before.Hits[0].Score != after.Hits[0].Score {
		t.Errorf("before: %+v\nafter: %+v", before.Hits, after.Hits)
	}
	restored.must("", "sync", ops, "--wait")
	restored.fails(1, "empty", "", "restore", file)
	restored.fails(1, "no such file", "", "restore", file+".missing")
}

package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// commands are all that the contract names and the program has, as "sluice help" lists them.
func commands() []string {
	return []string{
		"serve", "demo", "mcp", "sync", "search", "convert", "embed", "source", "source add", "source list", "source remove", "reprocess",
		"user", "user add", "user invite", "user list", "user passwd", "user reset-link", "user role", "user remove", "token", "token create", "token list", "token revoke",
		"migrate", "backup", "restore", "version", "doctor", "secret", "secret rotate", "config", "config print", "postgres-script", "completion", "completion bash",
	}
}

// TestEveryCommandExplainsItself checks help, examples and completion, and that no command is missing in the table.
func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	s := shell{T: t, env: setting("/nonexistent", "postgres://127.0.0.1:1/none")}
	known := map[string]bool{"help": true}
	for _, c := range commands() {
		known[c] = true
	}
	listed := regexp.MustCompile(`(?m)^  ([a-z-]+) {2,}\S`)
	under := func(prefix, help string) {
		_, help, _ = strings.Cut(help, "Usage:")
		help, _, _ = strings.Cut(help, "\nFlags:")
		for _, m := range listed.FindAllStringSubmatch(help, -1) {
			if name := strings.TrimSpace(prefix + " " + m[1]); !known[name] && prefix != "completion" {
				t.Errorf("%q is a command, but not in the table", name)
			}
		}
	}
	under("", s.must("", "--help"))
	for _, c := range commands() {
		help := s.must("", append(strings.Fields(c), "--help")...)
		if !strings.Contains(help, "Usage:") || strings.ContainsRune(help, '\x1b') || len(help) < 80 {
			t.Errorf("help of %q:\n%s", c, help)
		}
		switch strings.Fields(c)[0] {
		case "user", "token", "source", "secret", "config":
			under(c, help)
		case "completion", "version", "migrate", "doctor", "postgres-script":
		default:
			if !strings.Contains(help, "Examples:") {
				t.Errorf("help of %q has no example", c)
			}
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := s.must("", "completion", shell); !strings.Contains(out, "sluice") || len(out) < 500 {
			t.Errorf("completion for %s: %.200s", shell, out)
		}
	}
	for typed, want := range map[string]string{"s": "search", "user ": "invite", "token ": "create", "search x --mo": "--mode", "serve --base": "--base-url"} {
		fields := strings.Split(typed, " ")
		if out := s.must("", append([]string{"__complete"}, fields...)...); !strings.Contains(out, want) {
			t.Errorf("%q is not completed to %s: %s", typed, want, out)
		}
	}
}

// TestExitCodesAndOutput runs every command that needs a database: what it prints where, in which form, and how it ends.
func TestExitCodesAndOutput(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t), "SLUICE_PG_BINDIR="+postgrestest.BinDir(t), "SLUICE_BASE_URL=https://search.example.org")}
	link := regexp.MustCompile(`^https://search\.example\.org/(invitation|reset-password)/[a-z0-9]{20,}\n$`)
	secret := regexp.MustCompile(`^slc_[a-z0-9]{40,}\n$`)
	source := []string{"source", "add", "--base-url", address, "--email", siteEmail, "--space-key"}
	for _, c := range []struct {
		args   []string
		stdin  string
		code   int
		stdout string // a pattern, or a part
		stderr string
		json   string // a key of the object on stdout
	}{
		{args: []string{"migrate"}, stdout: "up to date|migrations applied"},
		{args: []string{"migrate"}, stdout: "up to date"},
		{args: []string{"token", "create", "--name", "x"}, code: 1, stderr: "sluice user add"},
		{args: []string{"user", "add", adminEmail, "--role", "admin"}, stdin: password, stdout: adminEmail + ` \(admin\)`},
		{args: []string{"user", "add", adminEmail}, stdin: password, code: 1, stderr: "already"},
		{args: []string{"user", "add", "no address"}, stdin: password, code: 1, stderr: "not an e-mail address"},
		{args: []string{"user", "add", readerEmail}, stdin: "short", code: 1, stderr: "at least 10 characters"},
		{args: []string{"user", "add", readerEmail, "--role", "god"}, stdin: password, code: 1, stderr: "admin or reader"},
		{args: []string{"user", "add"}, code: 2, stderr: "EMAIL is missing"},
		{args: []string{"user", "add", readerEmail, "--name", "Rita"}, stdin: password + "\n"},
		{args: []string{"user", "list"}, stdout: "(?s)EMAIL.*" + readerEmail + ".*Rita.*reader"},
		{args: []string{"user", "list", "--json"}, json: "users"},
		{args: []string{"user", "invite", "new@example.org"}, stdout: link.String()},
		{args: []string{"user", "reset-link", readerEmail}, stdout: link.String()},
		{args: []string{"user", "reset-link", "nobody@example.org"}, code: 1, stderr: "no account"},
		{args: []string{"user", "role", readerEmail, "admin"}},
		{args: []string{"user", "role", readerEmail, "reader"}},
		{args: []string{"user", "role", adminEmail, "reader"}, code: 1, stderr: "last administrator"},
		{args: []string{"user", "role", adminEmail}, code: 2, stderr: "ROLE is missing"},
		{args: []string{"user", "passwd", readerEmail}, stdin: password + "2"},
		{args: []string{"user", "rename"}, code: 2, stderr: "unknown command"},
		{args: []string{"token", "create", "--name", "ci", "--role", "admin", "--expires-days", "30"}, stdout: secret.String()},
		{args: []string{"token", "create", "--name", "r", "--user", readerEmail, "--role", "admin"}, code: 1, stderr: "cannot do more than its account"},
		{args: []string{"token", "create"}, code: 1, stderr: "Name the token"},
		{args: []string{"token", "list"}, stdout: `(?s)BEGINS.*ci +slc_\w{5}…`},
		{args: []string{"token", "list", "--json"}, json: "tokens"},
		{args: []string{"token", "revoke", "ci"}},
		{args: []string{"token", "revoke", "ci"}, code: 1, stderr: "no token ci"},
		{args: append(source, "OPS"), stdin: siteToken, stdout: "^" + ops + "\n$"},
		{args: append(source, "OPS"), stdin: siteToken, code: 1, stderr: "already"},
		{args: append(source, "EVIL", "--json", "--no-sync"), stdin: siteToken, json: "id"},
		{args: []string{"sync", ops, "--wait"}, stdout: `(?s)pages\n.*succeeded in .* 6 created`},
		{args: []string{"sync", ops, "--wait", "--reconcile", "--json"}, json: "pages_unchanged"},
		{args: []string{"sync", "confluence_EVIL", "--wait", "--full"}, stdout: "succeeded"},
		{args: []string{"sync", "confluence_NOPE", "--wait"}, code: 1, stderr: "not found"},
		{args: []string{"sync", ops, "extra"}, code: 2, stderr: "one argument too many"},
		{args: []string{"reprocess", ops, "--wait"}, stdout: "succeeded"},
		{args: []string{"source", "list"}, stdout: "(?s)ID.*" + ops},
		{args: []string{"source", "list", "--json"}, json: "sources"},
		{args: []string{"search", "scrape", "interval"}, stdout: "1. Scrape interval"},
		{args: []string{"search", "zebra"}, stdout: "Zebra"},
		{args: []string{"search", "scrape interval", "--space", "OPS", "--label", "prometheus", "--jira", "OPS-12", "--mode", "keyword", "--limit", "1", "--json"}, json: "hits"},
		{args: []string{"search", "xyzzyplugh"}, stdout: "Nothing found"},
		{args: []string{"search", "x", "--mode", "guess"}, code: 1, stderr: "mode"},
		{args: []string{"search", "x", "--limit", "many"}, code: 2, stderr: "limit"},
		{args: []string{"search"}, code: 2, stderr: "QUERY is missing"},
		{args: []string{"doctor"}, stdout: "ok    Database"},
		{args: []string{"doctor", "--json"}, json: "checks"},
		{args: []string{"secret", "rotate"}, stdout: "1 connections are sealed"},
		{args: []string{"config", "print"}, stdout: "SLUICE_BASE_URL=https://search.example.org"},
		{args: []string{"version", "--json"}, json: "version"},
		{args: []string{"backup"}, code: 2, stderr: "FILE is missing"},
		{args: []string{"restore", "/nonexistent"}, code: 1, stderr: "no such file"},
		{args: []string{"source", "remove", "confluence_EVIL"}},
		{args: []string{"source", "remove", "confluence_EVIL"}, code: 1, stderr: "not found"},
		{args: []string{"user", "remove", readerEmail}},
		{args: []string{"user", "remove", adminEmail}, code: 1, stderr: "last administrator"},
		{args: []string{"serve", "--listen", "nowhere"}, code: 2, stderr: "listen"},
		{args: []string{"serve", "extra"}, code: 2, stderr: "takes no argument"},
		{args: []string{"list", "--sync-concurrency=0"}, code: 2, stderr: "unknown command"},
		{args: []string{"doctor", "--database-url", "postgres://user:hunter2@127.0.0.1:1/none"}, code: 1, stdout: "FAIL  Database"},
	} {
		name := "sluice " + strings.Join(c.args, " ")
		r := s.run(c.stdin, c.args...)
		if r.code != c.code {
			t.Errorf("%s: exit %d, want %d\n%s%s", name, r.code, c.code, r.stdout, r.stderr)
			continue
		}
		if all := r.stdout + r.stderr; strings.ContainsRune(all, '\x1b') || strings.ContainsRune(all, '\r') {
			t.Errorf("%s: colours or a bar although nobody looks at a terminal: %q", name, all)
		} else if strings.Contains(all, siteToken) || strings.Contains(all, "hunter2") || strings.Contains(all, password) {
			t.Errorf("%s tells a secret: %s", name, all)
		}
		if !regexp.MustCompile(c.stdout).MatchString(r.stdout) {
			t.Errorf("%s: stdout lacks %q: %s", name, c.stdout, r.stdout)
		}
		if c.code != 0 && (!strings.HasPrefix(r.stderr, "sluice: ") || strings.Count(r.stderr, "\n") != 1) || !strings.Contains(r.stderr, c.stderr) {
			t.Errorf("%s: stderr lacks %q, or is not one line: %s", name, c.stderr, r.stderr)
		}
		if c.json != "" {
			var object map[string]any
			if err := json.Unmarshal([]byte(r.stdout), &object); err != nil || object[c.json] == nil {
				t.Errorf("%s: no JSON with %s: %v: %s", name, c.json, err, r.stdout)
			}
		}
	}
}

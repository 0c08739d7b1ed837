package e2e_test

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// streaming makes two servers: a primary, and a physical replica that replays what the primary writes.
func streaming(t *testing.T) (primary, replica string) {
	t.Helper()
	open := func(dir string) *pgserver.Instance {
		server, err := pgserver.Open(t.Context(), pgserver.Options{DataDir: dir, NoSync: true, Settings: map[string]string{
			"wal_level": "replica", "max_wal_senders": "4", "fsync": "off", "shared_buffers": "64MB",
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		return server
	}
	first, second := postgrestest.DataDir(t), postgrestest.DataDir(t)
	if err := os.Chmod(first, 0o711); err != nil { // the replica's account walks to the socket
		t.Fatal(err)
	}
	server := open(first)
	data := filepath.Join(first, "pg", "data")
	hba, err := os.OpenFile(filepath.Join(data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hba.WriteString("local replication all peer map=sluice\n"); err != nil {
		t.Fatal(err)
	}
	if err := hba.Close(); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, server.DSN())
	if _, err := conn.Exec(t.Context(), "SELECT pg_reload_conf()"); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(second, "pg", "data")
	if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
		t.Fatal(err)
	}
	backup := exec.CommandContext(t.Context(), filepath.Join(server.BinDir(), "pg_basebackup"), "--pgdata="+copied, "--write-recovery-conf",
		"--checkpoint=fast", "--no-sync", "--host="+conn.Config().Host, "--username="+conn.Config().User)
	if out, err := backup.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	sameOwner(t, filepath.Join(second, "pg"), data)
	return server.DSN(), open(second).DSN()
}

// sameOwner gives a folder to whom another one belongs: root's servers run under another account.
func sameOwner(t *testing.T, dir, like string) {
	t.Helper()
	var owner syscall.Stat_t
	if err := syscall.Stat(like, &owner); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A replica that is behind answers with the state that it has: no error, nothing of two states at once, also after the
// primary answered for it and told of later ones. Where it is away what is new is found at once, and once it has caught up.
func TestReplicaBehind(t *testing.T) {
	t.Parallel()
	primary, standby := streaming(t)
	var replica *relay
	i := start(t, func(cfg *config.Config) {
		cfg.DatabaseURL = primary
		replica = newRelay(t, standby)
		cfg.DatabaseReadURL = replica.url()
	})
	source := i.connect(t, "OPS")
	admin := connect(t, standby)
	replay := func(what string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), "SELECT pg_wal_replay_"+what+"()"); err != nil {
			t.Fatal(err)
		}
	}
	found := func(query string) (results struct {
		Total    int
		Degraded []string
		Hits     []struct{ Title, Snippet string }
	},
	) {
		t.Helper()
		a := i.call(t, i.reader, http.MethodGet, "/api/search?mode=keyword&q="+query, nil)
		if a.status != http.StatusOK {
			t.Fatalf("search: %d\n%s", a.status, a.body)
		}
		a.decode(t, &results)
		if results.Total != len(results.Hits) || len(results.Degraded) != 0 {
			t.Fatalf("%d pages, %d hits, without %v", results.Total, len(results.Hits), results.Degraded)
		}
		return results
	}
	// pager is what the page about the pager is found to say.
	pager := func() string {
		t.Helper()
		results := found("pager")
		if len(results.Hits) == 0 {
			return ""
		}
		return strings.NewReplacer("\ue000", "", "\ue001", "").Replace(results.Hits[0].Snippet)
	}
	says := func(when, want string) {
		t.Helper()
		if got := pager(); !strings.Contains(got, want) {
			t.Errorf("%s: the page says %q, want %q", when, got, want)
		}
	}
	edit := func(person string) {
		t.Helper()
		i.site.Edit("7003", "<p>The pager is with "+person+".</p>", "")
		i.sync(t, source.ID, false)
	}
	eventually(t, "the replica has what was synced", func() bool { return strings.Contains(pager(), "Who carries the pager") })

	// A change that a long transaction makes is seen when it is committed, though later ones were seen before.
	long, err := i.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := long.Exec(t.Context(), "UPDATE confluence_pages SET title = 'Noether', search_changed = DEFAULT WHERE page_id = '7003'"); err != nil {
		t.Fatal(err)
	}
	i.site.Edit("7002", "<p>Kovalevskaya wrote this later.</p>", "")
	i.sync(t, source.ID, false)
	eventually(t, "the replica has the later change", func() bool { return found("kovalevskaya").Total == 1 })
	if err := long.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the replica has the change of the long transaction", func() bool { return found("pager").Hits[0].Title == "Noether" })

	replay("pause")
	edit("Lovelace")
	says("behind", "Who carries the pager")
	replica.set(true)
	says("away", "Lovelace")
	edit("Turing")
	says("away, edited", "Turing")
	replica.set(false)
	eventually(t, "the replica is used again", func() bool { pager(); return strings.Contains(i.logs.String(), "the read replica answers again") })
	says("back, behind", "Who carries the pager")
	edit("Hopper")
	says("behind still", "Who carries the pager")
	replay("resume")
	eventually(t, "the replica has caught up", func() bool { return strings.Contains(pager(), "Hopper") })
}

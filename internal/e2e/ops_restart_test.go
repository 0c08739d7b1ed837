package e2e_test

import (
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// privateServer gives an instance a database server of its own, which may be killed.
func privateServer(t *testing.T) func(*config.Config) {
	t.Helper()
	return func(cfg *config.Config) { cfg.DatabaseURL, cfg.DataDir = "", postgrestest.DataDir(t) }
}

// The database server dies under a running program: what cannot be served says so (503, never 500), readiness says so,
// and everything works again by itself, the next sync included.
func TestDatabaseServerKilled(t *testing.T) {
	t.Parallel()
	i := start(t, privateServer(t))
	source := i.connect(t, "OPS")
	const search = "/api/search?q=scrape+interval"
	if a := i.call(t, i.reader, http.MethodGet, search, nil); a.status != http.StatusOK {
		t.Fatalf("before: %d\n%s", a.status, a.body)
	}
	if err := syscall.Kill(i.Cluster.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	unready, recovered := false, false
	pause := time.NewTicker(askEvery)
	defer pause.Stop()
	for deadline := time.Now().Add(patience); !recovered && time.Now().Before(deadline); <-pause.C {
		ready, found := i.call(t, "", http.MethodGet, "/readyz", nil), i.call(t, i.reader, http.MethodGet, search, nil)
		for what, a := range map[string]answer{"readyz": ready, "search": found} {
			if !slices.Contains([]int{http.StatusOK, http.StatusServiceUnavailable}, a.status) {
				t.Fatalf("%s answered %d while the database was away\n%s", what, a.status, a.body)
			}
			if a.status == http.StatusServiceUnavailable && a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s is unavailable as %q", what, a.header.Get("Content-Type"))
			}
		}
		unready = unready || ready.status == http.StatusServiceUnavailable
		recovered = unready && ready.status == http.StatusOK && found.status == http.StatusOK
		if alive := i.call(t, "", http.MethodGet, "/healthz", nil); alive.status != http.StatusOK {
			t.Errorf("healthz = %d; the process lives", alive.status)
		}
	}
	if !recovered {
		t.Fatalf("not ready again (was unready: %v)\n%s", unready, i.logs)
	}
	i.site.Edit("7003", "<p>The pager is with Turing.</p>", "")
	i.sync(t, source.ID, false)
	var results struct{ Total int }
	i.call(t, i.reader, http.MethodGet, "/api/search?q=turing&mode=keyword", nil).decode(t, &results)
	if results.Total != 1 {
		t.Errorf("after the restart %d pages are found, want 1", results.Total)
	}
}

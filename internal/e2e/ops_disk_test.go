package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/sources"
)

// fillDisk makes every write fail as on a full disk, until the function it returns is called. A real one cannot be made
// without rights over the machine; what the program meets is the same: SQLSTATE 53100 on whatever statement writes.
func fillDisk(t *testing.T, url string) (empty func()) {
	t.Helper()
	conn := connect(t, url)
	do := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	do(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	rows, err := conn.Query(t.Context(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'river%'")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		do("CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON " + pgx.Identifier{table}.Sanitize() + " FOR EACH STATEMENT EXECUTE FUNCTION full_disk()")
	}
	return func() { do("DROP FUNCTION full_disk CASCADE") }
}

// While the database cannot write, what is stored is served, what cannot be done says why, and everything works again by
// itself once there is space.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	i := start(t)
	source := i.connect(t, "OPS")
	person := i.signedIn(t, readerEmail)
	empty := fillDisk(t, i.database)

	for path, token := range map[string]string{
		"/api/search?q=scrape+interval": i.reader, "/api/confluence/sources": i.admin, "/api/confluence/" + source.ID + "/status": i.admin,
		"/readyz": "", "/healthz": "", "/metrics": "",
	} {
		if a := i.call(t, token, http.MethodGet, path, nil); a.status != http.StatusOK {
			t.Errorf("GET %s: %d\n%s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/?q=scrape+interval", "/"} {
		if a := person.get(t, path); a.status != http.StatusOK {
			t.Errorf("page %s: %d\n%s", path, a.status, a.body)
		}
	}
	var refused problem
	a := i.call(t, i.admin, http.MethodPost, "/api/confluence/"+source.ID+"/sync", nil)
	if a.decode(t, &refused); a.status != http.StatusServiceUnavailable || !strings.Contains(refused.Detail, "disk") || a.header.Get("Retry-After") == "" {
		t.Errorf("a sync is refused with %d, %+v", a.status, refused)
	}

	empty()
	i.site.Edit("7003", "<p>The pager is with Turing.</p>", "")
	i.sync(t, source.ID, false)
	var results struct{ Total int }
	i.call(t, i.reader, http.MethodGet, "/api/search?q=turing&mode=keyword", nil).decode(t, &results)
	if results.Total != 1 {
		t.Errorf("with space again %d pages are found, want 1", results.Total)
	}
}

// The disk becomes full while a run goes on: the run ends or waits without harm to what is stored, and a later one gets
// everything.
func TestDiskFullDuringARun(t *testing.T) {
	t.Parallel()
	i := start(t)
	source := i.connect(t, "OPS")
	remove := i.site.Inject(slowSite())
	for _, id := range []string{"7001", "7002", "7003"} {
		i.site.Edit(id, "<p>Rewritten by Lovelace.</p>", "")
	}
	i.site.FlushIndex()
	if _, err := i.Sources.Sync(operator(t), source.ID, sources.SyncRequest{Trigger: sources.TriggerCLI}); err != nil {
		t.Fatal(err)
	}
	empty := fillDisk(t, i.database)
	found := func(query string) int {
		t.Helper()
		var results struct{ Total int }
		a := i.call(t, i.reader, http.MethodGet, "/api/search?mode=keyword&q="+query, nil)
		if a.status != http.StatusOK {
			t.Fatalf("search: %d\n%s", a.status, a.body)
		}
		a.decode(t, &results)
		return results.Total
	}
	eventually(t, "a write has failed", func() bool { return strings.Contains(i.logs.String(), "No space left") })
	if old, rewritten := found("interval"), found("lovelace"); old == 0 && rewritten == 0 {
		t.Error("neither the old nor the new pages are found")
	}
	empty()
	remove()
	eventually(t, "the run has ended", func() bool {
		status, err := i.Sources.Status(operator(t), source.ID)
		return err == nil && status.Run == nil
	})
	i.sync(t, source.ID, true)
	if n := found("lovelace"); n != 3 {
		t.Errorf("at the end %d rewritten pages are found, want 3", n)
	}
}

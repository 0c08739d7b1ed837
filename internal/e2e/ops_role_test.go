package e2e_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// The role that docs/deploy/README.md makes (owner of one database, no rights beyond it, extensions made by the
// administrator) is enough to migrate, sync, embed and search.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	admin := connect(t, postgrestest.NewURL(t))
	do := func(conn *pgx.Conn, statements ...string) {
		t.Helper()
		for _, sql := range statements {
			if _, err := conn.Exec(context.WithoutCancel(t.Context()), sql); err != nil {
				t.Fatalf("%v\n%s", err, sql)
			}
		}
	}
	database := postgrestest.NewURL(t)
	target := connect(t, database)
	role := pgx.Identifier{strings.Replace(target.Config().Database, "test", "role", 1)}
	do(admin, "CREATE ROLE "+role.Sanitize()+" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
	t.Cleanup(func() {
		for _, sql := range []string{"DROP DATABASE IF EXISTS " + pgx.Identifier{target.Config().Database}.Sanitize() + " WITH (FORCE)", "DROP ROLE " + role.Sanitize()} {
			again, err := pgx.ConnectConfig(context.WithoutCancel(t.Context()), admin.Config())
			if err == nil {
				_, err = again.Exec(context.WithoutCancel(t.Context()), sql)
				_ = again.Close(context.WithoutCancel(t.Context()))
			}
			if err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		}
	})
	do(target, "ALTER DATABASE "+pgx.Identifier{target.Config().Database}.Sanitize()+" OWNER TO "+role.Sanitize(),
		"CREATE EXTENSION vector", "CREATE EXTENSION pg_trgm", "CREATE EXTENSION unaccent")

	i := start(t, func(cfg *config.Config) { cfg.DatabaseURL = asRole(database, role[0]) })
	var super bool
	if err := i.DB.QueryRow(t.Context(), "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user").Scan(&super); err != nil || super {
		t.Fatalf("the program has more rights than it should: %v", err)
	}
	i.connect(t, "OPS")
	var results struct{ Total int }
	i.call(t, i.reader, http.MethodGet, "/api/search?q=scrape+interval", nil).decode(t, &results)
	if results.Total == 0 {
		t.Error("nothing is found")
	}
	eventually(t, "everything is embedded", func() bool {
		progress, err := i.Backlog.Progress(t.Context())
		return err == nil && progress.Missing == 0 && progress.Embedded > 0
	})
}

// asRole returns a connection string whose sessions have the rights of another role. (The tests' server lets nobody sign in
// as another role.)
func asRole(dsn, role string) string {
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		q := u.Query()
		q.Set("role", role)
		u.RawQuery = q.Encode()
		return u.String()
	}
	return dsn + " role='" + role + "'"
}

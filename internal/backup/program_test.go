package backup

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		dsn  string
		want []string
	}{
		"keywords": {`host='/a b/it\'s' port=5432 user=sluice dbname='x\\y'`, []string{`PGDATABASE=x\y`, "PGHOST=/a b/it's", "PGPORT=5432", "PGUSER=sluice"}},
		"spaces":   {"  host = db  password= 'p w' \n", []string{"PGHOST=db", "PGPASSWORD=p w"}},
		"last one": {"dbname=a dbname='b'", []string{"PGDATABASE=b"}},
		"URL": {
			"postgres://me:p%40ss@db.example:6432/sluice?sslmode=verify-full&pool_max_conns=9",
			[]string{"PGDATABASE=sluice", "PGHOST=db.example", "PGPASSWORD=p@ss", "PGPORT=6432", "PGSSLMODE=verify-full", "PGUSER=me"},
		},
		"URL of a socket": {"postgresql:///sluice?host=/run/pg", []string{"PGDATABASE=sluice", "PGHOST=/run/pg"}},
		"several hosts":   {"postgres://a:1,b:2/x", []string{"PGDATABASE=x", "PGHOST=a,b", "PGPORT=1,2"}},
		"IPv6":            {"postgres://[::1]:5433/x", []string{"PGDATABASE=x", "PGHOST=::1", "PGPORT=5433"}},
		"nothing":         {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := environment(tt.dsn)
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("environment (-want +got): %v\n%s", err, diff)
			}
		})
	}
}

func TestEnvironmentErrorsHidePasswords(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"password=geheim host", "postgres://me:geheim@db:port/x"} {
		if _, err := environment(dsn); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want an error without the password", dsn, err)
		}
	}
}

package e2e_test

import (
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// Doctor says what is wrong, what to do about it, and fails.
func TestDoctor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		env  []string
		want []string
	}{
		"no database":   {setting(t.TempDir(), "postgres://nobody@127.0.0.1:1/none"), []string{"FAIL  Database", "correct this first"}},
		"no embedder":   {setting(t.TempDir(), postgrestest.NewURL(t), "SLUICE_EMBEDDER=openai", "SLUICE_EMBEDDER_URL=http://127.0.0.1:1/v1", "SLUICE_EMBEDDER_MODEL=m", "SLUICE_EMBEDDER_DIMENSIONS=8"), []string{"ok    Database", "FAIL  Embedder", "SLUICE_EMBEDDER_URL"}},
		"no replica":    {setting(t.TempDir(), postgrestest.NewURL(t), "SLUICE_DATABASE_READ_URL=postgres://nobody@127.0.0.1:1/none"), []string{"ok    Database", "FAIL  Read replica", "The primary answers"}},
		"a bad setting": {setting(t.TempDir(), "", "SLUICE_ROLE=boss"), []string{"FAIL  Settings", "SLUICE_ROLE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := shell{T: t, env: tt.env}.run("", "doctor")
			if r.code != 1 || !strings.Contains(r.stderr, "checks failed") {
				t.Errorf("exit %d, stderr %q", r.code, r.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("no %q in\n%s", want, r.stdout)
				}
			}
		})
	}
}

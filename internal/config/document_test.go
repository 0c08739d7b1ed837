package config_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/config"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const documentIntro = `# Settings

<!-- Generated from internal/config by "make generate"; change it there. -->

Each setting is an environment variable, a flag of every command and a key of an optional YAML file (` + "`--config FILE`" + `).
A flag wins over the environment, that over the file, that over the default. A bad value stops the program at start, with a
message that names the setting, the value and what is allowed. A secret may also be read from a file, named by its variable
with ` + "`_FILE`" + ` at the end.

`

// The document of the settings says what the program does.
func TestDocument(t *testing.T) {
	const path = "../../docs/configuration.md"
	want := documentIntro + config.Markdown()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/configuration.md is out of date; run make generate (-want +got):\n%s", diff)
	}
}

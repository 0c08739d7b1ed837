package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The dashboard and the operator's guide name metrics; all of them exist, and both have all of ours.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range start(t).Metrics.Names() {
		known[name] = true
	}
	named := regexp.MustCompile(`\b(sluice|go|process)_[a-z_]+[a-z]\b`)
	check := func(where, text string) map[string]bool {
		seen := map[string]bool{}
		for _, name := range named.FindAllString(text, -1) {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if base := strings.TrimSuffix(name, suffix); known[base] {
					name = base
				}
			}
			if seen[name] = true; !known[name] {
				t.Errorf("%s names %s, which does not exist", where, name)
			}
		}
		return seen
	}

	var expressions []string
	var dashboard any
	if err := json.Unmarshal(read(t, "grafana.json", "deploy"), &dashboard); err != nil {
		t.Fatal(err)
	}
	collect(dashboard, &expressions)
	if len(expressions) == 0 {
		t.Fatal("the dashboard asks for nothing")
	}
	shown := check("grafana.json", strings.Join(expressions, "\n"))

	guide := string(read(t, "operations.md"))
	_, section, found := strings.Cut(guide, "\n## Monitoring\n")
	section, _, ended := strings.Cut(section, "\n## ")
	if !found || !ended {
		t.Fatal("operations.md has no section about monitoring")
	}
	listed := check("operations.md", section)
	for name := range known {
		if strings.HasPrefix(name, "sluice_") && !listed[name] {
			t.Errorf("operations.md does not list %s", name)
		}
		if strings.HasPrefix(name, "sluice_") && !shown[name] {
			t.Errorf("grafana.json does not show %s", name)
		}
	}
}

// The table of packages in architecture.md has every package that stands under internal, and no other.
func TestPackagesAreDocumented(t *testing.T) {
	t.Parallel()
	text := string(read(t, "architecture.md"))
	_, table, found := strings.Cut(text, "\n## The packages\n")
	table, _, ended := strings.Cut(table, "\n## ")
	if !found || !ended {
		t.Fatal("architecture.md has no section about packages")
	}
	listed := map[string]bool{}
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z0-9]+)`").FindAllStringSubmatch(cells[1], -1) {
			listed[m[1]] = true
		}
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{"web": true, "migrations": true}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "tools" {
			there[e.Name()] = true
		}
	}
	for name := range there {
		if !listed[name] {
			t.Errorf("architecture.md does not say what %s is for", name)
		}
	}
	for name := range listed {
		if !there[name] {
			t.Errorf("architecture.md describes %s, which does not exist", name)
		}
	}
}

// collect finds the queries of a dashboard.
func collect(v any, into *[]string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			collect(e, into)
		}
	case map[string]any:
		for key, e := range v {
			if text, ok := e.(string); ok && slices.Contains([]string{"expr", "definition"}, key) {
				*into = append(*into, text)
			}
			collect(e, into)
		}
	}
}

func read(t *testing.T, name string, folders ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append(append([]string{"..", "..", "docs"}, folders...), name)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

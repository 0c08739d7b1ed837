package convert

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// referenceContext is the site that the examples of testdata assume; a case's .ctx.json is read on top of it.
func referenceContext() Context {
	return Context{
		BaseURL:     "https://wiki.example.com",
		JiraBaseURL: "https://jira.example.com",
		Page:        PageInfo{ID: "7001", SpaceKey: "ENG", Title: "Checkout"},
		Users:       map[string]string{"acc-mina": "Mina Roth", "acc-jon": "Jon Falk"},
		Pages: NewPages(PageInfo{
			ID: "7100", SpaceKey: "ENG", Title: "Data model", URL: "https://wiki.example.com/spaces/ENG/pages/7100/Data+model",
		}),
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.in.xml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no golden pairs: %v", err)
	}
	for _, input := range inputs {
		base := strings.TrimSuffix(input, ".in.xml")
		t.Run(filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			goldenCase(t, base)
		})
	}
}

// goldenCase checks one pair; .meta.json, where there is one, holds the parts of the JSON output that the case is about.
func goldenCase(t *testing.T, base string) {
	t.Helper()
	ctx := referenceContext()
	if data, err := os.ReadFile(base + ".ctx.json"); err == nil {
		if err := json.Unmarshal(data, &ctx); err != nil {
			t.Fatal(err)
		}
	}
	storage := read(t, base+".in.xml")
	out := Convert(storage, ctx).Output(true)
	if *update {
		if err := os.WriteFile(base+".out.md", []byte(out.Markdown+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(strings.TrimSuffix(read(t, base+".out.md"), "\n"), out.Markdown); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(base + ".meta.json")
	if err != nil {
		return
	}
	got, want := asMap(t, out), map[string]any{}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for key := range want {
		if *update {
			want[key] = got[key]
		}
		if diff := cmp.Diff(want[key], got[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if *update {
		data, err := json.MarshalIndent(want, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(base+".meta.json", append(data, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func asMap(t *testing.T, v any) map[string]any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// goldenBodies are all inputs of testdata, one after another.
func goldenBodies(tb testing.TB) string {
	tb.Helper()
	return strings.Join(goldenInputs(tb), "")
}

func goldenInputs(tb testing.TB) []string {
	tb.Helper()
	names, err := filepath.Glob("testdata/*.in.xml")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no golden pairs: %v", err)
	}
	inputs := make([]string, len(names))
	for i, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		inputs[i] = string(data)
	}
	return inputs
}

package main

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluicehq/sluice/internal/demo"
)

// The demonstration of somebody's own pages shows all of them: its account may read the restricted ones too.
func TestDemoOfACorpusReadsRestrictedPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"spaces.json": `[{"id":"41","key":"OBS","name":"Observability","type":"global","homepageId":"100","authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z"}]`,
		"users.json":  `[{"accountId":"u1","accountType":"atlassian","displayName":"One","email":"one@example.test","active":true}]`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Create(filepath.Join(dir, "pages-OBS.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	pages := gzip.NewWriter(file)
	_, err = pages.Write([]byte(`{"id":"100","spaceKey":"OBS","title":"Home","type":"page","status":"current","parentId":null,"authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z","version":{"number":1,"createdAt":"2023-01-01T00:00:00.000Z","authorId":"u1"},"restrictedTo":[],"body_storage":"<p>home</p>"}
{"id":"101","spaceKey":"OBS","title":"Secret","type":"page","status":"current","parentId":"100","parentType":"page","authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z","version":{"number":1,"createdAt":"2023-01-01T00:00:00.000Z","authorId":"u1"},"restrictedTo":["u1"],"body_storage":"<p>secret</p>"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := pages.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	site, edit, err := demoSite(dir, []string{"OBS"})
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		t.Error("somebody's own pages are edited")
	}
	seen := site.Truth("OBS", demo.AccountID)
	if len(seen) != 2 || !seen[1].Restricted {
		t.Errorf("the account sees %+v, want both pages, the second restricted", seen)
	}
	if _, _, err := demoSite(filepath.Join(dir, "nowhere"), nil); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

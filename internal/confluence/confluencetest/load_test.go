package confluencetest

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	testSpaces = `[{"id":"41","key":"OBS","name":"Observability","type":"global","homepageId":"100","authorId":"u1","createdAt":"2022-11-01T09:00:00.000Z",
"folders":[{"id":"300","title":"Inner","parentId":"200","authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z"},
{"id":"200","title":"Outer","parentId":"100","authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z"}]}]`
	testUsers = `[{"accountId":"u1","accountType":"atlassian","displayName":"One","email":"one@example.test","active":true,"team":"Search"},
{"accountId":"u2","accountType":"app","displayName":"Two","email":"","active":false,"team":""}]`
	testPages = `{"id":"100","spaceKey":"OBS","title":"Home","type":"page","status":"current","parentId":null,"authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z","version":{"number":2,"createdAt":"2024-01-01T00:00:00.000Z","authorId":"u2"},"labels":[],"restrictedTo":[],"attachments":[],"body_storage":"<p>home</p>"}
{"id":"101","spaceKey":"OBS","title":"Deep","type":"page","status":"current","parentId":"300","parentType":"folder","ancestors":["100","200","300"],"authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z","version":{"number":5,"createdAt":"2024-02-01T00:00:00.000Z","authorId":"u1"},"labels":["b","a"],"restrictedTo":["u1"],"attachments":[{"id":"att7","title":"x.png","mediaType":"image/png","fileSize":12,"version":1,"createdAt":"2023-01-01T00:00:00.000Z"}],"body_storage":"<p>deep</p>"}
{"id":"102","spaceKey":"OBS","title":"Post","type":"blogpost","status":"current","parentId":null,"authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z","version":{"number":1,"createdAt":"2023-01-01T00:00:00.000Z","authorId":"u1"},"labels":[],"restrictedTo":[],"attachments":[],"body_storage":"<p>post</p>"}
{"id":"103","spaceKey":"OBS","title":"Old","type":"page","status":"archived","parentId":"100","parentType":"page","authorId":"u1","createdAt":"2023-01-01T00:00:00.000Z","version":{"number":1,"createdAt":"2023-01-01T00:00:00.000Z","authorId":"u1"},"labels":[],"restrictedTo":[],"attachments":[],"body_storage":"<p>old</p>"}
`
)

func writeCorpus(t *testing.T, pages string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"spaces.json": testSpaces, "users.json": testUsers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Create(filepath.Join(dir, "pages-OBS.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	if _, err := zipped.Write([]byte(pages)); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLoadCorpus(t *testing.T) {
	t.Parallel()
	dir := writeCorpus(t, testPages)
	for name, spaces := range map[string][]string{"all": nil, "one space": {"OBS"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := New(Options{})
			if err := LoadCorpus(site, dir, spaces...); err != nil {
				t.Fatal(err)
			}
			got := site.Truth("OBS", "u1")
			var titles []string
			for _, p := range got {
				titles = append(titles, p.Title)
			}
			if diff := cmp.Diff([]string{"Home", "Deep", "Post"}, titles); diff != "" {
				t.Fatalf("titles (-want +got):\n%s", diff)
			}
			deep := got[1]
			if diff := cmp.Diff([]string{"100", "200", "300"}, deep.Ancestors); diff != "" || !deep.OwnRestricted || deep.Version != 5 ||
				deep.Storage != "<p>deep</p>" || !cmp.Equal(deep.Labels, []string{"a", "b"}) || !cmp.Equal(deep.Attachments, []string{"x.png"}) {
				t.Errorf("the deep page: %+v", deep)
			}
			if n := len(site.Truth("OBS", "u2")); n != 2 {
				t.Errorf("u2 sees %d pages, want 2", n)
			}
			site.GrantAll("u2")
			if n := len(site.Truth("OBS", "u2")); n != 3 {
				t.Errorf("u2 then sees %d pages, want 3", n)
			}
		})
	}
}

func TestBrokenCorpusIsAnError(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string]string{
		"no JSON":        "{",
		"missing parent": `{"id":"5","spaceKey":"OBS","title":"x","type":"page","parentId":"4","parentType":"page"}`,
		"missing folder": `{"id":"5","spaceKey":"OBS","title":"x","type":"page","parentId":"4","parentType":"folder"}`,
		"unknown space":  `{"id":"5","spaceKey":"NO","title":"x","type":"page"}`,
	} {
		if err := LoadCorpus(New(Options{}), writeCorpus(t, pages)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := LoadCorpus(New(Options{}), writeCorpus(t, ""), "KEP"); err == nil {
		t.Error("a space that is not there: no error")
	}
	if err := LoadCorpus(New(Options{}), t.TempDir()); err == nil {
		t.Error("an empty directory: no error")
	}
}

func TestGenerateIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	build := func() []Truth {
		site := New(Options{Clock: newClock().now, Seed: 5})
		site.AddUser(User{ID: "u"})
		ids := Generate(site, GenerateOptions{Seed: 9, Spaces: []string{"A", "B"}, Pages: 301, MinBytes: 1024, MaxBytes: 4096, Author: "u"})
		if len(ids["A"]) != 151 || len(ids["B"]) != 150 {
			t.Errorf("%d and %d pages", len(ids["A"]), len(ids["B"]))
		}
		return site.Truth("A", "u")
	}
	first := build()
	if diff := cmp.Diff(first, build()); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	deepest := 0
	for _, p := range first {
		deepest = max(deepest, len(p.Ancestors))
		if size := len(p.Storage); len(p.Ancestors) > 0 && (size < 1024 || size > 4096+1500) {
			t.Errorf("%s has %d bytes", p.Title, size)
		}
	}
	if deepest != 7 {
		t.Errorf("%d levels, want 7", deepest)
	}
}

func BenchmarkGenerateTenThousand(b *testing.B) {
	for b.Loop() {
		site := New(Options{})
		Generate(site, GenerateOptions{Pages: 10_000})
	}
}

// BenchmarkWalkTenThousand lists ten thousand pages, searches them with what a sync expands, and reads every body.
func BenchmarkWalkTenThousand(b *testing.B) {
	site := New(Options{})
	site.AddUser(User{ID: "u", Email: "u@example.test"})
	site.AddToken("u", "t")
	ids := Generate(site, GenerateOptions{Pages: 10_000})["LOAD"]
	get := func(path string) map[string]any {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/wiki"+path, nil)
		r.SetBasicAuth("u@example.test", "t")
		site.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			b.Fatalf("%s: %d %v", path, w.Code, err)
		}
		return answer
	}
	walk := func(path string) {
		for path != "" {
			next, _ := get(path)["_links"].(map[string]any)["next"].(string)
			path = strings.TrimPrefix(next, "/wiki")
		}
	}
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			walk("/api/v2/pages?limit=250&sort=id")
		}
	})
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			walk("/rest/api/content/search?limit=200&cql=space%3DLOAD+order+by+lastmodified&expand=version,ancestors,metadata.labels,restrictions.read.restrictions.user")
		}
	})
	b.Run("bodies", func(b *testing.B) {
		for b.Loop() {
			for batch := range slices.Chunk(ids, 50) {
				get("/api/v2/pages?body-format=storage&limit=50&id=" + strings.Join(batch, ","))
			}
		}
	})
}

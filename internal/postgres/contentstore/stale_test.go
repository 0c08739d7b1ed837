package contentstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// bench is a store with one source, and an indexer over it.
type bench struct {
	store  *contentstore.Store
	batch  index.Batch
	looked time.Time
}

func setup(t *testing.T) *bench {
	t.Helper()
	return setupOn(t, postgrestest.New(t))
}

func setupOn(t *testing.T, db *postgres.DB) *bench {
	t.Helper()
	store, err := contentstore.New(db, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := sources.StoredConnection{Connection: sources.Connection{ID: "c", Name: "w", BaseURL: "https://w.example.com", Deployment: wiki.Cloud}, TokenSealed: []byte{1}}
	if err := store.InsertConnection(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	err = store.InsertSource(t.Context(), sources.StoredSource{
		ID: "confluence_ENG", Name: "Eng", ConnectionID: "c", Space: wiki.Space{ID: "1", Key: "ENG"}, BaseURL: c.BaseURL, FrequencyHours: 24,
		Strategy: "weekly_reconciliation", RestrictedPages: "include", TextLanguage: "english",
	})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{
		store: store, looked: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC),
		batch: index.Batch{Source: index.Source{ID: "confluence_ENG", ConnectionID: "c", BaseURL: c.BaseURL, SpaceKey: "ENG", TextConfig: "english"}},
	}
}

// take stores pages; each was looked at later than those before.
func (b *bench) take(t *testing.T, pages ...index.Input) {
	t.Helper()
	var errs []error
	err := index.New(b.store, index.Options{Workers: 1}).Take(t.Context(), b.batch, pages, func(_ int, _ index.Stored, err error) error {
		errs = append(errs, err)
		return nil
	})
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) page(id, storage string) index.Input {
	b.looked = b.looked.Add(time.Minute)
	return index.Input{
		Content: wiki.Content{
			ContentRef: wiki.ContentRef{
				ID: id, Type: wiki.TypePage, Title: "Page " + id, SpaceKey: "ENG", URL: "https://w.example.com/" + id, Version: 1, VersionAt: b.looked, CreatedAt: b.looked,
			},
			Storage: storage, HasBody: true,
		},
		FetchedAt: b.looked,
	}
}

// stale are the pages that are to be made again.
func (b *bench) stale(t *testing.T) []string {
	t.Helper()
	ids, err := b.store.ToReprocess(t.Context(), "confluence_ENG", index.Version(), false, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// remake makes the stale pages again from what is stored.
func (b *bench) remake(t *testing.T) {
	t.Helper()
	inputs, err := b.store.StoredPages(t.Context(), "confluence_ENG", b.stale(t))
	if err != nil {
		t.Fatal(err)
	}
	b.take(t, inputs...)
}

func (b *bench) wantStale(t *testing.T, why string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.stale(t)); diff != "" {
		t.Fatalf("%s: pages to make again (-want +got):\n%s", why, diff)
	}
}

const includes2 = `<p>one</p><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Page 2" /></ac:link></ac:parameter></ac:structured-macro>`

// TestPagesThatIncludeAnother are made again whenever that one changes, is restricted, or goes.
func TestPagesThatIncludeAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shown := func() string {
		t.Helper()
		b.remake(t)
		chunks, err := b.store.StoredPages(t.Context(), "confluence_ENG", []string{"1"})
		if err != nil || len(chunks) != 1 {
			t.Fatalf("page 1: %v, %v", chunks, err)
		}
		page, err := b.store.Page(t.Context(), "confluence_ENG", "1")
		if err != nil {
			t.Fatal(err)
		}
		return page.Markdown
	}
	b.take(t, b.page("1", includes2), b.page("3", "<p>three</p>"))
	b.wantStale(t, "nothing is missing yet")
	b.take(t, b.page("2", "<p>first text</p>"))
	b.wantStale(t, "the included page has come", "1")
	if md := shown(); !strings.Contains(md, "first text") {
		t.Fatalf("the page does not show the other:\n%s", md)
	}
	b.wantStale(t, "all is made")
	b.take(t, b.page("2", "<p>first text</p>"))
	b.wantStale(t, "the included page is as it was")
	b.take(t, b.page("2", "<p>second text</p>"))
	b.wantStale(t, "the included page has changed", "1")
	if md := shown(); !strings.Contains(md, "second text") || strings.Contains(md, "first text") {
		t.Fatalf("the page shows what was:\n%s", md)
	}
	restricted := b.page("2", "<p>second text</p>")
	restricted.Restricted = true
	b.take(t, restricted)
	b.wantStale(t, "the included page is restricted now", "1")
	if md := shown(); strings.Contains(md, "second text") {
		t.Fatalf("the page shows a restricted one:\n%s", md)
	}
	b.take(t, b.page("2", "<p>third text</p>"))
	b.remake(t)
	if _, _, err := b.store.SoftDelete(t.Context(), index.Fence{}, "confluence_ENG", []string{"2"}, "gone"); err != nil {
		t.Fatal(err)
	}
	b.wantStale(t, "the included page is gone", "1")
	if md := shown(); strings.Contains(md, "third text") {
		t.Fatalf("the page shows a deleted one:\n%s", md)
	}
}

// TestNewProjectMakesPagesAgain: issue keys in text were told by a stop list until the first project was named, and
// those of a project that is named later were left out.
func TestNewProjectMakesPagesAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	link := func(key string) string { return `<p><a href="https://j.example.com/browse/` + key + `">x</a></p>` }
	b.take(t, b.page("1", "<p>FOO-1 WEB-2</p>"), b.page("2", "<p>no issue</p>"), b.page("3", "<p>BAR-3</p>"))
	b.wantStale(t, "nothing is known")
	b.take(t, b.page("4", link("WEB-9")))
	b.wantStale(t, "the first project is known: the stop list no longer counts", "1", "3")
	b.remake(t)
	b.wantStale(t, "all is made")
	b.take(t, b.page("5", link("FOO-8")), b.page("6", link("FOO-7")))
	b.wantStale(t, "FOO is known", "1")
	b.remake(t)
	page, err := b.store.Page(t.Context(), "confluence_ENG", "1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sources.JiraKey{{Key: "FOO-1", Tier: 3}, {Key: "WEB-2", Tier: 3}}, page.JiraKeys); diff != "" {
		t.Errorf("issues (-want +got):\n%s", diff)
	}
	projects, err := b.store.JiraProjects(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"FOO", "WEB"}, projects); diff != "" {
		t.Errorf("projects (-want +got):\n%s", diff)
	}
}

package contentstore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// record is a page with chunks of the given texts.
func record(source, id string, version int, at time.Time, texts ...string) (index.Record, []index.Chunk) {
	r := index.Record{
		SourceID: source, SpaceKey: "ENG", TextConfig: "english", FetchedAt: at, Storage: "<p>x</p>", ConverterVersion: 1, ContentHash: []byte{byte(version)},
		Ref: wiki.ContentRef{ID: id, Type: wiki.TypePage, Title: "Page " + id, Version: version, VersionAt: at, CreatedAt: at, URL: "https://w.example.com/" + id},
	}
	chunks := make([]index.Chunk, len(texts))
	for i, text := range texts {
		chunks[i] = index.Chunk{URL: r.Ref.URL, Content: text, BodyText: text, Hash: [32]byte([]byte((text + string(make([]byte, 32)))[:32]))}
	}
	return r, chunks
}

// replace stores one page.
func (b *bench) replace(t *testing.T, fence index.Fence, r index.Record, chunks []index.Chunk) (index.Stored, error) {
	t.Helper()
	stored, err := b.store.ReplacePages(t.Context(), fence, []index.Page{{Record: r, Chunks: chunks}})
	if err != nil {
		return index.Stored{}, err
	}
	return stored[0], nil
}

// More chunks than one statement writes come whole and in order.
func TestReplaceManyChunks(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	b := setupOn(t, db)
	texts := make([]string, 300)
	for i := range texts {
		texts[i] = fmt.Sprintf("chunk %d", i)
	}
	r, chunks := record("confluence_ENG", "1", 1, time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), texts...)
	stored, err := b.replace(t, index.Fence{}, r, chunks)
	if err != nil || stored.ChunksCreated != len(texts) {
		t.Fatalf("%+v, %v", stored, err)
	}
	var got []string
	err = db.QueryRow(t.Context(), `SELECT array_agg(body_text ORDER BY chunk_number) FROM chunks WHERE page_id = '1'`).Scan(&got)
	if err != nil || !slices.Equal(got, texts) {
		t.Errorf("stored: %q, %v", got, err)
	}
}

func TestReplaceKeepsRowsAndVectors(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	b := setupOn(t, db)
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	replace := func(version int, texts ...string) index.Stored {
		t.Helper()
		r, chunks := record("confluence_ENG", "1", version, at.Add(time.Duration(version)*time.Minute), texts...)
		stored, err := b.replace(t, index.Fence{}, r, chunks)
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	if s := replace(1, "a", "b", "c"); !s.Created || s.ChunksCreated != 3 {
		t.Errorf("first: %+v", s)
	}
	if _, err := db.Exec(t.Context(), `UPDATE chunks SET embedding_model = 'kept'`); err != nil {
		t.Fatal(err)
	}
	if s := replace(2, "a", "new", "c"); s.Created || s.ChunksKept != 2 || s.ChunksCreated != 1 || s.ChunksDeleted != 1 {
		t.Errorf("second: %+v", s)
	}
	rows, err := db.Query(t.Context(), `SELECT content, coalesce(embedding_model, '') FROM chunks WHERE page_id = '1' ORDER BY chunk_number`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var content, model string
		if err := rows.Scan(&content, &model); err != nil {
			t.Fatal(err)
		}
		got = append(got, content+":"+model)
	}
	if want := []string{"a:kept", "new:", "c:kept"}; !slices.Equal(got, want) {
		t.Errorf("chunks %v, want %v", got, want)
	}
	// Whoever looked at the site earlier comes too late.
	r, chunks := record("confluence_ENG", "1", 9, at, "old")
	stored, err := b.replace(t, index.Fence{}, r, chunks)
	if err != nil || !stored.Stale {
		t.Errorf("an earlier look: %+v, %v", stored, err)
	}
	// A run that is not the worker's writes nothing.
	r, chunks = record("confluence_ENG", "1", 9, at.Add(time.Hour), "lost")
	if _, err := b.replace(t, index.Fence{RunID: 7, Attempt: 1}, r, chunks); !errors.Is(err, wiki.ErrConflict) {
		t.Errorf("a lost run: %v", err)
	}
}

// A batch is stored whole or not at all, whatever goes wrong in it.
func TestBatchIsStoredWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	batch := func(version int, texts ...string) []index.Page {
		pages := make([]index.Page, len(texts))
		for i, text := range texts {
			r, chunks := record("confluence_ENG", fmt.Sprint(i), version, at.Add(time.Duration(version)*time.Minute), text, "same")
			pages[i] = index.Page{Record: r, Chunks: chunks}
		}
		return pages
	}
	stored, err := b.store.ReplacePages(t.Context(), index.Fence{}, batch(1, "a", "b", "c"))
	if err != nil || len(stored) != 3 || !stored[2].Created || stored[2].ChunksCreated != 2 {
		t.Fatalf("first: %+v, %v", stored, err)
	}
	poison := batch(2, "a2", "b2", "c2")
	poison[2].Chunks[0].Content = "\x00"
	if _, err := b.store.ReplacePages(t.Context(), index.Fence{}, poison); err == nil {
		t.Fatal("text that the database does not take was stored")
	}
	if _, err := b.store.ReplacePages(t.Context(), index.Fence{}, append(batch(2, "a2"), batch(2, "a3")...)); err == nil {
		t.Fatal("a page was stored twice in one batch")
	}
	states, err := b.store.States(t.Context(), "confluence_ENG", nil)
	if err != nil || len(states) != 3 {
		t.Fatalf("%d pages, %v", len(states), err)
	}
	for id, s := range states {
		if s.Ref.Version != 1 {
			t.Errorf("page %s has version %d", id, s.Ref.Version)
		}
	}
	mixed := batch(3, "a3", "b3")
	mixed[0].Record.FetchedAt = at // somebody has looked later
	stored, err = b.store.ReplacePages(t.Context(), index.Fence{}, mixed)
	if err != nil || !stored[0].Stale || stored[1].Stale || stored[1].ChunksKept != 1 || stored[1].ChunksCreated != 1 || stored[1].ChunksDeleted != 1 {
		t.Errorf("mixed: %+v, %v", stored, err)
	}
}

func TestDeletedPagesComeBackWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	r, chunks := record("confluence_ENG", "1", 1, at, "a", "b")
	if _, err := b.replace(t, index.Fence{}, r, chunks); err != nil {
		t.Fatal(err)
	}
	pages, n, err := b.store.SoftDelete(t.Context(), index.Fence{}, "confluence_ENG", []string{"1", "2"}, "trashed")
	if err != nil || pages != 1 || n != 2 {
		t.Errorf("deleted %d pages, %d chunks, %v", pages, n, err)
	}
	list, err := b.store.Pages(t.Context(), "confluence_ENG", sources.PageFilter{Status: "deleted"}, sources.PageCursor{}, 10)
	if err != nil || len(list) != 1 || list[0].Status != "deleted" {
		t.Errorf("deleted pages: %+v, %v", list, err)
	}
	states, err := b.store.States(t.Context(), "confluence_ENG", []string{"1"})
	if err != nil || !states["1"].Deleted {
		t.Errorf("states %+v, %v", states, err)
	}
	stored, err := b.replace(t, index.Fence{}, r, chunks) // found in the trash, restored: the same version
	if err != nil || !stored.Created || stored.ChunksCreated != 2 {
		t.Errorf("restored: %+v, %v", stored, err)
	}
	if page, err := b.store.Page(t.Context(), "confluence_ENG", "1"); err != nil || page.Status != "current" || page.Chunks != 2 {
		t.Errorf("page %+v, %v", page, err)
	}
}

func TestPageMovesToAnotherSource(t *testing.T) {
	t.Parallel()
	b := setup(t)
	err := b.store.InsertSource(t.Context(), sources.StoredSource{
		ID: "confluence_OPS", Name: "Ops", ConnectionID: "c", Space: wiki.Space{ID: "2", Key: "OPS"}, BaseURL: "https://w.example.com",
		FrequencyHours: 24, Strategy: sources.OnDemand, RestrictedPages: sources.Skip, TextLanguage: "english",
	})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, id := range []string{"confluence_ENG", "confluence_OPS"} {
		r, chunks := record(id, "1", 1, at.Add(time.Duration(i)*time.Minute), "a")
		stored, err := b.replace(t, index.Fence{}, r, chunks)
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 && !slices.Equal(stored.TakenFrom, []string{"confluence_ENG"}) {
			t.Errorf("taken from %v", stored.TakenFrom)
		}
	}
	owners, err := b.store.SourcesOfPage(t.Context(), "1")
	if err != nil || len(owners) == 0 || owners[0] != "confluence_OPS" {
		t.Errorf("owners %v, %v", owners, err)
	}
	if n, err := b.store.Disown(t.Context(), index.Fence{}, "confluence_ENG", []string{"1"}, "restricted"); err != nil || n != 1 {
		t.Errorf("disowned %d, %v", n, err)
	}
	if n, err := b.store.CountLive(t.Context(), "confluence_OPS"); err != nil || n != 0 {
		t.Errorf("%d left, %v", n, err)
	}
}

func TestDeleteSource(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	b := setupOn(t, db)
	r, chunks := record("confluence_ENG", "1", 1, time.Now(), "a")
	if _, err := b.replace(t, index.Fence{}, r, chunks); err != nil {
		t.Fatal(err)
	}
	if err := b.store.DeleteSource(t.Context(), "confluence_ENG"); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM confluence_pages) + (SELECT count(*) FROM page_bodies)`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows left, %v", left, err)
	}
	if err := b.store.DeleteSource(t.Context(), "confluence_ENG"); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	if err := b.store.DeleteUnusedConnection(t.Context(), "c"); err != nil {
		t.Error(err)
	}
	if _, err := b.store.Connection(t.Context(), "c"); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("connection: %v", err)
	}
}

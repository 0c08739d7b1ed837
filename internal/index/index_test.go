package index_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/wiki"
)

// fakeStore keeps pages in memory and counts the questions it is asked.
type fakeStore struct {
	mu       sync.Mutex
	records  map[string]index.Record
	chunks   map[string][]index.Chunk
	stored   map[string]index.IncludedBody // by id, restricted ones left out
	names    map[string]index.Name
	projects []string
	asked    map[string]int
	broken   string // the page that cannot be stored
}

func newStore() *fakeStore {
	return &fakeStore{
		records: map[string]index.Record{}, chunks: map[string][]index.Chunk{}, stored: map[string]index.IncludedBody{},
		names: map[string]index.Name{}, asked: map[string]int{},
	}
}

var errBroken = errors.New("disk full")

func (s *fakeStore) ReplacePages(_ context.Context, _ index.Fence, pages []index.Page) ([]index.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked["batches"]++
	stored := make([]index.Stored, len(pages))
	for i, p := range pages {
		if p.Record.Ref.ID == s.broken {
			return nil, errBroken
		}
		stored[i] = index.Stored{Created: true, ChunksCreated: len(p.Chunks)}
	}
	for _, p := range pages {
		s.records[p.Record.Ref.ID], s.chunks[p.Record.Ref.ID] = p.Record, p.Chunks
	}
	return stored, nil
}

func (s *fakeStore) FindPages(_ context.Context, _ string, ids []string, titles []index.TitleRef) ([]index.Target, error) {
	s.asked["pages"]++
	var found []index.Target
	for _, p := range s.stored {
		if slices.Contains(ids, p.ID) || slices.ContainsFunc(titles, func(t index.TitleRef) bool {
			return t.SpaceKey == p.SpaceKey && strings.EqualFold(t.Title, p.Title)
		}) {
			found = append(found, p.Target)
		}
	}
	return found, nil
}

func (s *fakeStore) IncludedBodies(_ context.Context, _ string, ids []string) ([]index.IncludedBody, error) {
	s.asked["bodies"]++
	var found []index.IncludedBody
	for _, id := range ids {
		if p, ok := s.stored[id]; ok && p.Storage != "" {
			found = append(found, p)
		}
	}
	return found, nil
}

func (s *fakeStore) UserNames(_ context.Context, _ string, ids []string) (map[string]index.Name, error) {
	s.asked["names"]++
	found := map[string]index.Name{}
	for _, id := range ids {
		if n, ok := s.names[id]; ok {
			found[id] = n
		}
	}
	return found, nil
}

func (s *fakeStore) SaveUsers(_ context.Context, _ string, users []wiki.User) error {
	for _, u := range users {
		s.names[u.ID] = index.Name{DisplayName: u.DisplayName, FetchedAt: time.Now()}
	}
	return nil
}

func (s *fakeStore) JiraProjects(context.Context, string) ([]string, error) {
	s.asked["projects"]++
	return slices.Clone(s.projects), nil
}

func (s *fakeStore) AddJiraProjects(_ context.Context, _ string, keys []string) error {
	s.projects = append(s.projects, keys...)
	return nil
}

// fakePeople knows everybody as "Name of ID" but for "gone", and notes whom it was asked for.
type fakePeople struct {
	asked [][]string
	err   error
}

func (p *fakePeople) Users(_ context.Context, ids []string) ([]wiki.User, error) {
	p.asked = append(p.asked, ids)
	if p.err != nil {
		return nil, p.err
	}
	var users []wiki.User
	for _, id := range ids {
		if id != "gone" {
			users = append(users, wiki.User{ID: id, DisplayName: "Name of " + id})
		}
	}
	return users, nil
}

func source() index.Source {
	return index.Source{
		ID: "confluence_ENG", ConnectionID: "c", BaseURL: "https://w.example.com", JiraBaseURL: "https://j.example.com", SpaceKey: "ENG",
		TextConfig: "english", Deployment: wiki.Cloud,
	}
}

func page(id, storage string) index.Input {
	return index.Input{Content: wiki.Content{
		ContentRef: wiki.ContentRef{ID: id, Type: wiki.TypePage, Title: "Page " + id, SpaceKey: "ENG", URL: "https://w.example.com/pages/" + id},
		Storage:    storage, HasBody: true,
	}}
}

// take stores pages and returns the error of each.
func take(t *testing.T, store index.Store, b index.Batch, pages ...index.Input) []error {
	t.Helper()
	ends := make([]error, len(pages))
	err := index.New(store, index.Options{}).Take(t.Context(), b, pages, func(i int, _ index.Stored, err error) error {
		ends[i] = err
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ends
}

func TestTakeStoresPageAndChunks(t *testing.T) {
	t.Parallel()
	store := newStore()
	in := page("1", `<p>`+strings.Repeat("intro ", 60)+`OPS-2 <ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">OPS-1</ac:parameter></ac:structured-macro></p>`+
		`<h2>Über uns</h2><p>`+strings.Repeat("word ", 60)+`</p>`)
	in.Labels, in.Ancestors = []string{"a\x00b"}, []index.Crumb{{ID: "9", Title: "Home"}}
	if err := errors.Join(take(t, store, index.Batch{Source: source()}, in, page("2", ""))...); err != nil {
		t.Fatal(err)
	}
	r := store.records["1"]
	if diff := cmp.Diff([]string{"OPS-1", "OPS-2"}, r.JiraKeys); diff != "" {
		t.Errorf("issues (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ab"}, r.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	wantLinks := []index.JiraLink{{Key: "OPS-2", Tier: 3, URL: "https://j.example.com/browse/OPS-2"}, {Key: "OPS-1", Tier: 1, URL: "https://j.example.com/browse/OPS-1"}}
	if diff := cmp.Diff(wantLinks, r.Metadata.JiraLinks); diff != "" {
		t.Errorf("issue links (-want +got):\n%s", diff)
	}
	if r.ConverterVersion != index.Version() || r.Storage != in.Content.Storage || len(r.ContentHash) == 0 || r.Metadata.ContentLength != len(r.Storage) {
		t.Errorf("record = %+v", r)
	}
	last := store.chunks["1"][len(store.chunks["1"])-1]
	if last.URL != "https://w.example.com/pages/1#%C3%9Cber-uns" || last.SectionTitle != "Über uns" || last.HeadingPath != "Über uns" {
		t.Errorf("chunk = %+v", last)
	}
	if empty := store.chunks["2"]; len(empty) != 1 || empty[0].Content != "" {
		t.Errorf("a page without text has the chunks %+v, want one of its title", empty)
	}
}

func TestTakeAsksOnceForABatch(t *testing.T) {
	t.Parallel()
	store, people := newStore(), &fakePeople{}
	store.stored["7"] = index.IncludedBody{Target: index.Target{ID: "7", SpaceKey: "OPS", Title: "Run book", URL: "https://w.example.com/run"}}
	var pages []index.Input
	for i := range 30 {
		pages = append(pages, page(fmt.Sprint(i), fmt.Sprintf(`<p><ac:link><ri:user ri:account-id="u%d" /></ac:link> <ri:user ri:account-id="gone" />
			<ac:link><ri:page ri:space-key="OPS" ri:content-title="run book" /></ac:link></p>`, i%3)))
	}
	for range 2 { // the second time, all names are known
		if err := errors.Join(take(t, store, index.Batch{Source: source(), People: people}, pages...)...); err != nil {
			t.Fatal(err)
		}
	}
	if len(people.asked) != 1 || len(people.asked[0]) != 4 {
		t.Errorf("the site was asked for %v, want once for four", people.asked)
	}
	if store.asked["pages"] != 2 || store.asked["names"] != 2 || store.asked["projects"] != 2 {
		t.Errorf("two batches asked the store %v", store.asked)
	}
	if got, want := store.records["4"].Markdown, "@Name of u1 @unknown-user [Run book](https://w.example.com/run)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTakeGoesOnWithoutNames(t *testing.T) {
	t.Parallel()
	store := newStore()
	people := &fakePeople{err: errors.New("503")}
	if err := errors.Join(take(t, store, index.Batch{Source: source(), People: people}, page("1", `<p><ri:user ri:account-id="u" /> x</p>`))...); err != nil {
		t.Fatal(err)
	}
	if got := store.records["1"].Markdown; got != "@unknown-user x" {
		t.Errorf("got %q", got)
	}
}

func TestOnePageDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	store := newStore()
	store.broken = "6"
	pages := make([]index.Input, 16)
	for i := range pages {
		pages[i] = page(fmt.Sprint(i), "<p>a</p>")
	}
	for i, err := range take(t, store, index.Batch{Source: source()}, pages...) {
		if i == 6 && !errors.Is(err, errBroken) || i != 6 && err != nil {
			t.Errorf("page %d ended with %v", i, err)
		}
	}
	// Halved until it stands alone: 16, 8, 4, 4 (of the first half), 2, 1, 1, and the other halves.
	if len(store.records) != 15 || store.asked["batches"] > 9 {
		t.Errorf("stored %d pages in %d batches", len(store.records), store.asked["batches"])
	}
}

// A batch is one question to the store, and what ends the run ends the batch.
func TestTakeStoresTogether(t *testing.T) {
	t.Parallel()
	store := newStore()
	pages := []index.Input{page("1", "<p>a</p>"), page("2", "<p>b</p>"), page("3", "<p>c</p>")}
	take(t, store, index.Batch{Source: source()}, pages...)
	if store.asked["batches"] != 1 || len(store.records) != 3 {
		t.Errorf("%d pages in %d batches", len(store.records), store.asked["batches"])
	}
	store.broken = "1"
	told := 0
	err := index.New(store, index.Options{}).Take(t.Context(), index.Batch{Source: source()}, pages, func(_ int, _ index.Stored, err error) error {
		told++
		return err
	})
	if !errors.Is(err, errBroken) || told != 1 {
		t.Errorf("told of %d pages, ended with %v", told, err)
	}
}

func TestTakeStopsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	store := newStore()
	err := index.New(store, index.Options{}).Take(ctx, index.Batch{Source: source()}, []index.Input{page("1", "")}, func(int, index.Stored, error) error { return nil })
	if !errors.Is(err, context.Canceled) || len(store.records) > 0 {
		t.Errorf("error %v, stored %d", err, len(store.records))
	}
}

func include(title string) string {
	return `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="` + title + `" /></ac:link></ac:parameter></ac:structured-macro>`
}

// TestIncludesAreExpanded from the batch where the page is in it, else from the store, through several pages; never
// with a restricted one.
func TestIncludesAreExpanded(t *testing.T) {
	t.Parallel()
	store := newStore()
	target := func(id string) index.Target {
		return index.Target{ID: id, SpaceKey: "ENG", Title: "Page " + id, URL: "https://w.example.com/pages/" + id}
	}
	store.stored["2"] = index.IncludedBody{Target: target("2"), Storage: "<p>old two</p>"}
	store.stored["3"] = index.IncludedBody{Target: target("3"), Storage: `<p>three <ri:user ri:account-id="u" /></p>`}
	store.stored["4"] = index.IncludedBody{Target: target("4"), Storage: ""} // restricted: the store gives none
	store.stored["5"] = index.IncludedBody{Target: target("5"), Storage: "<p>old five</p>"}
	restricted := page("5", "<p>secret five</p>")
	restricted.Restricted = true
	err := errors.Join(take(t, store, index.Batch{Source: source(), People: &fakePeople{}},
		page("1", include("Page 2")+include("Page 4")), page("2", "<p>new two</p>"+include("Page 3")), restricted)...)
	if err != nil {
		t.Fatal(err)
	}
	md := store.records["1"].Markdown
	for _, want := range []string{"> new two", "> > three @Name of u", "Includes: [Page 4]"} {
		if !strings.Contains(md, want) {
			t.Errorf("no %q in\n%s", want, md)
		}
	}
	if strings.Contains(md, "old two") {
		t.Errorf("the stored body is older than that of the batch:\n%s", md)
	}
	var included []string
	for _, l := range store.records["1"].Metadata.InternalLinks {
		if l.Kind == index.KindInclude {
			included = append(included, l.PageID)
		}
	}
	slices.Sort(included)
	if diff := cmp.Diff([]string{"2", "3", "4"}, included); diff != "" {
		t.Errorf("pages whose change changes this one (-want +got):\n%s", diff)
	}
}

// TestRestrictedPageOfTheBatchIsNotShown: the store may hold it from a time when everybody could read it.
func TestRestrictedPageOfTheBatchIsNotShown(t *testing.T) {
	t.Parallel()
	store := newStore()
	store.stored["2"] = index.IncludedBody{Target: index.Target{ID: "2", SpaceKey: "ENG", Title: "Page 2"}, Storage: "<p>was public</p>"}
	restricted := page("2", "<p>secret</p>")
	restricted.OwnRestricted, restricted.Restricted = true, true
	if err := errors.Join(take(t, store, index.Batch{Source: source()}, page("1", include("Page 2")), restricted)...); err != nil {
		t.Fatal(err)
	}
	if md := store.records["1"].Markdown; strings.Contains(md, "secret") || strings.Contains(md, "was public") {
		t.Errorf("a restricted page is shown:\n%s", md)
	}
}

// TestRenderedMacrosAreShown: the site is asked for pages with macros that it alone can render, and for no others.
func TestRenderedMacrosAreShown(t *testing.T) {
	t.Parallel()
	store := newStore()
	macro := `<p>a</p><ac:structured-macro ac:name="contentbylabel" ac:macro-id="m1" />`
	var asked []string
	var mu sync.Mutex
	b := index.Batch{Source: source(), View: func(_ context.Context, _ wiki.ContentType, id string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, id)
		if id == "3" {
			return "", errors.New("503")
		}
		return `<div data-macro-id="m1"><ul><li>listed</li></ul></div>`, nil
	}}
	if err := errors.Join(take(t, store, b, page("1", macro), page("2", "<p>plain</p>"), page("3", macro))...); err != nil {
		t.Fatal(err)
	}
	slices.Sort(asked)
	if diff := cmp.Diff([]string{"1", "3"}, asked); diff != "" {
		t.Errorf("pages asked for (-want +got):\n%s", diff)
	}
	if got := store.records["1"].Markdown; got != "a\n\n- listed" {
		t.Errorf("got %q", got)
	}
	if got := store.records["3"]; got.Markdown != "a" || len(got.Metadata.Dropped) != 1 {
		t.Errorf("without the site's answer: %q, dropped %q", got.Markdown, got.Metadata.Dropped)
	}
	again := page("1", macro)
	again.Rendered = store.records["1"].Metadata.Rendered
	if err := errors.Join(take(t, store, index.Batch{Source: source()}, again)...); err != nil {
		t.Fatal(err)
	}
	if got := store.records["1"].Markdown; got != "a\n\n- listed" {
		t.Errorf("made again without the site: %q", got)
	}
}

// TestProjectsAreLearned from macros and addresses of the batch and of what came before.
func TestProjectsAreLearned(t *testing.T) {
	t.Parallel()
	store := newStore()
	b := index.Batch{Source: source()}
	first := page("1", "<p>WEB-1 FOO-2 UTF-8</p>")
	if err := errors.Join(take(t, store, b, first)...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"FOO-2", "WEB-1"}, store.records["1"].JiraKeys); diff != "" {
		t.Errorf("nothing is known: the stop list decides (-want +got):\n%s", diff)
	}
	if err := errors.Join(take(t, store, b, first, page("2", `<p><a href="https://j.example.com/browse/WEB-9">x</a></p>`))...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"WEB"}, store.projects); diff != "" {
		t.Errorf("projects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"WEB-1"}, store.records["1"].JiraKeys); diff != "" {
		t.Errorf("WEB is known (-want +got):\n%s", diff)
	}
	set := source()
	set.JiraProjects = []string{"FOO"}
	if err := errors.Join(take(t, store, index.Batch{Source: set}, first)...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"FOO-2"}, store.records["1"].JiraKeys); diff != "" {
		t.Errorf("FOO is set by an admin (-want +got):\n%s", diff)
	}
}

// TestChunkHashes: what words and vectors are made of decides, and nothing else.
func TestChunkHashes(t *testing.T) {
	t.Parallel()
	hash := func(change func(*index.Input, *index.Source)) [32]byte {
		store, in, src := newStore(), page("1", "<h2>A</h2><p>text</p>"), source()
		change(&in, &src)
		if err := errors.Join(take(t, store, index.Batch{Source: src}, in)...); err != nil {
			t.Fatal(err)
		}
		return store.chunks["1"][0].Hash
	}
	same := hash(func(*index.Input, *index.Source) {})
	for name, change := range map[string]func(*index.Input, *index.Source){
		"title":    func(in *index.Input, _ *index.Source) { in.Content.Title = "Other" },
		"text":     func(in *index.Input, _ *index.Source) { in.Content.Storage = "<h2>A</h2><p>texts</p>" },
		"heading":  func(in *index.Input, _ *index.Source) { in.Content.Storage = "<h2>B</h2><p>text</p>" },
		"language": func(_ *index.Input, src *index.Source) { src.TextConfig = "german" },
	} {
		if hash(change) == same {
			t.Errorf("another %s has the same hash", name)
		}
	}
	for name, change := range map[string]func(*index.Input, *index.Source){
		"address": func(in *index.Input, _ *index.Source) { in.Content.URL = "https://w.example.com/moved" },
		"labels":  func(in *index.Input, _ *index.Source) { in.Labels = []string{"x"} },
		"version": func(in *index.Input, _ *index.Source) { in.Content.Version = 9 },
	} {
		if hash(change) != same {
			t.Errorf("another %s changes the hash: the chunk would be embedded again", name)
		}
	}
}

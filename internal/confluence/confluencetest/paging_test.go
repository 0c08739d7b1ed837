package confluencetest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// shelf is a site with n pages, P000 and so on, under the home page.
func shelf(t *testing.T, o Options, n int) (*Site, *visitor, []string) {
	t.Helper()
	site, ada, _ := newVisited(t, o)
	var ids []string
	for i := range n {
		ids = append(ids, site.AddPage("ENG", Page{Title: fmt.Sprintf("P%03d", i), Body: "<p>x</p>", Author: "ada"}))
	}
	return site, ada, ids
}

func spaceID(v *visitor) string {
	return fmt.Sprint(rows(v.get("/api/v2/spaces?keys=ENG", 200))[0].(map[string]any)["id"])
}

func TestListingIsStableUnderInsertsAndDeletes(t *testing.T) {
	t.Parallel()
	site, ada, ids := shelf(t, Options{}, 60)
	path := "/api/v2/spaces/" + spaceID(ada) + "/pages?sort=id&limit=7"
	n := 0
	site.Inject(Before(func() {
		n++
		site.AddPage("ENG", Page{Title: fmt.Sprintf("New %d", n)})
		site.Purge(ids[n]) // has been listed by then, or is about to be
	}).On("GET", `/pages$`).After(1).Times(5))
	got := ada.walk(path, "title")
	for i := 10; i < 60; i++ {
		if title := fmt.Sprintf("P%03d", i); !slices.Contains(got, title) {
			t.Errorf("%s was not listed", title)
		}
	}
	slices.Sort(got)
	if compact := slices.Compact(slices.Clone(got)); len(compact) != len(got) {
		t.Error("a page was listed twice")
	}
}

func TestNextLinks(t *testing.T) {
	t.Parallel()
	_, ada, _ := shelf(t, Options{}, 10)
	orders := map[string]bool{}
	for range 8 {
		response, body := ada.do(http.MethodGet, "/api/v2/spaces/"+spaceID(ada)+"/pages?limit=2&sort=title&status=current", "")
		link := response.Header.Get("Link")
		if !strings.HasPrefix(link, "</wiki/api/v2/spaces/") || !strings.Contains(link, `rel="base"`) || !strings.Contains(body, `"next":"/wiki/api/v2/`) {
			t.Fatalf("Link: %s", link)
		}
		u, err := url.Parse(strings.TrimPrefix(strings.SplitN(link, ">", 2)[0], "<"))
		if err != nil {
			t.Fatal(err)
		}
		orders[strings.SplitN(u.RawQuery, "=", 2)[0]] = true
	}
	if len(orders) < 2 {
		t.Errorf("the parameters always come in the same order: %v", orders)
	}
	next := ada.get("/rest/api/content/search?cql=type%3Dpage&limit=2", 200)["_links"].(map[string]any)["next"].(string)
	if !strings.HasPrefix(next, "/rest/api/content/search?") {
		t.Errorf("v1 next is %s", next)
	}
	// start is dead on Cloud: the same rows come back.
	first := ada.get("/rest/api/content/search?cql=type%3Dpage&limit=2&start=4", 200)
	if got := rows(first)[0].(map[string]any)["title"]; got != "Engineering Home" {
		t.Errorf("start was honoured: %v", got)
	}
}

func TestSearchClipsSilently(t *testing.T) {
	t.Parallel()
	_, ada, _ := shelf(t, Options{}, 260)
	for expand, want := range map[string]int{"": 250, "version": 200, "body.storage,version": 50, "body.export_view": 25} {
		answer := ada.get("/rest/api/content/search?cql=type%3Dpage&limit=250&expand="+expand, 200)
		if got := len(rows(answer)); got != want {
			t.Errorf("expand %q gives %d rows, want %d", expand, got, want)
		}
	}
	if got := len(ada.search("type = page", "&limit=250&expand=body.storage")); got != 261 {
		t.Errorf("the whole walk gives %d rows", got)
	}
	ada.get("/api/v2/pages?limit=251", 400)
	ada.get("/api/v2/pages?limit=0", 400)
}

func TestSearchPagesAreShortWhereRowsAreHidden(t *testing.T) {
	t.Parallel()
	site, _, ids := shelf(t, Options{}, 20)
	for _, id := range ids[:9] {
		site.Restrict(id, Readers{Groups: []string{"docs"}})
	}
	bob := &visitor{t, site, site.Start(t), "bob@example.test", "secret-b", false}
	answer := bob.get("/rest/api/content/search?cql=type%3Dpage&limit=5", 200)
	if len(rows(answer)) != 1 || answer["_links"].(map[string]any)["next"] == nil {
		t.Errorf("%d rows in the first page, want 1 and a next link", len(rows(answer)))
	}
	if got := bob.search("type=page", "&limit=5"); len(got) != 12 {
		t.Errorf("%d rows, want 12", len(got))
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	c := newClock()
	site, ada, _ := shelf(t, Options{Clock: c.now}, 6)
	site.Configure(func(b *Behaviour) { b.CursorLife = time.Hour })
	next := func(path string) string {
		link := ada.get(path, 200)["_links"].(map[string]any)["next"].(string)
		return strings.TrimPrefix(link, "/wiki")
	}
	list, search := next("/api/v2/pages?limit=2"), next("/rest/api/content/search?cql=type%3Dpage&limit=2")
	ada.get(list, 200)
	ada.get(search, 200)
	ada.get(strings.Replace(search, "type%3Dpage", "space%3DENG", 1), 400)
	ada.get("/api/v2/pages?cursor=nonsense", 400)
	c.advance(2 * time.Hour)
	ada.get(list, 400)
	ada.get(search, 400)
}

func TestTrailingPage(t *testing.T) {
	t.Parallel()
	site, ada, _ := shelf(t, Options{}, 3)
	site.Configure(func(b *Behaviour) { b.TrailingPage = true })
	if got := ada.search("type = page", "&limit=2"); len(got) != 4 {
		t.Errorf("%d rows, want 4", len(got))
	}
	if calls := site.Calls()["GET /rest/api/content/search"]; calls != 3 {
		t.Errorf("%d calls, want 3: two with rows and one without", calls)
	}
}

func TestModifiedOrderIsNewestFirst(t *testing.T) {
	t.Parallel()
	c := newClock()
	site, ada, ids := shelf(t, Options{Clock: c.now}, 5)
	for _, i := range []int{2, 0, 4} {
		c.advance(time.Minute)
		site.Edit(ids[i], "<p>new</p>", "bob")
	}
	got := ada.walk("/api/v2/spaces/"+spaceID(ada)+"/pages?sort=-modified-date&limit=2", "title")
	if want := []string{"P004", "P000", "P002"}; !slices.Equal(got[:3], want) {
		t.Errorf("order %v, want %v first", got, want)
	}
}

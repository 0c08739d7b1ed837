package confluencetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// visitor calls the site as one account.
type visitor struct {
	t            *testing.T
	site         *Site
	base         string
	email, token string
	bearer       bool
}

// newVisited returns a site with the space ENG and two people: ada, who is in the group docs, and bob.
func newVisited(t *testing.T, o Options) (site *Site, ada, bob *visitor) {
	t.Helper()
	site = New(o)
	site.AddUser(User{ID: "ada", Username: "ada", Name: "Ada", Email: "ada@example.test", Groups: []string{"docs"}})
	site.AddUser(User{ID: "bob", Username: "bob", Name: "Bob", Email: "bob@example.test"})
	site.AddToken("ada", "secret-a")
	site.AddToken("bob", "secret-b")
	site.AddSpace(Space{Key: "ENG", Name: "Engineering", Author: "ada"})
	base := site.Start(t)
	return site, &visitor{t, site, base, "ada@example.test", "secret-a", false}, &visitor{t, site, base, "bob@example.test", "secret-b", false}
}

func (v *visitor) do(method, path, body string) (*http.Response, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if v.bearer {
		r.Header.Set("Authorization", "Bearer "+v.token)
	} else {
		r.SetBasicAuth(v.email, v.token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response, string(raw)
}

func (v *visitor) get(path string, wantStatus int) map[string]any {
	v.t.Helper()
	response, body := v.do(http.MethodGet, path, "")
	if response.StatusCode != wantStatus {
		v.t.Fatalf("GET %s: status %d, want %d: %s", path, response.StatusCode, wantStatus, body)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		v.t.Fatalf("GET %s: %v: %s", path, err, body)
	}
	return out
}

// walk follows the next links and returns what each row has in a field; stop ends it early.
func (v *visitor) walk(path, field string) []string {
	v.t.Helper()
	var all []string
	for range 1000 {
		answer := v.get(path, http.StatusOK)
		for _, r := range rows(answer) {
			all = append(all, fmt.Sprint(r.(map[string]any)[field]))
		}
		next, _ := answer["_links"].(map[string]any)["next"].(string)
		if next == "" {
			return all
		}
		path = strings.TrimPrefix(next, v.site.options.ContextPath)
	}
	v.t.Fatal("the walk does not end")
	return nil
}

func (v *visitor) search(cql, more string) []string {
	v.t.Helper()
	return v.walk("/rest/api/content/search?cql="+url.QueryEscape(cql)+more, "title")
}

func wantTitles(t *testing.T, got []string, want ...string) {
	t.Helper()
	got = slices.Clone(got)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
}

func TestPageIsShownByEveryEndpointThatHasPages(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{})
	folder := site.AddFolder("ENG", Page{Title: "Runbooks", Author: "ada"})
	id := site.AddPage("ENG", Page{Title: "Deploy guide", Parent: folder, Body: "<p>Hello</p>", Author: "ada", Labels: []string{"Runbook"}})
	spaceID := fmt.Sprint(ada.get("/api/v2/spaces?keys=eng", 200)["results"].([]any)[0].(map[string]any)["id"])

	page := ada.get("/api/v2/pages/"+id+"?body-format=storage&include-labels=true", 200)
	if page["parentId"] != folder || page["parentType"] != "folder" || page["spaceId"] != spaceID {
		t.Errorf("place: %v", page)
	}
	if got := page["body"].(map[string]any)["storage"].(map[string]any)["value"]; got != "<p>Hello</p>" {
		t.Errorf("body %v", got)
	}
	if got := page["_links"].(map[string]any)["webui"]; got != "/spaces/ENG/pages/"+id+"/Deploy+guide" {
		t.Errorf("webui %v", got)
	}
	wantTitles(t, ada.walk("/api/v2/spaces/"+spaceID+"/pages", "title"), "Engineering Home", "Deploy guide")
	wantTitles(t, ada.walk("/api/v2/pages?id="+id, "title"), "Deploy guide")
	wantTitles(t, ada.walk("/api/v2/folders/"+folder+"/direct-children", "title"), "Deploy guide")
	wantTitles(t, ada.search("label = runbook and type = page", ""), "Deploy guide")
	wantTitles(t, ada.search("ancestor = "+folder, ""), "Deploy guide")
	ada.get("/api/v2/pages/"+folder, 404)
	ada.get("/api/v2/folders/"+folder, 200)
	if got := ada.walk("/api/v2/pages/"+id+"/ancestors", "type"); !slices.Equal(got, []string{"page", "folder"}) {
		t.Errorf("ancestors %v", got)
	}
}

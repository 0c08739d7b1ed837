package confluencetest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRestrictionsAreInheritedOnEveryPath(t *testing.T) {
	t.Parallel()
	site, ada, bob := newVisited(t, Options{})
	folder := site.AddFolder("ENG", Page{Title: "Secret"})
	page := site.AddPage("ENG", Page{Title: "Under", Parent: folder, Body: "<p>x</p>"})
	file := site.Attach(page, Attachment{Name: "a.txt", Data: []byte("x")})
	site.Restrict(folder, Readers{Groups: []string{"docs"}})
	for _, path := range []string{
		"/api/v2/pages/" + page, "/api/v2/folders/" + folder, "/api/v2/pages/" + page + "/labels", "/api/v2/pages/" + page + "/attachments",
		"/api/v2/attachments/" + file, "/rest/api/content/" + page, "/rest/api/content/" + page + "/restriction/byOperation",
		"/rest/api/content/" + folder + "/restriction/byOperation/read",
	} {
		ada.get(path, http.StatusOK)
		bob.get(path, http.StatusNotFound)
	}
	for _, path := range []string{"/api/v2/pages?id=" + page, "/api/v2/spaces/" + spaceID(bob) + "/pages"} {
		if got := bob.walk(path, "title"); len(got) > 1 {
			t.Errorf("%s shows bob %v", path, got)
		}
	}
	wantTitles(t, bob.search("ancestor = "+folder, ""))
	wantTitles(t, ada.search("ancestor = "+folder+" and type = page", ""), "Under")
	_, body := bob.do(http.MethodPost, "/api/v2/content/convert-ids-to-types", `{"contentIds":["`+page+`","`+site.HomePage("ENG")+`"]}`)
	if want := fmt.Sprintf(`{"results":{"%s":null,"%s":"page"}}`, page, site.HomePage("ENG")); body != want && body != fmt.Sprintf(`{"results":{"%s":"page","%s":null}}`, site.HomePage("ENG"), page) {
		t.Errorf("types: %s, want %s", body, want)
	}
	// Only what stands on the content itself is listed.
	own := ada.get("/rest/api/content/"+page+"/restriction/byOperation/read", 200)["restrictions"].(map[string]any)
	if size := own["group"].(map[string]any)["size"]; size != 0.0 {
		t.Errorf("the page shows %v groups of its own", size)
	}
	if got := site.Truth("ENG", "ada"); len(got) != 2 || !got[1].Restricted || got[1].OwnRestricted {
		t.Errorf("truth of ada: %+v", got)
	}
	if got := site.Truth("ENG", "bob"); len(got) != 1 {
		t.Errorf("truth of bob: %+v", got)
	}
}

func TestStatusesByRepresentation(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{})
	add := func(title string) string { return site.AddPage("ENG", Page{Title: title, Body: "<p/>", Author: "ada"}) }
	archived, trashed, purged, restored := add("Archived"), add("Trashed"), add("Purged"), add("Restored")
	site.AddPage("ENG", Page{Title: "Draft", Status: "draft", Author: "ada"})
	child := site.AddPage("ENG", Page{Title: "Child", Parent: trashed})
	site.Archive(archived)
	site.Trash(trashed)
	site.Purge(purged)
	site.Trash(restored)
	site.Restore(restored)
	list := "/api/v2/spaces/" + spaceID(ada) + "/pages"
	wantTitles(t, ada.walk(list, "title"), "Engineering Home", "Archived", "Restored", "Child")
	wantTitles(t, ada.walk(list+"?status=current", "title"), "Engineering Home", "Restored", "Child")
	wantTitles(t, ada.walk(list+"?status=trashed&status=archived", "title"), "Trashed", "Archived")
	wantTitles(t, ada.search("space = ENG", ""), "Engineering Home", "Restored", "Child")
	ada.get(list+"?status=draft", 400)
	gone := ada.get("/api/v2/pages/"+trashed, 200)
	if gone["status"] != "trashed" || gone["parentId"] != nil || gone["position"] != nil {
		t.Errorf("the trashed page: %v", gone)
	}
	if got := ada.get("/api/v2/pages/"+child, 200)["parentId"]; got != site.HomePage("ENG") {
		t.Errorf("the trashed page's child has the parent %v", got)
	}
	for id, want := range map[string]string{purged: "Not Found", "99": "Cannot find a page with id [99]"} {
		failed := ada.get("/api/v2/pages/"+id, 404)["errors"].([]any)[0].(map[string]any)
		if failed["title"] != want {
			t.Errorf("title %v, want %s", failed["title"], want)
		}
	}
}

func TestWhatMakesAVersion(t *testing.T) {
	t.Parallel()
	c := newClock()
	site, _, _ := newVisited(t, Options{Clock: c.now})
	other := site.AddFolder("ENG", Page{Title: "Elsewhere"})
	id := site.AddPage("ENG", Page{Title: "Page", Body: "<p>a</p>", Author: "ada"})
	truth := func() Truth {
		for _, p := range site.Truth("ENG", "ada") {
			if p.ID == id {
				return p
			}
		}
		t.Fatal("the page is gone")
		return Truth{}
	}
	for _, step := range []struct {
		name string
		do   func()
		bump int
	}{
		{"edit", func() { site.Edit(id, "<p>b</p>", "bob") }, 1},
		{"rename", func() { site.Rename(id, "Other") }, 1},
		{"minor edit", func() { site.EditMinor(id, "<p>c</p>", "bob") }, 1},
		{"state", func() { site.SetState(id, State{"Rough draft", "#ffab00"}) }, 1},
		{"label", func() { site.Label(id, "x") }, 0},
		{"comment", func() { site.AddComment(id, Comment{Body: "<p>?</p>", Author: "bob"}) }, 0},
		{"attachment", func() { site.Attach(id, Attachment{Name: "a.png"}) }, 0},
		{"restriction", func() { site.Restrict(id, Readers{Users: []string{"ada"}}) }, 0},
		{"move", func() { site.Move(id, other) }, 0},
		{"property", func() { site.SetProperty(id, "k", 1) }, 0},
		{"archive and back", func() { site.Archive(id); site.Unarchive(id) }, 0},
	} {
		before := truth()
		c.advance(time.Minute)
		step.do()
		after := truth()
		if after.Version-before.Version != step.bump || after.Modified.Equal(before.Modified) != (step.bump == 0) {
			t.Errorf("%s: version %d at %s became %d at %s", step.name, before.Version, before.Modified, after.Version, after.Modified)
		}
	}
	want := []string{site.HomePage("ENG"), other}
	if diff := cmp.Diff(want, truth().Ancestors); diff != "" {
		t.Errorf("ancestors (-want +got):\n%s", diff)
	}
}

func TestIndexLags(t *testing.T) {
	t.Parallel()
	c := newClock()
	site, ada, ids := shelf(t, Options{Clock: c.now}, 1)
	site.Configure(func(b *Behaviour) { b.IndexLag = 5 * time.Minute })
	site.Rename(ids[0], "Renamed")
	site.AddPage("ENG", Page{Title: "New"})
	wantTitles(t, ada.search("type = page", ""), "Engineering Home", "P000")
	wantTitles(t, ada.walk("/api/v2/pages", "title"), "Engineering Home", "Renamed", "New")
	c.advance(5 * time.Minute)
	wantTitles(t, ada.search("type = page", ""), "Engineering Home", "Renamed", "New")
	site.Archive(ids[0])
	wantTitles(t, ada.search("type = page", ""), "Engineering Home", "Renamed", "New")
	site.FlushIndex()
	wantTitles(t, ada.search("type = page", ""), "Engineering Home", "New")
}

func TestMoveToAnotherSpaceTakesTheTree(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{})
	site.AddSpace(Space{Key: "OPS", Name: "Operations"})
	top := site.AddPage("ENG", Page{Title: "Top"})
	leaf := site.AddPage("ENG", Page{Title: "Leaf", Parent: top})
	site.MoveToSpace(top, "OPS", "")
	wantTitles(t, ada.search("space = OPS", ""), "Operations Home", "Top", "Leaf")
	wantTitles(t, ada.search("space = ENG", ""), "Engineering Home")
	for _, p := range site.Truth("OPS", "ada") {
		if want := []string{site.HomePage("OPS"), top}; p.ID == leaf && !cmp.Equal(want, p.Ancestors) {
			t.Errorf("ancestors of the leaf %v, want %v", p.Ancestors, want)
		}
	}
}

func TestUnreadableAncestorFailsTheBatch(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{})
	parent := site.AddPage("ENG", Page{Title: "Odd"})
	site.AddPage("ENG", Page{Title: "Under", Parent: parent})
	site.MakeUnreadable(parent)
	search := "/rest/api/content/search?cql=space%3DENG&expand="
	ada.get(search+"ancestors.restrictions.read.restrictions.user", 404)
	wantTitles(t, ada.walk(search+"ancestors", "title"), "Engineering Home", "Under")
	ada.get("/api/v2/pages/"+parent, 404)
	site.Heal(parent)
	ada.get(search+"ancestors.restrictions.read.restrictions.user", 200)
}

func TestPoisonAndLostBodies(t *testing.T) {
	t.Parallel()
	site, ada, ids := shelf(t, Options{}, 3)
	batch := "/api/v2/pages?body-format=storage&id=" + ids[0] + "," + ids[1]
	site.Poison(ids[0], false)
	ada.get(batch, 500)
	ada.get("/api/v2/pages?id="+ids[0]+","+ids[1], 200)
	ada.get("/api/v2/pages/"+ids[0]+"?body-format=storage", 200)
	ada.get("/rest/api/content/search?cql=space%3DENG&expand=body.storage", 500)
	site.Poison(ids[0], true)
	ada.get("/api/v2/pages/"+ids[0]+"?body-format=storage", 500)
	site.Heal(ids[0])
	site.LoseBody(ids[1])
	for _, r := range rows(ada.get(batch, 200)) {
		row := r.(map[string]any)
		if has := row["body"] != nil; has != (row["id"] == ids[0]) {
			t.Errorf("page %v has a body: %v", row["id"], has)
		}
	}
}

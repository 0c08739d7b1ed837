package confluencetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pick follows a path such as "results.0.title"; "#" is the number of elements.
func pick(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			if part == "#" {
				return len(at)
			}
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// furnished is a site with one of everything.
func furnished(t *testing.T) (*visitor, *strings.Replacer) {
	t.Helper()
	site, ada, _ := newVisited(t, Options{Clock: newClock().now})
	site.AddUser(User{ID: "gone", Name: "Gone", Inactive: true, App: true, TimeZone: "Europe/Lisbon"})
	folder := site.AddFolder("ENG", Page{Title: "Folder", Author: "ada"})
	page := site.AddPage("ENG", Page{Title: "Guide", Parent: folder, Body: "<p>one</p>", Author: "ada", Labels: []string{"howto", "my:mine", "team:ours"}})
	leaf := site.AddPage("ENG", Page{Title: "Leaf", Parent: page, Body: "<p>@ada</p>", Author: "bob"})
	board := site.AddNode("ENG", "whiteboard", Page{Title: "Board", Parent: page, Author: "ada"})
	post := site.AddBlogPost("ENG", Page{Title: "News", Body: "<p>n</p>", Author: "bob", Labels: []string{"howto"}})
	site.Edit(page, "<p>two</p>", "bob")
	site.Attach(page, Attachment{Name: "a.png", MediaType: "image/png", Data: []byte("1234"), Author: "ada"})
	file := site.Attach(page, Attachment{Name: "a.png", MediaType: "image/png", Data: []byte("12345"), Author: "ada"})
	note := site.AddComment(page, Comment{Body: "<p>?</p>", Author: "bob"})
	reply := site.AddComment(page, Comment{Body: "<p>!</p>", Author: "ada", Reply: note})
	site.AddComment(page, Comment{Body: "<p>here</p>", Author: "bob", Inline: true})
	site.Restrict(page, Readers{Users: []string{"ada"}, Groups: []string{"docs"}})
	site.RestrictEdit(leaf, Readers{Users: []string{"bob"}})
	site.SetProperty(page, "emoji", "1f4d6")
	site.SetState(post, State{"Rough draft", "#ffab00"})
	label := fmt.Sprint(site.labelID("howto"))
	return ada, strings.NewReplacer("{space}", spaceID(ada), "{page}", page, "{leaf}", leaf, "{folder}", folder, "{board}", board,
		"{post}", post, "{file}", file, "{note}", note, "{reply}", reply, "{label}", label, "{docs}", site.groups["docs"])
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	ada, ids := furnished(t)
	for _, tt := range []struct{ path, pick, want string }{
		{"/api/v2/spaces/{space}?description-format=plain", "_links.base", ada.base},
		{"/api/v2/spaces/{space}/permissions", "results.0.operation.key", "read"},
		{"/api/v2/spaces/{space}/role-assignments", "results.#", "0"},
		{"/api/v2/spaces/{space}/pages?depth=root", "results.0.title", "Engineering Home"},
		{"/api/v2/spaces/{space}/pages?title=guide", "results.0.id", "{page}"},
		{"/api/v2/spaces/{space}/blogposts?body-format=storage", "results.0.body.storage.value", "<p>n</p>"},
		{"/api/v2/pages/{page}?version=1&body-format=storage", "body.storage.value", "<p>one</p>"},
		{"/api/v2/pages/{page}?body-format=view", "body.view.value", "<p>two</p>"},
		{"/api/v2/pages/{page}?include-labels=true", "labels.results.#", "3"},
		{"/api/v2/pages/{page}?include-version=false", "version", "<nil>"},
		{"/api/v2/pages/{page}/labels?prefix=team", "results.0.name", "ours"},
		{"/api/v2/blogposts/{post}", "_links.webui", "/spaces/ENG/blog/2026/11/24/{post}/News"},
		{"/api/v2/labels?prefix=global", "results.0.id", "{label}"},
		{"/api/v2/labels/{label}/pages", "results.0.title", "Guide"},
		{"/api/v2/pages/{page}/attachments?filename=a.png", "results.0.version.number", "2"},
		{"/api/v2/attachments?mediaType=image/png", "results.0.fileSize", "5"},
		{"/api/v2/attachments/{file}", "pageId", "{page}"},
		{"/api/v2/pages/{page}/footer-comments?body-format=storage", "results.0.body.storage.value", "<p>?</p>"},
		{"/api/v2/pages/{page}/footer-comments", "results.#", "1"},
		{"/api/v2/pages/{page}/inline-comments", "results.0.resolutionStatus", "open"},
		{"/api/v2/footer-comments?sort=-modified-date", "results.#", "2"},
		{"/api/v2/footer-comments/{note}/children", "results.0.parentCommentId", "{note}"},
		{"/api/v2/footer-comments/{reply}", "version.authorId", "ada"},
		{"/api/v2/pages/{page}/versions", "results.0.number", "2"},
		{"/api/v2/pages/{page}/versions/1", "authorId", "ada"},
		{"/api/v2/pages/{page}/properties?key=emoji", "results.0.value", "1f4d6"},
		{"/api/v2/pages/{page}/children", "results.0.title", "Leaf"},
		{"/api/v2/pages/{page}/direct-children", "results.#", "2"},
		{"/api/v2/folders/{folder}/descendants?depth=2", "results.#", "3"},
		{"/api/v2/pages/{leaf}/ancestors?limit=1", "results.0.id", "{page}"},
		{"/api/v2/whiteboards/{board}", "parentId", "{page}"},
		{"/api/v2/folders/{folder}", "createdAt", "1.7955144e+12"},

		{"/rest/api/content/{page}?expand=history.lastUpdated,container", "history.lastUpdated.number", "2"},
		{"/rest/api/content/{page}?expand=container", "container.key", "ENG"},
		{"/rest/api/content/{page}?expand=metadata.labels", "metadata.labels.size", "3"},
		{"/rest/api/content/{page}?expand=children.attachment", "children.attachment.results.0.title", "a.png"},
		{"/rest/api/content/{page}?expand=restrictions.read.restrictions.group", "restrictions.read.restrictions.group.results.0.name", "docs"},
		{"/rest/api/content/{page}/child", "_expandable.attachment", "/rest/api/content/{page}/child/attachment"},
		{"/rest/api/content/{page}/child/attachment?expand=version", "results.0.extensions.fileSize", "5"},
		{"/rest/api/content/{page}/child/comment", "size", "2"},
		{"/rest/api/content/{page}/child/comment?depth=all&expand=body.storage", "size", "3"},
		{"/rest/api/content/{page}/label", "results.0.prefix", "my"},
		{"/rest/api/content/{page}/restriction", "results.0.restrictions.user.results.0.accountId", "ada"},
		{"/rest/api/content/{leaf}/restriction/byOperation/update", "restrictions.user.results.0.displayName", "Bob"},
		{"/rest/api/content/{post}/state", "contentState.name", "Rough draft"},
		{"/rest/api/space/ENG?expand=homepage,description", "homepage.title", "Engineering Home"},
		{"/rest/api/space/ENG/content/page?depth=root", "size", "1"},
		{"/rest/api/space?spaceKey=ENG", "results.0.key", "ENG"},
		{"/rest/api/search?cql=type%3Dattachment", "results.0.content.title", "a.png"},
		{"/rest/api/search?cql=title%3Dguide&expand=version,content.space", "results.0.content.space.key", "ENG"},
		{"/rest/api/search?cql=title%3Dguide&expand=version", "results.0.content.version", "<nil>"},
		{"/rest/api/content/search?cql=container%3D{page}%20and%20type%3Dcomment", "size", "3"},
		{"/rest/api/content/search?cql=parent%3D{page}", "size", "2"},
		{"/rest/api/content/search?cql=contributor%3Dbob%20and%20type%3Dpage", "size", "2"},
		{"/rest/api/content/search?cql=pageStatus%3D%22rough%20draft%22", "results.0.title", "News"},
		{"/rest/api/user?accountId=bob", "displayName", "Bob"},
		{"/rest/api/user/bulk?accountId=bob&accountId=nobody", "size", "1"},
		{"/rest/api/user/memberof?accountId=ada", "results.0.name", "docs"},
		{"/rest/api/group", "results.0.id", "{docs}"},
		{"/rest/api/group/{docs}/membersByGroupId", "results.0.accountId", "ada"},
		{"/rest/api/settings/systemInfo", "defaultTimeZone", "site"},
	} {
		want := ids.Replace(tt.want)
		if got := fmt.Sprint(pick(ada.get(ids.Replace(tt.path), http.StatusOK), tt.pick)); got != want {
			t.Errorf("GET %s: %s is %s, want %s", tt.path, tt.pick, got, want)
		}
	}
}

func TestEndpointsThatTakeABody(t *testing.T) {
	t.Parallel()
	ada, ids := furnished(t)
	for _, tt := range []struct {
		path, body string
		status     int
		pick, want string
	}{
		{"/api/v2/users-bulk", `{"accountIds":["gone","nobody"]}`, 200, "results.0.accountStatus", "inactive"},
		{"/api/v2/users-bulk", `{"accountIds":["gone","nobody"]}`, 200, "results.#", "1"},
		{"/api/v2/users-bulk", `{"accountIds":[]}`, 400, "errors.0.code", "INVALID_REQUEST_PARAMETER"},
		{"/api/v2/content/convert-ids-to-types", `{"contentIds":["{folder}"]}`, 200, "results.{folder}", "folder"},
		{"/api/v2/content/convert-ids-to-types", `{"contentIds":["{note}",{page}]}`, 200, "results.{note}", "footer-comment"},
		{"/rest/api/content/{page}/permission/check", `{"subject":{"type":"user","identifier":"bob"},"operation":"read"}`, 200, "hasPermission", "false"},
		{"/rest/api/content/{page}/permission/check", `{"subject":{"type":"user","identifier":"ada"},"operation":"read"}`, 200, "hasPermission", "true"},
	} {
		response, body := ada.do(http.MethodPost, ids.Replace(tt.path), ids.Replace(tt.body))
		var answer map[string]any
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatalf("POST %s: %v: %s", tt.path, err, body)
		}
		if got := fmt.Sprint(pick(answer, ids.Replace(tt.pick))); got != tt.want || response.StatusCode != tt.status {
			t.Errorf("POST %s: status %d, %s is %s, want %d and %s", tt.path, response.StatusCode, tt.pick, got, tt.status, tt.want)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	ada, ids := furnished(t)
	for path, status := range map[string]int{
		"/api/v2/spaces/7": 404, "/api/v2/spaces/x": 400, "/api/v2/pages/x": 400, "/api/v2/pages/{page}/versions/9": 404,
		"/api/v2/pages/{page}?version=9": 404, "/api/v2/pages?body-format=view": 400, "/api/v2/pages?sort=size": 400,
		"/api/v2/blogposts?sort=title": 400, "/api/v2/blogposts?status=archived": 400, "/api/v2/blogposts/{page}": 404,
		"/api/v2/pages/{page}/descendants?depth=11": 400, "/api/v2/spaces?sort=age": 400, "/api/v2/pages?id=x": 400,
		"/rest/api/content/99": 404, "/rest/api/space/NO": 404, "/rest/api/content?type=folder": 501, "/rest/api/user?accountId=nobody": 404,
		"/rest/api/content/{page}/restriction/byOperation/eat": 400, "/rest/api/group/nobody/member": 404,
	} {
		ada.get(ids.Replace(path), status)
	}
	response, body := ada.do(http.MethodGet, "/api/v2/toasters", "")
	if response.StatusCode != http.StatusNotFound || !strings.HasPrefix(body, "<!DOCTYPE html>") {
		t.Errorf("an unknown route answers %d %s", response.StatusCode, body)
	}
}

func TestSpaces(t *testing.T) {
	t.Parallel()
	site, ada, bob := newVisited(t, Options{PublicWeb: true})
	site.AddSpace(Space{Key: "OPS", Name: "Operations"})
	page := site.AddPage("OPS", Page{Title: "Page"})
	under := site.AddPage("OPS", Page{Title: "Under", Parent: page, Body: "<p>password hunter2</p>"})
	names := func(v *visitor) []string { return v.walk("/api/v2/spaces?sort=key", "name") }
	site.RenameSpace("OPS", "Ops")
	wantTitles(t, names(ada), "Engineering", "Ops")
	site.RestrictSpace("OPS", Readers{Groups: []string{"night"}})
	wantTitles(t, names(ada), "Engineering")
	ada.get("/api/v2/pages/"+page, 404)
	if response, _ := bob.do(http.MethodGet, "/spaces/OPS/pages/"+page, ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("the web shows a hidden page, status %d", response.StatusCode)
	}
	site.SetGroups("bob", "night")
	wantTitles(t, names(bob), "Engineering", "Ops")
	wantTitles(t, bob.search("space = OPS", ""), "Operations Home", "Page", "Under")
	site.Redact(under, "hunter2", "▮")
	if got := site.Truth("OPS", "bob")[2]; got.Storage != "<p>password ▮</p>" || got.Version != 1 {
		t.Errorf("after redaction: %+v", got)
	}
	site.ConvertToBlogPost(under)
	wantTitles(t, bob.search("type = blogpost", ""), "Under")
	site.ArchiveSpace("OPS")
	wantTitles(t, bob.search("space = OPS", ""))
	if got := rows(bob.get("/rest/api/search?includeArchivedSpaces=true&cql=space%3DOPS", 200)); len(got) != 3 {
		t.Errorf("%d rows of the archived space", len(got))
	}
	site.TrashTree(site.HomePage("OPS"))
	wantTitles(t, bob.walk("/api/v2/pages?status=current", "title"), "Engineering Home")
	site.DeleteSpace("OPS")
	if got := site.SpaceKeys(); !slices.Equal(got, []string{"ENG"}) {
		t.Errorf("spaces %v", got)
	}
}

func TestAfterwardsAndUnlabel(t *testing.T) {
	t.Parallel()
	site, ada, ids := shelf(t, Options{}, 2)
	site.Label(ids[0], "a", "b")
	site.Inject(Afterwards(func() { site.Unlabel(ids[0], "a") }).On("GET", `/labels$`).Times(1))
	labels := "/api/v2/pages/" + ids[0] + "/labels"
	if first, second := ada.walk(labels, "name"), ada.walk(labels, "name"); len(first) != 2 || !slices.Equal(second, []string{"b"}) {
		t.Errorf("labels %v, then %v", first, second)
	}
}

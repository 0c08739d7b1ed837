package confluencetest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestDataCenter(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{DataCenter: true, ContextPath: "/confluence"})
	ada.bearer = true
	for i := range 70 {
		site.AddPage("ENG", Page{Title: fmt.Sprintf("P%02d", i), Body: "<p>x</p>", Author: "ada"})
	}
	if !strings.HasSuffix(ada.base, "/confluence") {
		t.Errorf("base %s", ada.base)
	}
	if response, _ := ada.do(http.MethodGet, "/api/v2/spaces", ""); response.StatusCode == http.StatusOK {
		t.Error("Data Center has no v2")
	}
	if got := ada.get("/rest/api/server-information", 200)["version"]; got != "9.2.3" {
		t.Errorf("version %v", got)
	}
	if response, _ := ada.do(http.MethodGet, "/rest/api/space", ""); response.Header.Get("Retry-After") != "0" {
		t.Errorf("headers %v", response.Header)
	}
	me := ada.get("/rest/api/user/current", 200)
	if me["username"] != "ada" || me["userKey"] != "ada" || me["accountId"] != nil {
		t.Errorf("me %v", me)
	}
	page := ada.get("/rest/api/content?spaceKey=ENG&type=page&limit=3&start=68&expand=version,space,body.storage", 200)
	if n := len(rows(page)); n != 3 {
		t.Fatalf("%d rows", n)
	}
	row := rows(page)[0].(map[string]any)
	if when, _ := row["version"].(map[string]any)["when"].(string); !strings.HasSuffix(when, "+0000") {
		t.Errorf("when %s", when)
	}
	if webui := row["_links"].(map[string]any)["webui"]; webui != "/display/ENG/P67" {
		t.Errorf("webui %v", webui)
	}

	// Asked for 60 with bodies, it gives 50, and its next link skips ten: a client must count rows itself.
	clipped := ada.get("/rest/api/content/search?cql=space%3DENG&limit=60&expand=body.storage", 200)
	if next := clipped["_links"].(map[string]any)["next"].(string); len(rows(clipped)) != 50 || !strings.Contains(next, "start=60") {
		t.Errorf("%d rows and next %s", len(rows(clipped)), next)
	}
	seen := map[string]bool{}
	for start := 0; ; {
		all := rows(ada.get("/rest/api/content/search?cql=space%3DENG&limit=60&expand=body.storage&start="+strconv.Itoa(start), 200))
		if len(all) == 0 {
			break
		}
		for _, r := range all {
			seen[r.(map[string]any)["title"].(string)] = true
		}
		start += len(all)
	}
	if len(seen) != 71 {
		t.Errorf("%d pages by counting, want 71", len(seen))
	}

	ada.token = "wrong"
	ada.get("/rest/api/user/current", 401)
	basic := &visitor{t, site, ada.base, "ada", "secret-a", false}
	basic.get("/rest/api/user/current", 200)
}

func TestAttachmentBytesAreOnAnotherHost(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{})
	page := site.AddPage("ENG", Page{Title: "Page"})
	file := site.Attach(page, Attachment{Name: "a.txt", MediaType: "text/plain", Data: []byte("hello")})
	path := "/rest/api/content/" + page + "/child/attachment/" + file + "/download"
	if _, body := ada.do(http.MethodGet, path, ""); body != "hello" {
		t.Errorf("the file is %q", body)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(url string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(ada.email, ada.token)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response
	}
	first := get(ada.base + path)
	if first.StatusCode != http.StatusFound {
		t.Fatalf("status %d", first.StatusCode)
	}
	if again := get(first.Header.Get("Location")); again.StatusCode != http.StatusBadRequest {
		t.Errorf("the media host answers %d to credentials", again.StatusCode)
	}
	if old := get(ada.base + "/download/attachments/" + page + "/a.txt"); old.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old link answers %d", old.StatusCode)
	}
}

func TestGatewayAndTenant(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{CloudID: "c-1"})
	root := strings.TrimSuffix(ada.base, "/wiki")
	gateway := *ada
	gateway.base = root + "/ex/confluence/c-1/wiki"
	wantTitles(t, gateway.walk("/api/v2/pages", "title"), "Engineering Home")
	site.AddScopedToken("ada", "scoped")
	gateway.token = "scoped"
	gateway.get("/api/v2/pages", 200)
	gateway.base = ada.base
	if response, body := gateway.do(http.MethodGet, "/api/v2/pages", ""); response.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(body, "<!doctype html>") {
		t.Errorf("a scoped token at the site's address gets %d %s", response.StatusCode, body)
	}
	ada.base = root
	if got := ada.get("/_edge/tenant_info", 200)["cloudId"]; got != "c-1" {
		t.Errorf("cloud id %v", got)
	}
	if n := site.Calls()["GET /api/v2/pages"]; n != 3 {
		t.Errorf("calls %v", site.Calls())
	}
}

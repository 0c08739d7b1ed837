package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/net/html"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/sources"
)

// evil is an instance where markup stands wherever people can type, in Confluence and in the program itself, and in what
// Confluence says when it fails.
func evil(t *testing.T) (i *instance, source sources.Source, run string) {
	t.Helper()
	i = start(t)
	source = i.connect(t, "EVIL")
	i.connect(t, "OPS")
	name := "Name " + markup
	if _, err := i.Sources.Update(operator(t), source.ID, sources.SourceChange{Name: &name}); err != nil {
		t.Fatal(err)
	}
	// A page that Confluence refuses with markup: its failure is stored and shown.
	i.site.AddPage("EVIL", confluencetest.Page{ID: "8002", Title: "Failing " + markup, Body: "<p>zebra</p>"})
	// Tags are taken out of such words; what is nested survives that.
	words := "refused <scr<b>ipt>alert(6)</scr</b>ipt> " + markup
	said, err := json.Marshal(map[string]any{"statusCode": 400, "errors": []map[string]any{{"status": 400, "code": "BAD", "title": words}}})
	if err != nil {
		t.Fatal(err)
	}
	heal := i.site.Inject(confluencetest.Status(http.StatusBadRequest, string(said)).On("GET", "8002|pages$").WithQuery("body-format"))
	i.site.FlushIndex()
	if _, err := i.Sources.Sync(operator(t), source.ID, sources.SyncRequest{Trigger: sources.TriggerCLI}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the run with failures has ended", func() bool {
		status, err := i.Sources.Status(operator(t), source.ID)
		if err != nil {
			t.Fatal(err)
		}
		if status.Run != nil || status.LastRun == nil {
			return false
		}
		run = status.LastRun.ID
		return true
	})
	heal()
	i.site.Inject(confluencetest.Status(http.StatusBadRequest, string(said))) // from now on for everything
	return i, source, run
}

// TestMarkupStaysText looks at the pages as a browser would, at the API's answers as bytes, and at MCP's as an agent.
func TestMarkupStaysText(t *testing.T) {
	t.Parallel()
	i, source, run := evil(t)
	v := i.signedIn(t, adminEmail)
	v.post(t, "/settings/tokens", "name", markup, "role", "reader")
	v.post(t, "/settings/users", "email", `"<script>"@example.org`, "name", markup, "role", "reader")
	form := []string{"base_url", i.siteURL, "deployment", "cloud", "email", siteEmail, "api_token", siteToken, "step", "connect"}
	q := url.QueryEscape("zebra " + markup)
	own := "/sources/" + source.ID
	said := false
	look := func(path string, a answer) {
		t.Helper()
		if a.status >= 500 {
			t.Errorf("%s: status %d", path, a.status)
		}
		for _, fault := range dangerous(string(a.body)) {
			t.Errorf("%s: %s", path, fault)
		}
		said = said || strings.Contains(string(a.body), "400: refused ")
	}
	for _, path := range []string{
		"/?q=zebra", "/?q=" + q, "/?q=zebra&space=" + q + "&label=" + q + "&author=" + q, "/pages/" + source.ID + "/8001", "/pages/" + source.ID + "/8001?q=" + q,
		"/sources", "/sources/new", own, own + "/pages", own + "/pages?q=" + q, own + "/runs", own + "/failures", own + "/removals", own + "/settings", own + "/live",
		"/runs/" + run, "/runs/" + run + "/errors", "/runs/" + run + "/live", "/settings", "/settings/tokens", "/settings/users", "/settings/connections",
		"/settings/audit?actor=" + q + "&subject=" + q, "/settings/searches", "/settings/system", "/settings/model", "/suggest?q=zeb", "/" + q, "/sign-in?next=" + q, "/docs",
	} {
		look(path, v.get(t, path))
	}
	look("adding a source", v.post(t, "/sources/new", form...))
	look("signing in", i.visitor(t).post(t, "/sign-in", "email", markup, "password", markup, "next", markup))
	if !said {
		t.Error("what Confluence said is on none of the pages: the test shows nothing of it")
	}
	markupInTheAPI(t, i, source.ID, run)
	markupForAgents(t, i)
}

// markupInTheAPI checks that no tag stands in the bytes of an answer, and that the answer is not taken for a page.
func markupInTheAPI(t *testing.T, i *instance, source, run string) {
	t.Helper()
	said := false
	look := func(name string, a answer) {
		t.Helper()
		kind := a.header.Get("Content-Type")
		if kind != "application/json" && kind != "application/problem+json" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: a browser might take it for a page: %v", name, a.header)
		}
		if at := strings.IndexAny(string(a.body), "<>"); at >= 0 || !json.Valid(a.body) || a.status >= 500 {
			t.Errorf("%s: status %d, markup in %.300s", name, a.status, a.body)
		}
		said = said || strings.Contains(string(a.body), "400: refused ")
	}
	own := "/api/confluence/" + source
	for _, path := range []string{
		"/api/search?q=zebra", "/api/search?q=" + url.QueryEscape(markup), "/api/suggest?q=zeb", "/api/confluence/sources", own, own + "/status", own + "/runs", own + "/runs/" + run,
		own + "/runs/" + run + "/errors", own + "/failures", own + "/pages", own + "/pages/8001", "/api/confluence/connections", "/api/users", "/api/tokens", "/api/audit", "/api/analytics/queries",
		"/api/search?q=x&mode=" + url.QueryEscape(markup), "/api/search?q=x&cursor=" + url.QueryEscape(markup), "/api/" + url.PathEscape(markup), "/api/audit?after=" + url.QueryEscape(markup),
	} {
		look(path, i.call(t, i.admin, "GET", path, nil))
	}
	look("a field's name", i.call(t, i.admin, "POST", "/api/tokens", map[string]string{markup: markup}))
	look("a field's value", i.call(t, i.admin, "POST", "/api/tokens", map[string]string{"name": "x", "role": markup}))
	look("a body that is markup", i.call(t, i.admin, "POST", "/api/tokens", markup))
	look("a test", i.call(t, i.admin, "POST", "/api/confluence/test", map[string]string{"base_url": i.siteURL, "deployment": "cloud", "email": siteEmail, "api_token": siteToken}))
	if !said {
		t.Error("what Confluence said is in none of the answers: the test shows nothing of it")
	}
}

// markupForAgents checks that, apart from the marked text of pages, no tag stands in what an agent reads, and that the
// text of a page cannot leave its marks.
func markupForAgents(t *testing.T, i *instance) {
	t.Helper()
	session := agent(t, &sdk.StreamableClientTransport{Endpoint: i.url + "/mcp", HTTPClient: &http.Client{Transport: bearer{i.reader}}, DisableStandaloneSSE: true})
	marked := regexp.MustCompile(`(?s)<untrusted-page-text mark="(\w+)">.*?</untrusted-page-text mark="(\w+)">`)
	for _, c := range []struct {
		tool string
		args map[string]any
	}{
		{"search", map[string]any{"query": "zebra"}},
		{"search", map[string]any{"query": "nothing " + markup}},
		{"search", map[string]any{"query": "zebra", "mode": markup}},
		{"get_page", map[string]any{"page_id": "8001"}},
		{"get_page", map[string]any{"page_id": "8001", "section": markup}},
		{"get_page", map[string]any{"page_id": markup}},
		{"related_pages", map[string]any{"page_id": "8001"}},
		{"list_spaces", nil},
	} {
		text, result, _ := use(t, session, c.tool, c.args)
		for _, m := range marked.FindAllStringSubmatch(text, -1) {
			if m[1] != m[2] {
				t.Errorf("%s %v: a page closes its mark itself: %s", c.tool, c.args, m[0])
			}
		}
		if rest := marked.ReplaceAllString(text, ""); strings.ContainsAny(rest, "<>") && !strings.Contains(rest, " > ") {
			t.Errorf("%s %v: markup outside of the marks: %s", c.tool, c.args, rest)
		}
		if structured := toJSON(t, result); strings.Contains(structured, "<script") {
			t.Errorf("%s %v: markup in the structured result: %s", c.tool, c.args, structured)
		}
	}
}

// dangerous lists what in a page would run a script that is not the server's own file.
func dangerous(page string) []string {
	var faults []string
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return faults
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		token := z.Token()
		own := false
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || strings.HasPrefix(a.Key, "hx-on") {
				faults = append(faults, "attribute "+a.Key+" of "+token.Data)
			}
			if value := strings.ToLower(strings.TrimSpace(a.Val)); strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "data:text") {
				faults = append(faults, a.Key+"="+a.Val)
			}
			own = own || a.Key == "src" && strings.HasPrefix(a.Val, "/static/")
		}
		switch token.Data {
		case "script":
			if !own {
				faults = append(faults, "element "+token.String())
			}
		case "style", "iframe", "object", "embed", "base", "applet":
			faults = append(faults, "element "+token.String())
		case "img":
			for _, a := range token.Attr {
				if a.Key == "src" && a.Val == "x" {
					faults = append(faults, "element "+token.String())
				}
			}
		}
	}
}

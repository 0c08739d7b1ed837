package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/sources"
)

// client makes API calls as the admin and checks every answer against the document.
type client struct {
	*testing.T
	*instance
	*description
}

// ask makes a call and checks status and form. In path, "{id}" and the like stand for what follows in args by name.
func (c client) ask(want int, method, template string, body any, args ...string) answer {
	c.Helper()
	path, query, _ := strings.Cut(template, "?")
	address := path
	for n := 0; n+1 < len(args); n += 2 {
		address = strings.ReplaceAll(address, "{"+args[n]+"}", args[n+1])
	}
	if query != "" {
		address += "?" + query
	}
	a := c.call(c.T, c.admin, method, address, body)
	if a.status != want {
		c.Errorf("%s %s: status %d, want %d: %s", method, address, a.status, want, a.body)
	}
	c.check(c.T, method, path, a)
	return a
}

func into[T any](c client, a answer) T {
	c.Helper()
	var v T
	a.decode(c.T, &v)
	return v
}

func TestTheWholeAPIAnswersAsItIsDescribed(t *testing.T) {
	t.Parallel()
	i := start(t)
	c := client{T: t, instance: i, description: i.description(t)}
	c.connecting()
	c.reading()
	c.syncing()
	c.people()
	c.administering()
	c.removing()
	if missed := c.missed(); len(missed) > 0 {
		slices.Sort(missed)
		t.Errorf("never answered with success: %v", missed)
	}
}

func (c client) form(space string) map[string]any {
	return map[string]any{"base_url": c.siteURL, "deployment": "cloud", "email": siteEmail, "api_token": siteToken, "space_key": space}
}

const ops = "confluence_OPS"

func (c client) connecting() {
	test := into[sources.TestResult](c, c.ask(200, "POST", "/api/confluence/test", map[string]any{
		"base_url": c.siteURL, "deployment": "cloud", "email": siteEmail, "api_token": siteToken,
	}))
	if !test.OK || test.User.DisplayName != "Sync" || len(test.Spaces) != 3 {
		c.Errorf("test of the connection: %+v", test)
	}
	refused := func(change func(map[string]any), status int, field string) {
		c.Helper()
		form := c.form("OPS")
		change(form)
		p := into[problem](c, c.ask(status, "POST", "/api/confluence/sources", form))
		if !namesField(p, field) {
			c.Errorf("the answer does not name %s: %+v", field, p)
		}
	}
	refused(func(f map[string]any) { delete(f, "space_key") }, 400, "space_key")
	refused(func(f map[string]any) { f["email"] = "" }, 400, "email")
	refused(func(f map[string]any) { f["base_url"] = "not an address" }, 400, "base_url")
	refused(func(f map[string]any) { f["sync_frequency_hours"] = -1 }, 400, "sync_frequency_hours")
	refused(func(f map[string]any) { f["surprise"] = true }, 400, "surprise")
	refused(func(f map[string]any) { f["api_token"] = "wrong" }, 422, "api_token")
	refused(func(f map[string]any) { f["space_key"] = "NOPE" }, 422, "space_key")
	refused(func(f map[string]any) { f["base_url"] = "http://127.0.0.1:1/wiki" }, 422, "base_url")

	a := c.ask(201, "POST", "/api/confluence/sources", c.form("OPS"))
	if source := into[sources.Source](c, a); source.ID != ops || a.header.Get("Location") != "/api/confluence/"+ops {
		c.Errorf("created %s at %s", source.ID, a.header.Get("Location"))
	}
	if strings.Contains(string(a.body), siteToken) {
		c.Error("the token comes back")
	}
	c.settled(c.T, ops)
	c.ask(409, "POST", "/api/confluence/sources", c.form("OPS"))
}

func namesField(p problem, field string) bool {
	for _, e := range p.Errors {
		if e.Field == field && e.Message != "" {
			return true
		}
	}
	return false
}

func (c client) reading() {
	list := into[struct{ Sources []sources.Source }](c, c.ask(200, "GET", "/api/confluence/sources", nil))
	if len(list.Sources) != 1 || list.Sources[0].TotalPages != 6 {
		c.Errorf("sources: %+v", list.Sources)
	}
	c.ask(200, "GET", "/api/confluence/{id}", nil, "id", ops)
	status := into[sources.Status](c, c.ask(200, "GET", "/api/confluence/{id}/status", nil, "id", ops))
	if status.State != sources.StateIdle || status.Run != nil || status.LastRun == nil || status.TotalChunks == 0 {
		c.Errorf("status: %+v", status)
	}
	first := into[struct {
		Pages []sources.PageSummary
		Next  string `json:"next_cursor"`
	}](c, c.ask(200, "GET", "/api/confluence/{id}/pages?limit=4", nil, "id", ops))
	second := into[struct{ Pages []sources.PageSummary }](c, c.ask(200, "GET", "/api/confluence/{id}/pages?limit=4&cursor="+first.Next, nil, "id", ops))
	if len(first.Pages) != 4 || len(second.Pages) != 2 {
		c.Errorf("pages: %d, then %d", len(first.Pages), len(second.Pages))
	}
	found := into[struct{ Pages []sources.PageSummary }](c, c.ask(200, "GET", "/api/confluence/{id}/pages?q=interval", nil, "id", ops))
	if len(found.Pages) != 1 || found.Pages[0].PageID != "7001" {
		c.Errorf("pages by title: %+v", found.Pages)
	}
	page := into[sources.Page](c, c.ask(200, "GET", "/api/confluence/{id}/pages/{page_id}", nil, "id", ops, "page_id", "7001"))
	if !strings.Contains(page.Markdown, "30 seconds") || len(page.JiraKeys) != 1 || page.JiraKeys[0].Key != "OPS-12" || len(page.Breadcrumbs) == 0 {
		c.Errorf("page: %+v", page)
	}
	c.searching()
	c.ask(200, "GET", "/api/suggest?q=scra", nil)
}

func (c client) searching() {
	titles := func(query string) []string {
		c.Helper()
		results := into[search.Results](c, c.ask(200, "GET", "/api/search?"+query, nil))
		var list []string
		for _, hit := range results.Hits {
			list = append(list, hit.Title)
		}
		return list
	}
	if got := titles("q=scrape+interval"); len(got) == 0 || got[0] != "Scrape interval" {
		c.Errorf("scrape interval finds %v", got)
	}
	got := titles("q=scrape+deployment&jira=OPS-12")
	slices.Sort(got)
	if diff := cmp.Diff([]string{"Roll back a deployment", "Scrape interval"}, got); diff != "" {
		c.Errorf("pages with OPS-12 (-want +got):\n%s", diff)
	}
	if got := titles("q=pager&space=NONE"); len(got) != 0 {
		c.Errorf("another space's pages: %v", got)
	}
	c.ask(400, "GET", "/api/search?q=x&limit=51", nil)
	c.ask(400, "GET", "/api/search?q=x&updated_after=yesterday", nil)
	c.ask(400, "GET", "/api/search?q=x&cursor=%21%21", nil)
	c.ask(400, "GET", "/api/search?q=x&mode=guess", nil)
	c.ask(400, "GET", "/api/search", nil)
}

func (c client) syncing() {
	c.ask(202, "POST", "/api/confluence/{id}/pause", nil, "id", ops)
	c.ask(409, "POST", "/api/confluence/{id}/sync", nil, "id", ops)
	c.ask(202, "POST", "/api/confluence/{id}/resume", nil, "id", ops)
	c.settled(c.T, ops)
	// Every request waits a little, so that the run is still there when it is asked for again.
	c.site.ClearFaults()
	slow := c.site.Inject(slowSite())
	started := into[sources.Started](c, c.ask(202, "POST", "/api/confluence/{id}/sync", map[string]bool{"reconcile": true, "full": true}, "id", ops))
	again := into[problem](c, c.ask(409, "POST", "/api/confluence/{id}/sync", nil, "id", ops))
	if again.RunID != started.RunID || again.State == "" {
		c.Errorf("a second sync is refused with %+v, want run %s", again, started.RunID)
	}
	c.ask(202, "POST", "/api/confluence/{id}/cancel", nil, "id", ops)
	eventually(c.T, "the cancelled run has ended", func() bool {
		run := into[sources.Run](c, c.ask(200, "GET", "/api/confluence/{id}/runs/{run_id}", nil, "id", ops, "run_id", started.RunID))
		return run.State == sources.RunCancelled
	})
	slow()
	c.ask(409, "POST", "/api/confluence/{id}/cancel", nil, "id", ops)
	c.ask(202, "POST", "/api/confluence/{id}/reprocess", nil, "id", ops)
	c.settled(c.T, ops)
	c.ask(200, "GET", "/api/confluence/{id}/runs/{run_id}/errors", nil, "id", ops, "run_id", started.RunID)
	c.ask(404, "GET", "/api/confluence/{id}/runs/{run_id}", nil, "id", "confluence_OTHER", "run_id", started.RunID)
	runs := into[struct {
		Runs []sources.Run
		Next string `json:"next_cursor"`
	}](c, c.ask(200, "GET", "/api/confluence/{id}/runs?limit=1", nil, "id", ops))
	if len(runs.Runs) != 1 || runs.Next == "" {
		c.Errorf("runs: %d, next %q", len(runs.Runs), runs.Next)
	}
	c.ask(200, "GET", "/api/confluence/{id}/failures", nil, "id", ops)
	c.ask(200, "GET", "/api/confluence/{id}/pending-deletions", nil, "id", ops)
	c.ask(200, "POST", "/api/confluence/{id}/pending-deletions", map[string]string{"action": "dismiss"}, "id", ops)
	changed := into[sources.Source](c, c.ask(200, "PATCH", "/api/confluence/{id}", map[string]any{"sync_frequency_hours": 6, "name": "Ops"}, "id", ops))
	if changed.SyncFrequencyHours != 6 || changed.Name != "Ops" {
		c.Errorf("changed source: %+v", changed)
	}
	c.ask(400, "PATCH", "/api/confluence/{id}", map[string]any{"sync_frequency_hours": 0}, "id", ops)
	connection := into[struct{ Connections []sources.Connection }](c, c.ask(200, "GET", "/api/confluence/connections", nil)).Connections[0].ID
	c.ask(200, "GET", "/api/confluence/connections/{connection_id}", nil, "connection_id", connection)
	c.ask(200, "POST", "/api/confluence/connections/{connection_id}/test", nil, "connection_id", connection)
	c.ask(200, "PATCH", "/api/confluence/connections/{connection_id}", map[string]string{"name": "Wiki"}, "connection_id", connection)
	c.ask(422, "PATCH", "/api/confluence/connections/{connection_id}", map[string]string{"api_token": "wrong"}, "connection_id", connection)
}

func (c client) people() {
	user := into[auth.User](c, c.ask(201, "POST", "/api/users", map[string]string{"email": "new@example.org", "password": password, "role": "reader"}))
	c.ask(400, "POST", "/api/users", map[string]string{"email": "new@example.org", "password": password})
	c.ask(400, "POST", "/api/users", map[string]string{"email": "other@example.org", "password": "short"})
	c.ask(200, "GET", "/api/users", nil)
	c.ask(200, "GET", "/api/users/{user_id}", nil, "user_id", user.ID)
	c.ask(200, "PATCH", "/api/users/{user_id}", map[string]string{"name": "New", "role": "admin"}, "user_id", user.ID)
	c.ask(204, "POST", "/api/users/{user_id}/password", map[string]string{"password": password + "!"}, "user_id", user.ID)
	link := into[struct{ URL string }](c, c.ask(201, "POST", "/api/users/{user_id}/reset-link", nil, "user_id", user.ID))
	if !strings.Contains(link.URL, "/reset-password/") {
		c.Errorf("reset link %q", link.URL)
	}
	invitation := into[struct{ ID, URL string }](c, c.ask(201, "POST", "/api/invitations", map[string]string{"email": "guest@example.org"}))
	c.ask(200, "GET", "/api/invitations", nil)
	c.ask(204, "DELETE", "/api/invitations/{link_id}", nil, "link_id", invitation.ID)
	c.ask(204, "DELETE", "/api/users/{user_id}", nil, "user_id", user.ID)
	me := into[struct{ ID, Email string }](c, c.ask(200, "GET", "/api/me", nil))
	if me.Email != adminEmail {
		c.Errorf("me is %q", me.Email)
	}
	c.ask(409, "DELETE", "/api/users/{user_id}", nil, "user_id", me.ID)
	c.signedIn(c.T, adminEmail)
	sessions := into[struct{ Sessions []auth.Session }](c, c.ask(200, "GET", "/api/me/sessions", nil))
	c.ask(204, "DELETE", "/api/me/sessions/{session_id}", nil, "session_id", sessions.Sessions[0].ID)
	token := into[struct{ ID, Token string }](c, c.ask(201, "POST", "/api/tokens", map[string]string{"name": "second", "role": "admin"}))
	all := into[struct{ Tokens []auth.Token }](c, c.ask(200, "GET", "/api/tokens?all=true", nil))
	if len(all.Tokens) != 3 {
		c.Errorf("%d tokens", len(all.Tokens))
	}
	c.ask(204, "DELETE", "/api/tokens/{token_id}", nil, "token_id", token.ID)
	if a := c.call(c.T, token.Token, "GET", "/api/me", nil); a.status != http.StatusUnauthorized {
		c.Errorf("a revoked token: %d", a.status)
	}
}

func (c client) administering() {
	c.ask(200, "GET", "/api/settings", nil)
	c.ask(200, "PATCH", "/api/settings", map[string]bool{"search_analytics": true})
	c.ask(200, "GET", "/api/analytics/queries", nil)
	c.ask(200, "GET", "/api/analytics/usage", nil)
	entries := into[struct{ Entries []auth.AuditEntry }](c, c.ask(200, "GET", "/api/audit?action=source.", nil))
	if len(entries.Entries) == 0 {
		c.Error("nothing of sources is in the audit log")
	}
	for _, e := range entries.Entries {
		if !strings.HasPrefix(e.Action, "source.") || e.Actor != adminEmail {
			c.Errorf("entry %+v", e)
		}
	}
}

func (c client) removing() {
	c.ask(204, "DELETE", "/api/confluence/{id}", nil, "id", ops)
	c.ask(404, "GET", "/api/confluence/{id}", nil, "id", ops)
	results := into[search.Results](c, c.ask(200, "GET", "/api/search?q=scrape+interval", nil))
	if results.Total != 0 {
		c.Errorf("a deleted source's pages are found: %+v", results.Hits)
	}
}

func TestRepeatedRequestsAndReads(t *testing.T) {
	t.Parallel()
	i := start(t)
	body := map[string]string{"name": "once"}
	first := i.call(t, i.admin, "POST", "/api/tokens", body, "Idempotency-Key", "key-1")
	second := i.call(t, i.admin, "POST", "/api/tokens", body, "Idempotency-Key", "key-1")
	if first.status != 201 || second.status != 201 || string(first.body) != string(second.body) {
		t.Errorf("repeated request: %d %s\nthen %d %s", first.status, first.body, second.status, second.body)
	}
	if other := i.call(t, i.admin, "POST", "/api/tokens", map[string]string{"name": "twice"}, "Idempotency-Key", "key-1"); other.status != 422 {
		t.Errorf("a key for another request: %d %s", other.status, other.body)
	}
	if own := i.call(t, i.reader, "POST", "/api/tokens", body, "Idempotency-Key", "key-1"); own.status != 201 || string(own.body) == string(first.body) {
		t.Errorf("another account's key: %d %s", own.status, own.body)
	}
	read := i.call(t, i.admin, "GET", "/api/me", nil)
	tag := read.header.Get("ETag")
	if again := i.call(t, i.admin, "GET", "/api/me", nil, "If-None-Match", tag); tag == "" || again.status != 304 || len(again.body) != 0 {
		t.Errorf("unchanged: tag %q, status %d, %d bytes", tag, again.status, len(again.body))
	}
	if again := i.call(t, i.reader, "GET", "/api/me", nil, "If-None-Match", tag); again.status != 200 {
		t.Errorf("another account with the tag: %d", again.status)
	}
	if a := i.call(t, i.admin, "GET", "/api/nope", nil); a.status != 404 || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("unknown address: %d %s", a.status, a.header.Get("Content-Type"))
	}
	if a := i.call(t, i.admin, "PUT", "/api/me", nil); a.status != 405 || !strings.Contains(a.header.Get("Allow"), "GET") {
		t.Errorf("wrong method: %d, allowed %q", a.status, a.header.Get("Allow"))
	}
	if a := i.call(t, i.admin, "POST", "/api/tokens", "name=x", "Content-Type", "application/x-www-form-urlencoded"); a.status != 415 {
		t.Errorf("a form: %d %s", a.status, a.body)
	}
	if a := i.call(t, i.admin, "POST", "/api/tokens", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`); a.status != 413 {
		t.Errorf("a large body: %d", a.status)
	}
	if a := i.call(t, i.admin, "POST", "/api/tokens", `{"name":`); a.status != 400 {
		t.Errorf("half a body: %d %s", a.status, a.body)
	}
}

func TestOneTokenCannotTakeAll(t *testing.T) {
	t.Parallel()
	i := start(t)
	for range 2000 {
		a := i.call(t, i.reader, "GET", "/api/me", nil)
		if a.status == http.StatusTooManyRequests {
			if a.header.Get("Retry-After") == "" || a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("429 without a hint: %v %s", a.header, a.body)
			}
			if other := i.call(t, i.admin, "GET", "/api/me", nil); other.status != 200 {
				t.Errorf("another token is held up as well: %d", other.status)
			}
			return
		}
	}
	t.Error("2000 requests in a row were let through")
}

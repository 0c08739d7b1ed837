package e2e_test

import (
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/sources"
)

// TestEveryActionIsInTheAuditLog does everything that the audit log promises to hold and looks for it: who, what, to
// whom, from where.
func TestEveryActionIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	i := start(t)
	c := client{T: t, instance: i, description: i.description(t)}
	const other = "olga@example.org"
	// By the API, as the administrator.
	c.ask(201, "POST", "/api/confluence/sources", c.form("OPS"))
	i.settled(t, ops)
	c.ask(202, "POST", "/api/confluence/{id}/pause", nil, "id", ops)
	c.ask(202, "POST", "/api/confluence/{id}/resume", nil, "id", ops)
	i.settled(t, ops)
	slow := i.site.Inject(slowSite())
	c.ask(202, "POST", "/api/confluence/{id}/sync", map[string]bool{"full": true}, "id", ops)
	c.ask(202, "POST", "/api/confluence/{id}/cancel", nil, "id", ops)
	eventually(t, "the cancelled run has ended", func() bool {
		status, err := i.Sources.Status(operator(t), ops)
		return err == nil && status.Run == nil
	})
	slow()
	c.ask(202, "POST", "/api/confluence/{id}/reprocess", nil, "id", ops)
	i.settled(t, ops)
	c.ask(200, "PATCH", "/api/confluence/{id}", map[string]any{"guard_minimum_pages": 1, "guard_percent": 1}, "id", ops)
	for _, page := range []string{"7001", "7002", "7003"} {
		i.site.Trash(page)
	}
	i.sync(t, ops, true)
	c.ask(200, "POST", "/api/confluence/{id}/pending-deletions", map[string]string{"action": "dismiss"}, "id", ops)
	i.sync(t, ops, true)
	decided := into[struct{ Pages int }](c, c.ask(200, "POST", "/api/confluence/{id}/pending-deletions", map[string]string{"action": "confirm"}, "id", ops))
	connection := into[struct{ Connections []sources.Connection }](c, c.ask(200, "GET", "/api/confluence/connections", nil)).Connections[0].ID
	c.ask(200, "PATCH", "/api/confluence/connections/{connection_id}", map[string]string{"name": "Wiki"}, "connection_id", connection)
	c.ask(200, "PATCH", "/api/settings", map[string]bool{"search_analytics": false})
	user := into[auth.User](c, c.ask(201, "POST", "/api/users", map[string]string{"email": other, "password": password}))
	c.ask(200, "PATCH", "/api/users/{user_id}", map[string]string{"name": "Olga"}, "user_id", user.ID)
	c.ask(204, "POST", "/api/users/{user_id}/password", map[string]string{"password": password + "!"}, "user_id", user.ID)
	c.ask(201, "POST", "/api/users/{user_id}/reset-link", nil, "user_id", user.ID)
	link := into[struct{ ID string }](c, c.ask(201, "POST", "/api/invitations", map[string]string{"email": "guest@example.org"}))
	c.ask(204, "DELETE", "/api/invitations/{link_id}", nil, "link_id", link.ID)
	token := into[struct{ ID string }](c, c.ask(201, "POST", "/api/tokens", map[string]string{"name": "ci"}))
	c.ask(204, "DELETE", "/api/tokens/{token_id}", nil, "token_id", token.ID)
	c.ask(204, "DELETE", "/api/users/{user_id}", nil, "user_id", user.ID)
	c.ask(204, "DELETE", "/api/confluence/{id}", nil, "id", ops)
	// In the browser, and on the machine.
	i.visitor(t).post(t, "/sign-in", "email", readerEmail, "password", "a wrong guess")
	for range 6 {
		i.visitor(t).post(t, "/sign-in", "email", "nobody@example.org", "password", "a wrong guess")
	}
	i.signedIn(t, readerEmail).post(t, "/sign-out")
	if _, err := i.RotateKey(operator(t)); err != nil {
		t.Fatal(err)
	}
	if decided.Pages == 0 {
		t.Error("no deletion waited for a decision")
	}
	i.lookInAudit(t, map[string]entry{
		auth.ActionSignIn: {readerEmail, readerEmail, ""}, auth.ActionSignInFailed: {"nobody", readerEmail, ""}, auth.ActionSignOut: {readerEmail, readerEmail, ""},
		auth.ActionSignInThrottled: {"nobody", "nobody@example.org", "wait_seconds"},
		auth.ActionUserCreate:      {adminEmail, other, ""}, auth.ActionUserChange: {adminEmail, other, "Olga"}, auth.ActionUserRemove: {adminEmail, other, ""},
		auth.ActionPasswordChange: {adminEmail, other, ""}, auth.ActionResetLink: {adminEmail, other, ""}, auth.ActionInvite: {adminEmail, "guest@example.org", ""},
		auth.ActionLinkRevoke: {adminEmail, "guest@example.org", ""}, auth.ActionTokenCreate: {adminEmail, adminEmail, "ci"}, auth.ActionTokenRevoke: {adminEmail, adminEmail, "ci"},
		"source.create": {adminEmail, ops, "OPS"}, "source.change": {adminEmail, ops, "guard_percent"}, "source.delete": {adminEmail, ops, ""}, "source.sync": {adminEmail, ops, "full"},
		"source.cancel": {adminEmail, ops, ""}, "source.pause": {adminEmail, ops, ""}, "source.resume": {adminEmail, ops, ""}, "source.reprocess": {adminEmail, ops, ""},
		"source.deletions_dismiss": {adminEmail, ops, "pages"}, "source.deletions_confirm": {adminEmail, ops, "pages"}, "connection.change": {adminEmail, connection, "name"},
		"settings.change": {adminEmail, "instance", "search_analytics"}, "settings.rotate_key": {"cli", "", "connections"},
	})
}

// entry is what a row of the log has to say.
type entry struct{ actor, subject, detail string }

// lookInAudit checks that the log has each action, by API and page, and that the program knows no other.
func (i *instance) lookInAudit(t *testing.T, want map[string]entry) {
	t.Helper()
	v := i.signedIn(t, adminEmail)
	for action, e := range want {
		filter := "action=" + action + "&subject=" + url.QueryEscape(e.subject) + "&actor=" + url.QueryEscape(e.actor)
		var found struct{ Entries []auth.AuditEntry }
		a := i.call(t, i.admin, http.MethodGet, "/api/audit?"+filter, nil)
		a.decode(t, &found)
		if len(found.Entries) == 0 {
			t.Errorf("no entry of %s by %s on %s", action, e.actor, e.subject)
			continue
		}
		first := found.Entries[0]
		if first.Action != action || first.Actor != e.actor || !strings.Contains(string(a.body), e.detail) || first.At.IsZero() || first.Address == "" && e.actor != "cli" {
			t.Errorf("%s: %+v", action, first)
		}
		if page := v.get(t, "/settings/audit?"+filter); page.status != ok || !strings.Contains(string(page.body), first.Subject) {
			t.Errorf("the page lacks %s: %d", action, page.status)
		}
		if strings.Contains(string(a.body), siteToken) || strings.Contains(string(a.body), password) {
			t.Errorf("%s tells a secret: %s", action, a.body)
		}
	}
	for _, action := range actionsInTheSource(t) {
		if _, ok := want[action]; !ok {
			t.Errorf("the program writes %s into the audit log, but this test does not do it", action)
		}
	}
}

// actionsInTheSource finds what looks like an action of the audit log in the program's text.
func actionsInTheSource(t *testing.T) []string {
	t.Helper()
	literal := regexp.MustCompile(`"((?:session|user|token|source|connection|settings)\.[a-z_]+)"`)
	seen := map[string]bool{}
	var list []string
	for _, dir := range []string{"auth", "app", "instance"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range literal.FindAllSubmatch(text, -1) {
				if action := string(m[1]); !seen[action] {
					seen[action] = true
					list = append(list, action)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(list) < 20 {
		t.Fatalf("only %d actions found: %v", len(list), list)
	}
	return list
}

package e2e_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/sources"
)

// example is a curl command of the API's documentation.
type example struct{ method, address, body string }

func examples(t *testing.T, page string) []example {
	t.Helper()
	if strings.Contains(page, "<script") || strings.Contains(page, "src=") || regexp.MustCompile(`(href|url)=?[("']+https?:`).MatchString(page) {
		t.Error("the page fetches something from elsewhere, or runs a script")
	}
	var list []example
	for _, m := range regexp.MustCompile(`(?s)<pre><code>(curl .*?)</code></pre>`).FindAllStringSubmatch(page, -1) {
		command := html.UnescapeString(m[1])
		e := example{method: "GET"}
		if m := regexp.MustCompile(` -X ([A-Z]+)`).FindStringSubmatch(command); m != nil {
			e.method = m[1]
		}
		if m := regexp.MustCompile(`(?s) -d '(.*?)'`).FindStringSubmatch(command); m != nil {
			e.body = m[1]
		}
		m := regexp.MustCompile(`"\$SLUICE_URL(/[^"]*)"$`).FindStringSubmatch(command)
		if m == nil || !strings.Contains(command, `-H "Authorization: Bearer $SLUICE_TOKEN"`) {
			t.Fatalf("not the usual form: %s", command)
		}
		e.address = m[1]
		list = append(list, e)
	}
	return list
}

// TestTheExamplesOfTheDocumentationWork sends every curl command of /docs: reads first, removals last.
func TestTheExamplesOfTheDocumentationWork(t *testing.T) {
	t.Parallel()
	i := start(t)
	d := i.description(t)
	c := client{T: t, instance: i, description: d}
	i.connect(t, "OPS")
	list := examples(t, string(i.call(t, "", "GET", "/docs", nil).body))
	calls := 0
	for _, methods := range d.paths {
		calls += len(methods)
	}
	if len(list) != calls {
		t.Errorf("%d examples for %d calls", len(list), calls)
	}
	i.signedIn(t, readerEmail)
	reader, err := i.Accounts.UserByEmail(operator(t), readerEmail)
	if err != nil {
		t.Fatal(err)
	}
	runs := into[struct{ Runs []sources.Run }](c, c.ask(200, "GET", "/api/confluence/{id}/runs", nil, "id", ops)).Runs
	connections := into[struct{ Connections []sources.Connection }](c, c.ask(200, "GET", "/api/confluence/connections", nil)).Connections
	link := into[struct{ ID string }](c, c.ask(201, "POST", "/api/invitations", map[string]string{"email": "someone@example.org"}))
	token := into[struct{ ID string }](c, c.ask(201, "POST", "/api/tokens", map[string]string{"name": "spare"}))
	c.signedIn(t, adminEmail)
	session := into[struct{ Sessions []auth.Session }](c, c.ask(200, "GET", "/api/me/sessions", nil)).Sessions[0].ID
	known := strings.NewReplacer("$USER_ID", reader.ID, "$RUN_ID", runs[0].ID, "$CONNECTION_ID", connections[0].ID, "$LINK_ID", link.ID, "$TOKEN_ID", token.ID,
		"$SESSION_ID", session, "$PAGE_ID", "7001", "https://example.atlassian.net/wiki", i.siteURL, "sync@example.com", siteEmail, "YOUR-API-TOKEN", siteToken)
	order := []string{"GET", "PATCH", "POST", "DELETE"}
	slices.SortStableFunc(list, func(a, b example) int { return slices.Index(order, a.method) - slices.Index(order, b.method) })
	for _, e := range list {
		var body any
		if e.body != "" {
			body = known.Replace(e.body)
		}
		a := i.call(t, i.admin, e.method, known.Replace(e.address), body)
		// A source that is there, paused, or idle refuses in a way that has nothing to do with the example.
		if a.status >= 300 && (a.status != conflict || e.method == "DELETE") || strings.ContainsAny(e.address, "{}") || strings.Contains(e.body, "…") {
			t.Errorf("%s %s %s: %d %s", e.method, e.address, e.body, a.status, a.body)
		}
	}
}

package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/sources"
)

// addGulls adds pages that all hold the same word.
func addGulls(site *confluencetest.Site, from, n int) {
	for i := from; i < from+n; i++ {
		site.AddPage("OPS", confluencetest.Page{ID: fmt.Sprint(9000 + i), Title: fmt.Sprintf("Gull %02d", i), Labels: []string{"gull"}, Body: "<p>A gull and its numbers. " + jira("OPS-77") + "</p>"})
	}
}

// walk follows a list from cursor to cursor and returns the ids of its rows; between is called after the first answer.
func (i *instance) walk(t *testing.T, path string, between func(), ids func(answer) ([]string, string)) []string {
	t.Helper()
	var all []string
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	for cursor, n := "", 0; n < 100; n++ {
		address := path
		if cursor != "" {
			address += join + "cursor=" + url.QueryEscape(cursor)
		}
		a := i.call(t, i.admin, "GET", address, nil)
		if a.status != ok {
			t.Fatalf("GET %s: %d %s", address, a.status, a.body)
		}
		var rows []string
		rows, cursor = ids(a)
		all = append(all, rows...)
		if cursor == "" {
			return all
		}
		if n == 0 && between != nil {
			between()
		}
	}
	t.Fatalf("%s does not end", path)
	return nil
}

func repeated(ids []string) []string {
	seen, list := map[string]int{}, []string(nil)
	for _, id := range ids {
		if seen[id]++; seen[id] == 2 {
			list = append(list, id)
		}
	}
	return list
}

// TestListsHoldStillWhileTheyChange follows every kind of cursor while rows are added and removed: nothing that was there
// all the time is shown twice or left out.
func TestListsHoldStillWhileTheyChange(t *testing.T) {
	t.Parallel()
	i := start(t)
	addGulls(i.site, 0, 12)
	i.connect(t, "OPS")
	users := func(a answer) ([]string, string) {
		var list struct {
			Users []auth.User
			Next  string `json:"next_cursor"`
		}
		a.decode(t, &list)
		var ids []string
		for _, u := range list.Users {
			ids = append(ids, u.Email)
		}
		return ids, list.Next
	}
	for n := range 6 {
		i.account(t, fmt.Sprintf("user%d@example.org", n), auth.Reader)
	}
	before := i.walk(t, "/api/users?limit=100", nil, users)
	during := i.walk(t, "/api/users?limit=2", func() { i.account(t, "late@example.org", auth.Reader) }, users)
	if len(repeated(during)) > 0 || !holds(during, before) {
		t.Errorf("accounts: %v, then %v", before, during)
	}

	tree := func(a answer) ([]string, string) {
		var list struct {
			Pages []sources.PageSummary
			Next  string `json:"next_cursor"`
		}
		a.decode(t, &list)
		var ids []string
		for _, p := range list.Pages {
			ids = append(ids, p.PageID)
		}
		return ids, list.Next
	}
	before = i.walk(t, "/api/confluence/"+ops+"/pages?limit=500", nil, tree)
	during = i.walk(t, "/api/confluence/"+ops+"/pages?limit=4", func() {
		addGulls(i.site, 20, 3)
		i.site.Trash("9003")
		i.sync(t, ops, true)
	}, tree)
	if len(repeated(during)) > 0 || !holds(during, without(before, "9003")) {
		t.Errorf("pages: %v, then %v", before, during)
	}

	hits := func(a answer) ([]string, string) {
		var results search.Results
		a.decode(t, &results)
		var ids []string
		for _, h := range results.Hits {
			ids = append(ids, h.PageID)
		}
		return ids, results.NextCursor
	}
	const filtered = "/api/search?q=gull&space=OPS&label=gull&jira=OPS-77&type=page&updated_after=2000-01-01&updated_before=2100-01-01&source=" + ops
	before = i.walk(t, filtered+"&limit=50", nil, hits)
	if diff := cmp.Diff(before, i.walk(t, filtered+"&limit=4", nil, hits)); diff != "" || len(before) != 14 {
		t.Errorf("%d hits in one list and in several (-one +several):\n%s", len(before), diff)
	}
	during = i.walk(t, filtered+"&limit=4", func() {
		i.site.Trash("9005")
		i.sync(t, ops, true)
	}, hits)
	if !holds(during, without(before, "9005")) {
		t.Errorf("hits: %v, then %v", before, during)
	}

	entries := func(a answer) ([]string, string) {
		var list struct {
			Entries []auth.AuditEntry
			Next    string `json:"next_cursor"`
		}
		a.decode(t, &list)
		var ids []string
		for _, e := range list.Entries {
			ids = append(ids, fmt.Sprint(e.ID))
		}
		return ids, list.Next
	}
	before = i.walk(t, "/api/audit?limit=200", nil, entries)
	during = i.walk(t, "/api/audit?limit=3", func() { i.account(t, "later@example.org", auth.Reader) }, entries)
	if diff := cmp.Diff(before, during); diff != "" {
		t.Errorf("audit log, newest first, while it grows (-before +during):\n%s", diff)
	}
}

// holds reports whether all holds every one of some.
func holds(all, some []string) bool {
	have := map[string]bool{}
	for _, id := range all {
		have[id] = true
	}
	for _, id := range some {
		if !have[id] {
			return false
		}
	}
	return true
}

func without(ids []string, id string) []string {
	var rest []string
	for _, x := range ids {
		if x != id {
			rest = append(rest, x)
		}
	}
	return rest
}

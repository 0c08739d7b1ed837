package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/config"
)

// fuzzed is an instance that is sent more than one token may ask.
type fuzzed struct {
	*instance
	tokens []string
	next   atomic.Uint64
}

func fuzzing(f *testing.F, change ...func(*config.Config)) *fuzzed {
	f.Helper()
	z := &fuzzed{instance: start(f, change...)}
	admin, err := z.Accounts.UserByEmail(operator(f), adminEmail)
	if err != nil {
		f.Fatal(err)
	}
	for range 100 {
		_, secret, err := z.Accounts.CreateToken(operator(f), admin.ID, auth.NewToken{Name: "fuzz", Role: auth.Admin})
		if err != nil {
			f.Fatal(err)
		}
		z.tokens = append(z.tokens, secret)
	}
	return z
}

// local sends a request to the program within the process, as the admin, and fails the test where the answer is a fault
// of the server, or no JSON although the API gave it.
func (i *fuzzed) local(t *testing.T, method, path, body string, headers ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		return // no HTTP client could send it either
	}
	r.Header.Set("Authorization", "Bearer "+i.tokens[i.next.Add(1)%uint64(len(i.tokens))])
	r.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	w := httptest.NewRecorder()
	i.server.Handler().ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Fatalf("%s %s %q: %d %s\n%s", method, path, body, w.Code, w.Body, lastLines(i.logs.String()))
	}
	if w.Body.Len() > 0 && path != "/mcp" && !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%s %s %q: %d, not JSON: %s", method, path, body, w.Code, w.Body)
	}
}

func lastLines(log string) string { return log[max(0, len(log)-2000):] }

// FuzzCursors sends cursors and filters that nobody gave out to every list.
func FuzzCursors(f *testing.F) {
	i := fuzzing(f)
	i.connect(f, "OPS")
	lists := []string{
		"/api/search?q=scrape", "/api/users?", "/api/tokens?", "/api/invitations?", "/api/audit?", "/api/confluence/sources?", "/api/confluence/connections?",
		"/api/confluence/" + ops + "/pages?", "/api/confluence/" + ops + "/runs?", "/api/confluence/" + ops + "/failures?", "/api/confluence/" + ops + "/pending-deletions?",
	}
	next := func(path string) string {
		var list struct {
			Next string `json:"next_cursor"`
		}
		i.call(f, i.admin, "GET", path, nil).decode(f, &list)
		return list.Next
	}
	for n, list := range lists {
		f.Add(uint8(n), next(list+"&limit=1"), "")
		f.Add(uint8(n), "AA", "scrape")
	}
	for _, cursor := range []string{"", "\x00", "\xff", "AA==", "eyJxIjoiIn0", "bnVsbA", "W10", "YTk5OTk5OTk5OTk5OTk5OTk5OTk5", "YS0x", strings.Repeat("A", 3000), "ACAgIA", "_-_-"} {
		f.Add(uint8(0), cursor, "\x00")
		f.Add(uint8(4), cursor, "token.")
		f.Add(uint8(7), cursor, "%_\\")
		f.Add(uint8(8), cursor, "\xff")
	}
	f.Fuzz(func(t *testing.T, list uint8, cursor, text string) {
		text = url.QueryEscape(text)
		path := lists[int(list)%len(lists)] + "&limit=2&cursor=" + url.QueryEscape(cursor)
		i.local(t, http.MethodGet, path+"&action="+text+"&subject="+text+"&actor="+text+"&under="+text+"&status="+text+"&label="+text+"&updated_after="+text, "")
	})
}

// FuzzBodies sends bodies of all sorts to every call that takes one. What would be sent out to another host than this
// machine is left alone.
func FuzzBodies(f *testing.F) {
	i := fuzzing(f, func(c *config.Config) { c.AllowPrivateAddresses = false })
	calls := []struct{ method, path string }{
		{"POST", "/api/tokens"},
		{"POST", "/api/users"},
		{"POST", "/api/invitations"},
		{"POST", "/api/confluence/sources"},
		{"POST", "/api/confluence/test"},
		{"PATCH", "/api/settings"},
		{"PATCH", "/api/confluence/confluence_NONE"},
		{"PATCH", "/api/confluence/connections/conn_none"},
		{"POST", "/api/confluence/confluence_NONE/sync"},
		{"POST", "/api/confluence/confluence_NONE/pending-deletions"},
		{"PATCH", "/api/users/usr_none"},
		{"POST", "/api/users/usr_none/password"},
		{"POST", "/mcp"},
	}
	for n := range calls {
		for _, body := range []string{
			`{}`, `[]`, `null`, `""`, `{`, "\x00", "\xff", `{"name":"x","role":"reader","expires_at":"9999-12-31T23:59:59Z"}`, `{"name":"a\u0000b"}`, `{"email":"a@example.org","name":"\ud800","password":"correct horse battery"}`,
			`{"base_url":"http://127.0.0.1:1","deployment":"cloud","email":"a@example.org","api_token":"x","space_key":"OPS","sync_frequency_hours":1e99}`, `{"search_analytics":true,"search_analytics":null}`,
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"x\u0000","limit":-1,"cursor":"AA"}}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_page","arguments":{"page_id":"\u0000","offset":-9223372036854775808}}}`,
			strings.Repeat(`{"a":`, 20000), `{"name":` + strings.Repeat("9", 400) + `}`,
		} {
			f.Add(uint8(n), []byte(body), "")
		}
	}
	f.Add(uint8(0), []byte(`{"name":"x"}`), "\x01")
	f.Add(uint8(0), []byte(`{"name":"x"}`), "key")
	f.Fuzz(func(t *testing.T, call uint8, body []byte, key string) {
		if leavesThisMachine(body) {
			return
		}
		c := calls[int(call)%len(calls)]
		i.local(t, c.method, c.path, string(body), "Idempotency-Key", key, "Accept", "application/json, text/event-stream")
	})
}

// leavesThisMachine reports whether a body names a host that would be asked.
func leavesThisMachine(body []byte) bool {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return false
	}
	for name, value := range fields {
		address, isText := value.(string)
		if !isText || !strings.EqualFold(name, "base_url") && !strings.EqualFold(name, "jira_base_url") {
			continue
		}
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" && u.Hostname() != "127.0.0.1" {
			return true
		}
	}
	return false
}

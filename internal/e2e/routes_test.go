package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
)

// access is the status that each kind of visitor gets for a harmless request to a route.
type access struct {
	route                          string // "GET /sources"
	nobody, reader, admin, expired int
	body                           string // JSON, for calls of the API that need one
}

const (
	ok       = http.StatusOK
	found    = http.StatusSeeOther // to the sign-in page, or onwards
	bad      = http.StatusBadRequest
	unknown  = http.StatusUnauthorized
	denied   = http.StatusForbidden
	missing  = http.StatusNotFound
	conflict = http.StatusConflict
	refused  = http.StatusUnprocessableEntity
)

// accessTable has a row for every route. Pages answer nobody with the way to sign in, the API with 401; an expired token
// is refused wherever tokens count, and is nothing to pages.
func accessTable() []access {
	var rows []access
	open := func(status int, routes ...string) {
		for _, r := range routes {
			rows = append(rows, access{route: r, nobody: status, reader: status, admin: status, expired: status})
		}
	}
	page := func(reader, admin int, routes ...string) {
		for _, r := range routes {
			rows = append(rows, access{route: r, nobody: found, reader: reader, admin: admin, expired: found})
		}
	}
	call := func(reader, admin int, body string, routes ...string) {
		for _, r := range routes {
			rows = append(rows, access{route: r, nobody: unknown, reader: reader, admin: admin, expired: unknown, body: body})
		}
	}
	open(ok, "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /openapi.yaml", "GET /docs", "GET /docs/style.css")
	open(missing, "GET /static/*")
	rows = append(rows,
		access{route: "GET /sign-in", nobody: ok, reader: found, admin: found, expired: ok},
		access{route: "POST /sign-in", nobody: refused, reader: refused, admin: refused, expired: refused},
		access{route: "GET /set-up", nobody: found, reader: found, admin: found, expired: found},
		access{route: "POST /set-up", nobody: conflict, reader: conflict, admin: conflict, expired: conflict},
	)
	open(found, "POST /sign-out", "POST /theme")
	open(missing, "GET /invitation/:secret", "POST /invitation/:secret",
		"GET /reset-password/:secret", "POST /reset-password/:secret")

	page(ok, ok, "GET /", "GET /suggest", "GET /settings", "GET /settings/tokens")
	page(missing, missing, "GET /pages/:source/:page", "GET /pages/:source/:page/markdown",
		"POST /settings/sessions/:id/end", "POST /settings/tokens/:id/revoke")
	page(refused, refused, "POST /settings/password", "POST /settings/tokens")
	page(found, found, "POST /settings/sessions/end-others")
	for _, r := range []string{"/sources", "/sources/live", "/sources/new", "/settings/users", "/settings/connections", "/settings/model", "/settings/model/live", "/settings/system", "/settings/audit", "/settings/searches"} {
		page(denied, ok, "GET "+r)
	}
	for _, r := range []string{"", "/live", "/pages", "/runs", "/failures", "/removals", "/settings"} {
		page(denied, missing, "GET /sources/:source"+r)
	}
	for _, r := range []string{"/runs/:run", "/runs/:run/live", "/runs/:run/errors", "/settings/connections/:id"} {
		page(denied, missing, "GET "+r)
	}
	page(denied, refused, "POST /sources/new", "POST /settings/users")
	page(denied, found, "POST /sources/bulk", "POST /settings/searches")
	page(denied, missing, "POST /sources/:source/removals", "POST /sources/:source/settings", "POST /sources/:source/delete", "POST /sources/:source/:action",
		"POST /settings/users/:id/role", "POST /settings/users/:id/reset", "POST /settings/users/:id/remove", "POST /settings/links/:id/revoke",
		"POST /settings/connections/:id", "POST /settings/connections/:id/test")

	call(ok, ok, "", "GET /api/me", "GET /api/me/sessions", "GET /api/tokens")
	call(bad, bad, "", "GET /api/search", "GET /api/suggest")
	call(missing, missing, "", "GET /api/confluence/:id/pages", "GET /api/confluence/:id/pages/:page_id", "DELETE /api/tokens/:token_id", "DELETE /api/me/sessions/:session_id")
	call(bad, bad, "{}", "POST /api/tokens")
	call(denied, bad, "{}", "POST /api/confluence/sources", "POST /api/confluence/test", "POST /api/users", "POST /api/invitations", "POST /api/users/:user_id/password",
		"POST /api/confluence/:id/pending-deletions")
	call(denied, ok, "", "GET /api/confluence/sources", "GET /api/confluence/connections", "GET /api/users", "GET /api/invitations", "GET /api/settings",
		"GET /api/analytics/queries", "GET /api/analytics/usage", "GET /api/audit")
	call(denied, ok, "{}", "PATCH /api/settings")
	for _, r := range []string{"", "/status", "/runs", "/runs/:run_id", "/runs/:run_id/errors", "/failures", "/pending-deletions"} {
		call(denied, missing, "", "GET /api/confluence/:id"+r)
	}
	for _, r := range []string{"/sync", "/cancel", "/pause", "/resume", "/reprocess"} {
		call(denied, missing, "", "POST /api/confluence/:id"+r)
	}
	call(denied, missing, "{}", "PATCH /api/confluence/:id", "PATCH /api/confluence/connections/:connection_id", "PATCH /api/users/:user_id")
	call(denied, missing, "", "DELETE /api/confluence/:id", "GET /api/confluence/connections/:connection_id", "POST /api/confluence/connections/:connection_id/test",
		"GET /api/users/:user_id", "DELETE /api/users/:user_id", "POST /api/users/:user_id/reset-link", "DELETE /api/invitations/:link_id")

	call(ok, ok, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "POST /mcp")
	call(http.StatusMethodNotAllowed, http.StatusMethodNotAllowed, "", "GET /mcp", "DELETE /mcp")
	return rows
}

func TestEveryRouteLetsInWhomItShould(t *testing.T) {
	t.Parallel()
	i := start(t)
	rows := accessTable()
	var want, got []string
	for _, row := range rows {
		want = append(want, row.route)
	}
	for _, r := range i.server.Routes() {
		got = append(got, r.Method+" "+r.Path)
	}
	for _, route := range got {
		if !slices.Contains(want, route) {
			t.Errorf("%s has no row in the table: who may use it?", route)
		}
	}
	for _, route := range want {
		if !slices.Contains(got, route) {
			t.Errorf("%s is in the table, but is no route", route)
		}
	}

	past := time.Now().Add(time.Minute)
	admin, err := i.Accounts.UserByEmail(operator(t), adminEmail)
	if err != nil {
		t.Fatal(err)
	}
	token, expired, err := i.Accounts.CreateToken(operator(t), admin.ID, auth.NewToken{Name: "old", Role: auth.Admin, ExpiresAt: &past})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.DB.Exec(t.Context(), "UPDATE api_tokens SET expires_at = now() - interval '1 hour' WHERE id = $1", token.ID); err != nil {
		t.Fatal(err)
	}
	visitors := map[string]*visitor{"": i.visitor(t), readerEmail: i.signedIn(t, readerEmail), adminEmail: i.signedIn(t, adminEmail)}
	for _, row := range rows {
		for _, who := range []struct {
			name, token, email string
			want               int
		}{
			{"nobody", "", "", row.nobody}, {"reader", i.reader, readerEmail, row.reader}, {"admin", i.admin, adminEmail, row.admin}, {"expired token", expired, "", row.expired},
		} {
			if got := i.try(t, row, who.token, visitors[who.email]); got != who.want {
				t.Errorf("%s as %s: status %d, want %d", row.route, who.name, got, who.want)
			}
			if row.route == "POST /sign-out" && who.email != "" {
				visitors[who.email] = i.signedIn(t, who.email)
			}
		}
	}
}

// try makes the request of a row, to things that do not exist. Pages get the visitor's session, everything else the
// token.
func (i *instance) try(t *testing.T, row access, token string, v *visitor) int {
	t.Helper()
	method, path, _ := strings.Cut(row.route, " ")
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, ":") || part == "*" {
			part = "0"
		}
		parts = append(parts, part)
	}
	path = strings.Join(parts, "/")
	if strings.HasPrefix(path, "/api/") || path == "/mcp" {
		var body any
		if row.body != "" {
			body = row.body
		}
		return i.call(t, token, method, path, body, "Accept", "application/json, text/event-stream").status
	}
	request, err := http.NewRequestWithContext(t.Context(), method, v.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.cookie(t) == "" && token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return v.send(t, request).status
}

func TestHealthIsForAnyHostAndWorkersServeNothingElse(t *testing.T) {
	t.Parallel()
	i := start(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := i.call(t, "", http.MethodGet, path, nil); a.status != ok || !strings.Contains(string(a.body), "status") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	metrics := i.call(t, "", http.MethodGet, "/metrics", nil)
	for _, name := range []string{"sluice_build_info", "sluice_db_connections", "sluice_embedding_missing_chunks", "sluice_http_request_duration_seconds"} {
		if !strings.Contains(string(metrics.body), name) {
			t.Errorf("metrics lack %s", name)
		}
	}
	i.Config.Role = "worker"
	worker, err := i.NewServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /healthz", "GET /metrics", "GET /readyz"}
	var got []string
	for _, r := range worker.Routes() {
		got = append(got, fmt.Sprintf("%s %s", r.Method, r.Path))
	}
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("routes of a worker: %v, want %v", got, want)
	}
}

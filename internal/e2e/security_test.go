package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

func TestOtherSitesCannotActForWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	i := start(t)
	v := i.signedIn(t, adminEmail)
	for _, headers := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
	} {
		for _, path := range []string{"/sign-out", "/sources/new", "/api/tokens"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+path, strings.NewReader("name=x"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range headers {
				request.Header.Set(name, value)
			}
			if a := v.send(t, request); a.status != http.StatusForbidden {
				t.Errorf("POST %s with %v: status %d", path, headers, a.status)
			}
		}
	}
	if a := v.get(t, "/sources"); a.status != http.StatusOK {
		t.Errorf("the session did not outlive the attacks: %d", a.status)
	}
}

func TestSigningInRenewsTheSession(t *testing.T) {
	t.Parallel()
	i := start(t)
	v := i.visitor(t)
	u, err := url.Parse(v.url)
	if err != nil {
		t.Fatal(err)
	}
	const planted = "0123456789012345678901234567890123456789012"
	v.client.Jar.SetCookies(u, []*http.Cookie{{Name: "sluice_session", Value: planted, Path: "/"}})
	a := v.post(t, "/sign-in", "email", adminEmail, "password", password)
	cookies := a.header.Values("Set-Cookie")
	if v.cookie(t) == planted || len(cookies) < 2 { // of the session, and of the browser
		t.Errorf("cookies after signing in: %q", cookies)
	}
	for _, cookie := range cookies {
		if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("cookie after signing in: %s", cookie)
		}
	}
	first := v.cookie(t)
	v.post(t, "/sign-in", "email", adminEmail, "password", password)
	v.post(t, "/sign-out")
	stolen := i.visitor(t)
	stolen.client.Jar.SetCookies(u, []*http.Cookie{{Name: "sluice_session", Value: first, Path: "/"}})
	if a := stolen.get(t, "/sources"); a.status == http.StatusOK {
		t.Error("a session lives on after signing out")
	}
}

func TestRoleChangesAndRevokedSessionsWorkAtOnce(t *testing.T) {
	t.Parallel()
	i := start(t)
	v := i.signedIn(t, readerEmail)
	if a := v.get(t, "/sources"); a.status != http.StatusForbidden {
		t.Errorf("a reader at the sources: %d", a.status)
	}
	user, err := i.Accounts.UserByEmail(operator(t), readerEmail)
	if err != nil {
		t.Fatal(err)
	}
	admin := auth.Admin
	if _, err := i.Accounts.ChangeUser(operator(t), user.ID, auth.UserChange{Role: &admin}); err != nil {
		t.Fatal(err)
	}
	if a := v.get(t, "/sources"); a.status != http.StatusSeeOther {
		t.Errorf("the old session after a change of role: %d", a.status)
	}
	v = i.signedIn(t, readerEmail)
	if _, err := i.Accounts.EndOtherSessions(operator(t), user.ID, ""); err != nil {
		t.Fatal(err)
	}
	if a := v.get(t, "/sources"); a.status != http.StatusSeeOther {
		t.Errorf("a revoked session: %d", a.status)
	}
}

func TestNoRedirectLeadsElsewhere(t *testing.T) {
	t.Parallel()
	i := start(t)
	for _, next := range []string{
		"https://evil.example", "//evil.example", `/\evil.example`, `\/evil.example`, "/\tevil", "javascript:alert(1)", "/%0d%0aSet-Cookie:x=y", "http:evil.example", "///evil.example",
	} {
		v := i.visitor(t)
		a := v.post(t, "/sign-in?next="+url.QueryEscape(next), "email", adminEmail, "password", password, "next", next)
		location, err := url.Parse(a.header.Get("Location"))
		if err != nil || location.Host != "" || location.Scheme != "" || strings.HasPrefix(location.Path, "//") || a.header.Get("X") != "" {
			t.Errorf("next=%q leads to %q", next, a.header.Get("Location"))
		}
	}
	v := i.visitor(t)
	if a := v.get(t, "/settings/tokens?x=1"); a.header.Get("Location") != "/sign-in?next="+url.QueryEscape("/settings/tokens?x=1") {
		t.Errorf("to sign in: %q", a.header.Get("Location"))
	}
	if a := v.post(t, "/sign-in", "email", adminEmail, "password", password, "next", "/settings/tokens?x=1"); a.header.Get("Location") != "/settings/tokens?x=1" {
		t.Errorf("and back: %q", a.header.Get("Location"))
	}
}

func TestHeadersAndHosts(t *testing.T) {
	t.Parallel()
	i := start(t, func(c *config.Config) {
		c.BaseURL, c.AllowedHosts, c.TrustedProxies = "https://search.example.org", []string{"search.example.org", "127.0.0.1"}, []string{"127.0.0.1"}
	})
	send := func(path string, headers ...string) answer {
		t.Helper()
		request := i.request(t, http.MethodGet, path, nil)
		for n := 0; n+1 < len(headers); n += 2 {
			request.Header.Set(headers[n], headers[n+1])
			if headers[n] == "Host" {
				request.Host = headers[n+1]
			}
		}
		return do(t, http.DefaultTransport, request)
	}
	a := send("/sign-in")
	for name, want := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'none'", "Strict-Transport-Security": "max-age=", "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "X-Request-Id": "",
	} {
		if got := a.header.Get(name); got == "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "http:") {
		t.Errorf("policy: %s", policy)
	}
	if a := send("/sign-in", "Host", "evil.example"); a.status != http.StatusMisdirectedRequest || strings.Contains(string(a.body), "evil.example") {
		t.Errorf("another host: %d", a.status)
	}
	if a := send("/healthz", "Host", "10.0.0.7:8080"); a.status != ok {
		t.Errorf("a probe by address: %d", a.status)
	}
	if a := send("/sign-in", "X-Forwarded-Host", "evil.example"); a.status != http.StatusMisdirectedRequest {
		t.Errorf("a trusted proxy's word on the host is not checked: %d", a.status)
	}
	if a := send("/sign-in", "X-Request-Id", "bad id\"<script>"); strings.Contains(a.header.Get("X-Request-Id"), "script") {
		t.Errorf("request id: %q", a.header.Get("X-Request-Id"))
	}
	send("/sign-in", "X-Forwarded-For", "203.0.113.9, 127.0.0.1")
	if !strings.Contains(i.logs.String(), `"client":"203.0.113.9"`) {
		t.Error("the address that a trusted proxy names is not in the log")
	}
}

func TestWhatClientsClaimIsNotBelieved(t *testing.T) {
	t.Parallel()
	i := start(t)
	a := i.call(t, "", http.MethodGet, "/sign-in", nil, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https")
	if a.status != ok || strings.Contains(i.logs.String(), "203.0.113.9") || strings.Contains(string(a.body), "evil.example") {
		t.Errorf("status %d", a.status)
	}
	if a.header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without https")
	}
}

func TestGuessingPasswordsIsSlowedDown(t *testing.T) {
	t.Parallel()
	i := start(t)
	v := i.visitor(t)
	for range 30 {
		a := v.post(t, "/sign-in", "email", adminEmail, "password", "wrong password")
		if a.status == http.StatusTooManyRequests {
			if a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			return
		}
		if strings.Contains(string(a.body), "no such") || strings.Contains(string(a.body), "unknown account") {
			t.Fatal("the answer tells which part is wrong")
		}
	}
	t.Error("30 wrong passwords in a row were let through")
}

// TestSecretsStayInside looks for every secret in everything that leaves the program.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	i := start(t)
	source := i.connect(t, "OPS")
	v := i.signedIn(t, adminEmail)
	v.post(t, "/sources/new", "base_url", i.siteURL, "deployment", "cloud", "email", siteEmail, "api_token", siteToken+"x", "step", "connect")
	var out strings.Builder
	for _, path := range []string{"/sources", "/sources/new", "/sources/" + source.ID + "/settings", "/settings", "/settings/tokens", "/settings/users", "/settings/connections", "/settings/system", "/settings/audit"} {
		out.Write(v.get(t, path).body)
	}
	for _, path := range []string{"/api/confluence/sources", "/api/confluence/connections", "/api/users", "/api/tokens?all=true", "/api/audit", "/api/settings", "/openapi.json", "/metrics"} {
		out.Write(i.call(t, i.admin, http.MethodGet, path, nil).body)
	}
	i.call(t, i.admin, http.MethodPost, "/api/confluence/test", sources.Credentials{BaseURL: "http://127.0.0.1:1", Deployment: wiki.Cloud, Email: siteEmail, APIToken: siteToken})
	out.WriteString(i.logs.String())
	rows, err := i.DB.Query(t.Context(), "SELECT c::text FROM connections c UNION ALL SELECT u::text FROM users u UNION ALL SELECT t::text FROM api_tokens t UNION ALL SELECT a::text FROM audit_log a")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			t.Fatal(err)
		}
		out.WriteString(row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(password)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{
		"the site's token": siteToken, "an API token": i.admin, "the reader's API token": i.reader, "a password": password, "a password in JSON": string(encoded),
		"a session": v.cookie(t), "Authorization": "Basic ", "the database's address": i.database,
	} {
		if n := strings.Count(out.String(), secret); n > 0 {
			t.Errorf("%s is shown %d times", name, n)
		}
	}
}

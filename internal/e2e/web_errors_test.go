package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/browsertest"
)

// TestTroubleInTheBrowser breaks the real program under an open page: what fails is said where the person looks, with an
// id that the log has, a lost session leads back, and an upgrade reloads the tab.
func TestTroubleInTheBrowser(t *testing.T) {
	t.Parallel()
	a := administer(t)
	a.add("OPS")
	a.must("", "sync", ops, "--wait")
	target, err := url.Parse(a.base)
	if err != nil {
		t.Fatal(err)
	}
	// Between browser and program, as an upgrade has it: parts come from another version than the page.
	var upgraded atomic.Bool
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			if upgraded.Load() && strings.HasSuffix(r.Request.URL.Path, "/live") {
				r.Header.Set("Sluice-Version", "another")
			}
			return nil
		},
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	b := browsertest.Open(t, front.URL, browsertest.Window{})
	db, err := pgx.Connect(t.Context(), a.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(t.Context()) })
	exec := func(sql string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	signIn(b, "/sources/"+ops, adminEmail, password)
	b.Visit("/sources")
	// A part asks anew when the tab is looked at again, whether or not it polls just then.
	look := func() {
		b.Until(`window.htmx !== undefined && document.readyState === "complete"`)
		b.Run(`document.dispatchEvent(new Event("visibilitychange"))`)
	}

	// A part that cannot be fetched says so; the page stays, and recovers.
	exec("ALTER TABLE sync_runs RENAME TO sync_runs_away")
	look()
	b.Until(`document.querySelector("#toasts .toast")?.innerText.includes("Something went wrong")`)
	b.Has("h1", "Sources")
	b.Visit("/sources")
	b.Has("main", "500")
	b.Has("h1", "Something went wrong")
	id := b.Text("main code")
	if !strings.Contains(a.logs.String(), id) {
		t.Errorf("the log does not know request %q", id)
	}
	b.CheckAccess("500")
	exec("ALTER TABLE sync_runs_away RENAME TO sync_runs")
	b.PressText("main a", "Try again")
	b.Has("h1", "Sources")

	// After an upgrade the tab loads itself anew, though not while somebody types.
	b.Run(`window.old = true`)
	upgraded.Store(true)
	look()
	b.Until(`window.old === undefined && document.readyState === "complete"`)
	upgraded.Store(false)

	// A session that ended: the poll leads to the sign-in, and that back to the same place.
	b.Visit("/sources?from=here")
	exec("DELETE FROM user_sessions")
	exec("DELETE FROM sessions")
	look()
	b.Until(`location.pathname === "/sign-in" && document.querySelector("#f-email") !== null`)
	b.Fill("#f-email", adminEmail)
	b.Fill("#f-password", "not the password")
	b.Press("main form button")
	b.Has("main [role=alert]", "do not belong together")
	b.CheckAccess("a refused sign-in")
	b.Until(`document.querySelector("#f-email").value === "` + adminEmail + `"`)
	b.Fill("#f-password", password)
	b.Press("main form button")
	if got := b.Path(); got != "/sources?from=here" {
		t.Errorf("after signing in at %s", got)
	}

	// A server that is gone, and comes back.
	b.Visit("/?q=scrape")
	b.Until(`document.querySelector("#q").dataset.ready === "true"`)
	front.CloseClientConnections()
	if err := front.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	b.ClickText("[aria-label=Order] a", "Newest")
	b.Until(`document.querySelector("#toasts .toast")?.innerText.includes("No connection to the server")`)
}

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// TestSettingsInTheBrowser invites somebody who then signs in, makes and revokes a token, narrows the audit log, and stops
// counting searches.
func TestSettingsInTheBrowser(t *testing.T) {
	t.Parallel()
	a := administer(t)
	a.add("OPS")
	a.must("", "sync", ops, "--wait")
	for width, window := range bothWidths() {
		t.Run(width, func(t *testing.T) {
			t.Parallel()
			b := browsertest.Open(t, a.base, window)
			signIn(b, "/settings/users", adminEmail, password)
			email := "guest" + strings.Fields(width)[0] + "@example.org"
			b.Fill("#f-email", "no-address")
			b.Run(`document.querySelector("#f-email").form.noValidate = true`)
			b.PressText("form button", "Make invitation link")
			b.Wait("#f-email-error")
			b.Fill("#f-email", email)
			b.PressText("form button", "Make invitation link")
			link := b.Text("#secret")
			if !strings.HasPrefix(link, a.base+"/invitation/") {
				t.Errorf("invitation %q", link)
			}
			b.CheckAccess("an invitation")

			guest := browsertest.Open(t, a.base, window)
			guest.Visit(strings.TrimPrefix(link, a.base))
			guest.CheckAccess("the form of an invitation")
			guest.Fill("#f-name", "Gil")
			guest.Fill("#f-password", "short")
			guest.PressText("form button", "Save and sign in")
			guest.Has("#f-password-error", fmt.Sprintf("at least %d characters", auth.MinPassword))
			guest.Until(`document.querySelector("#f-name").value === "Gil"`)
			guest.Fill("#f-password", password)
			guest.PressText("form button", "Save and sign in")
			guest.Wait("#q")
			guest.Visit(strings.TrimPrefix(link, a.base))
			guest.Has("h1", "This link cannot be used")
			guest.Visit("/settings")
			guest.Fill("#f-current_password", "not the password")
			guest.Fill("#f-password", password+" 2")
			guest.PressText("form button", "Change password")
			guest.Wait("#f-current_password-error")

			token := "Script " + width
			b.Visit("/settings/tokens")
			b.Fill("#f-name", token)
			b.PressText("form button", "Create token")
			secret := b.Text("#secret")
			i := &instance{url: a.base}
			if answer := i.call(t, secret, "GET", "/api/search?q=scrape", nil); answer.status != ok {
				t.Errorf("the token: %d %s", answer.status, answer.body)
			}
			b.Visit("/settings/tokens")
			if browsertest.Eval[bool](b, `document.body.textContent.includes("`+secret+`")`) {
				t.Error("the token is shown again")
			}
			b.Run(`window.confirm = () => true; document.querySelector("[aria-label='Revoke ` + token + `']").click()`)
			b.Reads("The token is revoked.")
			if answer := i.call(t, secret, "GET", "/api/search?q=scrape", nil); answer.status != http.StatusUnauthorized {
				t.Errorf("a revoked token: %d", answer.status)
			}

			b.Visit("/settings/audit")
			b.Choose("#f-action", "token.")
			b.PressText("form button", "Filter")
			b.Has("tbody", "token: revoke")
			if got := browsertest.Eval[bool](b, `[...document.querySelectorAll("tbody [data-label=What]")].every(td => td.textContent.trim().startsWith("token:"))`); !got {
				t.Error("the filter lets other actions through")
			}
			b.Fill("#f-actor", "nobody@example.org")
			b.PressText("form button", "Filter")
			b.Reads("Nothing fits these filters.")

			b.Visit("/settings/system")
			for _, want := range []string{"Database", "PostgreSQL", "Embedder", "Disk", "Database size", "v0.0.0-test", "Queue"} {
				b.Has("main", want)
			}
			b.Check("system")
		})
	}
}

// TestSearchesAreCountedUntilSwitchedOff looks at what people search for, without their names, and ends it.
func TestSearchesAreCountedUntilSwitchedOff(t *testing.T) {
	t.Parallel()
	a := administer(t)
	a.add("OPS")
	a.must("", "sync", ops, "--wait")
	b := browsertest.Open(t, a.base, browsertest.Window{})
	signIn(b, "/", adminEmail, password)
	for _, query := range []string{"scrape interval", "zzqqxx", "scrape interval"} {
		b.Visit("/?q=" + strings.ReplaceAll(query, " ", "+"))
	}
	counted := `document.querySelector("[aria-label='Most frequent']").innerText.includes("scrape interval") && document.querySelector("[aria-label='Without any result']").innerText.includes("zzqqxx")`
	eventually(t, "the searches are counted", func() bool {
		b.Visit("/settings/searches")
		return browsertest.Eval[bool](b, counted)
	})
	if days := browsertest.Eval[int](b, `document.querySelectorAll("svg[aria-label^='Searches by day'] rect").length`); days != 30 {
		t.Errorf("the chart shows %d days, want all 30", days)
	}
	b.CheckAccess("searches")
	b.Run(`window.confirm = () => true`)
	b.PressText("button", "Switch off")
	b.Reads("Search analytics are off")
	b.Visit("/?q=zzqqyy")
	b.Visit("/settings/searches")
	b.Reads("Nothing yet.")
	if browsertest.Eval[bool](b, `document.querySelector("main").innerText.includes("zzqqyy") || document.querySelector("main").innerText.includes("zzqqxx")`) {
		t.Error("a search is counted, or kept, though counting is off")
	}
}

// TestAnotherModelInTheBrowser switches the embedding model: the old vectors serve while the new ones are made, and the
// page tells how far that is.
func TestAnotherModelInTheBrowser(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { embedSlowly(w, r, gate) }))
	t.Cleanup(model.Close)
	site := newSite()
	address := site.Start(t)
	dir, database := t.TempDir(), postgrestest.NewURL(t)
	before := shell{T: t, env: setting(dir, database, "SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+password)}
	before.must(siteToken, "source", "add", "--base-url", address, "--email", siteEmail, "--space-key", "OPS", "--no-sync")
	before.must("", "sync", ops, "--wait") // waits for the vectors, too
	after := shell{T: t, env: append(before.env, "SLUICE_EMBEDDER=openai", "SLUICE_EMBEDDER_URL="+model.URL+"/v1", "SLUICE_EMBEDDER_MODEL=other", "SLUICE_EMBEDDER_DIMENSIONS=8")}
	b := browsertest.Open(t, after.serving("serve"), browsertest.Window{})
	signIn(b, "/settings/model", adminEmail, password)
	b.Until(`document.querySelector("#model-live progress") !== null`)
	if earlier := browsertest.Eval[string](b, `[...document.querySelectorAll("#model-live dl.facts > div")].find(d => d.innerText.includes("With an earlier model")).innerText`); strings.Contains(earlier, "\n0\n") {
		t.Errorf("no chunk is served by the earlier model: %q", earlier)
	}
	b.CheckAccess("another model")
	search := browsertest.Open(t, b.URL, browsertest.Window{})
	signIn(search, "/?q=scrape+interval", adminEmail, password)
	search.Until(`document.querySelectorAll("[data-hit]").length > 0`)
	close(gate)
	b.Until(`document.querySelector("#model-live").innerText.includes("Complete") && document.querySelector("[data-poll]") === null`)
}

// embedSlowly answers as an OpenAI-compatible server; texts of pages wait at the gate, a query's text does not.
func embedSlowly(w http.ResponseWriter, r *http.Request, gate <-chan struct{}) {
	var request struct{ Input []string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if len(request.Input) > 1 {
		select {
		case <-gate:
		case <-r.Context().Done():
			return
		}
	}
	type row struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var answer struct {
		Data []row `json:"data"`
	}
	for n, text := range request.Input {
		vector := make([]float32, 8)
		for i := range text {
			vector[i%8] += float32(text[i])
		}
		answer.Data = append(answer.Data, row{n, vector})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

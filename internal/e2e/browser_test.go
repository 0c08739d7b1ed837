package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// bothWidths are the windows of flows: as narrow as a phone's, and a desktop's.
func bothWidths() map[string]browsertest.Window {
	return map[string]browsertest.Window{"390 px": {Width: 390}, "1280 px": {Width: 1280}}
}

// signIn fills the form that any page leads to.
func signIn(b *browsertest.Tab, path, email, password string) {
	b.Helper()
	b.Visit(path)
	b.Fill("#f-email", email)
	b.Fill("#f-password", password)
	b.Press("main form button")
}

// administered is a program with an administrator, and a simulated site that is not connected yet.
type administered struct {
	shell
	site          *confluencetest.Site
	address, base string // of the site, of the program
	database      string
	logs          *logBuffer
}

// administer starts the built program beside a small simulated site.
func administer(t *testing.T, more ...string) *administered {
	t.Helper()
	a := &administered{site: newSite(), database: postgrestest.NewURL(t)}
	a.address = a.site.Start(t)
	a.shell = shell{T: t, env: setting(t.TempDir(), a.database, append(more, "SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+password)...)}
	a.base, a.logs, _ = a.started("serve")
	return a
}

// add connects a space by the command line, without a sync.
func (a *administered) add(space string) {
	a.Helper()
	a.must(siteToken+"\n", "source", "add", "--base-url", a.address, "--email", siteEmail, "--space-key", space, "--no-sync")
}

// logged is the value of a field in the server's log.
func logged(t *testing.T, logs *logBuffer, field string) string {
	t.Helper()
	m := regexp.MustCompile(`"` + field + `":"([^"]+)"`).FindStringSubmatch(logs.String())
	if m == nil {
		t.Fatalf("%s is not in the log:\n%s", field, logs)
	}
	return m[1]
}

// origin is an address without its path.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// fetch gets an address as anybody would, without a session.
func fetch(b *browsertest.Tab, address string) (status int, body string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// TestANewcomerInTheBrowser sets the program up, connects a site with the form, watches the sync, searches, and reads a
// page.
func TestANewcomerInTheBrowser(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	site.Inject(confluencetest.Slow(slowAnswer)) // so that there is progress to see
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t))}
	url, logs, _ := s.started("serve")
	b := browsertest.Open(t, url, browsertest.Window{})

	// The first visit asks for the code that the log shows.
	b.Visit("/sources/new")
	b.Until(`location.pathname === "/set-up"`)
	b.CheckAccess("set-up")
	b.Fill("#f-code", "not-the-code")
	b.Fill("#f-email", adminEmail)
	b.Fill("#f-password", password)
	b.Press("main form button")
	b.Has("#f-code-error", "This is not the code in the log.")
	b.CheckAccess("set-up with an error")
	b.Fill("#f-code", logged(t, logs, "code"))
	b.Fill("#f-password", "short")
	b.Press("main form button")
	least := fmt.Sprintf("at least %d characters", auth.MinPassword)
	b.Has("#f-password-error", least)
	b.Has("#f-password-hint", least[1:])
	if _, description := fetch(b, url+"/openapi.json"); strings.Count(description, "A"+least[1:]) < 2 {
		t.Errorf("the API's description does not say %q beside its two passwords", least)
	}
	b.Fill("#f-password", password)
	b.Press("main form button")
	b.Reads("Connect a Confluence site to begin.")
	b.Reads("No space is connected yet")
	b.CheckAccess("no source yet")
	b.Visit("/")
	b.Reads("Nothing to search yet")
	b.CheckAccess("nothing to search yet")
	b.Visit("/docs")
	b.CheckAccess("the API's description")

	// Adding: what is wrong stands beside its field, in words, and nothing is typed twice.
	b.Visit("/sources/new")
	b.CheckAccess("adding, first step")
	b.PressText("form button", "Test connection")
	b.Has("#f-base_url-error", "Enter the address of the site")
	b.Has("#f-api_token-error", "the help below says how to get one")
	b.CheckAccess("adding, with errors")
	b.Fill("#f-base_url", "http://127.0.0.1:1")
	b.Fill("#f-email", siteEmail)
	b.Fill("#f-api_token", "wrong")
	b.PressText("form button", "Test connection")
	b.Reads("does not answer")
	b.Fill("#f-base_url", address)
	b.PressText("form button", "Test connection")
	b.Reads("Confluence refuses the credentials")
	b.Has("#f-api_token-error", "wrong or expired")
	if got := browsertest.Eval[string](b, `document.querySelector("#f-email").value`); got != siteEmail {
		t.Errorf("e-mail after a refusal: %q", got)
	}
	b.Fill("#f-api_token", siteToken)
	b.PressText("form button", "Test connection")
	b.Reads("3 spaces can be read.")
	b.Until(`/[4-7] pages/.test(document.querySelector("[data-filter-item^='OPS ']").textContent)`)
	b.CheckAccess("adding, second step")
	b.Run(`const f = document.querySelector("[data-filter]"); f.value = "opera"; f.dispatchEvent(new InputEvent("input", {bubbles: true}))`)
	b.Until(`document.querySelector("[data-filter-count]").textContent === "1 of 3 spaces"`)
	b.PressText("form button", "Add spaces")
	b.Reads("Choose at least one space.")
	b.Click(`input[value="OPS"]`)
	b.Choose("#f-sync_frequency_hours", "6")
	b.PressText("form button", "Add spaces")
	b.Reads("Added 1 space. The first sync is under way")
	b.Until(`document.querySelector("progress") !== null || document.querySelector("#source-` + ops + `").innerText.includes("Up to date")`)
	site.ClearFaults()
	b.Until(`document.querySelector("progress") === null && document.querySelector("[data-poll]") === null`)

	b.Visit("/sources/" + ops)
	b.Reads("Every 6 hours")
	b.Visit("/")
	b.Fill("#q", "scrape interval")
	b.Press("[data-search-form] button")
	b.Reads("Scrape interval")
	b.Until(`location.search.includes("q=scrape")`)
	b.Visit("/pages/" + ops + "/7001")
	b.Reads("30 seconds")
	b.Until(`[...document.querySelectorAll("a")].some(a => a.href.startsWith("` + address + `"))`)
	// The JIRA of a Cloud site is at its own host.
	b.Until(`document.querySelector("[aria-label='Open OPS-12 in JIRA']").href === "` + origin(address) + `/browse/OPS-12"`)
}

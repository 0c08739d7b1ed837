package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

// TestSourcesInTheBrowser keeps a source of the real program in order: runs of every kind, its pages, the guard, settings,
// and its end.
func TestSourcesInTheBrowser(t *testing.T) {
	t.Parallel()
	for width, window := range bothWidths() {
		t.Run(width, func(t *testing.T) {
			t.Parallel()
			a := administer(t)
			for n := range 30 {
				a.site.AddPage("OPS", confluencetest.Page{ID: fmt.Sprint(9000 + n), Title: fmt.Sprint("Rota of week ", n), Body: "<p>Who is on call.</p>"})
			}
			a.add("OPS")
			a.add("EMPTY")
			b := browsertest.Open(t, a.base, window)
			signIn(b, "/sources", adminEmail, password)
			dashboardFlow(b, a)
			runFlow(b, a)
			guardFlow(b, a)
			settingsFlow(b, a)
			b.Check("the end")
		})
	}
}

// dashboardFlow runs both sources by one press and watches them until they are idle.
func dashboardFlow(b *browsertest.Tab, a *administered) {
	a.site.Inject(confluencetest.Slow(time.Second)) // so that there is something to watch
	b.Until(`document.querySelectorAll(".source-row").length === 2 && document.querySelector("[data-bulk] button").disabled`)
	b.Click("#bulk-all")
	b.Until(`document.querySelector("[data-bulk-count]").textContent === "2 selected:"`)
	b.PressText("[data-bulk] button", "Sync now")
	b.Has(".alert", "Started the sync of 2 sources.")
	b.Until(`document.querySelector("#source-` + ops + ` progress") !== null`)
	b.Until(`document.querySelector("#announce").textContent.startsWith("Syncing ")`)
	b.Click("#pick-confluence_EMPTY")
	// What did not change comes as 304; what the person did stays; the rows keep their height.
	high := `document.querySelector("#source-` + ops + `").offsetHeight`
	before := browsertest.Eval[int](b, high)
	b.Until(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/sources/live"))`)
	a.site.ClearFaults()
	b.Until(`document.querySelector("[data-poll]") === null && document.querySelector("#announce").textContent === "Nothing is running."`)
	if !browsertest.Eval[bool](b, `document.querySelector("#pick-confluence_EMPTY").checked`) {
		b.Error("a poll took the tick away")
	}
	if wide := browsertest.Eval[bool](b, `innerWidth > 1000`); wide && browsertest.Eval[int](b, high) != before {
		b.Errorf("a row was %d px high while it synced and is another now", before)
	}
	if browsertest.Eval[bool](b, `document.querySelector("[hx-trigger*=every]") !== null`) {
		b.Error("something goes on polling while nothing runs")
	}
	// Two polls may differ: passages are still being embedded, and times are told in words. In the end one costs nothing.
	b.Await(`(async () => {
		for (let tag = ""; ; await new Promise(done => setTimeout(done, 300))) {
			const r = await fetch("/sources/live", {cache: "no-store", headers: tag ? {"If-None-Match": tag} : {}})
			await r.text()
			if (r.status === 304) return true
			tag = r.headers.get("ETag")
		}
	})()`)
}

// runFlow makes runs of every kind and looks at one while it goes on.
func runFlow(b *browsertest.Tab, a *administered) {
	b.Visit("/sources/" + ops)
	a.site.Inject(confluencetest.Slow(time.Second)) // so that there is something to watch
	b.Click("summary[aria-label='More actions']")
	b.Run(`window.confirm = text => { window.asked = text; return true }`)
	b.PressText(".menu-item", "Read every page again")
	b.Has(".alert", "Started reading every page of Operations.")
	b.PressText("#source-live a.btn", "Watch the run")
	b.Reads("Every page read again")
	b.Until(`document.querySelector("#run-live progress") !== null`)
	b.PressText("button", "Cancel run")
	b.Has(".alert", "Cancelling the run of Operations.")
	b.Until(`document.querySelector("#source-live[data-poll]") === null`)
	b.Until(`document.querySelector("#source-live").innerText.includes("Last run")`)
	a.site.ClearFaults()
	openRun(b, "every page", "Cancelled")
	b.Reads("Every page read again")

	b.Visit("/sources/" + ops)
	b.PressText("button", "Pause")
	b.Has(".alert", "Paused Operations.")
	b.Reads("Paused")
	b.PressText("button", "Resume")
	b.Has(".alert", "Resumed Operations.")
	openRun(b, "every page", "Succeeded") // what was stopped goes on
	b.Visit("/sources/" + ops)
	b.Click("summary[aria-label='More actions']")
	b.PressText(".menu-item", "Process stored pages again")
	b.Has(".alert", "Processing the stored pages again of Operations.")
	openRun(b, "stored pages again", "Succeeded")
	b.Reads("Stored pages processed again")
	b.Reads("Started by hand")
	b.Has("ol[aria-label=Phases]", "Reading pages")

	b.Visit("/sources/" + ops + "/pages")
	b.Press("[aria-label='Pages below Operations Home']")
	b.Has("nav[aria-label='Place in the tree']", "Operations Home")
	b.Reads("Runbooks")
	b.Fill("#tree-q", "scrape")
	b.PressText("form button", "Filter")
	b.Has("tbody tr", "Scrape interval")
	b.Has("tbody tr", "Stored")

	// A page that cannot be read is told of, with the reason.
	a.site.AddPage("OPS", confluencetest.Page{ID: "7013", Title: "Unreadable page", Body: "<p>heron</p>"})
	a.site.Poison("7013", true)
	a.site.FlushIndex()
	b.Visit("/sources/" + ops)
	b.PressText("button", "Sync now")
	b.Until(`document.querySelector("#source-live[data-poll]") === null`)
	b.Visit("/sources/" + ops + "/failures")
	b.Has("tbody tr", "Unreadable page")
	b.CheckAccess("failures")
	a.site.Heal("7013")
}

// openRun looks at a source's runs until one of this kind has ended so, and opens the newest such.
func openRun(b *browsertest.Tab, kind, state string) {
	b.Helper()
	row := fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].find(row => row.innerText.includes(%q) && row.innerText.includes(%q))`, kind, state)
	shown := ""
	b.Cleanup(func() {
		if b.Failed() {
			b.Logf("looked for %s, %s; the runs were: %s", kind, state, shown)
		}
	})
	eventually(b, kind+": "+state, func() bool {
		b.Visit("/sources/" + ops + "/runs")
		shown = b.Text("main")
		return browsertest.Eval[bool](b, row+" !== undefined")
	})
	b.Visit(browsertest.Eval[string](b, row+`.querySelector("a").pathname`))
}

// guardFlow lets most pages vanish: they stay until somebody decides.
func guardFlow(b *browsertest.Tab, a *administered) {
	for n := range 30 {
		a.site.Trash(fmt.Sprint(9000 + n))
	}
	a.site.FlushIndex()
	b.Visit("/sources/" + ops)
	b.PressText("button", "Check deletions")
	b.Until(`document.querySelector("#source-live[data-poll]") === null`)
	b.Visit("/sources/" + ops)
	b.Reads("30 pages would be removed")
	b.PressText("a", "Look at the list")
	b.Has("tbody", "Rota of week 7")
	b.CheckAccess("removals")
	b.PressText("button", "Keep them")
	b.Has(".alert", "Kept 30 pages.")
	b.Reads("Nothing waits for your decision")
	b.Visit("/sources/" + ops)
	b.PressText("button", "Check deletions")
	b.Until(`document.querySelector("#source-live[data-poll]") === null`)
	b.Visit("/sources/" + ops + "/removals")
	b.Run(`window.confirm = text => { window.asked = text; return false }; document.querySelector("button[value=confirm]").click()`)
	if got := browsertest.Eval[string](b, `window.asked`); got != "Remove 30 pages from the index?" {
		b.Errorf("asked %q", got)
	}
	b.Run(`window.confirm = () => true`)
	b.PressText("button", "Remove 30 pages")
	b.Has(".alert", "Removed 30 pages from the index.")
	b.Visit("/?q=rota&mode=keyword")
	b.Reads("Nothing found")
}

// settingsFlow changes a source, its connection, and deletes it.
func settingsFlow(b *browsertest.Tab, a *administered) {
	b.Visit("/sources/" + ops + "/settings")
	b.Fill("#f-name", "Operations and more")
	b.Choose("#f-restricted_pages", "include")
	b.Run(`document.querySelector("#f-guard_percent").removeAttribute("max")`)
	b.Fill("#f-guard_percent", "400")
	b.PressText("form button", "Save")
	b.Has("#f-guard_percent-error", "Must be between 0 and 100.")
	b.CheckAccess("settings with an error")
	b.Fill("#f-guard_percent", "30")
	b.PressText("form button", "Save")
	b.Has(".alert", "Saved.")
	b.Has("h1", "Operations and more")
	b.Until(`document.querySelector("#f-restricted_pages").value === "include" && document.querySelector("#f-guard_percent").value === "30"`)

	b.Visit("/sources/" + ops) // the other rule about restricted pages starts a run
	b.Until(`document.querySelector("#source-live[data-poll]") === null`)
	b.Visit("/sources/" + ops + "/settings")
	b.PressText("main a", "Edit 127.0.0.1")
	b.Fill("#f-jira_base_url", "javascript:alert(1)")
	b.Run(`document.querySelector("#f-jira_base_url").form.noValidate = true`)
	b.PressText("form button", "Save for all sources")
	b.Has("#f-jira_base_url-error", "Must be an address such as")
	b.Fill("#f-jira_base_url", "https://jira.example.org/")
	b.Fill("#f-api_token", "wrong")
	b.PressText("form button", "Save for all sources")
	b.Has("#f-api_token-error", "wrong or expired")
	b.CheckAccess("a connection with an error")
	b.Until(`document.querySelector("#f-jira_base_url").value === "https://jira.example.org/"`)
	b.Fill("#f-api_token", siteToken)
	b.PressText("form button", "Save for all sources")
	b.Has(".alert", "Saved; all sources of this site use it from now on.")
	b.PressText("button", "Test now")
	b.Has(".alert", "The connection works: Sync can read 3 spaces.")
	b.Visit("/pages/" + ops + "/7001")
	b.Until(`document.querySelector("[aria-label='Open OPS-12 in JIRA']").href === "https://jira.example.org/browse/OPS-12"`)
	b.Await(`fetch("/api/confluence/` + ops + `/pages/7001").then(r => r.json()).then(page => {
		const address = "https://jira.example.org/browse/OPS-12"
		if (page.jira_keys[0].url !== address || !page.markdown.includes("[OPS-12](" + address + ")")) throw new Error(JSON.stringify(page))
		return true })`)
	// A token that the site takes back is told of on the dashboard, with what to do.
	a.site.RevokeToken(siteToken)
	b.Visit("/sources/" + ops)
	b.PressText("button", "Sync now")
	b.Until(`document.querySelector("#source-live[data-poll]") === null`)
	b.Visit("/sources")
	b.Reads("cannot be read")
	b.CheckAccess("a site that cannot be read")
	b.PressText(".alert a", "Edit the connection")
	b.Reads("This site cannot be read")

	b.Visit("/sources/" + ops + "/settings")
	b.Fill("#f-confirm_name", "operations")
	b.PressText("form button", "Delete source")
	b.Has("#f-confirm_name-error", "Type the name exactly")
	b.Fill("#f-confirm_name", "Operations and more")
	b.PressText("form button", "Delete source")
	b.Has(".alert", "Deleted Operations and more")
	b.Until(`location.pathname === "/sources" && document.querySelectorAll(".source-row").length === 1`)
}

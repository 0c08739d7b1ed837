package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// TestTheDemonstrationInTheBrowser goes through the demonstration as somebody who tries the program, as a reader, and in a
// browser that runs no script: one program for all of it, and for each width one tab after the other.
func TestTheDemonstrationInTheBrowser(t *testing.T) {
	t.Parallel()
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t), "SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+password)}
	address := s.serving("demo")
	s.must(password, "user", "add", readerEmail, "--role", "reader")
	watch := browsertest.Open(t, address, browsertest.Window{})
	signIn(watch, "/sources", adminEmail, password)
	// The first syncs end while somebody looks on; what is idle asks no more.
	watch.Until(`document.querySelectorAll(".source-row").length === 4 && document.querySelector("[data-poll]") === null`)
	watch.Until(`[...document.querySelectorAll(".source-row")].every(row => row.innerText.includes("Up to date"))`)
	for width, window := range bothWidths() {
		t.Run(width, func(t *testing.T) {
			t.Parallel()
			admin := browsertest.Open(t, address, window)
			signIn(admin, "/", adminEmail, password)
			searchFlow(admin)
			filterFlow(admin)
			pageFlow(admin)
			admin.Check("the end")
			reader := browsertest.Open(t, address, window)
			signIn(reader, "/", readerEmail, password)
			readerFlow(reader)
			reader.Check("the end")
			window.NoJS = true
			scriptless := browsertest.Open(t, address, window)
			signIn(scriptless, "/sources", adminEmail, password)
			noScriptFlow(scriptless)
		})
	}
}

// searchFlow searches with keys alone, reads a hit, comes back, and reads on.
func searchFlow(b *browsertest.Tab) {
	b.Visit("/")
	b.Until(`document.querySelector("#q").dataset.ready === "true"`)
	b.Run(`document.activeElement.blur()`)
	b.Send("/")
	b.Until(`document.activeElement.id === "q"`)
	b.Send("deploy")
	b.Until(`document.querySelectorAll(".suggest [role=option]").length > 0`)
	b.Send(kb.ArrowDown)
	b.Until(`document.querySelector("#q").getAttribute("aria-activedescendant") !== null`)
	b.Send(kb.Escape)
	b.Until(`document.querySelector(".suggest").hidden`)
	b.Fill("#q", "deployment")
	b.Send(kb.Enter)
	b.Until(`location.search === "?q=deployment" && document.querySelectorAll("[data-hit]").length === 10`)
	b.Until(`document.querySelector("#announce").textContent.includes("pages in")`)
	b.Until(`document.activeElement.id === "q" && document.querySelector("#q").dataset.ready === "true"`)
	b.Send(kb.ArrowDown)
	b.Until(`document.activeElement === document.querySelector("[data-hit-link]")`)
	b.Send("/")
	b.Until(`document.activeElement.id === "q"`)
	b.Send(kb.ArrowDown)
	first := b.Text("[data-hit-link]")
	b.Send(kb.Enter)
	b.Until(`location.pathname.startsWith("/pages/") && document.querySelectorAll("[data-prose] mark").length > 0`)
	b.Has("h1", first)
	b.Back()
	b.Until(`location.search === "?q=deployment" && document.querySelectorAll("[data-hit]").length === 10`)

	// More results, by scrolling; the address stays what it was, and no page comes twice.
	b.Until(`(document.querySelector("#more")?.scrollIntoView(), document.querySelectorAll("[data-hit]").length >= 30)`)
	if twice := browsertest.Eval[int](b, `(all => all.length - new Set(all).size)([...document.querySelectorAll("[data-hit-link]")].map(a => a.pathname))`); twice != 0 {
		b.Errorf("%d pages stand in the list twice", twice)
	}
	if got := b.Path(); got != "/?q=deployment" {
		b.Errorf("address after more results: %s", got)
	}

	b.Visit("/?q=" + url.QueryEscape("rollback"))
	b.Until(`window.htmx !== undefined && document.readyState === "complete"`)
	b.ClickText("a", "Explain ranking")
	b.Until(`location.search.includes("explain=true")`)
	b.Until(`document.querySelector("[data-hit]").innerText.includes("Why this hit: score") && document.querySelector("[data-hit]").innerText.includes("Keyword (BM25)")`)

	// What was searched is offered again, by this browser alone.
	b.Visit("/")
	b.Click("#q")
	b.Until(`document.querySelector(".suggest").innerText.includes("rollback") && document.querySelector(".suggest").innerText.includes("deployment")`)

	b.Visit("/?q=zzqqxx&space=OPS")
	b.Reads("Nothing found")
	b.Reads("No page has these words under these filters.")
	b.Until(`window.htmx !== undefined && document.readyState === "complete"`)
	b.ClickText("a", "Search without filters")
	b.Until(`location.search === "?q=zzqqxx"`)
}

// filterFlow combines facets, takes chips away, sorts, and follows the keys of JIRA issues.
func filterFlow(b *browsertest.Tab) {
	narrow := browsertest.Eval[bool](b, `innerWidth < 1000`)
	choose := func(value string) {
		if narrow {
			b.Until(`document.querySelector("aside details") !== null`)
			b.Run(`document.querySelector("aside details").open = true`)
		}
		b.Run(fmt.Sprintf(`[...document.querySelectorAll("a.facet")].find(a => a.checkVisibility() && a.textContent.includes(%q)).click()`, value))
	}
	// What was swapped in is ready for the next click.
	settled := `document.querySelector("#announce").textContent === document.querySelector("#summary").textContent`
	count := `Number(document.querySelector("#summary").textContent.match(/\d+/)[0])`
	b.Visit("/?q=deployment")
	all := browsertest.Eval[int](b, count)
	b.Run(`window.same = true`)
	choose("OPS")
	b.Until(`location.search.includes("space=OPS") && document.querySelectorAll(".chip-x").length === 1`)
	b.Until(settled)
	one := browsertest.Eval[int](b, count)
	choose("PLAT")
	b.Until(`location.search.includes("space=PLAT") && document.querySelectorAll(".chip-x").length === 2`)
	b.Until(settled)
	two := browsertest.Eval[int](b, count)
	if one >= two || two >= all {
		b.Errorf("%d pages in one space, %d in two, %d in all", one, two, all)
	}
	choose("runbook")
	b.Until(`location.search.includes("label=runbook") && document.querySelectorAll(".chip-x").length === 3`)
	b.Until(settled)
	// Both spaces stay in the list, though only one has such a page: they are taken off where they were put on.
	b.Until(`document.querySelectorAll("aside > div a.facet[aria-current]").length === 3`)
	b.Run(`document.querySelector(".chip-x").click()`)
	b.Until(`document.querySelectorAll(".chip-x").length === 2 && !location.search.includes("space=OPS")`)
	if !browsertest.Eval[bool](b, `window.same === true`) {
		b.Error("a filter loaded the whole page anew")
	}
	b.Back()
	b.Until(`location.search.includes("space=OPS") && document.querySelectorAll(".chip-x").length === 3`)
	b.Until(`document.readyState === "complete" && window.htmx !== undefined`)
	b.ClickText("[aria-label=Order] a", "Newest")
	b.Until(`location.search.includes("sort=date") && document.querySelector("[aria-label=Order] [aria-current]").textContent === "Newest"`)
	if !browsertest.Eval[bool](b, `(t => t.length > 1 && t.every((x, i) => i === 0 || x <= t[i - 1]))([...document.querySelectorAll("[data-hit] time")].map(t => t.dateTime))`) {
		b.Error("the newest page does not come first")
	}
	shared := b.Path()
	b.Visit(shared) // as somebody else who was sent the address
	b.Until(`document.querySelectorAll(".chip-x").length === 3 && document.querySelectorAll("[data-hit]").length > 1`)

	b.Visit("/?q=checkout+outage")
	b.Until(`document.querySelector("[aria-label='Open OPS-97 in JIRA']") !== null`)
	issue := browsertest.Eval[string](b, `document.querySelector("[aria-label='Open OPS-97 in JIRA']").href`)
	b.ClickText("[data-hit] a", "OPS-97")
	b.Until(`location.search.includes("jira=OPS-97") && document.querySelector(".chip-x").textContent.includes("OPS-97")`)
	if status, body := fetch(b, issue); status != ok || !strings.Contains(body, "OPS-97") {
		b.Errorf("%s: %d %s", issue, status, body)
	}
}

// pageFlow reads a page: contents, marks, details, links, and its Markdown.
func pageFlow(b *browsertest.Tab) {
	b.Visit("/?q=" + url.QueryEscape("checkout outage connection pool"))
	b.PressText("[data-hit-link]", "14 March")
	b.Until(`document.querySelectorAll("[data-prose] mark").length > 0 && document.readyState === "complete"`)
	b.Run(`window.copied = ""; Object.defineProperty(navigator, "clipboard", {value: {writeText: async t => { window.copied = t }}})`)
	b.Click("[data-copy]")
	b.Until(`window.copied.startsWith("# Postmortem: checkout outage of 14 March") && window.copied.includes("## Timeline")`)
	if browsertest.Eval[bool](b, `innerWidth < 1000`) {
		b.Click("details.toc summary")
	}
	b.Run(`[...document.querySelectorAll(".toc a")].find(a => a.checkVisibility() && a.textContent === "Timeline").click()`)
	b.Until(`location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1))).getBoundingClientRect().top < innerHeight`)
	b.Until(`document.querySelector(".toc [aria-current]") !== null`)
	for _, want := range []string{"Updated by", "Version", "Synced", "Labels", "JIRA issues", "Grace Lindqvist"} {
		b.Has("main", want)
	}
	b.Has("aside", "postmortem")
	b.Until(`document.querySelector("[data-prose] .scroll table, [data-prose] table") !== null`)
	confluence := browsertest.Eval[string](b, `[...document.querySelectorAll("article a")].find(a => a.textContent.includes("Open in Confluence")).href`)
	if status, _ := fetch(b, confluence); status != ok {
		b.Errorf("%s: %d", confluence, status)
	}
	b.PressText("nav[aria-label=Breadcrumb] a", "Postmortems")
	b.Has("h1", "Postmortems")
	b.Has("aside", "Child pages")
	b.Visit("/pages/confluence_OPS/1")
	b.Has("h1", "Not found")
}

// readerFlow is what somebody sees who may only search.
func readerFlow(b *browsertest.Tab) {
	b.Visit("/?q=rollback&explain=true")
	b.Until(`document.querySelectorAll("[data-hit]").length > 0`)
	if browsertest.Eval[bool](b, `document.body.innerText.includes("Why this hit") || document.querySelector("nav[aria-label=Main]").innerText.includes("Sources")`) {
		b.Error("a reader sees what is for administrators")
	}
	for _, path := range []string{"/sources", "/sources/confluence_OPS", "/settings/users", "/settings/audit"} {
		b.Visit(path)
		b.Has("main", "403")
		b.Has("h1", "Not allowed")
		b.Has("main", "Only an administrator may do this.")
		b.Has("main", "Request")
	}
	b.CheckAccess("forbidden")
	b.PressText("main a", "Go to search")
	b.Wait("#q")
	b.Visit("/settings")
	b.Has("main", "Where you are signed in")
}

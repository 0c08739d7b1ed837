package pages_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sluicehq/sluice/internal/search"
)

// TestSearching goes from the empty box to a page and back, with keys and suggestions.
func TestSearching(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/")
		b.Until(`document.activeElement.id === "q"`)
		// Six letters at once are one question: typing does not send one for each.
		b.Run(`const q = document.querySelector("#q"); for (const c of "scrape") { q.value += c; q.dispatchEvent(new InputEvent("input", {bubbles: true})) }`)
		b.Wait(".suggest [role=option]")
		if n := eval[int](b, `performance.getEntriesByType("resource").filter(e => e.name.includes("/suggest")).length`); n != 1 {
			b.Errorf("%d questions for suggestions, want 1", n)
		}
		b.Send(kb.ArrowDown)
		b.Until(`document.querySelector("#q").getAttribute("aria-activedescendant") === document.querySelector(".suggest [aria-selected=true]").id`)
		b.Send(kb.Escape)
		b.Until(`document.querySelector(".suggest").hidden`)
		b.Send(kb.Enter)
		b.Wait("[data-hit]")
		if got := b.Path(); got != "/?q=scrape" {
			b.Errorf("address after the search: %s", got)
		}

		// From the box into the hits, along them, and back with "/".
		b.Until(`document.activeElement.id === "q" && document.querySelector("#q").dataset.ready === "true"`)
		b.Send(kb.ArrowDown)
		b.Send(kb.ArrowDown)
		b.Until(`document.activeElement === document.querySelectorAll("[data-hit-link]")[1]`)
		b.Send(kb.ArrowUp)
		b.Until(`document.activeElement === document.querySelectorAll("[data-hit-link]")[0]`)
		b.Send("/")
		b.Until(`document.activeElement.id === "q"`)
		b.Send(kb.ArrowDown)
		b.Send(kb.Enter)
		b.Wait("[data-prose]")
		b.Until(`document.querySelectorAll("[data-prose] mark").length > 0`)
		b.Has("h1", "Scrape interval and retention")
		b.Back()
		b.Until(`location.pathname === "/" && document.querySelector("[data-hit]") !== null`)
		if got := b.Path(); got != "/?q=scrape" {
			b.Errorf("address after going back: %s", got)
		}

		// What was searched is offered again, by this browser alone.
		b.Visit("/")
		b.Click("#q")
		b.Wait(".suggest [role=option]")
		b.Has(".suggest", "scrape")
		if got := eval[string](b, `localStorage.getItem("sluice.recent")`); got != `["scrape"]` {
			b.Errorf("recent searches: %s", got)
		}
	})
}

// TestFilters combines facets, takes chips away and goes back.
func TestFilters(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, narrow bool) {
		choose := func(value string) {
			if narrow {
				b.Click("aside details > summary")
			}
			b.Run(`[...document.querySelectorAll("a.facet")].find(a => a.checkVisibility() && a.textContent.includes("` + value + `")).click()`)
		}
		b.Visit("/?q=scrape")
		b.Run(`window.samePage = true`)
		choose("OPS")
		b.Until(`location.search.includes("space=OPS") && document.querySelectorAll(".chip-x").length === 1`)
		choose("runbook")
		b.Until(`location.search.includes("label=runbook") && document.querySelectorAll(".chip-x").length === 2`)
		both := func(r search.Request) bool {
			return strings.Join(r.Filters.Spaces, ",") == "OPS" && strings.Join(r.Filters.Labels, ",") == "runbook"
		}
		if asked := b.site.Search.Requests(); !slices.ContainsFunc(asked, both) {
			b.Errorf("searched with %+v, want both filters", asked)
		}
		// The other spaces stay there to be added.
		b.Until(`[...document.querySelectorAll("aside > div a.facet")].some(a => a.textContent.includes("PLAT"))`)
		b.Run(`document.querySelector(".chip-x").click()`)
		b.Until(`!location.search.includes("space=") && document.querySelectorAll(".chip-x").length === 1`)
		if !eval[bool](b, `window.samePage === true`) {
			b.Error("a filter loaded the whole page anew")
		}
		b.Back()
		b.Until(`location.search.includes("space=OPS") && document.querySelectorAll(".chip-x").length === 2 && document.readyState === "complete" && !window.samePage`)
		b.Run(`[...document.querySelectorAll("[aria-label=Order] a")].find(a => a.textContent === "Newest").click()`)
		b.Until(`location.search.includes("sort=date") && document.querySelector("[aria-label=Order] [aria-current]").textContent === "Newest"`)
		// New words keep the filters.
		b.Fill("#q", "interval")
		b.Run(`document.querySelector("[data-search-form] button").click()`)
		b.Until(`location.search.includes("q=interval") && location.search.includes("space=OPS") && document.querySelectorAll(".chip-x").length === 2`)
	})
}

// TestMoreResults reads on by scrolling; the address stays.
func TestMoreResults(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/?q=scrape")
		b.Until(`document.querySelectorAll("[data-hit]").length === 10`)
		b.Run(`document.querySelector("#more").scrollIntoView()`)
		b.Until(`document.querySelectorAll("[data-hit]").length >= 20`)
		b.Until(`(document.querySelector("#more")?.scrollIntoView(), document.querySelectorAll("[data-hit]").length === 27 && !document.querySelector("#more"))`)
		if n := eval[int](b, `new Set([...document.querySelectorAll("[data-hit-link]")].map(a => a.textContent.trim())).size`); n != 27 {
			b.Errorf("%d different hits, want 27", n)
		}
		if got := b.Path(); got != "/?q=scrape" {
			b.Errorf("address: %s", got)
		}
	})
}

// TestReadingAPage follows the contents, copies the Markdown and prints.
func TestReadingAPage(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, narrow bool) {
		b.Visit("/pages/confluence_OBS/1001?q=scrape&at=Choosing-an-interval")
		b.Run(`window.copied = ""; Object.defineProperty(navigator, "clipboard", {value: {writeText: async t => { window.copied = t }}})`)
		b.Click("[data-copy]")
		b.Until(`window.copied.startsWith("# Scrape interval and retention")`)
		b.Until(`document.querySelector("#announce").textContent === "Copied"`)
		if narrow {
			b.Click("details.toc summary")
		}
		b.Run(`[...document.querySelectorAll(".toc a")].filter(a => a.checkVisibility()).at(-1).click()`)
		b.Until(`location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1))).getBoundingClientRect().top < innerHeight`)
		b.Until(`document.querySelector(".toc [aria-current]") !== null`)
		if n := eval[int](b, `document.querySelectorAll("[data-prose] script, [data-prose] [onclick], [data-prose] iframe").length`); n != 0 {
			b.Errorf("%d dangerous elements in a page", n)
		}
		if _, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
			b.Fatal(err)
		}
		if shown := eval[string](b, `[...document.querySelectorAll(".topbar, aside, .no-print, .toc")].filter(e => e.checkVisibility()).map(e => e.className).join()`); shown != "" {
			b.Errorf("printed besides the page: %s", shown)
		}
	})
}

// TestNoLayoutShift looks whether anything jumps while the main pages load.
func TestNoLayoutShift(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		for _, path := range []string{"/", "/?q=scrape", "/pages/confluence_OBS/1001", "/sources", "/sources/confluence_OBS", "/runs/run-100"} {
			b.Visit(path)
			b.Await(`new Promise(done => { new PerformanceObserver(list => { for (const e of list.getEntries().filter(e => !e.hadRecentInput)) { window.shift = (window.shift || 0) + e.value;
				window.shifted = (window.shifted || "") + e.sources.map(s => (s.node?.outerHTML || s.node?.textContent || "").slice(0, 160) + JSON.stringify([s.previousRect, s.currentRect])).join("\n") } }).observe({type: "layout-shift", buffered: true});
				requestAnimationFrame(() => requestAnimationFrame(() => done(true))) })`)
			if shift := eval[float64](b, `window.shift || 0`); shift > 0.02 {
				b.Errorf("%s: layout shift of %.3f:\n%s", path, shift, eval[string](b, `window.shifted`))
			}
		}
	})
}

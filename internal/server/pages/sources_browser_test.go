package pages_test

import (
	"slices"
	"testing"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
	"github.com/sluicehq/sluice/internal/sources"
)

// called waits for nothing: an action is done before its page comes.
func (b *bundle) called(what string) {
	b.Helper()
	if calls := b.site.Sources.Calls(); !slices.Contains(calls, what) {
		b.Errorf("called: %q, want %q in it", calls, what)
	}
}

// TestDashboard watches a run: figures move, what the person does stays, idle polls carry nothing, and it ends.
func TestDashboard(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/sources")
		b.Has("#source-confluence_OBS progress + div", "Dropping high-cardinality labels")
		b.Run(`document.querySelector("#pick-confluence_OPS").click(); document.querySelector("#pick-confluence_PLAT").focus(); scrollTo(0, 120); window.scrolled = scrollY`)
		b.Until(`document.querySelector("[data-bulk-count]").textContent === "2 selected:" || document.querySelector("[data-bulk-count]").textContent === "1 selected:"`)
		b.Until(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/sources/live") && e.responseStatus === 304)`)
		b.site.Sources.SetRun(func(run *sources.Run) { run.CurrentTitle, run.Processed = "The next page", 290 })
		b.Until(`document.querySelector("#source-confluence_OBS").textContent.includes("The next page")`)
		if kept := eval[bool](b, `document.querySelector("#pick-confluence_OPS").checked && document.activeElement.id === "pick-confluence_PLAT" && scrollY === window.scrolled`); !kept {
			b.Error("a poll took the tick, the focus or the place on the page away")
		}
		// A tab that nobody sees does not ask.
		asks := `(() => { const part = document.querySelector("[data-poll]"), e = new CustomEvent("htmx:beforeRequest", {bubbles: true, cancelable: true, detail: {elt: part}}); part.dispatchEvent(e); return !e.defaultPrevented })()`
		b.Run(`Object.defineProperty(document, "hidden", {value: true, configurable: true})`)
		if eval[bool](b, asks) {
			b.Error("a hidden tab polls")
		}
		b.Run(`delete document.hidden`)
		if !eval[bool](b, asks) {
			b.Error("a visible tab does not poll")
		}
		b.site.Sources.SetState("confluence_OBS", sources.StateIdle)
		b.site.Sources.SetState("confluence_NEW", sources.StateIdle)
		b.Until(`document.querySelector("[data-poll]") === null`)
		b.Until(`document.querySelector("#announce").textContent.startsWith("Last run failed")`)
	})
}

// TestBulk acts on the sources that are ticked.
func TestBulk(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/sources")
		b.Until(`document.querySelector("[data-bulk] button").disabled`)
		b.Click("#pick-confluence_OPS")
		b.Click("#pick-confluence_PLAT")
		b.Until(`document.querySelector("[data-bulk-count]").textContent === "2 selected:"`)
		b.PressText("[data-bulk] button", "Pause")
		b.Has(".alert", "Paused 2 sources.")
		b.called("pause confluence_OPS")
		b.called("pause confluence_PLAT")
		b.Click("#bulk-all")
		b.Until(`[...document.querySelectorAll("tbody input[type=checkbox]")].every(box => box.checked)`)
		b.PressText("[data-bulk] button", "Check deletions")
		b.Has(".alert", "1 of 5 sources refused: confluence_OBS: A run of source confluence_OBS is under way; wait until it has ended, or cancel it.")
	})
}

// TestSourceActions presses every button of a source.
func TestSourceActions(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/sources/confluence_OPS")
		b.PressText("button", "Check deletions")
		b.called("reconcile confluence_OPS")
		b.PressText("button", "Cancel run")
		b.called("cancel confluence_OPS")
		b.PressText("button", "Pause")
		b.called("pause confluence_OPS")
		b.PressText("button", "Resume")
		b.called("resume confluence_OPS")
		b.PressText("button", "Sync now")
		b.called("sync confluence_OPS")
		b.Click("summary[aria-label='More actions']")
		b.PressText(".menu-item", "Process stored pages again")
		b.called("reprocess confluence_OPS")
		b.Has(".alert", "Processing the stored pages again of Operations.")

		b.Visit("/sources/confluence_OPS/removals")
		b.Has("main", "31 pages would be removed")
		b.Run(`window.confirm = text => { window.asked = text; return false }; document.querySelector("button[value=confirm]").click()`)
		if got := eval[string](b, `window.asked`); got != "Remove 31 pages from the index?" {
			b.Errorf("asked %q", got)
		}
		b.Run(`window.confirm = () => true`)
		b.Press("button[value=confirm]")
		b.Has(".alert", "Removed 31 pages from the index.")
		b.called("decide true confluence_OPS")
		b.Has("main", "Nothing waits for your decision")
	})
}

// TestSourceSettings saves, refuses and deletes.
func TestSourceSettings(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/sources/confluence_OPS/settings")
		b.Fill("#f-name", "Operations and more")
		b.Run(`document.querySelector("#f-guard_percent").removeAttribute("max")`)
		b.Fill("#f-guard_percent", "400")
		b.PressText("form button", "Save")
		b.Has("#f-guard_percent-error", "Must be between 0 and 100.")
		if got := eval[string](b, `document.querySelector("#f-name").value`); got != "Operations and more" {
			b.Errorf("name after a refusal: %q", got)
		}
		b.Fill("#f-guard_percent", "30")
		b.PressText("form button", "Save")
		b.Has(".alert", "Saved.")
		b.Has("h1", "Operations and more")
		b.Fill("#f-confirm_name", "operations")
		b.PressText("form button", "Delete source")
		b.Has("#f-confirm_name-error", "Type the name exactly")
		b.Fill("#f-confirm_name", "Operations and more")
		b.PressText("form button", "Delete source")
		b.Has(".alert", "Deleted Operations and more")
		b.called("delete confluence_OPS")
		if got := b.Path(); got != "/sources" {
			b.Errorf("after deleting at %s", got)
		}
	})
}

// TestTreeAndRun browses the stored pages and watches a run end.
func TestTreeAndRun(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/sources/confluence_OBS/pages")
		b.Press("a[aria-label^='Pages below']")
		b.Has("nav[aria-label='Place in the tree']", "All pages")
		b.Fill("#tree-q", "remote")
		b.PressText("form button", "Filter")
		if n := eval[int](b, `document.querySelectorAll("tbody tr").length`); n != 1 {
			b.Errorf("%d pages fit, want 1", n)
		}
		b.Has("tbody tr", "Stored")

		b.Visit("/runs/run-100")
		b.Has("#run-live", "page 900002: confluence answered 500 three times")
		b.Has("#run-live", "Attachments dump <b>2019</b>")
		b.Has("ol[aria-label=Phases]", "Reading pages")
		b.site.Sources.SetRun(func(run *sources.Run) { run.State, run.Phase = sources.RunSucceeded, sources.PhaseDone })
		b.Until(`document.querySelector("h1").textContent.includes("Succeeded") && !document.querySelector("[data-poll]")`)
		b.Until(`document.querySelector("#announce").textContent === "Run Succeeded."`)
	})
}

// TestAdding goes from an address with a mistake in it to syncing spaces; nothing is typed twice.
func TestAdding(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/sources/new")
		b.Choose("#f-connection_id", "")
		b.Fill("#f-base_url", "https://wrong.example.org")
		b.Fill("#f-email", pagestest.SiteEmail)
		b.Fill("#f-api_token", "bad-token")
		b.PressText("form button", "Test connection")
		b.Has("#f-base_url-error", "Nothing that speaks Confluence's API answers")
		b.Fill("#f-base_url", pagestest.SiteURL)
		b.PressText("form button", "Test connection")
		b.Has("#f-api_token-error", "The site refuses this e-mail and token")
		if got := eval[string](b, `document.querySelector("#f-email").value`); got != pagestest.SiteEmail {
			b.Errorf("e-mail after a refusal: %q", got)
		}
		b.Fill("#f-api_token", pagestest.SiteToken)
		b.PressText("form button", "Test connection")
		b.Has("main", "7 spaces can be read.")
		if eval[bool](b, `document.documentElement.outerHTML.includes("`+pagestest.SiteToken+`")`) {
			b.Error("the token stands in the page")
		}
		b.Run(`const f = document.querySelector("[data-filter]"); f.value = "security"; f.dispatchEvent(new InputEvent("input", {bubbles: true}))`)
		b.Until(`document.querySelector("[data-filter-count]").textContent === "1 of 7 spaces"`)
		b.Click("[data-filter-item^='SEC '] label")
		b.Run(`const f = document.querySelector("[data-filter]"); f.value = ""; f.dispatchEvent(new InputEvent("input", {bubbles: true}))`)
		b.Run(`document.querySelector("[data-filter-item^='LEGAL '] input").click()`)
		b.PressText("form button", "Add spaces")
		b.Has("[data-filter-item^='LEGAL ']", "cannot be read with these credentials")
		if !eval[bool](b, `document.querySelector("[data-filter-item^='SEC ']").textContent.includes("already added")`) {
			b.Error("the space that was added can be chosen again")
		}
		b.Run(`document.querySelector("[data-filter-item^='LEGAL '] input").click(); document.querySelector("[data-filter-item^='WEB '] input").click()`)
		b.PressText("form button", "Add spaces")
		b.Has(".alert", "Added 1 space. The first sync is under way")
		made := b.site.Sources.Created()
		if len(made) != 2 || made[0].SpaceKey != "SEC" || made[1].SpaceKey != "WEB" || made[1].APIToken != pagestest.SiteToken || made[1].SyncNow == nil || !*made[1].SyncNow {
			b.Errorf("created %+v", made)
		}
	})
}

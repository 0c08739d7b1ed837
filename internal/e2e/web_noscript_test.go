package e2e_test

import (
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// TestTheDemonstrationWithoutScripts goes through the demonstration in a browser that runs no script.
func TestTheDemonstrationWithoutScripts(t *testing.T) {
	t.Parallel()
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t), "SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+password)}
	address := s.serving("demo")
	watch := browsertest.Open(t, address, browsertest.Window{})
	signIn(watch, "/sources", adminEmail, password)
	// The first syncs end while somebody looks on; what is idle asks no more.
	watch.Until(`document.querySelectorAll(".source-row").length === 4 && document.querySelector("[data-poll]") === null`)
	watch.Until(`[...document.querySelectorAll(".source-row")].every(row => row.innerText.includes("Up to date"))`)
	for width, window := range bothWidths() {
		t.Run(width, func(t *testing.T) {
			t.Parallel()
			window.NoJS = true
			b := browsertest.Open(t, address, window)
			signIn(b, "/sources", adminEmail, password)
			noScriptFlow(b)
		})
	}
}

// noScriptFlow is the core of the program in a browser that runs no script.
func noScriptFlow(b *browsertest.Tab) {
	narrow := browsertest.Eval[bool](b, `innerWidth < 1000`)
	b.Has("h1", "Sources")
	b.Visit("/")
	b.Fill("#q", "deployment")
	b.Press("[data-search-form] button")
	if narrow {
		b.Click("aside details > summary")
	}
	b.PressText("a.facet", "PLAT")
	b.Has(".chip-x", "PLAT")
	b.Press("[data-hit-link]")
	b.Wait("[data-prose]")
	b.PressText("article a", "Back to results")
	b.Wait("[data-hit]")
	b.Visit("/?q=deployment")
	b.Press("#more a")
	b.Wait("[data-hit]")
	if !strings.Contains(b.Path(), "cursor=") {
		b.Errorf("more results at %s", b.Path())
	}
	b.Visit("/sources/confluence_TEAM/settings")
	b.Fill("#f-guard_percent", "40")
	b.PressText("form button", "Save")
	b.Has(".alert", "Saved.")
	b.Visit("/sources")
	b.Click("#pick-confluence_TEAM")
	b.PressText("[data-bulk] button", "Sync now")
	b.Has(".alert", "source") // started, or refused in words because the demonstration just moves
	b.Visit("/sources/new")
	b.PressText("form button", "Test connection")
	b.Has("main", "4 spaces can be read.")
	b.Click(".topbar summary")
	b.PressText(".menu-item", "Sign out")
	b.Wait("#f-password")
}

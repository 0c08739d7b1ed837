package e2e_test

import (
	"strings"

	"github.com/sluicehq/sluice/internal/browsertest"
)

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

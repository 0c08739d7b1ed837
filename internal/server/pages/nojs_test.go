package pages_test

import (
	"testing"

	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

// TestWithoutScripts goes through what must work in a browser that runs no script.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{390, 1280} {
		t.Run(widthName(width), func(t *testing.T) {
			t.Parallel()
			b := open(t, browsertest.Window{Width: width, NoJS: true}, "")
			b.Visit("/sources/confluence_OPS")
			b.Fill("#f-email", pagestest.AdminEmail)
			b.Fill("#f-password", pagestest.Password)
			b.Press("main form button")
			b.Has("h1", "Operations")

			b.Visit("/")
			b.Fill("#q", "scrape")
			b.Press("[data-search-form] button")
			if width == 390 {
				b.Click("aside details > summary")
			}
			b.PressText("a.facet", "OPS")
			b.Has(".chip-x", "OPS")
			b.Press("#more a")
			b.Has("[data-hit]", "(part 3)")
			b.Press("[data-hit-link]")
			b.Wait("[data-prose]")
			b.Press(".no-print.link-quiet")
			b.Wait("[data-hit]")

			b.Visit("/sources")
			b.Click("#pick-confluence_OPS")
			b.PressText("[data-bulk] button", "Sync now")
			b.called("sync confluence_OPS")
			b.Visit("/sources/confluence_OPS/removals")
			b.Press("button[value=dismiss]")
			b.Has(".alert", "Kept 31 pages.")
			b.Visit("/sources/confluence_PLAT/settings")
			b.Fill("#f-name", "Platform")
			b.PressText("form button", "Save")
			b.Has("h1", "Platform")

			b.Visit("/sources/new")
			b.Choose("#f-connection_id", "")
			b.Fill("#f-base_url", pagestest.SiteURL)
			b.Fill("#f-email", pagestest.SiteEmail)
			b.Fill("#f-api_token", pagestest.SiteToken)
			b.PressText("form button", "Test connection")
			b.Fill("#space-filter", "web")
			b.PressText("form button", "Filter")
			b.Has("[data-filter-count]", "1 of 7 spaces")
			b.Click("[data-filter-item^='WEB '] label")
			b.PressText("form button", "Add spaces")
			b.Has(".alert", "Added 1 space.")

			b.Click(".topbar summary")
			b.Press("[data-theme-form] [value=dark]")
			if got := eval[string](b, `document.documentElement.dataset.theme`); got != "dark" {
				t.Errorf("theme: %s", got)
			}
			b.Click(".topbar summary")
			b.PressText(".menu-item", "Sign out")
			b.Wait("#f-password")
		})
	}
}

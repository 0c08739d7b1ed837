package pages_test

import (
	"testing"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

// TestWithoutScripts goes through what must work in a browser that runs no script.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{390, 1280} {
		t.Run(widthName(width), func(t *testing.T) {
			t.Parallel()
			b := open(t, window{width: width, theme: "light", noJS: true})
			b.visit("/sources/confluence_OPS")
			b.fill("#f-email", pagestest.AdminEmail)
			b.fill("#f-password", pagestest.Password)
			b.press("main form button")
			b.has("h1", "Operations")

			b.visit("/")
			b.fill("#q", "scrape")
			b.press("[data-search-form] button")
			if width == 390 {
				b.click("aside details > summary")
			}
			b.pressText("a.facet", "OPS")
			b.has(".chip-x", "OPS")
			b.press("#more a")
			b.has("[data-hit]", "(part 3)")
			b.press("[data-hit-link]")
			b.wait("[data-prose]")
			b.press(".no-print.link-quiet")
			b.wait("[data-hit]")

			b.visit("/sources")
			b.click("#pick-confluence_OPS")
			b.pressText("[data-bulk] button", "Sync now")
			b.called("sync confluence_OPS")
			b.visit("/sources/confluence_OPS/removals")
			b.press("button[value=dismiss]")
			b.has(".alert", "Kept 31 pages.")
			b.visit("/sources/confluence_PLAT/settings")
			b.fill("#f-name", "Platform")
			b.pressText("form button", "Save")
			b.has("h1", "Platform")

			b.visit("/sources/new")
			b.do(selectOption("#f-connection_id", ""))
			b.fill("#f-base_url", pagestest.SiteURL)
			b.fill("#f-email", pagestest.SiteEmail)
			b.fill("#f-api_token", pagestest.SiteToken)
			b.pressText("form button", "Test connection")
			b.fill("#space-filter", "web")
			b.pressText("form button", "Filter")
			b.has("[data-filter-count]", "1 of 7 spaces")
			b.click("[data-filter-item^='WEB '] label")
			b.pressText("form button", "Add spaces")
			b.has(".alert", "Added 1 space.")

			b.click(".topbar summary")
			b.press("[data-theme-form] [value=dark]")
			if got := eval[string](b, `document.documentElement.dataset.theme`); got != "dark" {
				t.Errorf("theme: %s", got)
			}
			b.click(".topbar summary")
			b.pressText(".menu-item", "Sign out")
			b.wait("#f-password")
		})
	}
}

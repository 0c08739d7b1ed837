package pages_test

import (
	"errors"
	"testing"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

// TestSettings makes a token, invites, mends a connection and switches the analytics.
func TestSettings(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.visit("/settings/tokens")
		b.fill("#f-name", "A script")
		b.pressText("form button", "Create token")
		b.has("#secret", "slc_new1")
		b.visit("/settings/tokens")
		if eval[bool](b, `document.body.textContent.includes("slc_new1xxxx")`) {
			b.Error("the token is shown again")
		}

		b.visit("/settings/users")
		b.fill("#f-email", "no-address")
		b.run(`document.querySelector("#f-email").form.noValidate = true`)
		b.pressText("form button", "Make invitation link")
		b.has("#f-email-error", "Is no e-mail address.")
		b.fill("#f-email", "new@example.org")
		b.pressText("form button", "Make invitation link")
		b.has("#secret", "/invitation/secret-")
		b.do(selectOption("#role-u1", "reader"))
		b.press("#role-u1 + button")
		b.has(".alert", "The last administrator must stay one.")

		b.visit("/settings/connections/c2")
		b.has("main", "it expired on 1 September")
		b.fill("#f-api_token", "wrong")
		b.pressText("form button", "Save for all sources")
		b.has("#f-api_token-error", "The site refuses")
		b.fill("#f-api_token", pagestest.SiteToken)
		b.pressText("form button", "Save for all sources")
		b.called("update connection c2")

		b.visit("/settings/searches")
		b.has("main", "holiday calendar")
		b.run(`window.confirm = () => true`)
		b.pressText("form button", "Switch off")
		b.has("main", "Switch on")
	})
}

// TestTheme changes the colours at once and keeps them.
func TestTheme(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		colour := `getComputedStyle(document.querySelector(".topbar")).backgroundColor`
		b.visit("/")
		light := eval[string](b, colour)
		b.click(".topbar summary")
		b.click("[data-theme-form] [value=dark]")
		b.until(`document.documentElement.dataset.theme === "dark"`)
		b.until(colour + ` !== "` + light + `"`)
		b.visit("/settings")
		if kept := eval[string](b, colour); kept == light {
			b.Errorf("background on the next page %s, as before", kept)
		}
	})
}

// TestTrouble is what a person sees when something is missing, forbidden, broken, or too old.
func TestTrouble(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.visit("/sources/nowhere")
		b.has("h1", "Not found")
		b.wait("main code") // the request's id

		// A fragment that fails says so on the page; the page stays.
		b.visit("/sources")
		b.site.Sources.Break(errors.New("out of order"))
		b.wait("#toasts .toast")
		b.has("#toasts", "Something went wrong")
		b.has("h1", "Sources")
		b.visit("/sources")
		b.has("h1", "Something went wrong")
		b.wait("main code")
		b.has("main .btn-primary", "Try again")
		b.site.Sources.Break(nil)
		b.press("main .btn-primary")
		b.has("h1", "Sources")

		// After an upgrade the tab loads itself anew.
		b.run(`window.old = true; document.dispatchEvent(new CustomEvent("htmx:afterRequest", {detail: {xhr: {getResponseHeader: () => "another version"}}}))`)
		b.until(`window.old === undefined && document.readyState === "complete"`)

		// A session that ended leads to the sign-in and back to the same place.
		b.visit("/sources/confluence_OBS?x=1")
		b.site.Accounts.EndAllSessions()
		b.until(`location.pathname === "/sign-in" && document.querySelector("#f-email") !== null`)
		b.visit("/sources/confluence_OPS/settings")
		b.fill("#f-email", pagestest.AdminEmail)
		b.fill("#f-password", "wrong")
		b.press("main form button")
		b.wait("main .alert-bad")
		b.fill("#f-email", pagestest.AdminEmail)
		b.fill("#f-password", pagestest.Password)
		b.press("main form button")
		if got := b.path(); got != "/sources/confluence_OPS/settings" {
			b.Errorf("after signing in at %s", got)
		}
	})
}

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
		b.Visit("/settings/tokens")
		b.Fill("#f-name", "A script")
		b.PressText("form button", "Create token")
		b.Has("#secret", "slc_new1")
		b.Visit("/settings/tokens")
		if eval[bool](b, `document.body.textContent.includes("slc_new1xxxx")`) {
			b.Error("the token is shown again")
		}

		b.Visit("/settings/users")
		b.Fill("#f-email", "no-address")
		b.Run(`document.querySelector("#f-email").form.noValidate = true`)
		b.PressText("form button", "Make invitation link")
		b.Has("#f-email-error", "Is no e-mail address.")
		b.Fill("#f-email", "new@example.org")
		b.PressText("form button", "Make invitation link")
		b.Has("#secret", "/invitation/secret-")
		b.Choose("#role-u1", "reader")
		b.Press("#role-u1 + button")
		b.Has(".alert", "The last administrator must stay one.")

		b.Visit("/settings/connections/c2")
		b.Has("main", "it expired on 1 September")
		b.Fill("#f-api_token", "wrong")
		b.PressText("form button", "Save for all sources")
		b.Has("#f-api_token-error", "The site refuses")
		b.Fill("#f-api_token", pagestest.SiteToken)
		b.PressText("form button", "Save for all sources")
		b.called("update connection c2")

		b.Visit("/settings/searches")
		b.Has("main", "holiday calendar")
		b.Run(`window.confirm = () => true`)
		b.PressText("form button", "Switch off")
		b.Has("main", "Switch on")
	})
}

// TestTheme changes the colours at once and keeps them.
func TestTheme(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		colour := `getComputedStyle(document.querySelector(".topbar")).backgroundColor`
		b.Visit("/")
		light := eval[string](b, colour)
		b.Click(".topbar summary")
		b.Click("[data-theme-form] [value=dark]")
		b.Until(`document.documentElement.dataset.theme === "dark"`)
		b.Until(colour + ` !== "` + light + `"`)
		b.Visit("/settings")
		if kept := eval[string](b, colour); kept == light {
			b.Errorf("background on the next page %s, as before", kept)
		}
	})
}

// TestTrouble is what a person sees when something is missing, forbidden, broken, or too old.
func TestTrouble(t *testing.T) {
	t.Parallel()
	widths(t, func(b *bundle, _ bool) {
		b.Visit("/sources/nowhere")
		b.Has("h1", "Not found")
		b.Wait("main code") // the request's id

		// A fragment that fails says so on the page; the page stays.
		b.Visit("/sources")
		b.site.Sources.Break(errors.New("out of order"))
		b.Wait("#toasts .toast")
		b.Has("#toasts", "Something went wrong")
		b.Has("h1", "Sources")
		b.Visit("/sources")
		b.Has("h1", "Something went wrong")
		b.Wait("main code")
		b.Has("main .btn-primary", "Try again")
		b.site.Sources.Break(nil)
		b.Press("main .btn-primary")
		b.Has("h1", "Sources")

		// After an upgrade the tab loads itself anew.
		b.Run(`window.old = true; document.dispatchEvent(new CustomEvent("htmx:afterRequest", {detail: {xhr: {getResponseHeader: () => "another version"}}}))`)
		b.Until(`window.old === undefined && document.readyState === "complete"`)

		// A session that ended leads to the sign-in and back to the same place.
		b.Visit("/sources/confluence_OBS?x=1")
		b.site.Accounts.EndAllSessions()
		b.Until(`location.pathname === "/sign-in" && document.querySelector("#f-email") !== null`)
		b.Visit("/sources/confluence_OPS/settings")
		b.Fill("#f-email", pagestest.AdminEmail)
		b.Fill("#f-password", "wrong")
		b.Press("main form button")
		b.Wait("main .alert-bad")
		b.Fill("#f-email", pagestest.AdminEmail)
		b.Fill("#f-password", pagestest.Password)
		b.Press("main form button")
		if got := b.Path(); got != "/sources/confluence_OPS/settings" {
			b.Errorf("after signing in at %s", got)
		}
	})
}

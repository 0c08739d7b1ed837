package pages_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

// axe is axe-core, which checks a page against the rules of WCAG.
//
//go:embed testdata/axe.min.js
var axe string

// everyPage is the address of each page in its interesting states, by name.
var everyPage = map[string]string{
	"home": "/", "home with a filter": "/?space=OBS", "search": "/?q=scrape+interval&space=OBS&label=how-to", "search explained": "/?q=scrape&explain=true&sort=date",
	"no result": "/?q=nothing&space=OBS", "corrected": "/?q=scrpae+interval", "degraded": "/?q=degraded", "search down": "/?q=down",
	"page": "/pages/confluence_OBS/1001?q=scrape&at=Choosing-an-interval", "empty page": "/pages/confluence_OBS/1006", "restricted page": "/pages/confluence_OBS/1007",
	"deleted page": "/pages/confluence_OBS/1008", "hostile title": "/pages/confluence_OBS/1009", "long title": "/pages/confluence_OBS/1012",
	"dashboard": "/sources", "add": "/sources/new", "source running": "/sources/confluence_OBS", "source idle": "/sources/confluence_OPS", "source queued": "/sources/confluence_NEW", "source failed": "/sources/confluence_ada",
	"tree": "/sources/confluence_OBS/pages", "tree below": "/sources/confluence_OBS/pages?under=1002", "tree filtered": "/sources/confluence_OBS/pages?q=zzz", "runs": "/sources/confluence_OPS/runs",
	"failures": "/sources/confluence_OBS/failures", "no failures": "/sources/confluence_OPS/failures", "removals": "/sources/confluence_OPS/removals", "no removals": "/sources/confluence_OBS/removals",
	"source settings": "/sources/confluence_OPS/settings", "run running": "/runs/run-100", "run done": "/runs/run-confluence_OPS-3", "run failed": "/runs/run-confluence_ada-1", "run errors": "/runs/run-100/errors",
	"account": "/settings", "tokens": "/settings/tokens", "all tokens": "/settings/tokens?all=true", "people": "/settings/users", "connections": "/settings/connections", "connection": "/settings/connections/c2",
	"model": "/settings/model", "system": "/settings/system", "audit": "/settings/audit", "audit with a wrong date": "/settings/audit?after=yesterday", "searches": "/settings/searches", "not found": "/nowhere",
}

// TestEveryPage opens every page narrow and wide, light and dark: nothing scrolls sideways, and axe finds no fault, once in
// each theme.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	for _, w := range []window{{width: 390, theme: "light", axe: true}, {width: 390, theme: "dark"}, {width: 1280, theme: "dark", axe: true}, {width: 1920, theme: "light"}} {
		t.Run(fmt.Sprintf("%d %s", w.width, w.theme), func(t *testing.T) {
			t.Parallel()
			w.signIn = pagestest.AdminEmail
			b := open(t, w)
			for name, path := range everyPage {
				b.visit(path)
				b.check(name, w.axe)
			}
		})
	}
}

// TestPagesBeforeSignIn is TestEveryPage for visitors without a session.
func TestPagesBeforeSignIn(t *testing.T) {
	t.Parallel()
	for _, w := range []window{{width: 390, theme: "dark"}, {width: 1280, theme: "light"}} {
		t.Run(fmt.Sprintf("%d %s", w.width, w.theme), func(t *testing.T) {
			t.Parallel()
			b := open(t, w)
			for _, path := range []string{"/sign-in", "/sign-in?next=/sources", "/invitation/welcome", "/invitation/used-up"} {
				b.visit(path)
				b.check(path, true)
			}
			b.site.Accounts.SetFresh(true)
			b.visit("/set-up")
			b.check("set-up", true)
		})
	}
}

// check holds what is true of every page; axe, which takes most of the time, only where it is asked for.
func (b *bundle) check(name string, withAxe bool) {
	b.Helper()
	if over := eval[int](b, `Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth`); over > 0 {
		b.Errorf("%s: scrolls sideways by %d px: %s", name, over, eval[string](b, widest))
	}
	if title := eval[string](b, `document.title`); !strings.HasSuffix(title, "Sluice") {
		b.Errorf("%s: title %q", name, title)
	}
	if n := eval[int](b, `document.querySelectorAll("h1").length`); n != 1 {
		b.Errorf("%s: %d h1 elements", name, n)
	}
	if inline := eval[int](b, `document.querySelectorAll("[style],style,script:not([src])").length`); inline != 0 {
		b.Errorf("%s: %d inline styles or scripts", name, inline)
	}
	if !withAxe {
		return
	}
	for _, violation := range b.axe() {
		b.Errorf("%s: %s", name, violation)
	}
}

// widest names the elements that reach beyond the window.
const widest = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".overflow-x-auto,.table-box,.scroll,pre,.tabs,.log"))
	.slice(0, 3).map(e => e.tagName + "." + e.className).join(", ")`

// axe runs axe-core on the page, with the rules of WCAG 2.2 A and AA and its best practices.
func (b *bundle) axe() []string {
	b.Helper()
	eval[bool](b, axe+";true")
	b.do(chromedpAwait(`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}).then(r => { window.axeResult = JSON.stringify(
		r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + (n.any[0] ? n.any[0].message : "")).join(" | "))) ; return true })`))
	var violations []string
	if err := json.Unmarshal([]byte(eval[string](b, `window.axeResult`)), &violations); err != nil {
		b.Fatal(err)
	}
	return violations
}

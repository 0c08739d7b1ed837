package pages_test

import (
	"testing"

	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

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

// TestEveryPage opens every page at each width: nothing scrolls sideways or moves, and axe finds no fault in either theme.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{390, 1280, 1920} {
		t.Run(widthName(width), func(t *testing.T) {
			t.Parallel()
			b := open(t, browsertest.Window{Width: width}, pagestest.AdminEmail)
			for name, path := range everyPage {
				b.Visit(path)
				if width == 1920 { // laid out as at 1280
					b.Check(name)
				} else {
					b.CheckAccess(name)
				}
			}
		})
	}
}

// TestPagesOfOthers is TestEveryPage for readers, also where pages are for administrators, and for visitors without a
// session.
func TestPagesOfOthers(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{390, 1280} {
		t.Run(widthName(width), func(t *testing.T) {
			t.Parallel()
			b := open(t, browsertest.Window{Width: width}, pagestest.ReaderEmail)
			for name, path := range map[string]string{"search as a reader": "/?q=scrape", "account of a reader": "/settings", "tokens of a reader": "/settings/tokens", "forbidden": "/sources"} {
				b.Visit(path)
				b.CheckAccess(name)
			}
			b = open(t, browsertest.Window{Width: width}, "")
			for _, path := range []string{"/sign-in", "/sign-in?next=/sources", "/invitation/welcome", "/invitation/used-up", "/reset-password/forgotten", "/reset-password/used-up"} {
				b.Visit(path)
				b.CheckAccess(path)
			}
			b.site.Accounts.SetFresh(true)
			b.Visit("/set-up")
			b.CheckAccess("set-up")
		})
	}
}

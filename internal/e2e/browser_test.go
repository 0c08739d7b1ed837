package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// browser is started once; each test gets a context of its own, so that cookies do not mix.
var browser struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func startBrowser() {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	profile, err := os.MkdirTemp("", "sluice-browser-")
	if err != nil || path == "" {
		browser.err = err
		return
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		// A page that comes back from this cache answers no more questions of the test.
		chromedp.Flag("disable-features", "site-per-process,Translate,BlinkGenPropertyTrees,BackForwardCache"))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, stop := chromedp.NewContext(alloc)
	browser.err = chromedp.Do(ctx)
	browser.ctx = ctx //nolint:fatcontext // the browser of all tests, made once
	browser.stop = func() {
		stop()
		stopAlloc()
		_ = os.RemoveAll(profile) // a temporary folder; nothing to do about it
	}
}

func stopBrowser() {
	if browser.stop != nil {
		browser.stop()
	}
}

// tab is a browser window on a running server.
type tab struct {
	*testing.T
	ctx context.Context
	url string
}

func openTab(t *testing.T, url string) tab {
	t.Helper()
	browser.once.Do(startBrowser)
	if browser.ctx == nil {
		t.Fatalf("browser tests need Chromium (%v); \"make test\" installs it, or: apt-get install -y chromium", browser.err)
	}
	if browser.err != nil {
		t.Fatal(browser.err)
	}
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*patience)
	t.Cleanup(cancel)
	b := tab{T: t, ctx: ctx, url: url}
	b.do(chromedp.EmulateViewport(1280, 860))
	return b
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

func (b tab) visit(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.url + path))
}

func (b tab) fill(selector, text string) {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.SetValue(chromedp.CSS(selector), text))
}

// press clicks and waits for the page that follows.
func (b tab) press(selector string) {
	b.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.Fatalf("press %s: %v", selector, err)
	}
}

// until waits until a JavaScript expression holds.
func (b tab) until(expression string) {
	b.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression)); err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS("body")))
		b.Fatalf("wait for %s: %v\n%s", expression, err, strings.Join(strings.Fields(text), " "))
	}
}

func (b tab) reads(text string) {
	b.Helper()
	b.until(`document.body.innerText.includes(` + "`" + text + "`" + `)`)
}

// TestANewcomerInTheBrowser signs in, connects a site with the form, watches the sync, searches, and reads a page.
func TestANewcomerInTheBrowser(t *testing.T) {
	t.Parallel()
	site := newSite()
	address := site.Start(t)
	site.Inject(confluencetest.Slow(slowAnswer)) // so that there is progress to see
	s := shell{T: t, env: setting(t.TempDir(), postgrestest.NewURL(t), "SLUICE_ADMIN_EMAIL="+adminEmail, "SLUICE_ADMIN_PASSWORD="+password)}
	b := openTab(t, s.serving("serve"))

	b.visit("/sources/new")
	b.fill("#f-email", adminEmail)
	b.fill("#f-password", "not the password")
	b.press("main form button")
	b.reads("do not belong together")
	b.fill("#f-email", adminEmail)
	b.fill("#f-password", password)
	b.press("main form button")

	b.until(`location.pathname === "/sources/new"`)
	b.fill("[name=base_url]", address)
	b.fill("[name=email]", siteEmail)
	b.fill("[name=api_token]", "wrong")
	b.press("main form button[value=test]")
	b.reads("credentials")
	b.fill("[name=api_token]", siteToken)
	b.press("main form button[value=test]")
	b.reads("Operations")
	b.do(chromedp.Click(chromedp.CSS(`input[value="OPS"]`)))
	b.press("main form button[value=create]")
	b.visit("/sources")
	b.until(`document.querySelector("progress, [role=progressbar]") !== null || document.body.innerText.includes("6 pages")`)
	site.ClearFaults()
	b.until(`document.querySelector("progress, [role=progressbar]") === null`)

	b.visit("/")
	b.fill("[name=q]", "scrape interval")
	b.do(chromedp.SendKeys(chromedp.CSS("[name=q]"), "\r"))
	b.reads("Scrape interval")
	b.until(`location.search.includes("q=scrape")`)
	b.visit("/?q=scrape&space=OPS&jira=OPS-12")
	b.reads("Roll back a deployment")
	b.visit("/pages/" + ops + "/7001")
	b.reads("30 seconds")
	b.until(`[...document.querySelectorAll("a")].some(a => a.href.startsWith("` + address + `"))`)
}

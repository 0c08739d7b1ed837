package pages_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

// The browser is started once and shared: each test gets a browser context of its own, so that cookies do not mix.
var browser struct { //nolint:gochecknoglobals // one process for all tests of the package
	once   sync.Once
	ctx    context.Context
	stop   func()
	reason string // why there is none
}

func TestMain(m *testing.M) {
	code := m.Run()
	if browser.stop != nil {
		browser.stop()
	}
	os.Exit(code)
}

func startBrowser() {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		browser.reason = "no Chromium is installed"
		return
	}
	profile, err := os.MkdirTemp("", "sluice-browser-")
	if err != nil {
		browser.reason = err.Error()
		return
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		browser.reason = err.Error()
	}
	browser.ctx = ctx
	browser.stop = func() {
		stop()
		stopAlloc()
		_ = os.RemoveAll(profile) // a temporary folder; nothing to do about it
	}
}

// bundle is one site and one browser window on it.
type bundle struct {
	*testing.T
	site *pagestest.Site
	url  string
	ctx  context.Context
}

// options of a window.
type window struct {
	width  int64
	theme  string
	noJS   bool
	signIn string // e-mail; empty: nobody
}

// open starts a site and a window on it.
func open(t *testing.T, w window) *bundle {
	t.Helper()
	browser.once.Do(startBrowser)
	if browser.reason != "" {
		if os.Getenv("SLUICE_TEST_REQUIRED") != "" {
			t.Fatal("browser tests are required: " + browser.reason)
		}
		t.Skip(browser.reason)
	}
	site, err := pagestest.New(slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site.Handler)
	t.Cleanup(server.Close)
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(cancel)
	b := &bundle{T: t, site: site, url: server.URL, ctx: ctx}
	if w.width == 0 {
		w.width = 1280
	}
	b.do(chromedp.EmulateViewport(w.width, 860))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: w.theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	if w.noJS {
		if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
			t.Fatal(err)
		}
	}
	if w.signIn != "" {
		b.visit("/sign-in")
		b.fill("#f-email", w.signIn)
		b.fill("#f-password", pagestest.Password)
		b.press("main form button")
		b.wait("header.topbar")
	}
	return b
}

func (b *bundle) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

func (b *bundle) visit(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.url + path))
}

// press clicks and waits for the page that follows.
func (b *bundle) press(selector string) {
	b.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.Fatalf("press %s: %v", selector, err)
	}
}

func (b *bundle) click(selector string) {
	b.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *bundle) fill(selector, text string) {
	b.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(selector), text))
}

func (b *bundle) keys(selector, text string) {
	b.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (b *bundle) wait(selector string) {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

func (b *bundle) gone(selector string) {
	b.Helper()
	b.do(chromedp.WaitNotPresent(chromedp.CSS(selector)))
}

// text is the text of the first element that fits.
func (b *bundle) text(selector string) string {
	b.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		b.Fatalf("text of %s: %v", selector, err)
	}
	return strings.Join(strings.Fields(text), " ")
}

func (b *bundle) has(selector, want string) {
	b.Helper()
	if got := b.text(selector); !strings.Contains(got, want) {
		b.Errorf("text of %s:\n got %q\nwant %q in it", selector, got, want)
	}
}

func (b *bundle) path() string {
	b.Helper()
	location, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimPrefix(location, b.url)
}

// eval evaluates JavaScript; it works with scripts of the page switched off, too.
func eval[T any](b *bundle, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

// until waits until a JavaScript expression holds.
func (b *bundle) until(expression string) {
	b.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression)); err != nil {
		b.Fatalf("wait for %s: %v", expression, err)
	}
}

// chromedpAwait evaluates a promise and waits for it.
func chromedpAwait(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression, chromedp.EvalAwaitPromise))
		return err
	})
}

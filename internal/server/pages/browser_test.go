package pages_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
	"github.com/sluicehq/sluice/internal/server/session"
)

// The browser is started once and shared: each test gets a browser context of its own, so that cookies do not mix.
var browser struct {
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
		// A page that comes back from this cache answers no more questions of the test.
		chromedp.Flag("disable-features", "site-per-process,Translate,BlinkGenPropertyTrees,BackForwardCache"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		browser.reason = err.Error()
	}
	browser.ctx = ctx //nolint:fatcontext // the browser of all tests, made once
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
	axe    bool   // check with axe, too: it takes most of the time
	signIn string // e-mail; empty: nobody
}

// open starts a site and a window on it.
func open(t *testing.T, w window) *bundle {
	t.Helper()
	browser.once.Do(startBrowser)
	if browser.reason != "" {
		t.Fatalf("browser tests need Chromium (\"make test\" installs it): %s", browser.reason)
	}
	site, err := pagestest.New(slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site.Handler)
	t.Cleanup(server.Close)
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
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
		b.signIn(w.signIn)
	}
	return b
}

// signIn starts a session and gives the window its cookie; the form itself has tests of its own.
func (b *bundle) signIn(email string) {
	b.Helper()
	cookie := sessionCookie(b.T, b.site, email)
	params := network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: b.url}
	if _, err := chromedp.Call(b.ctx, network.SetCookie, params); err != nil {
		b.Fatal(err)
	}
}

// sessionCookie signs in at the site.
func sessionCookie(t testing.TB, site *pagestest.Site, email string) *http.Cookie {
	t.Helper()
	form := url.Values{"email": {email}, "password": {pagestest.Password}}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	site.Handler.ServeHTTP(answer, request)
	for _, cookie := range answer.Result().Cookies() {
		if cookie.Name == session.CookieName {
			return cookie
		}
	}
	t.Fatalf("sign in as %s: %d without a session", email, answer.Code)
	return nil
}

// widths runs a flow in a window as narrow as a phone's and in a wide one, signed in as an administrator.
func widths(t *testing.T, flow func(b *bundle, narrow bool)) {
	t.Helper()
	for _, width := range []int64{390, 1280} {
		t.Run(widthName(width), func(t *testing.T) {
			t.Parallel()
			b := open(t, window{width: width, theme: "light", signIn: pagestest.AdminEmail})
			flow(b, width == 390)
			if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("scrolls sideways by %d px at the end", over)
			}
		})
	}
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

func (b *bundle) wait(selector string) {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
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

// until waits until a JavaScript expression holds, also across a page that is just being left.
func (b *bundle) until(expression string) {
	b.Helper()
	for {
		_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression))
		if err == nil {
			return
		}
		passing := strings.Contains(err.Error(), "context") || strings.Contains(err.Error(), "navigated") || strings.Contains(err.Error(), "timeout")
		if b.ctx.Err() != nil || !passing {
			b.Fatalf("wait for %s: %v", expression, err)
		}
	}
}

// chromedpAwait evaluates a promise and waits for it.
func chromedpAwait(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression, chromedp.EvalAwaitPromise))
		return err
	})
}

// run evaluates JavaScript for its effect.
func (b *bundle) run(script string) {
	b.Helper()
	eval[bool](b, "(() => {"+script+"; return true})()")
}

// send sends keys to whatever has the focus.
func (b *bundle) send(keys string) {
	b.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// pressText clicks the first visible link or button that fits and has the text, and waits for the page that follows.
func (b *bundle) pressText(selector, text string) {
	b.Helper()
	script := fmt.Sprintf(`(() => { const all = [...document.querySelectorAll(%q)].filter(e => e.matches("a,button") && e.checkVisibility() && e.textContent.includes(%q));
		if (!all.length) throw new Error("it is not there"); all[0].click(); return true })()`, selector, text)
	press := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		return err
	})
	if _, err := chromedp.RunResponse(b.ctx, press); err != nil {
		b.Fatalf("press %s %q: %v", selector, text, err)
	}
}

func widthName(width int64) string { return strconv.FormatInt(width, 10) + " px" }

// selectOption chooses an option as a person does, so that the page hears of it.
func selectOption(selector, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(
			`(() => { const s = document.querySelector(%q); s.value = %q; s.dispatchEvent(new Event("change", {bubbles: true})); return true })()`, selector, value,
		)))
		return err
	})
}

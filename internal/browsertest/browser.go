// Package browsertest drives pages in headless Chromium: one browser for all tests of a package, a browser context of its
// own for each tab, so that cookies do not mix. What a page must never do (a script error, something its content security
// policy forbids) fails the test by itself.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// shared is the browser, started at first use: that takes a second, so all tests of a package share one.
var shared struct {
	once   sync.Once
	ctx    context.Context
	stop   func()
	reason string // why there is none
}

// Main runs the tests of a package and then ends the browser; TestMain calls it and exits with what it returns.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	return code
}

func start() {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		shared.reason = "no Chromium is installed"
		return
	}
	profile, err := os.MkdirTemp("", "sluice-browser-")
	if err != nil {
		shared.reason = err.Error()
		return
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		// A page that comes back from this cache answers no more questions of the test.
		chromedp.Flag("disable-features", "site-per-process,Translate,BlinkGenPropertyTrees,BackForwardCache"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		shared.reason = err.Error()
	}
	shared.ctx = ctx //nolint:fatcontext // the browser of all tests, made once
	shared.stop = func() {
		stop()
		stopAlloc()
		_ = os.RemoveAll(profile) // a temporary folder; nothing to do about it
	}
}

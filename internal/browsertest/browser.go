// Package browsertest drives pages in headless Chromium: a few tabs share a browser, each with a browser context of its own,
// so that cookies do not mix. What a page must never do (a script error, something its content security policy forbids)
// fails the test by itself.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// most is how many tabs share a browser. With twice as many, on a busy machine, timers and scripts of some tabs stand still
// for minutes, though the browser answers.
const most = 3

// pool holds the browsers. One is started when all others are full: that takes a second, so tests share them.
type pool struct {
	mu       sync.Mutex // guards browsers and the tabs of each
	browsers []*browser
}

var browsers pool // they live as long as the process of the tests

type browser struct {
	ctx  context.Context
	stop func()
	tabs int
}

// Main runs the tests of a package and then ends the browsers; TestMain calls it and exits with what it returns.
func Main(m *testing.M) int {
	code := m.Run()
	for _, b := range browsers.browsers {
		b.stop()
	}
	return code
}

// tab finds room in a browser; leave gives it back.
func (p *pool) tab() (in *browser, leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	free := slices.IndexFunc(p.browsers, func(b *browser) bool { return b.tabs < most })
	if free < 0 {
		b, err := start()
		if err != nil {
			return nil, nil, fmt.Errorf("browser tests need Chromium (\"make test\" installs it): %w", err)
		}
		free, p.browsers = len(p.browsers), append(p.browsers, b)
	}
	in = p.browsers[free]
	in.tabs++
	return in, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		in.tabs--
	}, nil
}

func start() (*browser, error) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errors.New("none is installed")
	}
	profile, err := os.MkdirTemp("", "sluice-browser-")
	if err != nil {
		return nil, err
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		// A page that comes back from this cache answers no more questions of the test.
		chromedp.Flag("disable-features", "site-per-process,Translate,BlinkGenPropertyTrees,BackForwardCache"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, end := chromedp.NewContext(alloc)
	stop := func() {
		end()
		stopAlloc()
		_ = os.RemoveAll(profile) // a temporary folder; nothing to do about it
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, err
	}
	return &browser{ctx: ctx, stop: stop}, nil
}

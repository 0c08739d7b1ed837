package browsertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a tab may take for all that a test does in it, on a busy machine.
const patience = 3 * time.Minute

// Window is how a tab looks at pages.
type Window struct {
	Width int64  // in pixels; 0: 1280
	Theme string // what the system prefers: "light" or "dark"; empty: light
	NoJS  bool   // run no script of the page
}

// Tab is a browser tab on a server. Its methods fail the test when the page does not do what they say.
type Tab struct {
	testing.TB
	Ctx context.Context
	URL string // of the server, without a slash at its end

	faults *faults
	alive  context.Context // outlives the patience, to tell what the page shows then
}

// Open opens a tab on the server with this address, until the test ends.
func Open(t testing.TB, url string, w Window) *Tab {
	t.Helper()
	shared.once.Do(start)
	if shared.reason != "" {
		t.Fatalf("browser tests need Chromium (\"make test\" installs it): %s", shared.reason)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the context of its first use
		t.Fatal(err)
	}
	alive := ctx
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	b := &Tab{TB: t, Ctx: ctx, URL: url, faults: &faults{}, alive: alive}
	if w.Width == 0 {
		w.Width = 1280
	}
	if w.Theme == "" {
		w.Theme = "light"
	}
	b.Do(chromedp.EmulateViewport(w.Width, 860))
	b.SetTheme(w.Theme)
	// Keys, timers and frames go on as in the tab in front, however many tabs there are.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	if w.NoJS {
		if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := chromedp.Listen(ctx, b.faults.hear); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, fault := range b.faults.all() {
			t.Errorf("the browser reports: %s", fault)
		}
	})
	return b
}

// faults collects what pages must never do.
type faults struct {
	mu   sync.Mutex // guards list
	list []string
}

func (f *faults) hear(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = "script error: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError {
			return
		}
		text = "console error"
		for _, arg := range e.Args {
			text += " " + arg.Description + string(arg.Value)
		}
		// htmx says so besides showing it, and whether it was to fail is for the test to judge.
		for _, known := range []string{"Response Status Error Code", "htmx:sendError", "htmx:afterRequest"} {
			if strings.Contains(text, known) {
				return
			}
		}
	case *log.EventEntryAdded:
		// A status of 400 or more is for the test to judge.
		if e.Entry.Level != log.EntryLevelError || e.Entry.Source == log.EntrySourceNetwork {
			return
		}
		text = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	default:
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, text)
}

func (f *faults) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list
}

// SetCookie gives the tab a cookie of the server.
func (b *Tab) SetCookie(name, value string) {
	b.Helper()
	params := network.SetCookieParams{Name: name, Value: value, URL: b.URL}
	if _, err := chromedp.Call(b.Ctx, network.SetCookie, params); err != nil {
		b.Fatal(err)
	}
}

// SetTheme makes the system prefer a theme, "light" or "dark", and less motion.
func (b *Tab) SetTheme(theme string) {
	b.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.Fatal(err)
	}
}

// Do carries out steps.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.Ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// Visit loads a path.
func (b *Tab) Visit(path string) {
	b.Helper()
	if err := chromedp.Do(b.Ctx, chromedp.Navigate(b.URL+path)); err != nil {
		b.Fatalf("visit %s: %v\n%s", path, err, b.page())
	}
}

// Press clicks the first element that fits and waits for the page that follows.
func (b *Tab) Press(selector string) {
	b.Helper()
	if _, err := chromedp.RunResponse(b.Ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.Fatalf("press %s: %v", selector, err)
	}
}

// PressText clicks the first visible link or button that fits and has the text, and waits for the page that follows.
func (b *Tab) PressText(selector, text string) {
	b.Helper()
	press := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](clickText(selector, text)))
		return err
	})
	if _, err := chromedp.RunResponse(b.Ctx, press); err != nil {
		b.Fatalf("press %s %q: %v\n%s", selector, text, err, b.page())
	}
}

// ClickText clicks as PressText does, where no page follows.
func (b *Tab) ClickText(selector, text string) {
	b.Helper()
	Eval[bool](b, clickText(selector, text))
}

func clickText(selector, text string) string {
	return fmt.Sprintf(`(() => { const all = [...document.querySelectorAll(%q)].filter(e => e.matches("a,button") && e.checkVisibility() && e.textContent.includes(%q));
		if (!all.length) throw new Error("it is not there"); all[0].click(); return true })()`, selector, text)
}

// Click clicks the first element that fits.
func (b *Tab) Click(selector string) {
	b.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Fill waits for a field and sets its value.
func (b *Tab) Fill(selector, text string) {
	b.Helper()
	b.Do(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.SetValue(chromedp.CSS(selector), text))
}

// Choose chooses an option as a person does, so that the page hears of it.
func (b *Tab) Choose(selector, value string) {
	b.Helper()
	Eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector(%q); s.value = %q; s.dispatchEvent(new Event("change", {bubbles: true})); return true })()`, selector, value))
}

// Wait waits until an element is visible.
func (b *Tab) Wait(selector string) {
	b.Helper()
	b.Do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Text is the text of the first element that fits, with single spaces.
func (b *Tab) Text(selector string) string {
	b.Helper()
	text, err := chromedp.Run(b.Ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		b.Fatalf("text of %s: %v", selector, err)
	}
	return strings.Join(strings.Fields(text), " ")
}

// Has checks that the first element that fits has the text within it.
func (b *Tab) Has(selector, want string) {
	b.Helper()
	if got := b.Text(selector); !strings.Contains(got, want) {
		b.Errorf("text of %s:\n got %q\nwant %q in it", selector, got, want)
	}
}

// Reads waits until the page shows the text.
func (b *Tab) Reads(text string) {
	b.Helper()
	b.Until(fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// Path is the address without the server's part.
func (b *Tab) Path() string {
	b.Helper()
	location, err := chromedp.Run(b.Ctx, chromedp.Location())
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimPrefix(location, b.URL)
}

// Until waits until a JavaScript expression holds, also across a page that is just being left. It asks again and again
// from outside: what runs in the page is lost with the page, and stands still in a tab that is not in front.
func (b *Tab) Until(expression string) {
	b.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		holds, err := b.holds(expression)
		if holds {
			return
		}
		select {
		case <-b.Ctx.Done():
			b.Fatalf("wait for %s: %v: last: %v\n%s", expression, b.Ctx.Err(), err, b.page())
		case <-tick.C:
		}
	}
}

// holds evaluates once; a page that is just being replaced may leave the question without an answer.
func (b *Tab) holds(expression string) (bool, error) {
	ctx, cancel := context.WithTimeout(b.Ctx, 3*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
}

// page is what can be read, for messages.
func (b *Tab) page() string {
	ctx, cancel := context.WithTimeout(b.alive, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.activeElement.outerHTML.slice(0, 80) + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(text), " ")
}

// Await evaluates a promise and waits for it.
func (b *Tab) Await(expression string) {
	b.Helper()
	if _, err := chromedp.Run(b.Ctx, chromedp.Evaluate[bool](expression, chromedp.EvalAwaitPromise)); err != nil {
		b.Fatal(err)
	}
}

// Run evaluates JavaScript for its effect.
func (b *Tab) Run(script string) {
	b.Helper()
	Eval[bool](b, "(() => {"+script+"; return true})()")
}

// Send sends keys to whatever has the focus.
func (b *Tab) Send(keys string) {
	b.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// Back goes back in the history, as the button does.
func (b *Tab) Back() {
	b.Helper()
	b.Run(`setTimeout(() => history.back(), 50)`)
}

// Eval evaluates JavaScript; it works with scripts of the page switched off, too.
func Eval[T any](b *Tab, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.Ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

package browsertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long one step may take, on a busy machine.
const patience = 2 * time.Minute

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
}

// Open opens a tab on the server with this address, until the test ends.
func Open(t testing.TB, url string, w Window) *Tab {
	t.Helper()
	in, leave, err := browsers.tab()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leave)
	ctx, cancel := chromedp.NewContext(in.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the context of its first use
		t.Fatal(err)
	}
	b := &Tab{TB: t, Ctx: ctx, URL: url, faults: &faults{}}
	if w.Width == 0 {
		w.Width = 1280
	}
	if w.Theme == "" {
		w.Theme = "light"
	}
	b.Do(chromedp.EmulateViewport(w.Width, 860))
	b.SetTheme(w.Theme)
	// Keys, timers and frames go on as in the tab in front, however many tabs there are.
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if w.NoJS {
		call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
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
	call(b, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.URL})
}

// SetTheme makes the system prefer a theme, "light" or "dark", and less motion.
func (b *Tab) SetTheme(theme string) {
	b.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// step bounds one step.
func (b *Tab) step() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.Ctx, patience)
}

// Do carries out steps.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	for _, step := range steps {
		must(b, "do a step", step)
	}
}

// call sends a command to the tab.
func call[P, R any](b *Tab, command cdp.Command[P, R], params P) {
	b.Helper()
	must(b, "call the browser", func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
}

// must carries out one step; what says which, for the message where it fails.
func must[T any](b *Tab, what string, action chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := b.step()
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.Fatalf("%s: %v\n%s", what, err, b.page())
	}
	return value
}

// Visit loads a path.
func (b *Tab) Visit(path string) {
	b.Helper()
	must(b, "visit "+path, chromedp.Navigate(b.URL+path))
}

// Press clicks the first element that fits and waits for the page that follows.
func (b *Tab) Press(selector string) {
	b.Helper()
	b.follow("press "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// PressText clicks the first visible link or button that fits and has the text, and waits for the page that follows.
func (b *Tab) PressText(selector, text string) {
	b.Helper()
	b.follow(fmt.Sprintf("press %s %q", selector, text), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](clickText(selector, text))(ctx, target)
		return err
	}))
}

// follow carries out a step and waits for the page that it leads to.
func (b *Tab) follow(what string, step chromedp.Action[chromedp.Void]) {
	b.Helper()
	must(b, what, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.RunResponse(ctx, step)
		return err
	}))
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
	text := must(b, "text of "+selector, chromedp.TextContent(chromedp.CSS(selector)))
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
	return strings.TrimPrefix(must(b, "read the address", chromedp.Location()), b.URL)
}

// Until waits until a JavaScript expression holds, also across a page that is just being left. It asks again and again
// from outside: what runs in the page is lost with the page, and stands still in a tab that is not in front.
func (b *Tab) Until(expression string) {
	b.Helper()
	ctx, cancel := b.step()
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		holds, err := b.holds(expression)
		if holds {
			return
		}
		select {
		case <-ctx.Done():
			b.Fatalf("wait for %s: %v: last: %v\n%s", expression, ctx.Err(), err, b.page())
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
	ctx, cancel := context.WithTimeout(b.Ctx, 5*time.Second)
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
	must(b, "await "+expression, chromedp.Evaluate[bool](expression, chromedp.EvalAwaitPromise))
}

// Run evaluates JavaScript for its effect.
func (b *Tab) Run(script string) {
	b.Helper()
	Eval[bool](b, "(() => {"+script+"; return true})()")
}

// Send presses keys, each as a person does, at whatever has the focus.
func (b *Tab) Send(keys string) {
	b.Helper()
	for _, key := range keys {
		events := kb.Encode(key)
		down, up := events[0], events[len(events)-1]
		if len(events) == 3 {
			// As one event, so that a page that handles the key keeps the letter from being typed.
			down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
		}
		for _, event := range []*input.DispatchKeyEventParams{down, up} {
			call(b, input.DispatchKeyEvent, *event)
		}
	}
}

// Back goes back in the history, as the button does.
func (b *Tab) Back() {
	b.Helper()
	b.Run(`setTimeout(() => history.back(), 50)`)
}

// Eval evaluates JavaScript; it works with scripts of the page switched off, too.
func Eval[T any](b *Tab, expression string) T {
	b.Helper()
	return must(b, "evaluate "+expression, chromedp.Evaluate[T](expression))
}

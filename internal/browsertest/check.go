package browsertest

import (
	_ "embed"
	"encoding/json"
	"strings"
)

// axe is axe-core, which checks a page against the rules of WCAG.
//
//go:embed axe.min.js
var axe string

// Check holds what is true of every page: nothing scrolls sideways, one heading, a title, nothing inline that the content
// security policy forbids, nothing that moves where less motion is asked for.
func (b *Tab) Check(name string) {
	b.Helper()
	if over := Eval[int](b, `Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth`); over > 0 {
		b.Errorf("%s: scrolls sideways by %d px: %s", name, over, Eval[string](b, widest))
	}
	if title := Eval[string](b, `document.title`); !strings.HasSuffix(title, "Sluice") {
		b.Errorf("%s: title %q", name, title)
	}
	if n := Eval[int](b, `document.querySelectorAll("h1").length`); n != 1 {
		b.Errorf("%s: %d h1 elements", name, n)
	}
	if inline := Eval[int](b, `document.querySelectorAll("[style],style,script:not([src])").length`); inline != 0 {
		b.Errorf("%s: %d inline styles or scripts", name, inline)
	}
	if moving := Eval[string](b, moving); moving != "" {
		b.Errorf("%s: moves although the person asked for less motion: %s", name, moving)
	}
}

// CheckAccess is Check, and axe finds no fault in either theme. Of the rules only contrast depends on the theme, so the
// others are tried once.
func (b *Tab) CheckAccess(name string) {
	b.Helper()
	b.Check(name)
	Eval[bool](b, axe+";true")
	for _, run := range []struct{ theme, rules string }{
		{"light", `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`}, {"dark", `{type: "rule", values: ["color-contrast"]}`},
	} {
		b.SetTheme(run.theme)
		for _, violation := range b.axe(run.rules) {
			b.Errorf("%s, %s: %s", name, run.theme, violation)
		}
	}
	b.SetTheme("light")
}

// widest names the elements that reach beyond the window.
const widest = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".overflow-x-auto,.table-box,.scroll,pre,.tabs,.log"))
	.slice(0, 3).map(e => e.tagName + "." + e.className).join(", ")`

// moving names the elements that are animated for longer than a moment.
const moving = `document.getAnimations().filter(a => a.effect?.getComputedTiming().endTime > 100).slice(0, 3)
	.map(a => a.effect.target?.outerHTML.slice(0, 120)).join(", ")`

// axe runs axe-core with these rules on the page and returns the violations.
func (b *Tab) axe(rules string) []string {
	b.Helper()
	b.Await(`axe.run(document, {runOnly: ` + rules + `, resultTypes: ["violations"]}).then(r => { window.axeResult = JSON.stringify(
		r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + (n.any[0] ? n.any[0].message : "")).join(" | "))) ; return true })`)
	var violations []string
	if err := json.Unmarshal([]byte(Eval[string](b, `window.axeResult`)), &violations); err != nil {
		b.Fatal(err)
	}
	return violations
}

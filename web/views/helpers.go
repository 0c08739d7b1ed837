package views

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

func (c Chrome) asset(name string) string {
	if c.Asset == nil {
		return "/static/" + name
	}
	return c.Asset(name)
}

func (c Chrome) theme() string {
	if c.Theme == "" {
		return "system"
	}
	return c.Theme
}

func (c Chrome) admin() bool { return c.User != nil && c.User.Admin }

func (c Chrome) title() string {
	if c.Title == "" {
		return "Sluice"
	}
	return c.Title + " · Sluice"
}

// brandLabel begins with the text that is seen, so that it can be said to a voice control.
func (c Chrome) brandLabel() string {
	if c.Demo {
		return "Sluice demo: search"
	}
	return "Sluice: search"
}

// initials are at most two letters of a name.
func (u User) initials() string {
	name := u.Name
	if name == "" {
		name = u.Email
	}
	var out []rune
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '.' || r == '@' }) {
		out = append(out, []rune(strings.ToUpper(word))[0])
		if len(out) == 2 {
			break
		}
	}
	return string(out)
}

// hintID and errorID tie a field's help and fault to its input.
func (f Field) describedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.id()+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.id()+"-hint")
	}
	return strings.Join(ids, " ")
}

func (f Field) id() string { return "f-" + f.Name }

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func alertIcon(tone Tone) string {
	switch tone {
	case OK:
		return "circle-check"
	case Warn:
		return "triangle-alert"
	case Bad:
		return "circle-alert"
	case Plain, Accent, Info:
		return "info"
	default:
		return "info"
	}
}

func alertClass(tone Tone) string {
	switch tone {
	case OK, Warn, Bad:
		return "alert alert-" + string(tone)
	case Plain, Accent, Info:
		return "alert alert-info"
	default:
		return "alert alert-info"
	}
}

// icon is an svg element of the given pixel size. The shapes are constants, so writing them raw is safe.
func icon(name string, size int, class string) templ.Component {
	px := strconv.Itoa(size)
	return templ.Raw(`<svg aria-hidden="true" class="` + class + `" width="` + px + `" height="` + px +
		`" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">` +
		iconShapes[name] + `</svg>`)
}

// piece is a part of a snippet.
type piece struct {
	text   string
	marked bool
}

// The private-use characters that stand around matched words (search.MarkStart, search.MarkEnd).
const (
	markStart = "\ue000"
	markEnd   = "\ue001"
)

// pieces splits a snippet at its marks; stray marks are dropped.
func pieces(s string) []piece {
	var out []piece
	for s != "" {
		before, rest, found := strings.Cut(s, markStart)
		if before = strings.ReplaceAll(before, markEnd, ""); before != "" {
			out = append(out, piece{text: before})
		}
		if !found {
			break
		}
		marked, after, _ := strings.Cut(rest, markEnd)
		if marked = strings.ReplaceAll(marked, markStart, ""); marked != "" {
			out = append(out, piece{text: marked, marked: true})
		}
		s = after
	}
	return out
}

// runs are elements without any white space between them, which listings would show.
func runs(list []TextRun) templ.Component {
	var b strings.Builder
	for i, r := range list {
		if r.Code && (i == 0 || !list[i-1].Code) {
			b.WriteString("<code>")
		}
		if r.Marked {
			b.WriteString("<mark>" + templ.EscapeString(r.Text) + "</mark>")
		} else {
			b.WriteString(templ.EscapeString(r.Text))
		}
		if r.Code && (i+1 == len(list) || !list[i+1].Code) {
			b.WriteString("</code>")
		}
	}
	return templ.Raw(b.String())
}

func boolString(b bool) string { return strconv.FormatBool(b) }

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func toneOr(t, otherwise Tone) Tone {
	if t == "" {
		return otherwise
	}
	return t
}

func toneText(t Tone) string {
	switch t {
	case OK, Warn, Bad, Accent:
		return "text-" + string(t)
	case Plain, Info:
		return ""
	default:
		return ""
	}
}

// alertRole makes faults announce themselves.
func alertRole(t Tone) string {
	if t == Bad {
		return "alert"
	}
	return "status"
}

// logoSVG is the mark: a gate with water passing under it.
func logoSVG(size int) string {
	px := strconv.Itoa(size)
	return `<svg aria-hidden="true" width="` + px + `" height="` + px + `" viewBox="0 0 32 32">` +
		`<rect width="32" height="32" rx="8" fill="var(--accent)"/>` +
		`<path d="M8 7v8.5M24 7v8.5M8 9.5h16M13 9.5v5M19 9.5v5" fill="none" stroke="var(--on-accent)" stroke-width="2.4" stroke-linecap="round"/>` +
		`<path d="M7 20.5c2.25-2 4.5-2 6.75 0s4.5 2 6.75 0 3-2 4.5-1.2M7 25.5c2.25-2 4.5-2 6.75 0s4.5 2 6.75 0 3-2 4.5-1.2" fill="none" stroke="var(--on-accent)" stroke-width="2.2" stroke-linecap="round"/></svg>`
}

// htmxConfig switches off what the content security policy forbids (inline styles, eval), keeps no page text in the
// browser's storage, and says what an answer's status does to the page.
//
// Nothing waits to settle: until then new links would load whole pages.
const htmxConfig = `{"defaultSettleDelay":0,"includeIndicatorStyles":false,"allowEval":false,"historyCacheSize":0,"refreshOnHistoryMiss":true,` +
	`"scrollBehavior":"auto","defaultFocusScroll":false,"selfRequestsOnly":true,"responseHandling":[` +
	`{"code":"204|304","swap":false},{"code":"[23]..","swap":true},{"code":"[45]..","swap":false,"error":true}]}`

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// plainTitle is a title without its marks.
func plainTitle(s string) string {
	return strings.NewReplacer(markStart, "", markEnd, "").Replace(s)
}

// title is the whole text of a value, which may be cut where it stands.
func (v FacetValue) title() string {
	if v.Note == "" {
		return v.Text
	}
	return v.Text + ": " + v.Note
}

func passageCount(n int) string {
	if n == 1 {
		return "1 more passage"
	}
	return strconv.Itoa(n) + " more passages"
}

func num3(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }

func labelUnless(hidden bool, label string) string {
	if hidden {
		return ""
	}
	return label
}

func noneYet(running bool) string {
	if running {
		return "None so far."
	}
	return "None."
}

func num0(n int) string { return strconv.Itoa(n) }

// shownLinks is how many links of a list are shown before "more".
const shownLinks = 8

func firstLinks(links []LinkText) []LinkText { return links[:min(len(links), shownLinks)] }

func inviteTitle(p InvitePage) string {
	if p.Reset {
		return "Choose a new password"
	}
	return "Welcome to Sluice"
}

// logTone colours a line of a run's log.
func logTone(level string) Tone {
	switch strings.ToLower(level) {
	case "warn", "warning":
		return Warn
	case "error":
		return Bad
	default:
		return Plain
	}
}

// modelExample is how another embedding model is chosen.
const modelExample = `SLUICE_EMBEDDER=openai
SLUICE_EMBEDDER_URL=http://127.0.0.1:11434/v1
SLUICE_EMBEDDER_MODEL=nomic-embed-text
SLUICE_EMBEDDER_DIMENSIONS=768`

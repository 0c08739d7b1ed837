// Package views holds the HTML of the pages: templ components, and one plain struct per screen that says what is shown.
// It knows no domain types, asks nothing and computes nothing beyond layout; internal/server/pages fills the structs.
package views

// Chrome is what surrounds every page.
type Chrome struct {
	Title   string // of the document, without the program's name
	Section string // the marked entry of the navigation: "search", "sources", "settings"
	User    *User  // nil while nobody is signed in
	Theme   string // "light", "dark", "system"
	Path    string // path and query of this page, for coming back to it
	// Asset gives the address of an embedded file.
	Asset func(name string) string
	// Version names the state of the assets; a tab of another version reloads itself.
	Version string
	Flash   []Flash
	// Demo marks the demonstration.
	Demo bool
	// Live loads the script that morphs polled fragments.
	Live bool
}

// User is who is signed in.
type User struct {
	Name  string
	Email string
	Admin bool
}

// Flash is a message about what was just done, shown once.
type Flash struct {
	Kind Tone
	Text string
}

// Tone colours a badge or a message.
type Tone string

// The tones.
const (
	Plain  Tone = "plain"
	Accent Tone = "accent"
	OK     Tone = "ok"
	Warn   Tone = "warn"
	Bad    Tone = "bad"
	Info   Tone = "info"
)

// Stamp is a moment as shown: "5 minutes ago", with the exact time on hover. The zero Stamp shows a dash.
type Stamp struct {
	ISO, Text, Exact string
}

// Badge is a short state with a tone.
type Badge struct {
	Text string
	Tone Tone
	Icon string // empty: a dot
	Spin bool
}

// Option is an entry of a select.
type Option struct {
	Value, Text string
}

// Tab is one entry of a row of tabs.
type Tab struct {
	Text    string
	URL     string
	Current bool
	Count   string
	Tone    Tone
}

// More is a link to the next part of a list; without URL there is no more.
type More struct {
	URL  string
	Text string
}

// Field is one input with its label, help and fault.
type Field struct {
	Name, Label, Value, Hint, Error string
	Type                            string // "text" when empty
	Placeholder                     string
	Autocomplete                    string
	InputMode                       string
	Required                        bool
	Autofocus                       bool
	Options                         []Option // makes it a select
	Min, Max                        string
	MaxLength                       string
}

// Fact is a labelled figure.
type Fact struct {
	Label, Value, Hint string
	Tone               Tone
	URL                string
}

// Alert is a message in the page.
type Alert struct {
	Tone        Tone
	Title, Text string
	URL, Action string
}

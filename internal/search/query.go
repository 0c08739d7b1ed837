package search

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// parsed is what a query says. There are no syntax errors: what cannot be read as syntax is text.
type parsed struct {
	Query   string // as searched: without control characters
	Words   []span // positive text
	Phrases []span
	// Excluded words and phrases: pages that have them are left out.
	Excluded []span
	Filters  Filters
	Notes    []string
}

// span is a stretch of the query.
type span struct {
	Start, End int
	Phrase     bool
}

func (p *parsed) text(s span) string { return p.Query[s.Start:s.End] }

// parse reads a query.
func parse(query string) *parsed {
	p := &parsed{Query: cleanQuery(query)}
	for i := 0; i < len(p.Query); {
		r, size := utf8.DecodeRuneInString(p.Query[i:])
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		i = p.item(i)
	}
	if len(p.Words)+len(p.Phrases) == 0 && p.Filters.empty() && len(p.Excluded) > 0 {
		for _, s := range p.Excluded {
			if s.Phrase {
				p.Phrases = append(p.Phrases, s)
			} else {
				p.Words = append(p.Words, s)
			}
		}
		p.Excluded = nil
		p.note("A query of exclusions alone was searched as text.")
	}
	return p
}

// cleanQuery replaces what no text has: control characters, broken encoding, and the marks of snippets.
func cleanQuery(query string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r == MarkStart || r == MarkEnd || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, query))
}

func (p *parsed) note(text string) { p.Notes = append(p.Notes, text) }

// item reads what begins at i, where no white space is, and returns where the next thing begins.
func (p *parsed) item(i int) int {
	if s, next, ok := p.quoted(i); ok {
		p.Phrases = append(p.Phrases, s)
		return next
	}
	if p.Query[i] == '-' && p.excludes(i+1) {
		if s, next, ok := p.quoted(i + 1); ok {
			p.Excluded = append(p.Excluded, s)
			return next
		}
		end := p.wordEnd(i + 1)
		p.Excluded = append(p.Excluded, span{Start: i + 1, End: end})
		return end
	}
	if next, ok := p.field(i); ok {
		return next
	}
	end := p.wordEnd(i)
	p.Words = append(p.Words, span{Start: i, End: end})
	return max(end, i+1)
}

// excludes reports whether a hyphen before i is a minus: a letter, digit or quotation follows. "--flag" is a flag.
func (p *parsed) excludes(i int) bool {
	r, _ := utf8.DecodeRuneInString(p.Query[i:])
	return i < len(p.Query) && (unicode.IsLetter(r) || unicode.IsDigit(r) || isQuote(r))
}

func isQuote(r rune) bool {
	return r == '"' || r == '“' || r == '”' || r == '„' || r == '«' || r == '»'
}

// quoted reads a quotation; one that is not closed is none.
func (p *parsed) quoted(i int) (s span, next int, ok bool) {
	r, size := utf8.DecodeRuneInString(p.Query[i:])
	if !isQuote(r) {
		return span{}, 0, false
	}
	start := i + size
	for j, r := range p.Query[start:] {
		if isQuote(r) {
			return span{Start: start, End: start + j, Phrase: true}, start + j + utf8.RuneLen(r), strings.TrimSpace(p.Query[start:start+j]) != ""
		}
	}
	return span{}, 0, false
}

func (p *parsed) wordEnd(i int) int {
	for j, r := range p.Query[i:] {
		if unicode.IsSpace(r) || isQuote(r) && j > 0 {
			return i + j
		}
	}
	return len(p.Query)
}

// field reads name:value, where the name is one that is known and the value makes sense.
func (p *parsed) field(i int) (next int, ok bool) {
	colon := strings.IndexByte(p.Query[i:], ':')
	if colon <= 0 {
		return 0, false
	}
	name := strings.ToLower(p.Query[i : i+colon])
	set, known := fields[name]
	if !known {
		return 0, false
	}
	start := i + colon + 1
	if start >= len(p.Query) {
		return 0, false
	}
	value, next := "", p.wordEnd(start)
	if s, after, quoted := p.quoted(start); quoted {
		value, next = p.text(s), after
	} else {
		value = p.Query[start:next]
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if fault := set(&p.Filters, value); fault != "" {
		p.note("“" + p.Query[i:next] + "” was searched as text: " + fault)
		return 0, false
	}
	return next, true
}

// fields are the filters that can be written in the box; they return what is wrong with a value.
var fields = map[string]func(f *Filters, value string) string{ //nolint:gochecknoglobals // a constant table
	"space":  func(f *Filters, v string) string { f.Spaces = append(f.Spaces, v); return "" },
	"label":  func(f *Filters, v string) string { f.Labels = append(f.Labels, v); return "" },
	"author": func(f *Filters, v string) string { f.Authors = append(f.Authors, v); return "" },
	"jira":   func(f *Filters, v string) string { f.Jira = append(f.Jira, strings.ToUpper(v)); return "" },
	"under":  func(f *Filters, v string) string { f.Under = append(f.Under, v); return "" },
	"source": func(f *Filters, v string) string { f.Sources = append(f.Sources, v); return "" },
	"kind":   func(f *Filters, v string) string { f.Kinds = append(f.Kinds, v); return "" },
	"has": func(f *Filters, v string) string {
		if !strings.EqualFold(v, "jira") {
			return "only has:jira is known."
		}
		f.HasJira = true
		return ""
	},
	"type": func(f *Filters, v string) string {
		switch v = strings.ToLower(v); v {
		case "page", "blogpost":
		case "blog":
			v = "blogpost"
		default:
			return "types are page and blogpost."
		}
		f.Types = append(f.Types, v)
		return ""
	},
	"after":  func(f *Filters, v string) string { return readDay(&f.UpdatedAfter, v) },
	"before": func(f *Filters, v string) string { return readDay(&f.UpdatedBefore, v) },
}

func readDay(target **time.Time, value string) string {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006", time.RFC3339} {
		if t, err := time.Parse(layout, value); err == nil {
			*target = &t
			return ""
		}
	}
	return "a date is written as 2026-01-31."
}

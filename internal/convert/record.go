package convert

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// record collects what a page names, in the order in which it is written.
type record struct {
	keys        []foundKey
	links       []string
	pageLinks   []PageLink
	external    []Link
	mentions    []Mention
	attachments []Attachment
	sections    []Section
	properties  Properties
	tasks       []Task
	macros      []string
	dropped     map[string]int
	dynamic     map[string]int
	unknown     map[string]int

	seen map[string]bool // kind and name of what is recorded once
	task *Task           // the innermost open task
}

func (r *record) init() {
	r.dropped, r.dynamic, r.unknown = map[string]int{}, map[string]int{}, map[string]int{}
	r.seen = map[string]bool{}
	r.properties = Properties{}
}

// first reports whether this kind and name is met for the first time, and notes it.
func (r *record) first(kind byte, name string) bool {
	key := string(kind) + name
	if r.seen[key] {
		return false
	}
	r.seen[key] = true
	return true
}

func (r *record) macro(name string) {
	if r.first('m', name) {
		r.macros = append(r.macros, name)
	}
}

func (r *record) mention(id, name string) {
	if r.task != nil && r.task.Assignee == "" {
		r.task.Assignee = id
	}
	if r.first('u', id) {
		r.mentions = append(r.mentions, Mention{ID: id, Name: name})
	}
}

func (r *record) attachment(a Attachment) {
	if r.first('a', a.PageID+"\x00"+a.Name) {
		r.attachments = append(r.attachments, a)
	}
}

// link notes a target that a reader can follow.
func (r *record) link(url string) {
	if isWebURL(url) && r.first('l', url) {
		r.links = append(r.links, url)
	}
}

func (r *record) externalLink(url, label string) {
	if isWebURL(url) && r.first('e', url) {
		r.external = append(r.external, Link{URL: url, Label: label})
	}
}

func (r *record) pageLink(l PageLink) {
	id := l.ID
	if id == "" {
		id = l.SpaceKey + "\x00" + l.Title
	}
	if r.first('p', l.Kind+id+"#"+l.Anchor) {
		r.pageLinks = append(r.pageLinks, l)
	}
}

// finish makes the result.
func (c *converter) finish() Result {
	r := &c.rec
	return Result{
		Markdown: string(c.w.md), Text: string(c.w.txt), JiraKeys: r.resolveKeys(c.ctx, c.w.txt), Links: r.links,
		PageLinks: r.pageLinks, ExternalLinks: r.external, Mentions: r.mentions, Attachments: r.attachments,
		Sections: r.sections, Properties: r.properties, Tasks: r.tasks, Macros: r.macros, WordCount: countWords(c.w.txt),
		Report: Report{
			Dropped: counts(r.dropped), Repaired: counts(c.doc.repaired), Dynamic: counts(r.dynamic), Unknown: counts(r.unknown),
		},
	}
}

func counts(m map[string]int) []Count {
	list := make([]Count, 0, len(m))
	for what, n := range m {
		list = append(list, Count{What: what, Count: n})
	}
	slices.SortFunc(list, func(a, b Count) int { return strings.Compare(a.What, b.What) })
	return list
}

// countWords counts runs of letters and digits; each character of Chinese, Japanese kana and Korean counts.
func countWords(text []byte) int {
	n := 0
	in := false
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			i++
			word := isAlnum(c) || in && (c == '_' || c == '-' || c == '\'' || c == '.')
			if word && !in {
				n++
			}
			in = word
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			n++
			in = false
			continue
		}
		word := unicode.IsLetter(r) || unicode.IsDigit(r) || in && unicode.IsMark(r)
		if word && !in {
			n++
		}
		in = word
	}
	return n
}

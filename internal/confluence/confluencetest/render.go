package confluencetest

import (
	"bytes"
	"encoding/xml"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// plainText is the text of a storage body, roughly.
func plainText(storage string) string {
	storage = strings.NewReplacer("<![CDATA[", " ", "]]>", " ").Replace(storage)
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(storage, " "))), " ")
}

// plainTags are elements of storage format that a browser shows as they are.
var plainTags = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "ul": true, "ol": true, "li": true,
	"table": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true, "strong": true, "em": true, "b": true,
	"i": true, "u": true, "s": true, "del": true, "code": true, "pre": true, "blockquote": true, "br": true, "hr": true,
	"sub": true, "sup": true,
}

// linkEnd stands for the end of an ac:link among closing tags.
const linkEnd = "\x00link"

// renderer shows a storage body as HTML: readable, not faithful.
type renderer struct {
	site *Site
	page *content
	out  bytes.Buffer
	open []string // closing tags of open elements
	// heading is where the open heading's text begins, 0 where none is open.
	heading int
	// link is the page that the open link leads to, until its text was written.
	link, linkTitle string
	anchors         map[string]int
}

// renderStorage returns the body as HTML. What is not XML is shown as text.
func (s *Site) renderStorage(x *content, storage string) string {
	r := &renderer{site: s, page: x, anchors: map[string]int{}}
	d := xml.NewDecoder(strings.NewReader("<root xmlns:ac=\"ac\" xmlns:ri=\"ri\">" + storage + "</root>"))
	d.Strict, d.Entity, d.AutoClose = false, xml.HTMLEntity, xml.HTMLAutoClose
	for {
		t, err := d.RawToken()
		if t == nil && err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			r.start(t)
		case xml.EndElement:
			r.end()
		case xml.CharData:
			r.out.WriteString(html.EscapeString(string(t)))
		}
	}
	for len(r.open) > 0 {
		r.end()
	}
	return r.out.String()
}

func (r *renderer) end() {
	n := len(r.open)
	if n == 0 {
		return
	}
	closing := r.open[n-1]
	r.open = r.open[:n-1]
	if closing == linkEnd {
		if r.link != "" {
			r.out.WriteString(r.link + html.EscapeString(r.linkTitle) + "</a>")
		}
		r.link = ""
		return
	}
	if r.heading > 0 && strings.HasPrefix(closing, "</h") {
		inner := string(r.out.Bytes()[r.heading:])
		r.out.Truncate(r.heading - len("<h1>"))
		r.out.WriteString(`<h` + closing[3:4] + ` id="` + r.anchor(inner) + `">` + inner)
		r.heading = 0
	}
	r.out.WriteString(closing)
}

// anchor is what the links to a heading end with: its words joined by hyphens, on Data Center without spaces and after
// the page's title. A repeated one gets a number.
func (r *renderer) anchor(inner string) string {
	words := strings.Fields(html.UnescapeString(tags.ReplaceAllString(inner, "")))
	name := strings.Join(words, "-")
	if r.site.options.DataCenter {
		name = strings.Join(strings.Fields(r.page.title), "") + "-" + strings.Join(words, "")
	}
	r.anchors[name]++
	if n := r.anchors[name]; n > 1 {
		name += "." + strconv.Itoa(n-1)
	}
	return html.EscapeString(name)
}

func (r *renderer) element(open, closing string) {
	r.out.WriteString(open)
	r.open = append(r.open, closing)
}

func attr(t xml.StartElement, local string) string {
	for _, a := range t.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

func (r *renderer) start(t xml.StartElement) {
	name := t.Name.Local
	switch t.Name.Space + ":" + name {
	case "ac:structured-macro":
		switch kind := attr(t, "name"); kind {
		case "jira", "status":
			r.element(`<span class="lozenge">`, "</span>")
		default:
			r.element(`<div class="macro" data-macro="`+html.EscapeString(kind)+`">`, "</div>")
		}
	case "ac:parameter":
		if slices.Contains([]string{"title", "key", "jqlQuery", "diagramName"}, attr(t, "name")) {
			r.element("<strong>", "</strong>")
		} else {
			r.element("<span hidden>", "</span>")
		}
	case "ac:link":
		r.element("", linkEnd)
	case "ac:link-body", "ac:plain-text-link-body":
		r.element(r.link, map[bool]string{true: "</a>", false: ""}[r.link != ""])
		r.link = ""
	case "ac:plain-text-body":
		r.element("<pre>", "</pre>")
	case "ac:task":
		r.element(`<div class="task">`, "</div>")
	case "ac:task-id", "ac:task-uuid":
		r.element(`<span hidden>`, "</span>")
	case "ac:task-status":
		r.element(`<span class="parameter">`, "</span> ")
	case "ri:page":
		r.linkTitle = attr(t, "content-title")
		r.link = r.linkTo(attr(t, "space-key"), r.linkTitle)
		r.element("", "")
	case "ri:user":
		r.element("@"+html.EscapeString(r.personName(attr(t, "account-id"))), "")
	case "ri:attachment":
		r.element(`<span class="parameter">`+html.EscapeString(attr(t, "filename")), "</span>")
	case ":time":
		r.element(html.EscapeString(attr(t, "datetime")), "")
	case ":a":
		href := attr(t, "href")
		if u, err := url.Parse(href); err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
			href = "#"
		}
		r.element(`<a href="`+html.EscapeString(href)+`" rel="noopener">`, "</a>")
	default:
		if t.Name.Space == "" && plainTags[name] {
			closing := "</" + name + ">"
			if name == "br" || name == "hr" {
				closing = ""
			}
			r.element("<"+name+">", closing)
			if len(name) == 2 && name[0] == 'h' && name != "hr" {
				r.heading = r.out.Len()
			}
			return
		}
		r.element("", "")
	}
}

// linkTo opens a link to a page by title.
func (r *renderer) linkTo(key, title string) string {
	sp := r.site.spaces[r.page.space]
	if key != "" {
		sp = r.site.spaceByKey(key)
	}
	if sp == nil {
		return `<a>`
	}
	for _, id := range r.site.bySpace[sp.id] {
		if x := r.site.contents[id]; x.typ == typePage && x.title == title {
			return `<a href="` + html.EscapeString(r.site.options.ContextPath+r.site.webUI(x)) + `">`
		}
	}
	return `<a>`
}

func (r *renderer) personName(id string) string {
	if u := r.site.users[id]; u != nil {
		return u.Name
	}
	return id
}

package convert

import (
	"fmt"
	"strings"
)

// generator writes a page from bytes, which say what comes next.
type generator struct {
	data    []byte
	b       strings.Builder
	n       int
	visible []string
	hidden  []string
}

const maxGenerated = 6 // levels of nesting

func (g *generator) pick(n int) int {
	if len(g.data) == 0 {
		return 0
	}
	c := int(g.data[0])
	g.data = g.data[1:]
	return c % n
}

func (g *generator) word() string {
	g.n++
	w := fmt.Sprintf("v%dz", g.n)
	g.visible = append(g.visible, w)
	return w
}

func (g *generator) secret() string {
	g.n++
	w := fmt.Sprintf("h%dz", g.n)
	g.hidden = append(g.hidden, w)
	return w
}

func (g *generator) put(s string) { g.b.WriteString(s) }

func (g *generator) wrap(before string, content func(), after string) {
	g.put(before)
	content()
	g.put(after)
}

// marks are pieces of text that Markdown, HTML or a table could take for something else.
var marks = []string{"", " ", "*", "_", "`", "|", "[", "]", "&lt;", "&gt;", "~~", "\\", "#", "- ", "1. ", "+ ", "&amp;lt;", "(", ")", "!", "<br/>", ":", "  ", "&nbsp;", "=", "> ", "\n", "---", "```", "$", "\"", "{"}

func (g *generator) inlines(depth int) {
	for range 1 + g.pick(4) {
		g.inline(depth)
	}
}

func (g *generator) inline(depth int) {
	g.put(marks[g.pick(len(marks))])
	if depth > maxGenerated {
		g.put(g.word())
		return
	}
	inner := func() { g.inlines(depth + 1) }
	switch g.pick(22) {
	case 1:
		g.wrap("<strong>", inner, "</strong>")
	case 2:
		g.wrap("<em>", inner, "</em>")
	case 3:
		g.wrap(`<span style="text-decoration: line-through;">`, inner, "</span>")
	case 4:
		g.wrap("<code>", inner, "</code>")
	case 5:
		g.wrap(`<a href="https://example.com/a_b(c)?x=1|2">`, inner, "</a>")
	case 6:
		g.wrap(`<ac:link><ri:page ri:content-title="Data model" ri:version-at-save="`+g.secret()+`" /><ac:link-body>`, inner, "</ac:link-body></ac:link>")
	case 7:
		g.put(`<ac:link><ri:attachment ri:filename="f.txt" /><ac:plain-text-link-body><![CDATA[` + g.word() + `]]></ac:plain-text-link-body></ac:link>`)
	case 8:
		g.put(`<ac:link><ri:user ri:account-id="` + g.secret() + `" /></ac:link>`)
	case 9:
		g.put(`<ac:structured-macro ac:name="status" ac:macro-id="` + g.secret() + `"><ac:parameter ac:name="colour">` + g.secret() + `</ac:parameter><ac:parameter ac:name="title">` + g.word() + `</ac:parameter></ac:structured-macro>`)
	case 10:
		g.wrap(`<ac:inline-comment-marker ac:ref="`+g.secret()+`">`, inner, "</ac:inline-comment-marker>")
	case 11:
		g.wrap("<sub>", inner, "</sub>")
	case 12:
		g.put(`<ac:image ac:alt="` + g.word() + `" ac:width="` + g.secret() + `"><ri:attachment ri:filename="p.png" /></ac:image>`)
	case 13:
		g.put(`<ac:placeholder>` + g.secret() + `</ac:placeholder>`)
	case 14:
		g.put(`<time datetime="` + g.secret() + `">` + g.word() + `</time>`)
	case 15:
		g.wrap("<u>", inner, "</u>")
	case 16:
		g.put(`<a href="javascript:` + g.secret() + `">` + g.word() + `</a>`)
	case 17:
		g.put(`<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">` + g.secret() + `</ac:parameter></ac:structured-macro>`)
	case 18:
		g.put(`<ac:structured-macro ac:name="mathinline"><ac:parameter ac:name="body">` + g.word() + `</ac:parameter></ac:structured-macro>`)
	case 19:
		g.put(`<script>` + g.secret() + `</script>`)
	case 20:
		g.put("https://example.com/" + g.word())
	default:
		g.put(g.word())
	}
	g.put(marks[g.pick(len(marks))])
}

func (g *generator) blocks(depth int) {
	for range 1 + g.pick(3) {
		g.block(depth)
	}
}

func (g *generator) block(depth int) {
	if depth > maxGenerated {
		g.wrap("<p>", func() { g.put(g.word()) }, "</p>")
		return
	}
	inner := func() { g.blocks(depth + 1) }
	text := func() { g.inlines(depth + 1) }
	macro := func(name, params string, content func()) {
		g.wrap(`<ac:structured-macro ac:name="`+name+`" ac:schema-version="1" ac:macro-id="`+g.secret()+`">`+params+`<ac:rich-text-body>`, content,
			`</ac:rich-text-body></ac:structured-macro>`)
	}
	switch g.pick(20) {
	case 1:
		level := fmt.Sprintf("h%d>", 1+g.pick(6))
		g.wrap("<"+level, text, "</"+level)
	case 2:
		tag := []string{"ul", "ol"}[g.pick(2)]
		g.put("<" + tag + ">")
		for range 1 + g.pick(3) {
			g.wrap("<li>", []func(){text, inner, func() { text(); inner() }}[g.pick(3)], "</li>")
		}
		g.put("</" + tag + ">")
	case 3:
		g.table(depth)
	case 4:
		macro([]string{"info", "note", "warning", "panel"}[g.pick(4)], `<ac:parameter ac:name="bgColor">`+g.secret()+`</ac:parameter><ac:parameter ac:name="title">`+g.word()+`</ac:parameter>`, inner)
	case 5:
		macro("expand", `<ac:parameter ac:name="title">`+g.word()+`</ac:parameter>`, inner)
	case 6:
		g.put(`<ac:structured-macro ac:name="code"><ac:parameter ac:name="title">` + g.word() + `</ac:parameter><ac:parameter ac:name="theme">` + g.secret() +
			`</ac:parameter><ac:plain-text-body><![CDATA[` + g.word() + " <b>&amp; ```\n\n  " + g.word() + `]]]]><![CDATA[>]]></ac:plain-text-body></ac:structured-macro>`)
	case 7:
		g.wrap(`<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell>`, inner, `</ac:layout-cell></ac:layout-section></ac:layout>`)
	case 8:
		g.wrap(`<ac:task-list><ac:task><ac:task-id>`+g.secret()+`</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>`, text, `</ac:task-body></ac:task></ac:task-list>`)
	case 9:
		macro("acme-unknown", `<ac:parameter ac:name="config">`+g.secret()+`</ac:parameter>`, inner)
	case 10:
		g.wrap(`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-attribute key="local-id">`+g.secret()+
			`</ac:adf-attribute><ac:adf-content>`, inner, `</ac:adf-content></ac:adf-node><ac:adf-fallback><p>`+g.secret()+`</p></ac:adf-fallback></ac:adf-extension>`)
	case 11:
		g.wrap("<blockquote>", inner, "</blockquote>")
	case 12:
		g.wrap("<pre>", func() { g.put(g.word() + "\n  " + g.word()) }, "</pre>")
	case 13:
		macro("details", `<ac:parameter ac:name="id">`+g.secret()+`</ac:parameter>`, inner)
	case 14:
		g.put(`<ac:structured-macro ac:name="contentbylabel"><ac:parameter ac:name="cql">` + g.secret() + `</ac:parameter></ac:structured-macro><hr/>`)
	case 15:
		g.wrap("<div><p>", func() { text(); macro("excerpt", "", inner); text() }, "</p></div>")
	case 16:
		g.put(`<ac:image ac:alt="` + g.word() + `"><ri:attachment ri:filename="p.png" /><ac:caption><p>` + g.word() + `</p></ac:caption></ac:image>`)
	case 17:
		g.put(`<ac:structured-macro ac:name="html"><ac:plain-text-body><![CDATA[<p onclick="` + g.secret() + `">` + g.word() + `</p><script>` + g.secret() + `</script>]]></ac:plain-text-body></ac:structured-macro>`)
	default:
		g.wrap("<p>", text, "</p>")
	}
}

func (g *generator) table(depth int) {
	g.put(`<table data-layout="` + g.secret() + `"><tbody>`)
	for row := range 1 + g.pick(3) {
		cell := "td"
		if row == 0 && g.pick(2) == 0 {
			cell = "th"
		}
		g.put("<tr>")
		for range 1 + g.pick(3) {
			span := []string{"", ` colspan="2"`, ` rowspan="2"`}[g.pick(3)]
			g.wrap("<"+cell+span+">", func() {
				if g.pick(2) == 0 {
					g.blocks(depth + 1)
					return
				}
				g.inlines(depth + 1)
			}, "</"+cell+">")
		}
		g.put("</tr>")
	}
	g.put("</tbody></table>")
}

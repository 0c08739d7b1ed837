package demo

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// author turns the Markdown of content files into storage format. Besides GitHub Flavored Markdown it knows
//
//	:::info Title … :::     a macro with a body (info, note, tip, warning, panel, expand, details, excerpt), may nest
//	[label](page:Title)     a link to a page of the space; page:KEY/Title to another space's
//	![alt](file:name.png)   an attached image
//	{{jira OPS-12}} {{status Green DONE}} {{user mina}} {{date 2026-01-02}} {{emoji tick}} {{toc}} {{children}} …
//	- [ ] task              a task list
type author struct {
	md     goldmark.Markdown
	people map[string]person
}

func newAuthor(people map[string]person) *author {
	a := &author{people: people}
	a.md = goldmark.New(
		goldmark.WithExtensions(extension.GFM),
		goldmark.WithRendererOptions(ghtml.WithXHTML(), renderer.WithNodeRenderers(util.Prioritized(storageNodes{}, 100))),
	)
	return a
}

// storage returns the storage format of a page.
func (a *author) storage(markdown string) (string, error) {
	var out strings.Builder
	if err := a.blocks(&out, strings.Split(markdown, "\n")); err != nil {
		return "", err
	}
	return out.String(), nil
}

// blocks writes lines, macros with bodies in their place.
func (a *author) blocks(out *strings.Builder, lines []string) error {
	plain := 0
	for i := 0; i < len(lines); i++ {
		name, ok := strings.CutPrefix(lines[i], ":::")
		if !ok || name == "" {
			continue
		}
		if err := a.prose(out, lines[plain:i]); err != nil {
			return err
		}
		end, err := macroEnd(lines, i)
		if err != nil {
			return err
		}
		if err := a.macro(out, name, lines[i+1:end]); err != nil {
			return err
		}
		i, plain = end, end+1
	}
	return a.prose(out, lines[plain:])
}

// macroEnd returns the index of the ":::" that closes the macro opened at start.
func macroEnd(lines []string, start int) (int, error) {
	depth := 0
	for i := start; i < len(lines); i++ {
		switch {
		case lines[i] == ":::":
			depth--
		case strings.HasPrefix(lines[i], ":::"):
			depth++
		}
		if depth == 0 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is never closed", lines[start])
}

func (a *author) macro(out *strings.Builder, head string, body []string) error {
	name, title, _ := strings.Cut(head, " ")
	fmt.Fprintf(out, `<ac:structured-macro ac:name="%s" ac:schema-version="1">`, name)
	if title != "" {
		fmt.Fprintf(out, `<ac:parameter ac:name="title">%s</ac:parameter>`, html.EscapeString(title))
	}
	out.WriteString("<ac:rich-text-body>")
	if err := a.blocks(out, body); err != nil {
		return err
	}
	out.WriteString("</ac:rich-text-body></ac:structured-macro>")
	return nil
}

func (a *author) prose(out *strings.Builder, lines []string) error {
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	if text == "" {
		return nil
	}
	var buf bytes.Buffer
	if err := a.md.Convert([]byte(text), &buf); err != nil {
		return fmt.Errorf("render demo page: %w", err)
	}
	out.WriteString(taskLists(a.marks(buf.String())))
	return nil
}

var mark = regexp.MustCompile(`\{\{(jira|jql|status|user|date|emoji|toc|children|drawio)(?: ([^}]*))?\}\}`)

// marks replaces the {{…}} marks by what Confluence stores for them.
func (a *author) marks(s string) string {
	return mark.ReplaceAllStringFunc(s, func(m string) string {
		parts := mark.FindStringSubmatch(m)
		arg := parts[2]
		switch parts[1] {
		case "jira":
			return macro("jira", "server", "System Jira", "key", arg)
		case "jql":
			return macro("jira", "server", "System Jira", "jqlQuery", arg)
		case "status":
			colour, title, _ := strings.Cut(arg, " ")
			return macro("status", "colour", colour, "title", title)
		case "user":
			return `<ac:link><ri:user ri:account-id="` + a.people[arg].id + `" /></ac:link>`
		case "date":
			return `<time datetime="` + arg + `" />`
		case "emoji":
			return `<ac:emoticon ac:name="` + arg + `" />`
		case "drawio":
			return macro("drawio", "diagramName", arg)
		default:
			return macro(parts[1])
		}
	})
}

// macro writes a macro without a body; parameters are pairs of name and value, values escaped already.
func macro(name string, parameters ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<ac:structured-macro ac:name="%s" ac:schema-version="1">`, name)
	for i := 0; i+1 < len(parameters); i += 2 {
		fmt.Fprintf(&b, `<ac:parameter ac:name="%s">%s</ac:parameter>`, parameters[i], parameters[i+1])
	}
	b.WriteString("</ac:structured-macro>")
	return b.String()
}

var (
	taskList = regexp.MustCompile(`(?s)<ul>\s*(<li><input [^>]*type="checkbox".*?)</ul>`)
	taskItem = regexp.MustCompile(`(?s)<li><input (checked="" )?[^>]*type="checkbox" ?/?> ?(.*?)</li>`)
)

// taskLists turns GFM's check boxes into Confluence's task lists.
func taskLists(s string) string {
	return taskList.ReplaceAllStringFunc(s, func(list string) string {
		n := 0
		items := taskItem.ReplaceAllStringFunc(taskList.FindStringSubmatch(list)[1], func(item string) string {
			n++
			m := taskItem.FindStringSubmatch(item)
			status := "incomplete"
			if m[1] != "" {
				status = "complete"
			}
			return fmt.Sprintf("<ac:task><ac:task-id>%d</ac:task-id><ac:task-status>%s</ac:task-status><ac:task-body>%s</ac:task-body></ac:task>",
				n, status, strings.TrimSpace(m[2]))
		})
		return "<ac:task-list>" + strings.TrimSpace(items) + "</ac:task-list>"
	})
}

// storageNodes renders the nodes that storage format writes otherwise than HTML does.
type storageNodes struct{}

// RegisterFuncs registers code, links and images.
func (n storageNodes) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, n.code)
	r.Register(ast.KindLink, n.link)
	r.Register(ast.KindImage, n.image)
}

func (storageNodes) code(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	block := node.(*ast.FencedCodeBlock)
	var text bytes.Buffer
	for i := range block.Lines().Len() {
		line := block.Lines().At(i)
		text.Write(line.Value(source))
	}
	_, _ = w.WriteString(`<ac:structured-macro ac:name="code" ac:schema-version="1">`)
	if lang := block.Language(source); len(lang) > 0 {
		_, _ = fmt.Fprintf(w, `<ac:parameter ac:name="language">%s</ac:parameter>`, html.EscapeString(string(lang)))
	}
	body := strings.ReplaceAll(strings.TrimRight(text.String(), "\n"), "]]>", "]]]]><![CDATA[>")
	_, _ = fmt.Fprintf(w, `<ac:plain-text-body><![CDATA[%s]]></ac:plain-text-body></ac:structured-macro>`, body)
	return ast.WalkSkipChildren, nil
}

func (storageNodes) link(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	target := string(node.(*ast.Link).Destination)
	page, internal := strings.CutPrefix(target, "page:")
	switch {
	case internal && entering:
		_, _ = w.WriteString(`<ac:link>` + pageRef(page) + `<ac:link-body>`)
	case internal:
		_, _ = w.WriteString(`</ac:link-body></ac:link>`)
	case entering:
		_, _ = fmt.Fprintf(w, `<a href="%s">`, html.EscapeString(target))
	default:
		_, _ = w.WriteString(`</a>`)
	}
	return ast.WalkContinue, nil
}

// pageRef names a page: "Title" or "KEY/Title", spaces as underscores.
func pageRef(target string) string {
	key, title, other := strings.Cut(target, "/")
	if !other {
		return fmt.Sprintf(`<ri:page ri:content-title="%s" />`, html.EscapeString(strings.ReplaceAll(target, "_", " ")))
	}
	return fmt.Sprintf(`<ri:page ri:space-key="%s" ri:content-title="%s" />`, key, html.EscapeString(strings.ReplaceAll(title, "_", " ")))
}

func (storageNodes) image(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	file := strings.TrimPrefix(string(node.(*ast.Image).Destination), "file:")
	var alt strings.Builder
	for c := node.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			alt.Write(t.Segment.Value(source))
		}
	}
	_, _ = fmt.Fprintf(w, `<ac:image ac:alt="%s"><ri:attachment ri:filename="%s" /></ac:image>`, html.EscapeString(alt.String()), html.EscapeString(file))
	return ast.WalkSkipChildren, nil
}

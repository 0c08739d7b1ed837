package markdown

import (
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// decorator adds to the sanitised tree what the page needs: everything in here is our own markup.
type decorator struct {
	opt  Options
	mark *marker
	toc  []Heading
	ids  map[string]int // how often each anchor was given
	top  int            // the highest heading level used
	last int            // the level of the heading before, as shown
}

func decorate(clean io.Reader, opt Options) (Document, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(clean, body)
	if err != nil {
		return Document{}, err
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	d := &decorator{opt: opt, ids: map[string]int{}, mark: newMarker(opt.Words), top: topHeading(body), last: 1}
	d.children(body)
	var b strings.Builder
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return Document{}, err
		}
	}
	return Document{HTML: b.String(), TOC: d.toc}, nil
}

func (d *decorator) children(n *html.Node) {
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		d.node(child)
		child = next
	}
}

func (d *decorator) node(n *html.Node) {
	if n.Type == html.TextNode {
		d.mark.text(n)
		return
	}
	if n.Type != html.ElementNode {
		return
	}
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		d.heading(n)
		return
	case atom.A:
		d.link(n)
	case atom.Pre:
		setAttr(n, "tabindex", "0") // it scrolls, so the keyboard must reach it
	case atom.Input:
		if attr(n, "type") != "checkbox" {
			n.Parent.RemoveChild(n)
			return
		}
		setAttr(n, "disabled", "")
		setAttr(n, "aria-label", checkboxLabel(n))
	case atom.Table:
		scroll(n)
	case atom.Blockquote:
		callout(n)
	default:
	}
	d.children(n)
}

// heading moves the heading below the page's own title, gives it its anchors, lists it and adds the link to itself. The
// anchors are Confluence's, so that the links of pages and the sections of hits find them: the text with dashes for
// spaces and, for Data Center and the old editor, the title before it and no spaces at all; ".1", ".2" for repeats.
func (d *decorator) heading(n *html.Node) {
	level := int(n.Data[1] - '0')
	words := strings.Fields(textOf(n))
	shown := min(level-d.top+2, d.last+1, 6) // no level is left out, whatever the page does
	d.last = shown
	n.Data = "h" + string(rune('0'+shown))
	n.DataAtom = atom.Lookup([]byte(n.Data))
	if len(words) == 0 {
		return
	}
	anchor := d.unique(strings.Join(words, "-"))
	old := d.unique(strings.Join(strings.Fields(d.opt.Title), "") + "-" + strings.Join(words, ""))
	if slices.Contains(d.opt.Sections, anchor) || slices.Contains(d.opt.Sections, old) {
		setAttr(n, "class", "matched")
	}
	id := AnchorPrefix + anchor
	setAttr(n, "id", id)
	name := strings.Join(words, " ")
	d.toc = append(d.toc, Heading{Level: shown - 1, Text: name, ID: id})
	d.children(n)
	if d.opt.Title != "" {
		n.InsertBefore(element("span", "", "id", AnchorPrefix+old), n.FirstChild)
	}
	n.AppendChild(element("a", "#", "class", "anchor", "href", "#"+url.PathEscape(id), "aria-label", "Link to section "+name))
}

// unique numbers an anchor that was given before.
func (d *decorator) unique(anchor string) string {
	n := d.ids[anchor]
	d.ids[anchor]++
	if n > 0 {
		anchor += "." + strconv.Itoa(n)
	}
	return anchor
}

// link rewrites links to pages we hold, and to headings of this page; others open apart from ours.
func (d *decorator) link(n *html.Node) {
	href := attr(n, "href")
	if anchor, ok := strings.CutPrefix(href, "#"); ok {
		setAttr(n, "href", "#"+AnchorPrefix+anchor)
		return
	}
	if d.opt.Link != nil {
		if own := d.opt.Link(href); own != "" {
			setAttr(n, "href", own)
			return
		}
	}
	if strings.HasPrefix(href, "http://") || strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "mailto:") {
		return
	}
	// A relative address would lead into our own site: nothing there is meant by the page.
	removeAttr(n, "href")
}

func topHeading(n *html.Node) int {
	top := 6
	for child := range n.Descendants() {
		if child.Type == html.ElementNode && len(child.Data) == 2 && child.Data[0] == 'h' && child.Data[1] >= '1' && child.Data[1] <= '6' {
			top = min(top, int(child.Data[1]-'0'))
		}
	}
	return top
}

// scroll puts a table into a box that scrolls sideways.
func scroll(table *html.Node) {
	box := element("div", "", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", "Table")
	table.Parent.InsertBefore(box, table)
	table.Parent.RemoveChild(table)
	box.AppendChild(table)
}

// callouts are the words that open a GitHub alert, "[!NOTE]", with their titles.
var callouts = map[string]string{ //nolint:gochecknoglobals // a table
	"[!NOTE]": "Note", "[!INFO]": "Info", "[!TIP]": "Tip", "[!IMPORTANT]": "Important", "[!WARNING]": "Warning", "[!CAUTION]": "Caution",
}

// callout turns a quotation that opens with "[!NOTE]" into a coloured note; a title may follow on the same line.
func callout(quote *html.Node) {
	para := quote.FirstChild
	for para != nil && para.Type == html.TextNode && strings.TrimSpace(para.Data) == "" {
		para = para.NextSibling
	}
	if para == nil || para.DataAtom != atom.P || para.FirstChild == nil || para.FirstChild.Type != html.TextNode {
		return
	}
	first := para.FirstChild
	word, rest, _ := strings.Cut(first.Data, "]")
	title, ok := callouts[strings.ToUpper(strings.TrimSpace(word)+"]")]
	if !ok {
		return
	}
	kind := strings.ToLower(title)
	if kind == "info" {
		kind = "note"
	}
	line, body, _ := strings.Cut(rest, "\n")
	if own := strings.TrimSpace(line); own != "" {
		title = own
	}
	first.Data = strings.TrimLeft(body, " \n")
	quote.Data, quote.DataAtom = "div", atom.Div
	setAttr(quote, "class", "callout callout-"+kind)
	quote.InsertBefore(element("p", title, "class", "callout-title"), para)
	if strings.TrimSpace(textOf(para)) == "" {
		quote.RemoveChild(para)
	}
}

func checkboxLabel(n *html.Node) string {
	for _, a := range n.Attr {
		if a.Key == "checked" {
			return "Done"
		}
	}
	return "Open"
}

func element(name, text string, attrs ...string) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name))}
	for i := 0; i+1 < len(attrs); i += 2 {
		n.Attr = append(n.Attr, html.Attribute{Key: attrs[i], Val: attrs[i+1]})
	}
	if text != "" {
		n.AppendChild(&html.Node{Type: html.TextNode, Data: text})
	}
	return n
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *html.Node, key, value string) {
	removeAttr(n, key)
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}

func removeAttr(n *html.Node, key string) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		b.WriteString(textOf(child))
	}
	return b.String()
}

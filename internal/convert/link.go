package convert

import (
	"encoding/json"
	"net/url"
	"strings"
)

// target is what a link leads to.
type target struct {
	url      string // absolute; empty: the label is plain text
	label    string // when the link has none of its own
	fileName bool   // the label is a file name or address: issue keys in it do not count
	page     *PageLink
	file     *Attachment
}

// link writes ac:link.
func (c *converter) link(n *node) {
	body := n.child(tagLinkBody, tagPlainLinkBody)
	resource := c.resource(n)
	if body == nil && resource != nil {
		body = resource.find(tagLinkBody, tagPlainLinkBody)
	}
	if resource != nil && resource.tag == tagRiUser {
		label := ""
		if body != nil {
			label = body.label()
		}
		c.mention(resource, label)
		return
	}
	t := c.target(resource, n.attr("ac:anchor"))
	c.writeLink(t, func() {
		switch {
		case body == nil:
		case body.tag == tagPlainLinkBody:
			c.plain(plainText(body))
		default:
			c.children(body)
		}
	})
}

// resource returns the first ri: element in n that is not part of the label.
func (c *converter) resource(n *node) *node {
	for child := n.first; child != nil; child = child.next {
		if child.kind == elementNode && strings.HasPrefix(child.name, "ri:") {
			return child
		}
	}
	return nil
}

// target resolves a resource identifier.
func (c *converter) target(n *node, anchor string) target {
	if n == nil {
		return target{label: anchor}
	}
	switch n.tag {
	case tagRiPage, tagRiContent, tagRiBlogPost:
		return c.pageTarget(n, anchor)
	case tagRiSpace:
		key := c.spaceKey(n)
		label := c.ctx.Spaces[key]
		if label == "" {
			label = key
		}
		return target{url: c.site.display(key, ""), label: label}
	case tagRiAttachment:
		return c.fileTarget(n)
	case tagRiURL:
		value := n.attr("ri:value")
		address, ok := c.site.safe(value)
		if !ok {
			return target{label: value, fileName: true}
		}
		return target{url: address, label: address, fileName: true}
	case tagRiShortcut:
		return target{label: n.attr("ri:parameter")}
	default:
		return target{label: anchor}
	}
}

// spaceKey is the space that a resource names, or the page's own.
func (c *converter) spaceKey(n *node) string {
	if key := n.attr("ri:space-key"); key != "" && key != "currentSpace()" {
		return key
	}
	return c.page.SpaceKey
}

func (c *converter) pageTarget(n *node, anchor string) target {
	title, id, space := n.attr("ri:content-title"), n.attr("ri:content-id"), c.spaceKey(n)
	switch {
	case title == "@self":
		return target{label: c.page.Title}
	case title == "@home":
		return target{url: c.site.display(space, ""), label: space}
	case strings.HasPrefix(title, "@"):
		return target{}
	case title == "" && id == "":
		return target{label: anchor}
	}
	ref := PageRef{SpaceKey: space, Title: title}
	if title == "" {
		ref = PageRef{ID: id}
	}
	link := c.pageLink(ref, anchor)
	if day := n.attr("ri:posting-day"); link.ID == "" && day != "" {
		link.URL = c.withAnchor(c.site.display(space, day+"/"+url.QueryEscape(title)), anchor)
	}
	label := link.Title
	if label == "" {
		label = "page " + id
	}
	return target{url: link.URL, label: label, page: &link}
}

// pageLink resolves a page. Where it is not known, its address is one that Confluence resolves.
func (c *converter) pageLink(ref PageRef, anchor string) PageLink {
	link := PageLink{SpaceKey: ref.SpaceKey, Title: ref.Title, ID: ref.ID, Anchor: anchor, Kind: KindLink}
	page, ok := c.find(ref)
	if ok {
		link.SpaceKey, link.Title, link.ID, link.URL = page.SpaceKey, page.Title, page.ID, page.URL
	}
	if link.URL == "" {
		if link.ID != "" {
			link.URL = c.site.base + "/pages/viewpage.action?pageId=" + url.QueryEscape(link.ID)
		} else {
			link.URL = c.site.display(link.SpaceKey, url.QueryEscape(link.Title))
		}
	}
	if address, ok := c.site.safe(link.URL); ok {
		link.URL = address
	}
	link.URL = c.withAnchor(link.URL, anchor)
	return link
}

// find looks a page up; the page that is converted is known too.
func (c *converter) find(ref PageRef) (PageInfo, bool) {
	if page, ok := c.ctx.Pages.Find(ref); ok {
		return page, true
	}
	if p := c.page; ref.ID != "" && ref.ID == p.ID || ref.ID == "" && p.Title != "" && titleKey(ref.SpaceKey, ref.Title) == titleKey(p.SpaceKey, p.Title) {
		return p, true
	}
	return PageInfo{}, false
}

func (c *converter) withAnchor(address, anchor string) string {
	if anchor == "" {
		return address
	}
	return address + "#" + url.PathEscape(anchor)
}

// fileTarget resolves an attachment, of this page or of the one that is named in it.
func (c *converter) fileTarget(n *node) target {
	name := n.attr("ri:filename")
	if name == "" {
		return target{}
	}
	file, address := c.file(name, n.child(tagRiPage, tagRiContent, tagRiBlogPost))
	return target{url: address, label: name, fileName: true, file: &file}
}

func (c *converter) file(name string, owner *node) (Attachment, string) {
	file := Attachment{Name: name, PageID: c.page.ID}
	if owner == nil {
		file.ID = c.ctx.Attachments[name]
	} else if t := c.pageTarget(owner, ""); t.page != nil {
		file.PageID = t.page.ID
		if file.PageID == "" {
			file.URL = t.page.URL
			return file, file.URL
		}
	}
	file.URL = c.site.file(file.PageID, name)
	return file, file.URL
}

// hyperlink writes a.
func (c *converter) hyperlink(n *node) {
	href := strings.TrimSpace(n.attr("href"))
	if data := n.attr("data-datasource"); data != "" && c.datasource(href, data) {
		return
	}
	address, ok := c.site.safe(href)
	if !ok || strings.HasPrefix(href, "#") {
		if href != "" && !strings.HasPrefix(href, "#") {
			c.rec.dropped["link target"]++
		}
		c.children(n)
		return
	}
	t := target{url: address, label: address, fileName: true}
	label := n.label()
	if label == address || label == href || label == "" && n.find(tagImage, tagImg, tagMacro, tagEmoticon, tagTime) == nil {
		c.smartLink(t)
		return
	}
	c.writeLink(t, func() { c.children(n) })
}

// smartLink writes a link without a label of its own: with the title of the page if it is one of ours and known.
func (c *converter) smartLink(t target) {
	if path, own := c.site.own(t.url); own {
		if ref, ok := pageOf(path); ok {
			if page, ok := c.find(ref); ok && page.Title != "" {
				c.writeLink(t, func() { c.plain(page.Title) })
				return
			}
		}
	}
	c.writeLink(t, func() {})
}

// datasource writes the table of Jira issues of the new editor: the query and a link. False if it is another kind of
// data source.
func (c *converter) datasource(href, data string) bool {
	var source struct {
		Parameters struct {
			JQL string `json:"jql"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal([]byte(data), &source); err != nil || source.Parameters.JQL == "" {
		return false
	}
	c.query(source.Parameters.JQL, false)
	if address, ok := c.site.safe(href); ok {
		c.w.space = true
		c.writeLink(target{url: address}, func() { c.w.text("Jira") })
	}
	return true
}

// writeLink writes a link with the label that body writes, or the target's own.
func (c *converter) writeLink(t target, body func()) {
	if t.url == "" || c.w.inLabelOrPending() {
		at := len(c.w.md)
		body()
		if len(c.w.md) == at {
			c.defaultLabel(t)
		}
		c.recordTarget(t, "")
		return
	}
	textAt, ok := c.linked(t.url, body)
	if !ok {
		if t.url == t.label {
			c.autolink(t.url)
			return
		}
		textAt, ok = c.linked(t.url, func() { c.defaultLabel(t) })
	}
	if ok {
		c.recordTarget(t, oneLine(string(c.w.txt[textAt:])))
	}
	c.flushDeferred()
}

func (c *converter) defaultLabel(t target) {
	if t.fileName {
		c.w.text(t.label)
		return
	}
	c.words(t.label)
}

// linked writes body as the label of a link to address; false if it wrote nothing visible.
func (c *converter) linked(address string, body func()) (textAt int, ok bool) {
	outer := c.w.flat
	c.w.flat = true
	c.w.openMark(markLink)
	body()
	c.w.flat = outer
	return c.w.closeLink(address)
}

// closeLink ends a link's label and writes its target; false if the label is empty.
func (w *writer) closeLink(address string) (textAt int, ok bool) {
	m := w.marks[len(w.marks)-1]
	w.marks = w.marks[:len(w.marks)-1]
	if w.written <= len(w.marks) {
		return 0, false
	}
	w.written--
	w.inLabel = false
	w.md = append(w.md, "]("...)
	w.address(address)
	w.md = append(w.md, ')')
	return m.textAt, true
}

// address writes an absolute address; a pipe would end the cell.
func (w *writer) address(s string) {
	if w.cell {
		s = strings.ReplaceAll(s, "|", "%7C")
	}
	w.md = append(w.md, s...)
}

// autolink writes an address that is its own label.
func (c *converter) autolink(address string) {
	address = escapeURL(address)
	if !strings.Contains(address, ":") {
		c.w.text(address) // relative, since the site is not known
		return
	}
	c.w.begin('<')
	c.w.fresh = false
	c.w.md = append(c.w.md, '<')
	c.w.address(address)
	c.w.md = append(c.w.md, '>')
	c.w.txt = append(c.w.txt, address...)
	c.recordTarget(target{url: address}, address)
}

// recordTarget notes where a link leads.
func (c *converter) recordTarget(t target, label string) {
	if t.file != nil {
		c.rec.attachment(*t.file)
	}
	if t.url == "" {
		return
	}
	c.rec.keysInURL(t.url)
	if t.page != nil {
		if t.page.ID != "" && t.page.ID == c.ctx.Page.ID {
			return
		}
		link := *t.page
		link.Label = label
		c.rec.pageLink(link)
		c.rec.link(t.url)
		return
	}
	path, own := c.site.own(t.url)
	if !own {
		c.rec.link(t.url)
		c.rec.externalLink(t.url, label)
		return
	}
	if ref, ok := pageOf(path); ok {
		if c.ctx.Page.ID != "" && ref.ID == c.ctx.Page.ID {
			return
		}
		_, anchor, _ := strings.Cut(path, "#")
		link := c.pageLink(ref, anchor)
		link.URL, link.Label = t.url, label
		c.rec.pageLink(link)
	} else if m := pathOfFile.FindStringSubmatch(path); m != nil && t.file == nil {
		name, err := url.PathUnescape(m[2])
		if err == nil {
			c.rec.attachment(Attachment{Name: name, PageID: m[1], URL: t.url})
		}
	}
	c.rec.link(t.url)
}

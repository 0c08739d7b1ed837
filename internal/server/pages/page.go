package pages

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/markdown"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

// storedPage returns the page that the address names. A restricted one does not exist for readers.
func (p *Pages) storedPage(c echo.Context) (sources.Page, error) {
	page, err := p.Sources.Page(c.Request().Context(), c.Param("source"), c.Param("page"))
	if errors.Is(err, wiki.ErrNotFound) || err == nil && page.Restricted && !session.Identity(c).IsAdmin() {
		return sources.Page{}, echo.NewHTTPError(http.StatusNotFound, "There is no such page in the index. It may have been deleted in Confluence, or you may not be allowed to see it.")
	}
	return page, err
}

// showPage is a stored page, rendered.
func (p *Pages) showPage(c echo.Context) error {
	page, err := p.storedPage(c)
	if err != nil {
		return err
	}
	dir, err := p.sourcesOf(c.Request().Context())
	if err != nil {
		return err
	}
	text := c.QueryParam("q")
	own := ownLinks(page)
	doc, err := p.markdown.Render(page.Markdown, markdown.Options{
		Title:    page.Title,
		Words:    searchedWords(text),
		Sections: c.QueryParams()["at"],
		Link:     func(href string) string { return own[href] },
	})
	if err != nil {
		return err
	}
	view := p.pageView(page, doc, dir)
	if text != "" {
		view.Query, view.BackURL = text, "/?"+url.Values{"q": {text}}.Encode()
	}
	return p.render(c, http.StatusOK, views.Page(p.chrome(c, page.Title, "search"), view))
}

// pageMarkdown is the stored Markdown as plain text, for copying.
func (p *Pages) pageMarkdown(c echo.Context) error {
	page, err := p.storedPage(c)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/plain; charset=utf-8")
	header.Set(echo.HeaderCacheControl, "private, no-cache")
	header.Set(echo.HeaderContentDisposition, mime.FormatMediaType("inline", map[string]string{"filename": page.Title + ".md"}))
	return c.String(http.StatusOK, "# "+page.Title+"\n\n"+page.Markdown+"\n")
}

// searchedWords are the words of a query to mark: not those that are excluded, nor the filters.
func searchedWords(text string) []string {
	var words []string
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "-") || strings.Contains(strings.Trim(word, ":"), ":") {
			continue
		}
		words = append(words, word)
	}
	return words
}

// ownLinks maps the addresses of stored pages in Confluence to our own view of them.
func ownLinks(page sources.Page) map[string]string {
	own := map[string]string{}
	for _, l := range page.InternalLinks {
		if l.PageID != "" {
			own[l.URL] = pageURL(page.SourceID, l.PageID)
		}
	}
	return own
}

func (p *Pages) pageView(page sources.Page, doc markdown.Document, dir directoryEntry) views.PageView {
	now := p.Now()
	self := pageURL(page.SourceID, page.PageID)
	filter := func(name, value string) string { return "/?" + url.Values{name: {value}}.Encode() }
	view := views.PageView{
		Title: page.Title, SpaceKey: page.SpaceKey, SpaceURL: filter("space", page.SpaceKey), HTML: doc.HTML, Empty: doc.HTML == "",
		SourceURL: page.URL, MarkdownURL: self + "/markdown", Updated: stamp(page.LastModified, now), Author: page.Author,
	}
	if page.WordCount > 0 {
		view.Byline = append(view.Byline, views.Param{Value: plural(max(page.WordCount/220, 1), "minute") + " to read"})
	}
	if page.Type == wiki.TypeBlogPost {
		view.Badges = append(view.Badges, views.Badge{Text: "Blog post", Tone: views.Plain, Icon: "newspaper"})
	}
	if page.Restricted {
		view.Badges = append(view.Badges, views.Badge{Text: "Restricted in Confluence", Tone: views.Warn, Icon: "lock"})
	}
	switch page.Status {
	case "deleted":
		view.Alerts = append(view.Alerts, views.Alert{Tone: views.Warn, Title: "This page was deleted in Confluence", Text: "What you see is its last stored state. It is not found by search any more."})
	case "failed":
		view.Alerts = append(view.Alerts, views.Alert{Tone: views.Warn, Title: "The newest version could not be stored", Text: "This is the version before it; it will be tried again."})
	}
	if len(page.Dropped) > 0 {
		view.Alerts = append(view.Alerts, views.Alert{Tone: views.Info, Text: "Not shown here: " + strings.Join(page.Dropped, ", ") + ". Open the page in Confluence to see it."})
	}
	for _, b := range page.Breadcrumbs {
		crumb := views.LinkText{Text: b.Title}
		if b.Type == "page" || b.Type == "" {
			crumb.URL = pageURL(page.SourceID, b.ID)
		}
		view.Crumbs = append(view.Crumbs, crumb)
	}
	for _, h := range doc.TOC {
		if h.Level <= 3 {
			view.TOC = append(view.TOC, views.TOCEntry{Level: h.Level, Text: h.Text, ID: h.ID})
		}
	}
	view.Meta = p.pageMeta(page, dir)
	for _, label := range page.Labels {
		view.Labels = append(view.Labels, views.LinkText{Text: label, URL: filter("label", label)})
	}
	for _, key := range page.JiraKeys {
		view.Jira = append(view.Jira, views.JiraChip{Key: key.Key, FilterURL: filter("jira", key.Key), IssueURL: key.URL})
	}
	for _, child := range page.Children {
		view.Children = append(view.Children, views.LinkText{Text: child.Title, URL: pageURL(page.SourceID, child.PageID)})
	}
	view.LinksOut, view.LinksIn = linkViews(page.SourceID, page.InternalLinks), linkViews(page.SourceID, page.LinksIn)
	view.External = linkViews(page.SourceID, slices.DeleteFunc(slices.Clone(page.ExternalLinks), func(l sources.Link) bool {
		return slices.ContainsFunc(page.JiraKeys, func(key sources.JiraKey) bool { return key.URL == l.URL })
	}))
	for _, m := range page.Mentions {
		view.Mentions = append(view.Mentions, views.LinkText{Text: m.Name, URL: filter("author", m.Name)})
	}
	for _, a := range page.Attachments {
		view.Attachments = append(view.Attachments, views.AttachmentRow{Title: a.Title, URL: a.URL, Kind: a.MediaType, Size: size(a.FileSize)})
	}
	return view
}

func (p *Pages) pageMeta(page sources.Page, dir directoryEntry) []views.MetaRow {
	now := p.Now()
	at := func(s views.Stamp) *views.Stamp { return &s }
	rows := []views.MetaRow{
		{Label: "Space", Text: dir.byID[page.SourceID].Name, URL: "/?" + url.Values{"space": {page.SpaceKey}}.Encode()},
		{Label: "Updated", Stamp: at(stamp(page.LastModified, now))},
		{Label: "Updated by", Text: page.Author},
		{Label: "Created", Stamp: at(stamp(page.CreatedAt, now))},
		{Label: "Created by", Text: page.CreatedBy},
		{Label: "Version", Text: count(page.Version)},
		{Label: "Synced", Stamp: at(stamp(page.SyncedAt, now))},
		{Label: "Words", Text: count(page.WordCount)},
		{Label: "Passages", Text: count(page.Chunks)},
	}
	for name, value := range page.Properties {
		rows = append(rows, views.MetaRow{Label: name, Text: value})
	}
	fixed := 9
	slices.SortFunc(rows[fixed:], func(a, b views.MetaRow) int { return strings.Compare(a.Label, b.Label) })
	return slices.DeleteFunc(rows, func(r views.MetaRow) bool { return r.Text == "" && (r.Stamp == nil || r.Stamp.ISO == "") })
}

func linkViews(sourceID string, links []sources.Link) []views.LinkText {
	var list []views.LinkText
	for _, l := range links {
		item := views.LinkText{Text: l.Title, URL: l.URL}
		if item.Text == "" {
			item.Text = host(l.URL)
		}
		if l.PageID != "" {
			item.URL = pageURL(sourceID, l.PageID)
		}
		list = append(list, item)
	}
	return list
}

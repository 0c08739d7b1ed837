package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/web/views"
)

// showTree browses the stored pages: a level of the tree, or a filtered list.
func (p *Pages) showTree(c echo.Context) error {
	ctx, id, now := c.Request().Context(), c.Param("source"), p.Now()
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	filter := sources.PageFilter{
		ListOptions: sources.ListOptions{Limit: 100, Cursor: c.QueryParam("cursor")},
		Under:       c.QueryParam("under"), Query: c.QueryParam("q"), Status: c.QueryParam("status"),
	}
	view := views.TreePage{Head: head(s, "pages"), Query: filter.Query, Status: filter.Status, Flat: filter.Query != "" || filter.Status != ""}
	if view.Flat {
		filter.Under = ""
	}
	filter.Direct = !view.Flat
	list, next, err := p.Sources.Pages(ctx, id, filter)
	if err != nil {
		return err
	}
	base := sourceURL(id) + "/pages"
	if filter.Under != "" {
		above, err := p.Sources.Page(ctx, id, filter.Under)
		if err != nil {
			return err
		}
		view.Crumbs = append(view.Crumbs, views.LinkText{Text: "All pages", URL: base})
		for _, b := range above.Breadcrumbs {
			view.Crumbs = append(view.Crumbs, views.LinkText{Text: b.Title, URL: base + "?under=" + url.QueryEscape(b.ID)})
		}
		view.Crumbs = append(view.Crumbs, views.LinkText{Text: above.Title})
	}
	rows := func(list []sources.PageSummary, below bool) {
		for _, page := range list {
			view.Rows = append(view.Rows, treeRow(base, id, page, below, now))
		}
	}
	rows(list, false)
	if onlyRoot := filter.Direct && filter.Under == "" && filter.Cursor == "" && len(list) == 1 && list[0].HasChildren; onlyRoot {
		filter.Under = list[0].PageID
		if list, next, err = p.Sources.Pages(ctx, id, filter); err != nil {
			return err
		}
		rows(list, true)
	}
	view.More = views.More{URL: moreURL(c.Request().URL, next), Text: "More pages"}
	if filter.Under != "" && next != "" {
		view.More.URL = moreURL(&url.URL{Path: base, RawQuery: url.Values{"under": {filter.Under}}.Encode()}, next)
	}
	return p.render(c, http.StatusOK, views.Tree(p.chrome(c, "Pages of "+s.Name, "sources"), view))
}

// treeRow is a page of the tree; base is the address of the tree.
func treeRow(base, id string, page sources.PageSummary, below bool, now time.Time) views.TreeRow {
	row := views.TreeRow{
		Title: page.Title, URL: pageURL(id, page.PageID), PageID: page.PageID, Below: below, State: pageBadge(page.Status), Updated: stamp(page.LastModified, now),
		Author: page.Author, Version: strconv.Itoa(page.Version), Chunks: count(page.Chunks), Restricted: page.Restricted,
	}
	if page.HasChildren {
		row.OpenURL = base + "?under=" + url.QueryEscape(page.PageID)
	}
	return row
}

func pageBadge(status string) views.Badge {
	switch status {
	case "deleted":
		return views.Badge{Text: "Deleted", Tone: views.Plain}
	case "failed":
		return views.Badge{Text: "Failed", Tone: views.Bad}
	default:
		return views.Badge{Text: "Stored", Tone: views.OK}
	}
}

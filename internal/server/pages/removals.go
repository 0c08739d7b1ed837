package pages

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/web/views"
)

// showFailures lists the pages that could not be stored.
func (p *Pages) showFailures(c echo.Context) error {
	ctx, id, now := c.Request().Context(), c.Param("source"), p.Now()
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	failures, next, err := p.Sources.Failures(ctx, id, sources.ListOptions{Limit: 100, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	view := views.FailuresPage{Head: head(s, "failures"), More: views.More{URL: moreURL(c.Request().URL, next), Text: "More failures"}}
	for _, f := range failures {
		view.Rows = append(view.Rows, views.FailureRow{
			Title: f.Title, URL: f.URL, PageID: f.PageID, Error: sentence(f.Error), Tries: count(f.Tries),
			First: stamp(f.FirstAt, now), Last: stamp(f.LastAt, now), Next: stamp(f.NextTryAt, now),
		})
	}
	return p.render(c, http.StatusOK, views.Failures(p.chrome(c, "Failures of "+s.Name, "sources"), view))
}

// showRemovals is the list of pages that the guard keeps.
func (p *Pages) showRemovals(c echo.Context) error {
	ctx, id, now := c.Request().Context(), c.Param("source"), p.Now()
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	pending, next, err := p.Sources.PendingDeletions(ctx, id, sources.ListOptions{Limit: 100, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	view := views.PendingPage{
		Head: head(s, "removals"), Count: plural(s.PendingDeletions, "page"), Guard: guardText(s), More: views.More{URL: moreURL(c.Request().URL, next), Text: "More pages"},
	}
	for _, d := range pending {
		view.Rows = append(view.Rows, views.PendingRow{Title: d.Title, URL: pageURL(id, d.PageID), PageID: d.PageID, Reason: d.Reason, Since: stamp(d.Since, now)})
	}
	return p.render(c, http.StatusOK, views.Removals(p.chrome(c, "Removals of "+s.Name, "sources"), view))
}

// decideRemovals removes the pages that the guard kept, or keeps them.
func (p *Pages) decideRemovals(c echo.Context) error {
	id, confirm := c.Param("source"), c.FormValue("do") == "confirm"
	n, err := p.Sources.DecidePending(c.Request().Context(), id, confirm)
	if err != nil {
		return err
	}
	text := "Kept " + plural(n, "page") + "."
	if confirm {
		text = "Removed " + plural(n, "page") + " from the index."
	}
	return p.done(c, session.Success, text, sourceURL(id)+"/removals")
}

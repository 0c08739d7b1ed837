package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/web/views"
)

// errNoInstance answers where the program was put together without an Instance.
var errNoInstance = echo.NewHTTPError(http.StatusNotFound, "This page is not available here.")

// shownQueries is how many queries each list of the analytics shows.
const shownQueries = 25

// showAnalytics says what is searched for, by nobody in particular.
func (p *Pages) showAnalytics(c echo.Context) error {
	if p.Instance == nil {
		return errNoInstance
	}
	ctx := c.Request().Context()
	settings, err := p.Instance.Settings(ctx)
	if err != nil {
		return err
	}
	since, days := p.within(c, 30)
	view := views.AnalyticsPage{Head: p.settingsHead(c, "searches"), On: settings.SearchAnalytics, Space: c.QueryParam("space"), Spaces: []views.Option{{Value: "", Text: "All spaces"}}}
	for _, period := range []int{7, 30, 90} {
		view.Periods = append(view.Periods, views.Tab{Text: "Last " + plural(period, "day"), URL: strconv.Itoa(period), Current: period == days})
	}
	dir, err := p.sourcesOf(ctx)
	if err != nil {
		return err
	}
	for _, s := range dir.list {
		view.Spaces = append(view.Spaces, views.Option{Value: s.SpaceKey, Text: s.SpaceKey + " · " + s.Name})
	}
	filter := instance.AnalyticsFilter{Since: since, Space: view.Space, Limit: shownQueries}
	if view.Top, err = p.queryRows(c, filter); err != nil {
		return err
	}
	filter.WithoutResult = true
	if view.Missing, err = p.queryRows(c, filter); err != nil {
		return err
	}
	usage, err := p.Instance.Usage(ctx, since)
	if err != nil {
		return err
	}
	usageView(&view, everyDay(usage, since, p.Now()))
	spaces, err := p.Instance.Spaces(ctx, since)
	if err != nil {
		return err
	}
	for _, s := range spaces {
		view.BySpace = append(view.BySpace, views.QueryRow{Text: s.Space, URL: "/settings/searches?" + url.Values{"space": {s.Space}, "days": {strconv.Itoa(days)}}.Encode(), Count: count(s.Searches), Missed: count(s.WithoutResult)})
	}
	return p.render(c, http.StatusOK, views.Analytics(p.chrome(c, "Searches", "settings"), view))
}

func (p *Pages) queryRows(c echo.Context, filter instance.AnalyticsFilter) ([]views.QueryRow, error) {
	queries, err := p.Instance.TopQueries(c.Request().Context(), filter)
	if err != nil {
		return nil, err
	}
	var rows []views.QueryRow
	for _, q := range queries {
		rows = append(rows, views.QueryRow{Text: q.Query, URL: "/?" + url.Values{"q": {q.Query}}.Encode(), Count: count(q.Searches), Missed: count(q.WithoutResult), Last: stamp(q.LastAt, p.Now())})
	}
	return rows, nil
}

// everyDay fills the days on which nobody searched, from since to now: the chart shows the whole period.
func everyDay(usage []instance.DayCount, since, now time.Time) []instance.DayCount {
	byDay := map[string]instance.DayCount{}
	for _, day := range usage {
		byDay[day.Day.UTC().Format(time.DateOnly)] = day
	}
	var all []instance.DayCount
	const oneDay = 24 * time.Hour
	for at := since.UTC().Truncate(oneDay).Add(oneDay); !at.After(now.UTC()); at = at.Add(oneDay) {
		day := byDay[at.Format(time.DateOnly)]
		day.Day = at
		all = append(all, day)
	}
	return all
}

// usageView sums up the days and scales their bars.
func usageView(view *views.AnalyticsPage, usage []instance.DayCount) {
	var searches, missed, degraded, most int
	var slowest float64
	for _, day := range usage {
		searches, missed, degraded = searches+day.Searches, missed+day.WithoutResult, degraded+day.Degraded
		most, slowest = max(most, day.Searches), max(slowest, day.MedianMS)
	}
	for _, day := range usage {
		bar := views.SparkBar{Title: day.Day.Format("2 Jan 2006") + ": no search"}
		if day.Searches > 0 {
			bar.Title = fmt.Sprintf("%s: %s, %d without result, median %s", day.Day.Format("2 Jan 2006"), plural(day.Searches, "search"), day.WithoutResult, duration(day.MedianMS/1000))
			bar.Height = float64(day.Searches) / float64(most)
		}
		view.Days = append(view.Days, bar)
	}
	if searches > 0 {
		view.DaysMax = "at most " + count(most) + " a day"
	} else {
		view.Days = nil
	}
	if len(usage) > 0 {
		view.FirstDay, view.LastDay = usage[0].Day.Format("2 Jan"), usage[len(usage)-1].Day.Format("2 Jan")
	}
	view.Totals = []views.Fact{
		{Label: "Searches", Value: count(searches)},
		{Label: "Without any result", Value: count(missed), Hint: share(missed, searches)},
		{Label: "Degraded", Value: count(degraded), Hint: "without search by meaning or by words"},
		{Label: "Slowest day's median", Value: duration(slowest / 1000)},
	}
}

// switchAnalytics starts or stops counting.
func (p *Pages) switchAnalytics(c echo.Context) error {
	if p.Instance == nil {
		return errNoInstance
	}
	on := c.FormValue("analytics") == "on"
	if _, err := p.Instance.ChangeSettings(c.Request().Context(), instance.SettingsChange{SearchAnalytics: &on}); err != nil {
		return err
	}
	text := "Searches are not counted any more, and what was counted is deleted."
	if on {
		text = "Searches are counted from now on, without names."
	}
	return p.done(c, session.Success, text, "/settings/searches")
}

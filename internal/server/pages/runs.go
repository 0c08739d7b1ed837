package pages

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/web/views"
)

// chartRuns is how many runs the chart of a source shows.
const chartRuns = 30

func (p *Pages) chartOf(c echo.Context, id string) (views.Chart, error) {
	points, err := p.Sources.RunPoints(c.Request().Context(), []string{id}, chartRuns)
	if err != nil {
		return views.Chart{}, err
	}
	return chart(points[id], p.Now()), nil
}

// chart scales runs to their axes; counts are scaled by the largest sum, durations by the longest.
func chart(points []sources.RunPoint, now time.Time) views.Chart {
	most, longest := 1, 1.0
	for _, r := range points {
		most = max(most, r.Created+r.Updated+r.Deleted+r.Failed)
		longest = max(longest, r.DurationSeconds)
	}
	view := views.Chart{Max: count(most), MaxS: duration(longest), Label: fmt.Sprintf("Changed pages and duration of the last %s", plural(len(points), "run"))}
	for _, r := range points {
		of := func(n int) float64 { return float64(n) / float64(most) }
		view.Bars = append(view.Bars, views.ChartBar{
			Created: of(r.Created), Updated: of(r.Updated), Deleted: of(r.Deleted), Failed: of(r.Failed), Duration: r.DurationSeconds / longest,
			Title: stamp(r.StartedAt, now).Exact + ": " + pointText(r), URL: runURL(r.RunID), Broken: r.State == sources.RunFailed,
		})
	}
	if len(points) > 0 {
		view.First, view.Last = chartDay(points[0].StartedAt, now), chartDay(points[len(points)-1].StartedAt, now)
	}
	return view
}

// chartDay is a date, or today's time.
func chartDay(t, now time.Time) string {
	if now.Sub(t) < 20*time.Hour {
		return t.UTC().Format("15:04 UTC")
	}
	return t.UTC().Format("2 Jan")
}

func (p *Pages) runRows(runs []sources.Run) []views.RunRow {
	now := p.Now()
	rows := make([]views.RunRow, 0, len(runs))
	for _, r := range runs {
		row := views.RunRow{
			URL: runURL(r.ID), State: runBadge(r.State), Trigger: triggerText(r.Trigger), Kind: kindText(r), Started: stamp(r.QueuedAt, now),
			Created: count(r.PagesCreated), Updated: count(r.PagesUpdated), Deleted: count(r.PagesDeleted), Failed: count(r.PagesFailed), Calls: count(r.APICalls),
		}
		if r.StartedAt != nil {
			row.Started = stamp(*r.StartedAt, now)
			row.Duration = duration(r.DurationSeconds)
		}
		rows = append(rows, row)
	}
	return rows
}

// kindText is what a run did, or will do while it is not known yet what it finds necessary.
func kindText(r sources.Run) string {
	switch {
	case r.Kind == sources.KindReprocess:
		return "stored pages again"
	case r.WatermarkTo != nil && r.WatermarkFrom == nil:
		return "first sync"
	case r.Full:
		return "every page"
	case r.Reconcile || r.PhaseSeconds[sources.PhaseReconciling] > 0:
		return "whole space"
	default:
		return "changes"
	}
}

// runTitle is kindText as a heading.
func runTitle(r sources.Run) string {
	switch kindText(r) {
	case "stored pages again":
		return "Stored pages processed again"
	case "first sync":
		return "First sync"
	case "every page":
		return "Every page read again"
	case "whole space":
		return "Whole space compared"
	default:
		return "Sync of changes"
	}
}

func triggerText(t sources.Trigger) string {
	switch t {
	case sources.TriggerSchedule:
		return "Schedule"
	case sources.TriggerManual:
		return "By hand"
	case sources.TriggerAPI:
		return "API"
	case sources.TriggerCLI:
		return "Command line"
	default:
		return string(t)
	}
}

// startedBy is triggerText within a sentence: "Started …".
func startedBy(t sources.Trigger) string {
	switch t {
	case sources.TriggerSchedule:
		return "by the schedule"
	case sources.TriggerManual:
		return "by hand"
	case sources.TriggerAPI:
		return "through the API"
	case sources.TriggerCLI:
		return "from the command line"
	default:
		return "by " + string(t)
	}
}

// showRuns is the run history of a source.
func (p *Pages) showRuns(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("source")
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	runs, next, err := p.Sources.Runs(ctx, id, sources.ListOptions{Limit: 50, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	chart, err := p.chartOf(c, id)
	if err != nil {
		return err
	}
	view := views.RunsPage{Head: head(s, "runs"), Chart: chart, Runs: p.runRows(runs), More: views.More{URL: moreURL(c.Request().URL, next), Text: "Earlier runs"}}
	return p.render(c, http.StatusOK, views.Runs(p.chrome(c, "Runs of "+s.Name, "sources"), view))
}

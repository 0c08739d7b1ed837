package pages

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/web/views"
)

// showRun is one sync run.
func (p *Pages) showRun(c echo.Context) error {
	run, err := p.Sources.Run(c.Request().Context(), c.Param("run"))
	if err != nil {
		return err
	}
	live, err := p.runView(c, run)
	if err != nil {
		return err
	}
	view := views.RunPage{ID: run.ID, Source: views.LinkText{Text: run.SourceID, URL: sourceURL(run.SourceID)}, Live: live}
	dir, err := p.sourcesOf(c.Request().Context())
	if err != nil {
		return err
	}
	if s, ok := dir.byID[run.SourceID]; ok {
		view.Source.Text = s.Name
	}
	chrome := p.chrome(c, "Run of "+view.Source.Text, "sources")
	chrome.Live = true
	return p.render(c, http.StatusOK, views.Run(chrome, view))
}

// runLive is the polled part of a run's page: all of it.
func (p *Pages) runLive(c echo.Context) error {
	run, err := p.Sources.Run(c.Request().Context(), c.Param("run"))
	if err != nil {
		return err
	}
	live, err := p.runView(c, run)
	if err != nil {
		return err
	}
	return p.renderLive(c, live)
}

func (p *Pages) runView(c echo.Context, run sources.Run) (views.Live, error) {
	now := p.Now()
	active := run.State == sources.RunQueued || run.State == sources.RunRunning
	view := views.RunStateView{
		Running: active, Title: runTitle(run), State: runBadge(run.State), Trigger: startedBy(run.Trigger), Started: stamp(run.QueuedAt, now), Phases: phases(run),
	}
	if active {
		progress := progressView(run)
		view.Progress, view.CancelURL = &progress, sourceURL(run.SourceID)+"/cancel"
	}
	if run.StartedAt != nil {
		view.Started, view.Duration = stamp(*run.StartedAt, now), duration(run.DurationSeconds)
	}
	view.Alerts = runAlerts(run)
	view.Pages = []views.Fact{
		{Label: "Listed", Value: count(run.PagesListed)},
		{Label: "Created", Value: count(run.PagesCreated)},
		{Label: "Updated", Value: count(run.PagesUpdated)},
		{Label: "Unchanged", Value: count(run.PagesUnchanged)},
		{Label: "Skipped", Value: count(run.PagesSkipped)},
		{Label: "Deleted", Value: count(run.PagesDeleted)},
		{Label: "Failed", Value: count(run.PagesFailed), Tone: toneIf(run.PagesFailed > 0, views.Bad)},
	}
	view.Chunks = []views.Fact{
		{Label: "Created", Value: count(run.ChunksCreated)}, {Label: "Unchanged", Value: count(run.ChunksKept)}, {Label: "Deleted", Value: count(run.ChunksDeleted)},
	}
	view.Calls = []views.Fact{
		{Label: "Requests", Value: count(run.APICalls)},
		{Label: "Repeated", Value: count(run.APIRetries)},
		{Label: "Errors", Value: count(run.APIErrors), Tone: toneIf(run.APIErrors > 0, views.Warn)},
		{Label: "Received", Value: size(run.BytesReceived)},
	}
	for _, e := range run.Errors {
		view.Errors = append(view.Errors, runError(run.SourceID, e, now))
	}
	if run.PagesFailed > len(run.Errors) || len(run.Errors) >= 50 {
		view.ErrorsAll = views.More{URL: runURL(run.ID) + "/errors", Text: "All errors"}
	}
	log, err := p.Sources.RunLog(c.Request().Context(), run.ID)
	if err != nil {
		return views.Live{}, err
	}
	for _, line := range log {
		view.Log = append(view.Log, views.LogRow{Time: line.At.UTC().Format("15:04:05"), Level: line.Level, Text: line.Message})
	}
	part := views.Live{ID: "run-live", URL: runURL(run.ID) + "/live", Polling: active, Announce: "Run " + view.State.Text + "."}
	return p.live(c, part, views.RunState(view))
}

func toneIf(condition bool, tone views.Tone) views.Tone {
	if condition {
		return tone
	}
	return ""
}

func runAlerts(run sources.Run) []views.Alert {
	var alerts []views.Alert
	if run.Error != "" {
		alerts = append(alerts, views.Alert{Tone: views.Bad, Title: "The run failed", Text: sentence(run.Error) + " What was stored before stays; the next run goes on from there."})
	}
	if run.Interrupted {
		alerts = append(alerts, views.Alert{Tone: views.Warn, Title: "Interrupted", Text: "The program stopped during this run. Another run went on where it ended."})
	}
	if run.Note != "" {
		alerts = append(alerts, views.Alert{Tone: views.Info, Text: sentence(run.Note)})
	}
	return alerts
}

func runError(sourceID string, e sources.RunError, now time.Time) views.FailureRow {
	row := views.FailureRow{Title: e.Title, PageID: e.PageID, Error: sentence(e.Error), Last: stamp(e.At, now)}
	if e.PageID != "" {
		row.URL = pageURL(sourceID, e.PageID)
	}
	if row.Title == "" {
		row.Title = "Page " + e.PageID
	}
	return row
}

// phases are the steps of a run with their times; a reconciliation is a step only where there is one.
func phases(run sources.Run) []views.PhaseStep {
	order := []sources.Phase{sources.PhaseDiscovering, sources.PhaseSyncing, sources.PhaseReconciling}
	var steps []views.PhaseStep
	reached := run.State != sources.RunQueued
	for _, phase := range order {
		if phase == sources.PhaseReconciling && !run.Reconcile && run.PhaseSeconds[phase] == 0 && run.Phase != phase {
			continue
		}
		step := views.PhaseStep{Name: phaseText(phase), State: "next"}
		if seconds, ok := run.PhaseSeconds[phase]; ok {
			step.Time = duration(seconds)
		}
		switch {
		case run.State == sources.RunRunning && run.Phase == phase:
			step.State, reached = "now", false
		case reached:
			step.State = "done"
		}
		steps = append(steps, step)
	}
	return steps
}

// showRunErrors is the whole list of a run's errors.
func (p *Pages) showRunErrors(c echo.Context) error {
	ctx, now := c.Request().Context(), p.Now()
	run, err := p.Sources.Run(ctx, c.Param("run"))
	if err != nil {
		return err
	}
	s, err := p.Sources.Get(ctx, run.SourceID)
	if err != nil {
		return err
	}
	list, next, err := p.Sources.RunErrors(ctx, run.ID, sources.ListOptions{Limit: 100, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	view := views.RunErrorsPage{Head: head(s, "runs"), Run: views.LinkText{Text: "Back to the run", URL: runURL(run.ID)}, More: views.More{URL: moreURL(c.Request().URL, next), Text: "More errors"}}
	for _, e := range list {
		view.Rows = append(view.Rows, runError(run.SourceID, e, now))
	}
	return p.render(c, http.StatusOK, views.RunErrors(p.chrome(c, "Errors of a run of "+s.Name, "sources"), view))
}

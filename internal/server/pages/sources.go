package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

// sparkRuns is how many runs the small chart of a source shows.
const sparkRuns = 12

// showSources is the dashboard.
func (p *Pages) showSources(c echo.Context) error {
	live, err := p.dashboard(c)
	if err != nil {
		return err
	}
	chrome := p.chrome(c, "Sources", "sources")
	chrome.Live = true
	return p.render(c, http.StatusOK, views.Sources(chrome, views.SourcesPage{Live: live}))
}

// sourcesLive is the polled part of the dashboard.
func (p *Pages) sourcesLive(c echo.Context) error {
	live, err := p.dashboard(c)
	if err != nil {
		return err
	}
	return p.renderLive(c, live)
}

func (p *Pages) dashboard(c echo.Context) (views.Live, error) {
	ctx, now := c.Request().Context(), p.Now()
	list, err := p.Sources.List(ctx)
	if err != nil {
		return views.Live{}, err
	}
	connections, err := p.Sources.Connections(ctx)
	if err != nil {
		return views.Live{}, err
	}
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	points, err := p.Sources.RunPoints(ctx, ids, sparkRuns)
	if err != nil {
		return views.Live{}, err
	}
	table := views.SourcesTableView{Totals: totals(list), Alerts: connectionAlerts(connections)}
	var active, failed []string
	for _, s := range list {
		row := sourceRow(s, points[s.ID], now)
		if isActive(s.State) {
			active = append(active, s.Name)
			if row.Progress, err = p.progressOf(ctx, s.ID); err != nil {
				return views.Live{}, err
			}
		}
		if s.State == sources.StateFailed {
			failed = append(failed, s.Name)
		}
		table.Rows = append(table.Rows, row)
	}
	part := views.Live{ID: "sources-live", URL: "/sources/live", Polling: len(active) > 0, Announce: announcement(active, failed)}
	return p.live(c, part, views.SourcesTable(table))
}

func isActive(s sources.State) bool { return s == sources.StateRunning || s == sources.StateQueued }

// announcement is read out when it changes, so it holds no figures that change all the time.
func announcement(active, failed []string) string {
	if len(active) == 0 && len(failed) == 0 {
		return "Nothing is running."
	}
	var parts []string
	if len(active) > 0 {
		parts = append(parts, "Syncing "+strings.Join(active, ", ")+".")
	}
	if len(failed) > 0 {
		parts = append(parts, "Last run failed: "+strings.Join(failed, ", ")+".")
	}
	return strings.Join(parts, " ")
}

func (p *Pages) progressOf(ctx context.Context, id string) (*views.Progress, error) {
	status, err := p.Sources.Status(ctx, id)
	if errors.Is(err, wiki.ErrNotFound) { // deleted meanwhile
		return nil, nil //nolint:nilnil // no progress to show is an answer
	}
	if err != nil {
		return nil, err
	}
	if status.Run == nil {
		return nil, nil //nolint:nilnil // it has just ended
	}
	progress := progressView(*status.Run)
	return &progress, nil
}

func progressView(r sources.Run) views.Progress {
	view := views.Progress{Value: r.Progress, Phase: phaseText(r.Phase), Current: r.CurrentTitle, Left: left(r.ETASeconds)}
	switch {
	case r.State == sources.RunQueued:
		view.Value, view.Phase = -1, "Waiting for a free worker"
	case r.Total == 0:
		view.Value = -1
	default:
		view.Counts = count(r.Processed) + " of " + count(r.Total)
	}
	return view
}

func phaseText(phase sources.Phase) string {
	switch phase {
	case sources.PhaseDiscovering:
		return "Looking for changes"
	case sources.PhaseSyncing:
		return "Reading pages"
	case sources.PhaseReconciling:
		return "Checking for deletions"
	case sources.PhaseDone:
		return "Done"
	default:
		return "Starting"
	}
}

func totals(list []sources.Source) []views.Fact {
	var pages, chunks, missing, failed, running int
	for _, s := range list {
		pages += s.TotalPages
		chunks += s.TotalChunks
		missing += s.ChunksWithoutEmbedding
		failed += s.FailedPages
		if isActive(s.State) {
			running++
		}
	}
	facts := []views.Fact{
		{Label: "Spaces", Value: count(len(list)), Hint: count(running) + " running"},
		{Label: "Pages", Value: count(pages)},
		{Label: "Chunks", Value: count(chunks)},
		{Label: "Embedded", Value: share(chunks-missing, chunks)},
		{Label: "Failed pages", Value: count(failed)},
	}
	if running == 0 {
		facts[0].Hint = "nothing running"
	}
	if missing > 0 {
		facts[3].Hint = count(missing) + " to go"
	}
	if failed > 0 {
		facts[4].Tone, facts[4].Hint = views.Bad, "tried again by each run"
	}
	return facts
}

func connectionAlerts(connections []sources.Connection) []views.Alert {
	var alerts []views.Alert
	for _, connection := range connections {
		if connection.Problem != "" {
			alerts = append(alerts, views.Alert{
				Tone: views.Bad, Title: host(connection.BaseURL) + " cannot be read", Text: sentence(connection.Problem),
				URL: "/settings/connections/" + connection.ID, Action: "Edit the connection",
			})
		}
	}
	return alerts
}

func sourceRow(s sources.Source, points []sources.RunPoint, now time.Time) views.SourceRow {
	base := sourceURL(s.ID)
	row := views.SourceRow{
		ID: s.ID, Name: s.Name, Key: s.SpaceKey, URL: base, Site: host(s.BaseURL), State: stateBadge(s.State),
		Pages: count(s.TotalPages), Chunks: count(s.TotalChunks), Embedded: share(s.TotalChunks-s.ChunksWithoutEmbedding, s.TotalChunks),
		LastRun: stampOf(s.LastSyncTimestamp, now), NextRun: nextRun(s, now), Spark: spark(points, now),
	}
	if len(points) > 0 {
		last := points[len(points)-1]
		row.LastRun, row.LastRunURL = stamp(last.StartedAt, now), runURL(last.RunID)
	} else if row.LastRun.ISO == "" {
		row.LastRun.Text = "never"
	}
	if s.FailedPages > 0 {
		row.Failures, row.FailuresURL = count(s.FailedPages), base+"/failures"
	}
	if s.PendingDeletions > 0 {
		row.Pending, row.PendingURL = count(s.PendingDeletions)+" held", base+"/removals"
	}
	return row
}

// nextRun is when the source is due; a due time in the past means that it is about to start.
func nextRun(s sources.Source, now time.Time) views.Stamp {
	switch {
	case s.State == sources.StatePaused:
		return views.Stamp{Text: "paused"}
	case s.State == sources.StateQueued:
		return views.Stamp{Text: "queued"}
	case s.State == sources.StateRunning:
		return views.Stamp{Text: "running"}
	case s.NextSyncAt == nil:
		return views.Stamp{}
	case s.NextSyncAt.Before(now):
		view := stamp(*s.NextSyncAt, now)
		view.Text = "due now"
		return view
	default:
		return stamp(*s.NextSyncAt, now)
	}
}

func stateBadge(s sources.State) views.Badge {
	switch s {
	case sources.StateIdle:
		return views.Badge{Text: "Up to date", Tone: views.OK, Icon: "circle-check"}
	case sources.StateQueued:
		return views.Badge{Text: "Queued", Tone: views.Accent, Icon: "clock"}
	case sources.StateRunning:
		return views.Badge{Text: "Syncing", Tone: views.Accent, Icon: "refresh-cw", Spin: true}
	case sources.StatePaused:
		return views.Badge{Text: "Paused", Tone: views.Plain, Icon: "circle-pause"}
	case sources.StateFailed:
		return views.Badge{Text: "Failed", Tone: views.Bad, Icon: "circle-x"}
	default:
		return views.Badge{Text: string(s), Tone: views.Plain}
	}
}

func runBadge(s sources.RunState) views.Badge {
	switch s {
	case sources.RunQueued:
		return views.Badge{Text: "Queued", Tone: views.Accent, Icon: "clock"}
	case sources.RunRunning:
		return views.Badge{Text: "Running", Tone: views.Accent, Icon: "refresh-cw", Spin: true}
	case sources.RunSucceeded:
		return views.Badge{Text: "Succeeded", Tone: views.OK, Icon: "circle-check"}
	case sources.RunFailed:
		return views.Badge{Text: "Failed", Tone: views.Bad, Icon: "circle-x"}
	case sources.RunCancelled:
		return views.Badge{Text: "Cancelled", Tone: views.Plain, Icon: "ban"}
	default:
		return views.Badge{Text: string(s), Tone: views.Plain}
	}
}

// spark draws the duration of recent runs, coloured by how each ended.
func spark(points []sources.RunPoint, now time.Time) views.Spark {
	points = points[max(len(points)-sparkRuns, 0):]
	longest, failed := 0.0, 0
	for _, r := range points {
		longest = max(longest, r.DurationSeconds)
		if r.State == sources.RunFailed {
			failed++
		}
	}
	view := views.Spark{Label: fmt.Sprintf("Last %s, %d failed, longest %s", plural(len(points), "run"), failed, duration(longest))}
	for _, r := range points {
		bar := views.SparkBar{Tone: views.OK, Title: relative(r.StartedAt, now) + ": " + pointText(r)}
		if longest > 0 {
			bar.Height = r.DurationSeconds / longest
		}
		switch {
		case r.State == sources.RunFailed:
			bar.Tone = views.Bad
		case r.State == sources.RunCancelled:
			bar.Tone = views.Plain
		case r.Failed > 0:
			bar.Tone = views.Warn
		}
		view.Bars = append(view.Bars, bar)
	}
	return view
}

// pointText is a finished run in words.
func pointText(r sources.RunPoint) string {
	text := fmt.Sprintf("%s, %d created, %d updated, %d deleted, %d failed, %s", r.State, r.Created, r.Updated, r.Deleted, r.Failed, duration(r.DurationSeconds))
	return text
}

// bulk does one thing to all chosen sources and says how it went for each that refused.
func (p *Pages) bulk(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "The form could not be read.")
	}
	ids, do := form["id"], form.Get("do")
	if len(ids) == 0 {
		return p.done(c, session.Info, "Choose at least one source first.", "/sources")
	}
	var refused []string
	for _, id := range ids {
		if err := p.do(c.Request().Context(), id, do); err != nil {
			if errors.Is(err, errAction) {
				return err
			}
			refused = append(refused, id+": "+p.reason(c, err))
		}
	}
	p.forgetSources()
	if len(refused) > 0 {
		return p.done(c, session.Failure, fmt.Sprintf("%d of %s: %s", len(refused), plural(len(ids), "source")+" refused", strings.Join(refused, "; ")), "/sources")
	}
	return p.done(c, session.Success, actionText(do)+" "+plural(len(ids), "source")+".", "/sources")
}

var errAction = echo.NewHTTPError(http.StatusNotFound, "There is no such action.")

// do carries out one action of the source pages.
func (p *Pages) do(ctx context.Context, id, action string) error {
	switch action {
	case "sync", "reconcile", "full":
		request := sources.SyncRequest{Reconcile: action == "reconcile", Full: action == "full", Trigger: sources.TriggerManual}
		started, err := p.Sources.Sync(ctx, id, request)
		if err == nil && started.Conflict && started.State == sources.RunRunning { // a queued one does this, too
			return fmt.Errorf("a run of source %s is under way; wait until it has ended, or cancel it: %w", id, wiki.ErrConflict)
		}
		return err
	case "cancel":
		return p.Sources.Cancel(ctx, id)
	case "pause":
		return p.Sources.Pause(ctx, id)
	case "resume":
		return p.Sources.Resume(ctx, id)
	case "reprocess":
		return p.Sources.Reprocess(ctx, id)
	default:
		return errAction
	}
}

func actionText(action string) string {
	switch action {
	case "sync":
		return "Started the sync of"
	case "reconcile":
		return "Started the check for deletions of"
	case "full":
		return "Started reading every page of"
	case "cancel":
		return "Cancelling the run of"
	case "pause":
		return "Paused"
	case "resume":
		return "Resumed"
	case "reprocess":
		return "Processing the stored pages again of"
	default:
		return action
	}
}

// reason words an error for a person; what is not meant for people goes to the log.
func (p *Pages) reason(c echo.Context, err error) string {
	if faults, ok := fieldErrors(err); ok {
		var texts []string
		for _, text := range faults {
			texts = append(texts, text)
		}
		return strings.Join(texts, " ")
	}
	for _, kind := range []error{wiki.ErrNotFound, wiki.ErrConflict, wiki.ErrCredentials, wiki.ErrForbidden, wiki.ErrAddress, wiki.ErrUnavailable} {
		if errors.Is(err, kind) {
			return sentence(plainReason(err, kind))
		}
	}
	p.Log.ErrorContext(c.Request().Context(), "action failed", "err", err, "request_id", session.RequestID(c))
	return "It did not work; the log has the cause under request " + session.RequestID(c) + "."
}

// plainReason drops the kind's own words from the end of a wrapped error, where something else says more.
func plainReason(err, kind error) string {
	text := strings.TrimSuffix(err.Error(), ": "+kind.Error())
	return text
}

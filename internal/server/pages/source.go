package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/web/views"
)

// chartRuns is how many runs the chart of a source shows.
const chartRuns = 30

// head is what stands above every page of a source; tab is the last part of its address, empty for the overview.
func head(s sources.Source, tab string) views.SourceHead {
	base := sourceURL(s.ID)
	view := views.SourceHead{
		ID: s.ID, Name: s.Name, Key: s.SpaceKey, Site: host(s.BaseURL), URL: s.SpaceURL, State: stateBadge(s.State),
		CanCancel: isActive(s.State), CanSync: !isActive(s.State), CanPause: s.State != sources.StatePaused, CanResume: s.State == sources.StatePaused,
	}
	for _, t := range []struct {
		text, path string
		n          int
		tone       views.Tone
	}{
		{"Overview", "", 0, ""},
		{"Pages", "pages", s.TotalPages, views.Plain},
		{"Runs", "runs", 0, ""},
		{"Failures", "failures", s.FailedPages, views.Bad},
		{"Removals", "removals", s.PendingDeletions, views.Warn},
		{"Settings", "settings", 0, ""},
	} {
		item := views.Tab{Text: t.text, URL: base, Current: t.path == tab, Tone: t.tone}
		if t.path != "" {
			item.URL += "/" + t.path
		}
		if t.n > 0 {
			item.Count = count(t.n)
		}
		view.Tabs = append(view.Tabs, item)
	}
	if s.PendingDeletions > 0 && tab != "removals" {
		view.Alerts = append(view.Alerts, views.Alert{
			Tone: views.Warn, Title: plural(s.PendingDeletions, "page") + " would be removed",
			Text: "The last check found more pages missing in Confluence than the guard lets go unasked. They stay searchable until you decide.",
			URL:  base + "/removals", Action: "Look at the list",
		})
	}
	return view
}

// showSource is the overview of a source.
func (p *Pages) showSource(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("source")
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	live, err := p.sourceLiveView(c, s)
	if err != nil {
		return err
	}
	runs, _, err := p.Sources.Runs(ctx, id, sources.ListOptions{Limit: 6})
	if err != nil {
		return err
	}
	chart, err := p.chartOf(c, id)
	if err != nil {
		return err
	}
	view := views.SourcePage{Head: head(s, ""), Live: live, Chart: chart, Runs: p.runRows(runs), Facts: settingsInBrief(s)}
	chrome := p.chrome(c, s.Name, "sources")
	chrome.Live = true
	return p.render(c, http.StatusOK, views.Source(chrome, view))
}

// sourceLive is the polled part of the overview.
func (p *Pages) sourceLive(c echo.Context) error {
	s, err := p.Sources.Get(c.Request().Context(), c.Param("source"))
	if err != nil {
		return err
	}
	live, err := p.sourceLiveView(c, s)
	if err != nil {
		return err
	}
	return p.renderLive(c, live.ETag, views.SourceLivePart(live))
}

func (p *Pages) sourceLiveView(c echo.Context, s sources.Source) (views.SourceLive, error) {
	status, err := p.Sources.Status(c.Request().Context(), s.ID)
	if err != nil {
		return views.SourceLive{}, err
	}
	now := p.Now()
	live := views.SourceLive{URL: sourceURL(s.ID) + "/live", Polling: status.Run != nil, State: stateBadge(status.State), Announce: s.Name + ": " + stateBadge(status.State).Text + "."}
	if run := status.Run; run != nil {
		progress := progressView(*run)
		live.Progress, live.RunURL, live.Note = &progress, runURL(run.ID), run.Note
	} else if last := status.LastRun; last != nil {
		live.RunURL = runURL(last.ID)
		if last.State == sources.RunFailed {
			live.Note = sentence(last.Error)
		} else {
			live.Summary = "Last run: " + runSummary(*last) + "."
		}
	}
	embedded := status.TotalChunks - status.ChunksWithoutEmbedding
	live.Facts = []views.Fact{
		{Label: "Pages", Value: count(status.TotalPages), URL: sourceURL(s.ID) + "/pages"},
		{Label: "Chunks", Value: count(status.TotalChunks)},
		{Label: "Embedded", Value: share(embedded, status.TotalChunks)},
		{Label: "Failed pages", Value: count(s.FailedPages), URL: sourceURL(s.ID) + "/failures"},
		lastRunFact(status, now),
		{Label: "Next run", Value: orNever(nextRun(s, now).Text)},
	}
	if status.ChunksWithoutEmbedding > 0 {
		live.Facts[2].Hint = count(status.ChunksWithoutEmbedding) + " to go"
	}
	if s.FailedPages > 0 {
		live.Facts[3].Tone = views.Bad
	}
	live.ETag, err = p.stateTag(c, views.SourceLivePart(live))
	return live, err
}

// lastRunFact says when the last run ended and, below, up to when the changes of the site are known: the two differ,
// because a run looks at a little more than the time since the one before.
func lastRunFact(status sources.Status, now time.Time) views.Fact {
	fact := views.Fact{Label: "Last run", Value: "never"}
	if last := status.LastRun; last != nil && last.FinishedAt != nil {
		fact.Value = relative(*last.FinishedAt, now)
	} else if status.Run != nil {
		fact.Value = "under way"
	}
	if mark := status.LastSyncTimestamp; mark != nil {
		layout := "15:04 UTC"
		if now.Sub(*mark) > 20*time.Hour {
			layout = "2 Jan, 15:04 UTC"
		}
		fact.Hint = "changes up to " + mark.UTC().Format(layout)
	}
	return fact
}

// runSummary is what a run did, in few words.
func runSummary(r sources.Run) string {
	var done []string
	for _, part := range []struct {
		n    int
		what string
	}{{r.PagesCreated, "created"}, {r.PagesUpdated, "updated"}, {r.PagesDeleted, "deleted"}, {r.PagesFailed, "failed"}} {
		if part.n > 0 {
			done = append(done, count(part.n)+" "+part.what)
		}
	}
	if len(done) == 0 {
		done = []string{"nothing changed"}
	}
	return strings.Join(done, ", ") + " in " + duration(r.DurationSeconds)
}

func orNever(s string) string {
	if s == "" {
		return "never"
	}
	return s
}

func settingsInBrief(s sources.Source) []views.Param {
	return []views.Param{
		{Name: "Schedule", Value: frequencyText(s.SyncFrequencyHours)},
		{Name: "Deletions", Value: strategyText(s.DeletionCheckStrategy)},
		{Name: "Restricted pages", Value: restrictedText(s.RestrictedPages)},
		{Name: "Text language", Value: s.TextLanguage},
		{Name: "Guard", Value: guardText(s)},
	}
}

func guardText(s sources.Source) string {
	return fmt.Sprintf("asks before removing more than %d%% and %s", s.GuardPercent, plural(s.GuardMinimum, "page"))
}

func frequencyText(hours int) string {
	switch {
	case hours == 1:
		return "every hour"
	case hours == 24:
		return "every day"
	case hours == 168:
		return "every week"
	case hours%24 == 0:
		return fmt.Sprintf("every %d days", hours/24)
	default:
		return fmt.Sprintf("every %d hours", hours)
	}
}

func strategyText(s sources.DeletionStrategy) string {
	switch s {
	case sources.WeeklyReconciliation:
		return "checked every week"
	case sources.EverySync:
		return "checked by every sync"
	case sources.OnDemand:
		return "checked only when asked"
	default:
		return string(s)
	}
}

func restrictedText(r sources.RestrictedPages) string {
	switch r {
	case sources.Skip:
		return "left out"
	case sources.Include:
		return "stored, shown to administrators only"
	default:
		return string(r)
	}
}

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
	return view
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
		return "Web page"
	case sources.TriggerAPI:
		return "API"
	case sources.TriggerCLI:
		return "Command line"
	default:
		return string(t)
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

// act is one of the buttons above a source.
func (p *Pages) act(c echo.Context) error {
	ctx, id, action := c.Request().Context(), c.Param("source"), c.Param("action")
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	back := sourceURL(id)
	if err := p.do(ctx, id, action); err != nil {
		if err == errAction { //nolint:errorlint // our own value, never wrapped
			return err
		}
		return p.done(c, session.Failure, p.reason(c, err), back)
	}
	p.forgetSources()
	return p.done(c, session.Success, actionText(action)+" "+s.Name+".", back)
}

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
	for _, page := range list {
		row := views.TreeRow{
			Title: page.Title, URL: pageURL(id, page.PageID), PageID: page.PageID, State: pageBadge(page.Status), Updated: stamp(page.LastModified, now),
			Author: page.Author, Version: strconv.Itoa(page.Version), Chunks: count(page.Chunks), Restricted: page.Restricted,
		}
		if page.HasChildren {
			row.OpenURL = base + "?under=" + url.QueryEscape(page.PageID)
		}
		view.Rows = append(view.Rows, row)
	}
	view.More = views.More{URL: moreURL(c.Request().URL, next), Text: "More pages"}
	return p.render(c, http.StatusOK, views.Tree(p.chrome(c, "Pages of "+s.Name, "sources"), view))
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

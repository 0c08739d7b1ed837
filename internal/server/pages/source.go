package pages

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/web/views"
)

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
			Text: "The last check found more pages missing or restricted in Confluence than the guard lets go unasked. They are kept until you decide; restricted ones are hidden from readers.",
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
	return p.renderLive(c, live)
}

func (p *Pages) sourceLiveView(c echo.Context, s sources.Source) (views.Live, error) {
	status, err := p.Sources.Status(c.Request().Context(), s.ID)
	if err != nil {
		return views.Live{}, err
	}
	now := p.Now()
	state := views.SourceStateView{State: stateBadge(status.State)}
	if run := status.Run; run != nil {
		progress := progressView(*run)
		state.Progress, state.RunURL, state.Note = &progress, runURL(run.ID), run.Note
	} else if last := status.LastRun; last != nil {
		state.RunURL = runURL(last.ID)
		if last.State == sources.RunFailed {
			state.Note = sentence(last.Error)
		} else {
			state.Summary = "Last run: " + runSummary(*last) + "."
		}
	}
	embedded := status.TotalChunks - status.ChunksWithoutEmbedding
	state.Facts = []views.Fact{
		{Label: "Pages", Value: count(status.TotalPages), URL: sourceURL(s.ID) + "/pages"},
		{Label: "Chunks", Value: count(status.TotalChunks)},
		{Label: "Embedded", Value: share(embedded, status.TotalChunks)},
		{Label: "Failed pages", Value: count(s.FailedPages), URL: sourceURL(s.ID) + "/failures"},
		lastRunFact(status, now),
		{Label: "Next run", Value: upperFirst(orNever(nextRun(s, now).Text))},
	}
	if status.ChunksWithoutEmbedding > 0 {
		state.Facts[2].Hint = count(status.ChunksWithoutEmbedding) + " to go"
	}
	if s.FailedPages > 0 {
		state.Facts[3].Tone = views.Bad
	}
	part := views.Live{ID: "source-live", URL: sourceURL(s.ID) + "/live", Polling: status.Run != nil, Announce: s.Name + ": " + state.State.Text + "."}
	return p.live(c, part, views.SourceState(state))
}

// lastRunFact says when the last run ended and, below, up to when the changes of the site are known: the two differ,
// because a run looks at a little more than the time since the one before.
func lastRunFact(status sources.Status, now time.Time) views.Fact {
	fact := views.Fact{Label: "Last run", Value: "Never"}
	if last := status.LastRun; last != nil && last.FinishedAt != nil {
		fact.Value = upperFirst(relative(*last.FinishedAt, now))
	} else if status.Run != nil {
		fact.Value = "Under way"
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
		{Name: "Schedule", Value: upperFirst(frequencyText(s.SyncFrequencyHours))},
		{Name: "Deletions", Value: upperFirst(strategyText(s.DeletionCheckStrategy))},
		{Name: "Restricted pages", Value: upperFirst(restrictedText(s.RestrictedPages))},
		{Name: "Text language", Value: languageText(s.TextLanguage)},
		{Name: "Guard", Value: upperFirst(guardText(s))},
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

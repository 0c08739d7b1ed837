package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/web/views"
)

// errNoSystem answers where the program was put together without a System.
var errNoSystem = echo.NewHTTPError(http.StatusNotFound, "This page is not available here.")

// showModel is the embedding model and how far it has come.
func (p *Pages) showModel(c echo.Context) error {
	view, err := p.modelView(c)
	if err != nil {
		return err
	}
	chrome := p.chrome(c, "Embedding model", "settings")
	chrome.Live = true
	return p.render(c, http.StatusOK, views.Model(chrome, view))
}

func (p *Pages) modelLive(c echo.Context) error {
	view, err := p.modelView(c)
	if err != nil {
		return err
	}
	return p.renderLive(c, view.ETag, views.ModelLivePart(view))
}

func (p *Pages) modelView(c echo.Context) (views.ModelPage, error) {
	if p.System == nil {
		return views.ModelPage{}, errNoSystem
	}
	e, err := p.System.Embedding(c.Request().Context())
	if err != nil {
		return views.ModelPage{}, err
	}
	now, missing := p.Now(), e.Chunks-e.Embedded
	view := views.ModelPage{
		Head: p.settingsHead(c, "model"), Polling: missing > 0,
		Facts: []views.Param{{Name: "Model", Value: e.Model}, {Name: "Dimensions", Value: count(e.Dimensions)}, {Name: "Runs", Value: orElse(e.Endpoint, "inside this program, without any network")}},
		Totals: []views.Fact{
			{Label: "Chunks", Value: count(e.Chunks)},
			{Label: "With this model", Value: count(e.Embedded), Hint: share(e.Embedded, e.Chunks)},
			{Label: "With an earlier model", Value: count(e.OtherModel), Hint: "still served"},
			{Label: "Without a vector", Value: count(max(missing-e.OtherModel, 0)), Hint: "found by words"},
		},
		State: views.Badge{Text: "Complete", Tone: views.OK, Icon: "circle-check"},
	}
	if e.LastEmbedding != nil {
		view.Facts = append(view.Facts, views.Param{Name: "Last vector", Value: relative(*e.LastEmbedding, now)})
	}
	if missing > 0 {
		view.State = views.Badge{Text: plural(missing, "chunk") + " to go", Tone: views.Accent}
		view.Progress = &views.Progress{Value: float64(e.Embedded) / float64(e.Chunks), Counts: count(e.Embedded) + " of " + count(e.Chunks), Left: left(e.LeftSeconds)}
		if e.PerSecond > 0 {
			view.Progress.Current = fmt.Sprintf("%.0f chunks a second", e.PerSecond)
		}
	}
	if e.Problem != "" {
		view.State = views.Badge{Text: "Waiting", Tone: views.Bad, Icon: "circle-x"}
		view.Alerts = append(view.Alerts, views.Alert{Tone: views.Bad, Title: "The model does not answer", Text: sentence(e.Problem) + " Search by words goes on; the missing vectors follow by themselves."})
	}
	view.ETag, err = p.stateTag(c, views.ModelLivePart(view))
	return view, err
}

// showSystem is the health of the parts.
func (p *Pages) showSystem(c echo.Context) error {
	if p.System == nil {
		return errNoSystem
	}
	health, err := p.System.Health(c.Request().Context())
	if err != nil {
		return err
	}
	view := views.SystemPage{Head: p.settingsHead(c, "system")}
	for _, check := range health.Checks {
		view.Checks = append(view.Checks, views.CheckRow(check))
	}
	for _, f := range health.Facts {
		view.Facts = append(view.Facts, views.Param(f))
	}
	for _, q := range health.Queue {
		view.Queue = append(view.Queue, views.QueueRow{Kind: q.Kind, Waiting: count(q.Waiting), Running: count(q.Running), Retried: count(q.Retried)})
	}
	return p.render(c, http.StatusOK, views.System(p.chrome(c, "System", "settings"), view))
}

// showAudit is the audit log.
func (p *Pages) showAudit(c echo.Context) error {
	now := p.Now()
	filter := auth.AuditFilter{
		Actor: c.QueryParam("actor"), Action: c.QueryParam("action"), Subject: c.QueryParam("subject"), Limit: 100, Cursor: c.QueryParam("cursor"),
	}
	view := views.AuditPage{Head: p.settingsHead(c, "audit"), Filter: []views.Field{
		{Name: "actor", Label: "Who", Value: filter.Actor, Placeholder: "E-mail"},
		{Name: "action", Label: "What", Value: filter.Action, Placeholder: "sign_in"},
		{Name: "subject", Label: "Subject", Value: filter.Subject},
		{Name: "after", Label: "From", Type: "date", Value: c.QueryParam("after")},
		{Name: "before", Label: "Until", Type: "date", Value: c.QueryParam("before")},
	}}
	filter.After = p.day(&view.Filter[3], 0)
	filter.Before = p.day(&view.Filter[4], 1) // the whole last day
	entries, next, err := p.Accounts.Audit(c.Request().Context(), filter)
	if faults, ok := fieldErrors(err); ok {
		withFaults(view.Filter, faults)
	} else if err != nil {
		return err
	}
	for _, e := range entries {
		view.Rows = append(view.Rows, views.AuditRow{
			At: stamp(e.At, now), Actor: e.Actor, Action: strings.NewReplacer("_", " ", ".", ": ").Replace(e.Action), Subject: e.Subject, Address: e.Address,
			Detail: detailText(e.Detail), Bad: strings.Contains(e.Action, "failed") || strings.Contains(e.Action, "delete") || strings.Contains(e.Action, "remove"),
		})
	}
	view.More = views.More{URL: moreURL(c.Request().URL, next), Text: "Earlier entries"}
	return p.render(c, http.StatusOK, views.Audit(p.chrome(c, "Audit log", "settings"), view))
}

// day reads a date field, shifted by whole days; a fault goes beside the field.
func (p *Pages) day(f *views.Field, shift int) *time.Time {
	if f.Value == "" {
		return nil
	}
	t, err := time.Parse(time.DateOnly, f.Value)
	if err != nil {
		f.Error = "Write the date as 2026-01-31."
		return nil
	}
	t = t.AddDate(0, 0, shift)
	return &t
}

// detailText is the details of an entry in one line, sorted by name.
func detailText(detail map[string]any) string {
	names := make([]string, 0, len(detail))
	for name := range detail {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, name := range names {
		value, ok := detail[name].(string)
		if !ok {
			encoded, err := json.Marshal(detail[name])
			if err != nil {
				continue
			}
			value = string(encoded)
		}
		parts[i] = strings.ReplaceAll(name, "_", " ") + ": " + value
	}
	return strings.Join(parts, ", ")
}

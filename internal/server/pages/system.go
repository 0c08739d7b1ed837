package pages

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/web/views"
)

// errNoSystem answers where the program was put together without a System.
var errNoSystem = echo.NewHTTPError(http.StatusNotFound, "This page is not available here.")

// showModel is the embedding model and how far it has come.
func (p *Pages) showModel(c echo.Context) error {
	live, err := p.modelView(c)
	if err != nil {
		return err
	}
	view := views.ModelPage{Head: p.settingsHead(c, "model"), Live: live}
	chrome := p.chrome(c, "Embedding model", "settings")
	chrome.Live = true
	return p.render(c, http.StatusOK, views.Model(chrome, view))
}

func (p *Pages) modelLive(c echo.Context) error {
	live, err := p.modelView(c)
	if err != nil {
		return err
	}
	return p.renderLive(c, live)
}

func (p *Pages) modelView(c echo.Context) (views.Live, error) {
	if p.System == nil {
		return views.Live{}, errNoSystem
	}
	e, err := p.System.Embedding(c.Request().Context())
	if err != nil {
		return views.Live{}, err
	}
	now, missing := p.Now(), e.Chunks-e.Embedded
	view := views.ModelStateView{
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
	part := views.Live{ID: "model-live", Class: "max-w-3xl", URL: "/settings/model/live", Polling: missing > 0, Announce: "Embedding model: " + view.State.Text + "."}
	return p.live(c, part, views.ModelState(view))
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

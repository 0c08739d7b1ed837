package pages

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/web/views"
)

// showAudit is the audit log.
func (p *Pages) showAudit(c echo.Context) error {
	now := p.Now()
	filter := auth.AuditFilter{
		Actor: c.QueryParam("actor"), Action: c.QueryParam("action"), Subject: c.QueryParam("subject"), Limit: 100, Cursor: c.QueryParam("cursor"),
	}
	view := views.AuditPage{Head: p.settingsHead(c, "audit"), Filter: []views.Field{
		{Name: "actor", Label: "Who", Value: filter.Actor, Placeholder: "E-mail"},
		{Name: "action", Label: "What", Value: filter.Action, Options: auditActions(filter.Action)},
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
			At: stamp(e.At, now), Actor: e.Actor, Action: actionName(e.Action), Subject: e.Subject, Address: e.Address,
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

// actionName is an action of the audit log in words: "source: create".
func actionName(action string) string {
	return strings.NewReplacer("_", " ", ".", ": ").Replace(action)
}

// auditActions are what the log can be narrowed to: families of actions, and what happens most or matters most.
func auditActions(chosen string) []views.Option {
	options := []views.Option{{Value: "", Text: "Everything"}}
	for _, family := range []struct{ value, text string }{
		{"session.", "Sign-in and sign-out"},
		{"session.sign_in_failed", "Failed sign-in"},
		{"session.sign_in_throttled", "Sign-in blocked for a while"},
		{"source.", "Sources"},
		{"source.delete", "Deleted sources"},
		{"connection.", "Connections"},
		{"user.", "Accounts"},
		{"token.", "API tokens"},
		{"settings.", "Settings"},
	} {
		options = append(options, views.Option{Value: family.value, Text: family.text})
	}
	if chosen != "" && !offered(options, chosen) {
		options = append(options, views.Option{Value: chosen, Text: actionName(chosen)})
	}
	return options
}

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
)

type settingsOutput struct{ Body instance.Settings }

type changeSettingsInput struct{ Body instance.SettingsChange }

type queriesInput struct {
	Days          int    `query:"days" minimum:"1" maximum:"90" default:"30" doc:"Of the last so many days."`
	Space         string `query:"space" doc:"Only searches that were narrowed to this space."`
	WithoutResult bool   `query:"without_result" doc:"Only searches that found nothing."`
	Limit         int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type queriesOutput struct {
	Body struct {
		Queries []instance.QueryCount `json:"queries"`
	}
}

type usageInput struct {
	Days int `query:"days" minimum:"1" maximum:"90" default:"30" doc:"Of the last so many days."`
}

type usageOutput struct {
	Body struct {
		Days []instance.DayCount `json:"days"`
	}
}

type auditInput struct {
	Actor   string `query:"actor" doc:"Only what this e-mail address did."`
	Action  string `query:"action" doc:"Only this action, or a family that ends in a dot." example:"token."`
	Subject string `query:"subject" doc:"Only what was done to this."`
	After   string `query:"after" doc:"Not before this day or time."`
	Before  string `query:"before" doc:"Before this day or time."`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor  string `query:"cursor" maxLength:"200"`
}

type auditOutput struct {
	Body struct {
		Entries    []auth.AuditEntry `json:"entries"`
		NextCursor string            `json:"next_cursor"`
	}
}

func (a *API) addInstance() {
	add(a, operation{
		id: "get-settings", method: http.MethodGet, path: "/api/settings", tag: "Instance", access: session.ForAdmin, summary: "Read the settings",
	}, func(ctx context.Context, _ *noBody) (*settingsOutput, error) {
		settings, err := a.options.Instance.Settings(ctx)
		return &settingsOutput{Body: settings}, err
	})
	add(a, operation{
		id: "change-settings", method: http.MethodPatch, path: "/api/settings", tag: "Instance", access: session.ForAdmin, summary: "Change settings",
	}, func(ctx context.Context, in *changeSettingsInput) (*settingsOutput, error) {
		settings, err := a.options.Instance.ChangeSettings(ctx, in.Body)
		return &settingsOutput{Body: settings}, err
	})
	add(a, operation{
		id: "top-queries", method: http.MethodGet, path: "/api/analytics/queries", tag: "Instance", access: session.ForAdmin, summary: "What is searched most",
	}, func(ctx context.Context, in *queriesInput) (*queriesOutput, error) {
		queries, err := a.options.Instance.TopQueries(ctx, instance.AnalyticsFilter{
			Since: daysAgo(in.Days), Space: in.Space, WithoutResult: in.WithoutResult, Limit: in.Limit,
		})
		out := &queriesOutput{}
		out.Body.Queries = queries
		return out, err
	})
	add(a, operation{
		id: "search-usage", method: http.MethodGet, path: "/api/analytics/usage", tag: "Instance", access: session.ForAdmin, summary: "Searches by day",
	}, func(ctx context.Context, in *usageInput) (*usageOutput, error) {
		days, err := a.options.Instance.Usage(ctx, daysAgo(in.Days))
		out := &usageOutput{}
		out.Body.Days = days
		return out, err
	})
	add(a, operation{
		id: "audit-log", method: http.MethodGet, path: "/api/audit", tag: "Instance", access: session.ForAdmin, summary: "Read the audit log, newest first",
	}, a.auditLog)
}

func daysAgo(n int) time.Time { return time.Now().UTC().AddDate(0, 0, -n) }

func (a *API) auditLog(ctx context.Context, in *auditInput) (*auditOutput, error) {
	filter := auth.AuditFilter{
		Actor: in.Actor, Action: in.Action, Subject: in.Subject, After: day(in.After), Before: day(in.Before), Limit: in.Limit, Cursor: in.Cursor,
	}
	if filter.After == nil && in.After != "" {
		return nil, wiki.Invalid("after", notATime)
	}
	if filter.Before == nil && in.Before != "" {
		return nil, wiki.Invalid("before", notATime)
	}
	entries, next, err := a.options.Accounts.Audit(ctx, filter)
	out := &auditOutput{}
	out.Body.Entries, out.Body.NextCursor = entries, next
	return out, err
}

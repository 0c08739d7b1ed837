package api

import (
	"context"
	"net/http"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Credentials are how a site is reached. Which of them are needed depends on the deployment, so the service says what
// is missing.
type Credentials struct {
	BaseURL    string `json:"base_url,omitempty" doc:"The site's address." example:"https://example.atlassian.net/wiki"`
	Deployment string `json:"deployment,omitempty" enum:"cloud,datacenter" doc:"Cloud (e-mail and token) or Data Center (token)."`
	Email      string `json:"email,omitempty" doc:"The account that the token belongs to (Cloud)." example:"sync@example.com"`
	APIToken   string `json:"api_token,omitempty" doc:"API token (Cloud) or personal access token (Data Center). It never leaves the server again." example:"YOUR-API-TOKEN"`
}

func (c Credentials) convert() sources.Credentials {
	return sources.Credentials{BaseURL: c.BaseURL, Deployment: wiki.Deployment(c.Deployment), Email: c.Email, APIToken: c.APIToken}
}

type createSourceBody struct {
	Credentials
	ConnectionID          string `json:"connection_id,omitempty" doc:"Instead of address and credentials: a connection that is there already."`
	SpaceKey              string `json:"space_key" doc:"The space to sync." example:"OPS"`
	Name                  string `json:"name,omitempty" doc:"Empty: the space's name."`
	SyncFrequencyHours    *int   `json:"sync_frequency_hours,omitempty" minimum:"1" maximum:"8760" default:"24"`
	DeletionCheckStrategy string `json:"deletion_check_strategy,omitempty" enum:"weekly_reconciliation,every_sync,on_demand" default:"weekly_reconciliation" doc:"When deleted pages are looked for."`
	RestrictedPages       string `json:"restricted_pages,omitempty" enum:"skip,include" default:"skip" doc:"Whether pages that not everybody may read are stored; admins alone find them."`
	TextLanguage          string `json:"text_language,omitempty" doc:"Text search configuration, such as english or simple."`
	JiraBaseURL           string `json:"jira_base_url,omitempty" doc:"Where issue keys link to, for a new connection. Empty: the same host for Cloud; for Data Center issue keys then have no link."`
	SyncNow               *bool  `json:"sync_now,omitempty" default:"true" doc:"Start the first sync at once."`
}

func (b createSourceBody) convert() sources.NewSource {
	n := sources.NewSource{
		Credentials: b.Credentials.convert(), ConnectionID: b.ConnectionID, SpaceKey: b.SpaceKey, Name: b.Name,
		DeletionCheckStrategy: sources.DeletionStrategy(b.DeletionCheckStrategy),
		RestrictedPages:       sources.RestrictedPages(b.RestrictedPages),
		TextLanguage:          b.TextLanguage, JiraBaseURL: b.JiraBaseURL, SyncNow: b.SyncNow,
	}
	if b.SyncFrequencyHours != nil {
		n.SyncFrequencyHours = *b.SyncFrequencyHours
	}
	return n
}

type createSourceInput struct{ Body createSourceBody }

type testInput struct{ Body Credentials }

// SourceInput names a source.
type SourceInput struct {
	ID string `path:"id" doc:"The source." example:"confluence_OPS"`
}

type changeSourceInput struct {
	SourceInput
	Body struct {
		Name                  *string                   `json:"name,omitempty" example:"Operations"`
		SyncFrequencyHours    *int                      `json:"sync_frequency_hours,omitempty" minimum:"1" maximum:"8760" example:"6"`
		DeletionCheckStrategy *sources.DeletionStrategy `json:"deletion_check_strategy,omitempty" enum:"weekly_reconciliation,every_sync,on_demand"`
		RestrictedPages       *sources.RestrictedPages  `json:"restricted_pages,omitempty" enum:"skip,include"`
		TextLanguage          *string                   `json:"text_language,omitempty"`
		GuardPercent          *int                      `json:"guard_percent,omitempty" minimum:"0" maximum:"100" doc:"The largest share of the pages that one reconciliation deletes unasked."`
		GuardMinimum          *int                      `json:"guard_minimum_pages,omitempty" minimum:"0" doc:"… and at least this many pages."`
	}
}

type sourceOutput struct{ Body sources.Source }

type createdSourceOutput struct {
	Location string `header:"Location" doc:"The new source."`
	Body     sources.Source
}

type sourcesOutput struct {
	Body struct {
		Sources    []sources.Source `json:"sources"`
		NextCursor string           `json:"next_cursor"`
	}
}

type testOutput struct{ Body sources.TestResult }

type noBody struct{}

func (a *API) addSources() {
	add(a, operation{
		id: "create-source", method: http.MethodPost, path: "/api/confluence/sources", tag: "Sources", access: session.ForAdmin, status: http.StatusCreated,
		summary:     "Add a space",
		description: "409 where the space of this site is there already; 422 where Confluence refuses, with the address, the credentials or the space named.",
	}, a.createSource)
	add(a, operation{
		id: "list-sources", method: http.MethodGet, path: "/api/confluence/sources", tag: "Sources", access: session.ForAdmin,
		summary: "List sources",
	}, a.listSources)
	add(a, operation{
		id: "test-connection", method: http.MethodPost, path: "/api/confluence/test", tag: "Sources", access: session.ForAdmin,
		summary: "Try an address and credentials", description: "Lists the spaces that can be read; stores nothing. 422 where Confluence refuses.",
	}, func(ctx context.Context, in *testInput) (*testOutput, error) {
		result, err := a.options.Sources.Test(ctx, in.Body.convert())
		return &testOutput{Body: result}, refusal(err)
	})
	add(a, operation{
		id: "get-source", method: http.MethodGet, path: "/api/confluence/{id}", tag: "Sources", access: session.ForAdmin,
		summary: "Read a source",
	}, func(ctx context.Context, in *SourceInput) (*sourceOutput, error) {
		source, err := a.options.Sources.Get(ctx, in.ID)
		return &sourceOutput{Body: source}, err
	})
	add(a, operation{
		id: "change-source", method: http.MethodPatch, path: "/api/confluence/{id}", tag: "Sources", access: session.ForAdmin,
		summary: "Change a source",
	}, func(ctx context.Context, in *changeSourceInput) (*sourceOutput, error) {
		source, err := a.options.Sources.Update(ctx, in.ID, sources.SourceChange(in.Body))
		return &sourceOutput{Body: source}, err
	})
	add(a, operation{
		id: "delete-source", method: http.MethodDelete, path: "/api/confluence/{id}", tag: "Sources", access: session.ForAdmin, status: http.StatusNoContent,
		summary: "Delete a source with all of its pages and chunks",
	}, func(ctx context.Context, in *SourceInput) (*noBody, error) {
		return &noBody{}, a.options.Sources.Delete(ctx, in.ID)
	})
}

func (a *API) createSource(ctx context.Context, in *createSourceInput) (*createdSourceOutput, error) {
	source, err := a.options.Sources.Create(ctx, in.Body.convert())
	if err != nil {
		return nil, refusal(err)
	}
	return &createdSourceOutput{Location: "/api/confluence/" + source.ID, Body: source}, nil
}

func (a *API) listSources(ctx context.Context, in *ListInput) (*sourcesOutput, error) {
	all, err := a.options.Sources.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &sourcesOutput{}
	out.Body.Sources, out.Body.NextCursor, err = cutList(all, in, func(s sources.Source) string { return s.ID })
	return out, err
}

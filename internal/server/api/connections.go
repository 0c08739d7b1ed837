package api

import (
	"context"
	"net/http"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
)

// ConnectionInput names a connection.
type ConnectionInput struct {
	ID string `path:"connection_id" doc:"The connection."`
}

type changeConnectionInput struct {
	ConnectionInput
	Body struct {
		Name         *string   `json:"name,omitempty" example:"Wiki"`
		Email        *string   `json:"email,omitempty"`
		APIToken     *string   `json:"api_token,omitempty" doc:"A new token, for all of the connection's sources. It is tried first."`
		JiraBaseURL  *string   `json:"jira_base_url,omitempty"`
		JiraProjects *[]string `json:"jira_projects,omitempty" doc:"The known project keys; words that only look like issue keys are then told apart."`
	}
}

type connectionOutput struct{ Body sources.Connection }

type connectionsOutput struct {
	Body struct {
		Connections []sources.Connection `json:"connections"`
		NextCursor  string               `json:"next_cursor"`
	}
}

func (a *API) addConnections() {
	add(a, operation{
		id: "list-connections", method: http.MethodGet, path: "/api/confluence/connections", tag: "Connections", access: session.ForAdmin,
		summary: "List connections",
	}, func(ctx context.Context, in *ListInput) (*connectionsOutput, error) {
		all, err := a.options.Sources.Connections(ctx)
		if err != nil {
			return nil, err
		}
		out := &connectionsOutput{}
		out.Body.Connections, out.Body.NextCursor, err = cutList(all, in, func(c sources.Connection) string { return c.ID })
		return out, err
	})
	add(a, operation{
		id: "get-connection", method: http.MethodGet, path: "/api/confluence/connections/{connection_id}", tag: "Connections", access: session.ForAdmin,
		summary: "Read a connection",
	}, func(ctx context.Context, in *ConnectionInput) (*connectionOutput, error) {
		connection, err := a.options.Sources.Connection(ctx, in.ID)
		return &connectionOutput{Body: connection}, err
	})
	add(a, operation{
		id: "change-connection", method: http.MethodPatch, path: "/api/confluence/connections/{connection_id}", tag: "Connections", access: session.ForAdmin,
		summary: "Change a connection for all of its sources", description: "422 where Confluence refuses new credentials; nothing is changed then.",
	}, func(ctx context.Context, in *changeConnectionInput) (*connectionOutput, error) {
		connection, err := a.options.Sources.UpdateConnection(ctx, in.ID, sources.ConnectionChange(in.Body))
		return &connectionOutput{Body: connection}, err
	})
	add(a, operation{
		id: "check-connection", method: http.MethodPost, path: "/api/confluence/connections/{connection_id}/test", tag: "Connections", access: session.ForAdmin,
		summary: "Try a stored connection",
	}, func(ctx context.Context, in *ConnectionInput) (*testOutput, error) {
		result, err := a.options.Sources.TestConnection(ctx, in.ID)
		return &testOutput{Body: result}, err
	})
}

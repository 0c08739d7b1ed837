package api

import (
	"context"
	"net/http"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/session"
)

type tokensInput struct {
	ListInput
	All bool `query:"all" doc:"Everybody's tokens (administrators only); else one's own."`
}

type tokensOutput struct {
	Body struct {
		Tokens     []auth.Token `json:"tokens"`
		NextCursor string       `json:"next_cursor"`
	}
}

type createTokenInput struct {
	Body struct {
		Name      string     `json:"name" doc:"What uses it." example:"ci"`
		Role      auth.Role  `json:"role,omitempty" enum:"admin,reader" default:"reader" doc:"Never more than the account's."`
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Empty: never, or with the token that makes this one."`
	}
}

type createdTokenOutput struct {
	Body struct {
		auth.Token
		Secret string `json:"token" doc:"The token. It is not shown again; only its hash is stored."`
	}
}

type tokenInput struct {
	ID string `path:"token_id" doc:"The token's id."`
}

type meOutput struct {
	Body struct {
		ID    string    `json:"id"`
		Email string    `json:"email"`
		Name  string    `json:"name"`
		Role  auth.Role `json:"role" doc:"What this token or session may do."`
	}
}

type sessionsOutput struct {
	Body struct {
		Sessions []sessionRow `json:"sessions"`
	}
}

type sessionRow struct {
	auth.Session
	Current bool `json:"current" doc:"The session of this very request."`
}

type sessionInput struct {
	ID string `path:"session_id" doc:"The session."`
}

func (a *API) addTokens() {
	add(a, operation{
		id: "list-tokens", method: http.MethodGet, path: "/api/tokens", tag: "Accounts", access: session.ForSignedIn, summary: "List API tokens",
	}, a.listTokens)
	add(a, operation{
		id: "create-token", method: http.MethodPost, path: "/api/tokens", tag: "Accounts", access: session.ForSignedIn, status: http.StatusCreated,
		summary: "Make an API token for one's own account",
	}, func(ctx context.Context, in *createTokenInput) (*createdTokenOutput, error) {
		token, secret, err := a.options.Accounts.CreateToken(ctx, auth.FromContext(ctx).UserID, auth.NewToken(in.Body))
		out := &createdTokenOutput{}
		out.Body.Token, out.Body.Secret = token, secret
		return out, err
	})
	add(a, operation{
		id: "revoke-token", method: http.MethodDelete, path: "/api/tokens/{token_id}", tag: "Accounts", access: session.ForSignedIn, status: http.StatusNoContent,
		summary: "Revoke an API token",
	}, func(ctx context.Context, in *tokenInput) (*noBody, error) {
		return &noBody{}, a.options.Accounts.RevokeToken(ctx, in.ID)
	})
	add(a, operation{
		id: "me", method: http.MethodGet, path: "/api/me", tag: "Accounts", access: session.ForSignedIn, summary: "Whose token or session this is",
	}, func(ctx context.Context, _ *noBody) (*meOutput, error) {
		identity := auth.FromContext(ctx)
		out := &meOutput{}
		out.Body.ID, out.Body.Email, out.Body.Name, out.Body.Role = identity.UserID, identity.Email, identity.Name, identity.Role
		return out, nil
	})
	add(a, operation{
		id: "list-sessions", method: http.MethodGet, path: "/api/me/sessions", tag: "Accounts", access: session.ForSignedIn,
		summary: "List the browsers that are signed in to one's account",
	}, a.listSessions)
	add(a, operation{
		id: "end-session", method: http.MethodDelete, path: "/api/me/sessions/{session_id}", tag: "Accounts", access: session.ForSignedIn, status: http.StatusNoContent,
		summary: "Sign a browser out",
	}, func(ctx context.Context, in *sessionInput) (*noBody, error) {
		return &noBody{}, a.options.Accounts.EndSession(ctx, in.ID)
	})
}

func (a *API) listTokens(ctx context.Context, in *tokensInput) (*tokensOutput, error) {
	owner := auth.FromContext(ctx).UserID
	if in.All {
		owner = ""
	}
	all, err := a.options.Accounts.Tokens(ctx, owner)
	if err != nil {
		return nil, err
	}
	out := &tokensOutput{}
	out.Body.Tokens, out.Body.NextCursor, err = cutList(all, &in.ListInput, func(t auth.Token) string { return t.ID })
	return out, err
}

func (a *API) listSessions(ctx context.Context, _ *noBody) (*sessionsOutput, error) {
	identity := auth.FromContext(ctx)
	all, err := a.options.Accounts.Sessions(ctx, identity.UserID)
	if err != nil {
		return nil, err
	}
	out := &sessionsOutput{}
	for _, s := range all {
		out.Body.Sessions = append(out.Body.Sessions, sessionRow{Session: s, Current: s.ID == identity.SessionID})
	}
	return out, nil
}

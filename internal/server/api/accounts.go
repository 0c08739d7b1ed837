package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/session"
)

// UserInput names an account. It is exported, as are all inputs that others embed, because huma reads exported fields only.
type UserInput struct {
	ID string `path:"user_id" doc:"The account."`
}

type createUserInput struct {
	Body struct {
		Email    string    `json:"email" doc:"What the person signs in with." example:"rita@example.com"`
		Name     string    `json:"name,omitempty"`
		Password string    `json:"password" doc:"At least 10 characters. To let the person choose it, make an invitation instead." example:"four unrelated words here"`
		Role     auth.Role `json:"role,omitempty" enum:"admin,reader" default:"reader"`
	}
}

type changeUserInput struct {
	UserInput
	Body struct {
		Email *string    `json:"email,omitempty"`
		Name  *string    `json:"name,omitempty" example:"Rita"`
		Role  *auth.Role `json:"role,omitempty" enum:"admin,reader"`
	}
}

type passwordInput struct {
	UserInput
	Body struct {
		Password string `json:"password" doc:"At least 10 characters." example:"four unrelated words here"`
	}
}

type userOutput struct{ Body auth.User }

type createdUserOutput struct {
	Location string `header:"Location" doc:"The new account."`
	Body     auth.User
}

type usersOutput struct {
	Body struct {
		Users      []auth.User `json:"users"`
		NextCursor string      `json:"next_cursor"`
	}
}

type inviteInput struct {
	Body struct {
		Email string    `json:"email" example:"guest@example.com"`
		Name  string    `json:"name,omitempty"`
		Role  auth.Role `json:"role,omitempty" enum:"admin,reader" default:"reader"`
	}
}

type linkOutput struct {
	Body struct {
		auth.Link
		URL string `json:"url" doc:"Hand this to the person. It works once, until expires_at, and is not shown again."`
	}
}

type linksOutput struct {
	Body struct {
		Links      []auth.Link `json:"links"`
		NextCursor string      `json:"next_cursor"`
	}
}

type linkInput struct {
	ID string `path:"link_id" doc:"The link."`
}

func (a *API) addAccounts() {
	add(a, operation{
		id: "list-users", method: http.MethodGet, path: "/api/users", tag: "Accounts", access: session.ForAdmin, summary: "List accounts",
	}, func(ctx context.Context, in *ListInput) (*usersOutput, error) {
		all, err := a.options.Accounts.Users(ctx)
		if err != nil {
			return nil, err
		}
		out := &usersOutput{}
		out.Body.Users, out.Body.NextCursor, err = cutList(all, in, func(u auth.User) string { return u.ID })
		return out, err
	})
	add(a, operation{
		id: "create-user", method: http.MethodPost, path: "/api/users", tag: "Accounts", access: session.ForAdmin, status: http.StatusCreated,
		summary: "Create an account",
	}, func(ctx context.Context, in *createUserInput) (*createdUserOutput, error) {
		user, err := a.options.Accounts.CreateUser(ctx, auth.NewUser(in.Body))
		return &createdUserOutput{Location: "/api/users/" + user.ID, Body: user}, err
	})
	add(a, operation{
		id: "get-user", method: http.MethodGet, path: "/api/users/{user_id}", tag: "Accounts", access: session.ForAdmin, summary: "Read an account",
	}, func(ctx context.Context, in *UserInput) (*userOutput, error) {
		user, err := a.options.Accounts.User(ctx, in.ID)
		return &userOutput{Body: user}, err
	})
	add(a, operation{
		id: "change-user", method: http.MethodPatch, path: "/api/users/{user_id}", tag: "Accounts", access: session.ForAdmin,
		summary: "Change an account", description: "409 where the last administrator would stop being one.",
	}, func(ctx context.Context, in *changeUserInput) (*userOutput, error) {
		user, err := a.options.Accounts.ChangeUser(ctx, in.ID, auth.UserChange(in.Body))
		return &userOutput{Body: user}, err
	})
	add(a, operation{
		id: "delete-user", method: http.MethodDelete, path: "/api/users/{user_id}", tag: "Accounts", access: session.ForAdmin, status: http.StatusNoContent,
		summary: "Delete an account with its tokens and sessions", description: "409 for the last administrator.",
	}, func(ctx context.Context, in *UserInput) (*noBody, error) {
		return &noBody{}, a.options.Accounts.RemoveUser(ctx, in.ID)
	})
	add(a, operation{
		id: "set-password", method: http.MethodPost, path: "/api/users/{user_id}/password", tag: "Accounts", access: session.ForAdmin, status: http.StatusNoContent,
		summary: "Set an account's password", description: "All of the account's sessions end.",
	}, func(ctx context.Context, in *passwordInput) (*noBody, error) {
		return &noBody{}, a.options.Accounts.SetPassword(ctx, in.ID, in.Body.Password)
	})
	a.addLinks()
}

func (a *API) addLinks() {
	add(a, operation{
		id: "create-reset-link", method: http.MethodPost, path: "/api/users/{user_id}/reset-link", tag: "Accounts", access: session.ForAdmin, status: http.StatusCreated,
		summary: "Make a one-time link with which the person sets a new password",
	}, func(ctx context.Context, in *UserInput) (*linkOutput, error) {
		link, secret, err := a.options.Accounts.ResetLink(ctx, in.ID)
		return a.linkOutput(link, secret), err
	})
	add(a, operation{
		id: "create-invitation", method: http.MethodPost, path: "/api/invitations", tag: "Accounts", access: session.ForAdmin, status: http.StatusCreated,
		summary: "Make a one-time link with which a person creates an account",
	}, func(ctx context.Context, in *inviteInput) (*linkOutput, error) {
		link, secret, err := a.options.Accounts.Invite(ctx, in.Body.Email, in.Body.Name, in.Body.Role)
		return a.linkOutput(link, secret), err
	})
	add(a, operation{
		id: "list-invitations", method: http.MethodGet, path: "/api/invitations", tag: "Accounts", access: session.ForAdmin,
		summary: "List invitations and reset links that can still be used",
	}, func(ctx context.Context, in *ListInput) (*linksOutput, error) {
		all, err := a.options.Accounts.Links(ctx)
		if err != nil {
			return nil, err
		}
		out := &linksOutput{}
		out.Body.Links, out.Body.NextCursor, err = cutList(all, in, func(l auth.Link) string { return l.ID })
		return out, err
	})
	add(a, operation{
		id: "revoke-invitation", method: http.MethodDelete, path: "/api/invitations/{link_id}", tag: "Accounts", access: session.ForAdmin, status: http.StatusNoContent,
		summary: "Revoke an invitation or reset link",
	}, func(ctx context.Context, in *linkInput) (*noBody, error) {
		return &noBody{}, a.options.Accounts.RevokeLink(ctx, in.ID)
	})
}

func (a *API) linkOutput(link auth.Link, secret string) *linkOutput {
	out := &linkOutput{}
	out.Body.Link = link
	out.Body.URL = strings.TrimSuffix(a.options.BaseURL, "/") + link.Path(secret)
	return out
}

package pages

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

func (p *Pages) showUsers(c echo.Context) error { return p.usersForm(c, http.StatusOK, nil, nil) }

func (p *Pages) usersForm(c echo.Context, status int, faults map[string]string, made *views.NewLink) error {
	ctx, now, self := c.Request().Context(), p.Now(), session.Identity(c).UserID
	users, err := p.Accounts.Users(ctx)
	if err != nil {
		return err
	}
	links, err := p.Accounts.Links(ctx)
	if err != nil {
		return err
	}
	view := views.UsersPage{Head: p.settingsHead(c, "users"), Link: made}
	for _, u := range users {
		row := views.UserRow{ID: u.ID, Name: u.Display(), Email: u.Email, Role: string(u.Role), Self: u.ID == self, Created: stamp(u.CreatedAt, now), LastSignIn: stampOf(u.LastSignInAt, now)}
		if u.LastSignInAt == nil {
			row.LastSignIn.Text = "never"
		}
		view.Rows = append(view.Rows, row)
	}
	for _, l := range links {
		view.Links = append(view.Links, views.LinkRow{ID: l.ID, Kind: linkText(l.Kind), Email: l.Email, Role: string(l.Role), By: l.CreatedBy, Expires: stamp(l.ExpiresAt, now)})
	}
	view.Fields = []views.Field{
		{Name: "email", Label: "E-mail", Type: "email", Value: formUnless(c, "email", made != nil), Autocomplete: "off", Required: true},
		{Name: "name", Label: "Name", Value: formUnless(c, "name", made != nil), Autocomplete: "off"},
		{Name: "role", Label: "Role", Value: orElse(c.FormValue("role"), string(auth.Reader)), Options: []views.Option{
			{Value: string(auth.Reader), Text: "Reader: search and read pages"}, {Value: string(auth.Admin), Text: "Admin: everything"},
		}},
	}
	view.Error = withFaults(view.Fields, faults)
	if made != nil {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	}
	return p.render(c, status, views.Users(p.chrome(c, "People", "settings"), view))
}

func linkText(kind auth.LinkKind) string {
	if kind == auth.PasswordReset {
		return "New password"
	}
	return "Invitation"
}

// invite makes an invitation; its link is shown once, because only its hash is stored.
func (p *Pages) invite(c echo.Context) error {
	role := auth.Role(c.FormValue("role"))
	link, secret, err := p.Accounts.Invite(c.Request().Context(), strings.TrimSpace(c.FormValue("email")), strings.TrimSpace(c.FormValue("name")), role)
	if faults, ok := fieldErrors(err); ok {
		return p.usersForm(c, http.StatusUnprocessableEntity, faults, nil)
	}
	if errors.Is(err, wiki.ErrConflict) {
		return p.usersForm(c, http.StatusUnprocessableEntity, map[string]string{"email": p.reason(c, err)}, nil)
	}
	if err != nil {
		return err
	}
	return p.usersForm(c, http.StatusOK, nil, p.newLink(c, link, secret))
}

func (p *Pages) newLink(c echo.Context, link auth.Link, secret string) *views.NewLink {
	return &views.NewLink{URL: p.publicURL(c) + link.Path(secret), Email: link.Email, Kind: linkText(link.Kind)}
}

func (p *Pages) resetLink(c echo.Context) error {
	link, secret, err := p.Accounts.ResetLink(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return p.usersForm(c, http.StatusOK, nil, p.newLink(c, link, secret))
}

func (p *Pages) changeRole(c echo.Context) error {
	role := auth.Role(c.FormValue("role"))
	user, err := p.Accounts.ChangeUser(c.Request().Context(), c.Param("id"), auth.UserChange{Role: &role})
	if err != nil {
		return p.refusedChange(c, err)
	}
	return p.done(c, session.Success, user.Display()+" is now "+string(user.Role)+".", "/settings/users")
}

func (p *Pages) removeUser(c echo.Context) error {
	if err := p.Accounts.RemoveUser(c.Request().Context(), c.Param("id")); err != nil {
		return p.refusedChange(c, err)
	}
	return p.done(c, session.Success, "The account is removed.", "/settings/users")
}

// refusedChange tells why an account cannot be changed; the last administrator stays one.
func (p *Pages) refusedChange(c echo.Context, err error) error {
	if _, invalid := fieldErrors(err); invalid || errors.Is(err, wiki.ErrConflict) {
		return p.done(c, session.Failure, p.reason(c, err), "/settings/users")
	}
	return err
}

func (p *Pages) revokeLink(c echo.Context) error {
	if err := p.Accounts.RevokeLink(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return p.done(c, session.Success, "The link is revoked.", "/settings/users")
}

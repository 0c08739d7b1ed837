package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/web/views"
)

// passwordHint is shown beside every new password.
func passwordHint() string {
	return fmt.Sprintf("At least %d characters; a few unrelated words are good.", auth.MinPassword)
}

// showSignIn is the form; who is signed in already goes on.
func (p *Pages) showSignIn(c echo.Context) error {
	if session.Identity(c).Known() {
		return c.Redirect(http.StatusSeeOther, session.ReturnTo(c))
	}
	needed, err := p.Accounts.NeedsSetup(c.Request().Context())
	if err != nil {
		return err
	}
	if needed {
		return c.Redirect(http.StatusSeeOther, session.SetUpPath)
	}
	return p.signInForm(c, http.StatusOK, nil)
}

func (p *Pages) signInForm(c echo.Context, status int, fault *views.Alert) error {
	view := views.SignInPage{
		Email: views.Field{Name: "email", Label: "E-mail", Type: "email", Value: c.FormValue("email"), Autocomplete: "username", Required: true, Autofocus: true},
		Pass:  views.Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true},
		Next:  session.ReturnTo(c), Error: fault,
	}
	if p.SignInNote != "" {
		view.Note = &views.Alert{Tone: views.Info, Text: p.SignInNote}
	} else if view.Next != "/" && fault == nil {
		view.Note = &views.Alert{Tone: views.Info, Text: "Please sign in; you will come back to where you were."}
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return p.render(c, status, views.SignIn(p.chrome(c, "Sign in", ""), view))
}

func (p *Pages) signIn(c echo.Context) error {
	user, err := p.Accounts.SignIn(c.Request().Context(), c.FormValue("email"), c.FormValue("password"))
	var throttled *auth.ThrottledError
	switch {
	case errors.Is(err, auth.ErrSignIn):
		return p.signInForm(c, http.StatusUnprocessableEntity, &views.Alert{Tone: views.Bad, Text: "The e-mail address and password do not belong together."})
	case errors.As(err, &throttled):
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(throttled.Wait.Seconds())+1))
		return p.signInForm(c, http.StatusTooManyRequests, &views.Alert{Tone: views.Bad, Text: "Too many tries. Wait " + duration(throttled.Wait.Seconds()) + " and try again."})
	case err != nil:
		return err
	}
	if err := p.Sessions.SignIn(c, user.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, session.ReturnTo(c))
}

func (p *Pages) signOut(c echo.Context) error {
	if err := p.Sessions.SignOut(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, session.SignInPath)
}

// showSetUp is the form for the first admin, while there is no account.
func (p *Pages) showSetUp(c echo.Context) error {
	needed, err := p.Accounts.NeedsSetup(c.Request().Context())
	if err != nil {
		return err
	}
	if !needed {
		return c.Redirect(http.StatusSeeOther, session.SignInPath)
	}
	return p.setUpForm(c, http.StatusOK, nil, nil)
}

func (p *Pages) setUpForm(c echo.Context, status int, faults map[string]string, fault *views.Alert) error {
	view := views.SetupPage{Error: fault, Fields: []views.Field{
		{Name: "code", Label: "One-time code", Value: c.FormValue("code"), Autocomplete: "one-time-code", Required: true, Autofocus: true, Hint: "Every start prints it in the log until the first account is made."},
		{Name: "email", Label: "E-mail", Type: "email", Value: c.FormValue("email"), Autocomplete: "username", Required: true},
		{Name: "name", Label: "Name", Value: c.FormValue("name"), Autocomplete: "name"},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Required: true, Hint: passwordHint()},
	}}
	if rest := withFaults(view.Fields, faults); rest != "" {
		view.Error = &views.Alert{Tone: views.Bad, Text: rest}
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return p.render(c, status, views.Setup(p.chrome(c, "Set up", ""), view))
}

func (p *Pages) setUp(c echo.Context) error {
	user, err := p.Accounts.SetUp(c.Request().Context(), c.FormValue("code"), auth.NewUser{
		Email: c.FormValue("email"), Name: c.FormValue("name"), Password: c.FormValue("password"), Role: auth.Admin,
	})
	if faults, ok := fieldErrors(err); ok {
		return p.setUpForm(c, http.StatusUnprocessableEntity, faults, nil)
	}
	if errors.Is(err, auth.ErrSetupCode) {
		return p.setUpForm(c, http.StatusUnprocessableEntity, map[string]string{"code": "This is not the code in the log. Every start prints it until the first account is made."}, nil)
	}
	if err != nil {
		return err
	}
	if err := p.Sessions.SignIn(c, user.ID); err != nil {
		return err
	}
	return p.done(c, session.Success, "Welcome. Connect a Confluence site to begin.", "/sources")
}

// showLink is the page of a one-time link: an invitation, or a new password.
func (p *Pages) showLink(c echo.Context) error { return p.linkForm(c, http.StatusOK, nil) }

func (p *Pages) linkForm(c echo.Context, status int, faults map[string]string) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	link, err := p.Accounts.LinkBySecret(c.Request().Context(), c.Param("secret"))
	if errors.Is(err, auth.ErrLink) {
		return p.render(c, http.StatusNotFound, views.Invite(p.chrome(c, "Link not valid", ""), views.InvitePage{Invalid: true}))
	}
	if err != nil {
		return err
	}
	view := views.InvitePage{Action: c.Request().URL.Path, Email: link.Email, Reset: link.Kind == auth.PasswordReset}
	if !view.Reset {
		view.Fields = append(view.Fields, views.Field{Name: "name", Label: "Your name", Value: orElse(c.FormValue("name"), link.Name), Autocomplete: "name"})
	}
	view.Fields = append(view.Fields, views.Field{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Required: true, Hint: passwordHint()})
	if rest := withFaults(view.Fields, faults); rest != "" {
		view.Error = &views.Alert{Tone: views.Bad, Text: rest}
	}
	return p.render(c, status, views.Invite(p.chrome(c, "Choose a password", ""), view))
}

func (p *Pages) redeemLink(c echo.Context) error {
	user, err := p.Accounts.RedeemLink(c.Request().Context(), c.Param("secret"), c.FormValue("name"), c.FormValue("password"))
	if faults, ok := fieldErrors(err); ok {
		return p.linkForm(c, http.StatusUnprocessableEntity, faults)
	}
	if errors.Is(err, auth.ErrLink) {
		return p.linkForm(c, http.StatusNotFound, nil)
	}
	if err != nil {
		return err
	}
	if err := p.Sessions.SignIn(c, user.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// changeTheme keeps the choice in a cookie; the script does the same without a round trip.
func (p *Pages) changeTheme(c echo.Context) error {
	cookie := http.Cookie{Name: "theme", Value: c.FormValue("theme"), Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode} //nolint:gosec // no secret, and scripts read it
	if cookie.Value != "light" && cookie.Value != "dark" {
		cookie.Value = "system"
	}
	c.SetCookie(&cookie)
	return c.Redirect(http.StatusSeeOther, session.ReturnTo(c))
}

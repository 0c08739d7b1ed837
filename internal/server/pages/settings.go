package pages

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

func (p *Pages) registerSettings(r session.Routes) {
	r.SignedIn.GET("/settings", p.showAccount)
	r.SignedIn.POST("/settings/password", p.changePassword)
	r.SignedIn.POST("/settings/sessions/end-others", p.endOtherSessions)
	r.SignedIn.POST("/settings/sessions/:id/end", p.endSession)
	r.SignedIn.GET("/settings/tokens", p.showTokens)
	r.SignedIn.POST("/settings/tokens", p.createToken)
	r.SignedIn.POST("/settings/tokens/:id/revoke", p.revokeToken)

	r.Admin.GET("/settings/users", p.showUsers)
	r.Admin.POST("/settings/users", p.invite)
	r.Admin.POST("/settings/users/:id/role", p.changeRole)
	r.Admin.POST("/settings/users/:id/reset", p.resetLink)
	r.Admin.POST("/settings/users/:id/remove", p.removeUser)
	r.Admin.POST("/settings/links/:id/revoke", p.revokeLink)
	r.Admin.GET("/settings/connections", p.showConnections)
	r.Admin.GET("/settings/connections/:id", p.showConnection)
	r.Admin.POST("/settings/connections/:id", p.changeConnection)
	r.Admin.POST("/settings/connections/:id/test", p.testConnection)
	r.Admin.GET("/settings/model", p.showModel)
	r.Admin.GET("/settings/model/live", p.modelLive)
	r.Admin.GET("/settings/system", p.showSystem)
	r.Admin.GET("/settings/audit", p.showAudit)
	r.Admin.GET("/settings/searches", p.showAnalytics)
	r.Admin.POST("/settings/searches", p.switchAnalytics)
}

// settingsHead is the frame of a settings page; readers see their own account and tokens only.
func (p *Pages) settingsHead(c echo.Context, tab string) views.SettingsHead {
	view := views.SettingsHead{Title: "Settings"}
	add := func(text, path string) {
		target := "/settings"
		if path != "" {
			target += "/" + path
		}
		view.Tabs = append(view.Tabs, views.Tab{Text: text, URL: target, Current: path == tab})
	}
	add("Your account", "")
	add("API tokens", "tokens")
	if !session.Identity(c).IsAdmin() {
		return view
	}
	add("People", "users")
	add("Connections", "connections")
	if p.System != nil {
		add("Embedding model", "model")
		add("System", "system")
	}
	add("Audit log", "audit")
	if p.Instance != nil {
		add("Searches", "searches")
	}
	return view
}

func (p *Pages) showAccount(c echo.Context) error { return p.accountForm(c, http.StatusOK, nil) }

func (p *Pages) accountForm(c echo.Context, status int, faults map[string]string) error {
	identity, now := session.Identity(c), p.Now()
	sessions, err := p.Accounts.Sessions(c.Request().Context(), identity.UserID)
	if err != nil {
		return err
	}
	view := views.AccountPage{Head: p.settingsHead(c, ""), Email: identity.Email, Role: string(identity.Role), Password: []views.Field{
		{Name: "current_password", Label: "Present password", Type: "password", Autocomplete: "current-password", Required: true},
		{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Required: true, Hint: passwordHint()},
	}}
	view.Error = withFaults(view.Password, faults)
	for _, s := range sessions {
		view.Sessions = append(view.Sessions, views.SessionRow{
			ID: s.ID, Browser: browser(s.UserAgent), Address: s.Address, Started: stamp(s.CreatedAt, now), Seen: stamp(s.LastSeenAt, now), Current: s.ID == identity.SessionID,
		})
	}
	return p.render(c, status, views.Account(p.chrome(c, "Your account", "settings"), view))
}

// browser names what a User-Agent header stands for, roughly: enough to recognise one's own machines.
func browser(agent string) string {
	name, system := "Unknown browser", ""
	for _, known := range []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	} {
		if strings.Contains(agent, known.mark) {
			name = known.name
			break
		}
	}
	for _, known := range []struct{ mark, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, known.mark) {
			system = " on " + known.name
			break
		}
	}
	return name + system
}

func (p *Pages) changePassword(c echo.Context) error {
	err := p.Accounts.ChangePassword(c.Request().Context(), c.FormValue("current_password"), c.FormValue("password"))
	if faults, ok := fieldErrors(err); ok {
		return p.accountForm(c, http.StatusUnprocessableEntity, faults)
	}
	if err != nil {
		return err
	}
	if err := p.Sessions.Renew(c); err != nil {
		return err
	}
	return p.done(c, session.Success, "Your password is changed; every other browser is signed out.", "/settings")
}

func (p *Pages) endOtherSessions(c echo.Context) error {
	identity := session.Identity(c)
	n, err := p.Accounts.EndOtherSessions(c.Request().Context(), identity.UserID, identity.SessionID)
	if err != nil {
		return err
	}
	return p.done(c, session.Success, "Signed out "+plural(n, "other browser")+".", "/settings")
}

func (p *Pages) endSession(c echo.Context) error {
	if err := p.Accounts.EndSession(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return p.done(c, session.Success, "Signed out that browser.", "/settings")
}

func (p *Pages) showTokens(c echo.Context) error {
	return p.tokensForm(c, http.StatusOK, nil, auth.Token{}, "")
}

func (p *Pages) tokensForm(c echo.Context, status int, faults map[string]string, created auth.Token, secret string) error {
	identity, now := session.Identity(c), p.Now()
	view := views.TokensPage{Head: p.settingsHead(c, "tokens"), Secret: secret, Name: created.Name, All: identity.IsAdmin() && c.QueryParam("all") == "true"}
	owner := identity.UserID
	if view.All {
		owner = ""
	}
	tokens, err := p.Accounts.Tokens(c.Request().Context(), owner)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		row := views.TokenRow{ID: t.ID, Name: t.Name, Prefix: t.Prefix, Role: string(t.Role), Created: stamp(t.CreatedAt, now), Used: stampOf(t.LastUsedAt, now), Expires: stampOf(t.ExpiresAt, now), Expired: t.Expired(now)}
		if t.LastUsedAt == nil {
			row.Used.Text = "never"
		}
		if t.ExpiresAt == nil {
			row.Expires.Text = "never"
		}
		if view.All {
			row.Owner = t.UserEmail
		}
		view.Rows = append(view.Rows, row)
	}
	roles := []views.Option{{Value: string(auth.Reader), Text: "Reader: search and read pages"}}
	if identity.IsAdmin() {
		roles = append(roles, views.Option{Value: string(auth.Admin), Text: "Admin: everything"})
	}
	view.Fields = []views.Field{
		{Name: "name", Label: "Name", Value: formUnless(c, "name", secret != ""), Required: true, MaxLength: "100", Placeholder: "What it is for"},
		{Name: "role", Label: "Role", Value: orElse(c.FormValue("role"), string(auth.Reader)), Options: roles},
		{Name: "expires", Label: "Expires", Value: orElse(c.FormValue("expires"), "90"), Options: []views.Option{
			{Value: "7", Text: "In 7 days"}, {Value: "30", Text: "In 30 days"}, {Value: "90", Text: "In 90 days"}, {Value: "365", Text: "In a year"}, {Value: "never", Text: "Never"},
		}},
	}
	view.Error = withFaults(view.Fields, faults)
	if secret != "" {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		view.Example = "curl -H 'Authorization: Bearer " + secret + "' '" + p.publicURL(c) + "/api/search?q=deploy'"
	}
	return p.render(c, status, views.Tokens(p.chrome(c, "API tokens", "settings"), view))
}

// formUnless is what was typed, or nothing once it is done.
func formUnless(c echo.Context, field string, done bool) string {
	if done {
		return ""
	}
	return c.FormValue(field)
}

// publicURL is the address of this instance for people outside of the browser.
func (p *Pages) publicURL(c echo.Context) string {
	if p.BaseURL != "" {
		return strings.TrimSuffix(p.BaseURL, "/")
	}
	return c.Scheme() + "://" + c.Request().Host
}

func (p *Pages) createToken(c echo.Context) error {
	wanted := auth.NewToken{Name: strings.TrimSpace(c.FormValue("name")), Role: auth.Role(c.FormValue("role"))}
	if days := limitOf(c.FormValue("expires"), 0, 3650); days > 0 {
		at := p.Now().AddDate(0, 0, days)
		wanted.ExpiresAt = &at
	}
	token, secret, err := p.Accounts.CreateToken(c.Request().Context(), session.Identity(c).UserID, wanted)
	if faults, ok := fieldErrors(err); ok {
		return p.tokensForm(c, http.StatusUnprocessableEntity, faults, auth.Token{}, "")
	}
	if err != nil {
		return err
	}
	return p.tokensForm(c, http.StatusOK, nil, token, secret)
}

func (p *Pages) revokeToken(c echo.Context) error {
	if err := p.Accounts.RevokeToken(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return p.done(c, session.Success, "The token is revoked.", "/settings/tokens")
}

// showConnections lists the connected sites.
func (p *Pages) showConnections(c echo.Context) error {
	connections, err := p.Sources.Connections(c.Request().Context())
	if err != nil {
		return err
	}
	view := views.ConnectionsPage{Head: p.settingsHead(c, "connections")}
	for _, connection := range connections {
		row := views.ConnectionRow{
			URL: "/settings/connections/" + url.PathEscape(connection.ID), Name: connection.Name, Site: host(connection.BaseURL), Kind: deploymentText(connection.Deployment),
			Account: connection.Email, Sources: count(connection.Sources), State: views.Badge{Text: "Works", Tone: views.OK, Icon: "circle-check"}, Checked: stampOf(connection.CheckedAt, p.Now()),
		}
		if connection.Problem != "" {
			row.State, row.Problem = views.Badge{Text: "Problem", Tone: views.Bad, Icon: "circle-x"}, sentence(connection.Problem)
		}
		view.Rows = append(view.Rows, row)
	}
	return p.render(c, http.StatusOK, views.Connections(p.chrome(c, "Connections", "settings"), view))
}

func deploymentText(d wiki.Deployment) string {
	if d == wiki.DataCenter {
		return "Data Center"
	}
	return "Cloud"
}

func (p *Pages) showConnection(c echo.Context) error {
	return p.connectionForm(c, http.StatusOK, nil, nil)
}

func (p *Pages) connectionForm(c echo.Context, status int, faults map[string]string, alert *views.Alert) error {
	ctx := c.Request().Context()
	connection, err := p.Sources.Connection(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	list, err := p.Sources.List(ctx)
	if err != nil {
		return err
	}
	view := views.ConnectionPage{
		Head: p.settingsHead(c, "connections"), ID: connection.ID, Name: connection.Name, Site: host(connection.BaseURL), Kind: deploymentText(connection.Deployment),
		Checked: stampOf(connection.CheckedAt, p.Now()),
	}
	if connection.CheckedAt == nil {
		view.Checked.Text = "never"
	}
	for _, s := range list {
		if s.ConnectionID == connection.ID {
			view.Sources = append(view.Sources, views.LinkText{Text: s.Name, URL: sourceURL(s.ID)})
		}
	}
	values := url.Values{"name": {connection.Name}, "email": {connection.Email}, "jira_base_url": {connection.JiraBaseURL}, "jira_projects": {strings.Join(connection.JiraProjects, ", ")}}
	if c.Request().Method == http.MethodPost {
		if form, err := c.FormParams(); err == nil && form.Has("name") {
			values = form
		}
	}
	view.Fields = []views.Field{{Name: "name", Label: "Name", Value: values.Get("name"), Required: true, MaxLength: "200"}}
	if needsEmail(connection.Deployment) {
		view.Fields = append(view.Fields, views.Field{Name: "email", Label: "E-mail", Type: "email", Value: values.Get("email"), Autocomplete: "off"})
	}
	view.Fields = append(view.Fields,
		views.Field{Name: "api_token", Label: "API token", Type: "password", Autocomplete: "off", Placeholder: "unchanged", Hint: "Leave empty to keep the present one."},
		views.Field{Name: "jira_base_url", Label: "JIRA address", Type: "url", Value: values.Get("jira_base_url"), Placeholder: "https://example.atlassian.net", Hint: "Where issue keys lead. Empty: they filter, but have no link."},
		views.Field{Name: "jira_projects", Label: "JIRA project keys", Value: values.Get("jira_projects"), Placeholder: "OPS, WEB", Hint: "Only these are taken for issue keys in text; empty: every key that looks like one."},
	)
	rest := withFaults(view.Fields, faults)
	if rest != "" {
		alert = &views.Alert{Tone: views.Bad, Text: rest}
	}
	switch {
	case alert != nil:
		view.Alerts = append(view.Alerts, *alert)
	case connection.Problem != "":
		view.Alerts = append(view.Alerts, views.Alert{Tone: views.Bad, Title: "This site cannot be read", Text: sentence(connection.Problem)})
	}
	return p.render(c, status, views.Connection(p.chrome(c, connection.Name, "settings"), view))
}

func (p *Pages) changeConnection(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "The form could not be read.")
	}
	_, err = p.Sources.UpdateConnection(c.Request().Context(), c.Param("id"), connectionChangeOf(form))
	if err == nil {
		p.forgetSources()
		return p.done(c, session.Success, "Saved; all sources of this site use it from now on.", c.Request().URL.Path)
	}
	if faults, ok := fieldErrors(err); ok {
		return p.connectionForm(c, http.StatusUnprocessableEntity, faults, nil)
	}
	if errors.Is(err, wiki.ErrCredentials) || errors.Is(err, wiki.ErrForbidden) {
		return p.connectionForm(c, http.StatusUnprocessableEntity, map[string]string{"api_token": p.reason(c, err)}, nil)
	}
	if isRefusal(err) {
		return p.connectionForm(c, http.StatusUnprocessableEntity, nil, &views.Alert{Tone: views.Bad, Title: "Not saved", Text: p.reason(c, err)})
	}
	return err
}

func isRefusal(err error) bool {
	return slices.ContainsFunc([]error{wiki.ErrCredentials, wiki.ErrForbidden, wiki.ErrAddress, wiki.ErrUnavailable, wiki.ErrConflict}, func(kind error) bool { return errors.Is(err, kind) })
}

func (p *Pages) testConnection(c echo.Context) error {
	back := "/settings/connections/" + url.PathEscape(c.Param("id"))
	result, err := p.Sources.TestConnection(c.Request().Context(), c.Param("id"))
	if err != nil {
		if _, invalid := fieldErrors(err); invalid || isRefusal(err) {
			return p.done(c, session.Failure, p.reason(c, err), back)
		}
		return err
	}
	return p.done(c, session.Success, "The connection works: "+result.User.DisplayName+" can read "+plural(len(result.Spaces), "space")+".", back)
}

// splitKeys reads keys that are separated by commas or spaces.
func splitKeys(text string) []string {
	keys := strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\t' })
	slices.Sort(keys)
	return slices.Compact(keys)
}

// within reads a number of days from the address.
func (p *Pages) within(c echo.Context, usual int) (time.Time, int) {
	days := limitOf(c.QueryParam("days"), usual, 3650)
	return p.Now().AddDate(0, 0, -days), days
}

package pages

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

// sealedLifetime bounds how long a form may take from the test to the last step.
const sealedLifetime = 2 * time.Hour

// sealContext binds what is sealed to this form.
const sealContext = "pages: form for new sources"

// sealed is what the form carries, encrypted, from step to step: the site and its credentials. It is worth something
// only to the person who typed it, and not for long.
type sealed struct {
	Credentials  sources.Credentials `json:"c"`
	ConnectionID string              `json:"id,omitempty"`
	UserID       string              `json:"u"`
	Expires      time.Time           `json:"e"`
}

// addForm is the state of the form for new sources.
type addForm struct {
	sealed
	form   url.Values
	result sources.TestResult
	// spaceFaults are the refusals by space key.
	spaceFaults map[string]string
}

// showAdd is the empty form; ?connection=ID chooses a connected site.
func (p *Pages) showAdd(c echo.Context) error {
	f := addForm{form: url.Values{"deployment": {string(wiki.Cloud)}}}
	f.ConnectionID = c.QueryParam("connection")
	return p.siteStep(c, http.StatusOK, f, nil)
}

// add is each step of the form. The step is the button that was pressed; what was typed before comes along sealed.
func (p *Pages) add(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "The form could not be read.")
	}
	f := addForm{form: form, spaceFaults: map[string]string{}}
	f.sealed = p.unseal(c, form.Get("sealed"))
	switch form.Get("do") {
	case "edit":
		f.fillSite()
		return p.siteStep(c, http.StatusOK, f, nil)
	case "filter", "create":
		if f.Credentials.BaseURL == "" && f.ConnectionID == "" {
			return p.siteStep(c, http.StatusUnprocessableEntity, f, errors.New("this form was open for too long; enter the credentials once more"))
		}
		if form.Get("do") == "create" {
			return p.create(c, f)
		}
		return p.spaceStep(c, http.StatusOK, f)
	default:
		return p.testSite(c, f)
	}
}

// fillSite puts the sealed site back into the fields of the first step; the token stays sealed.
func (f *addForm) fillSite() {
	f.form.Set("base_url", f.Credentials.BaseURL)
	f.form.Set("email", f.Credentials.Email)
	f.form.Set("deployment", string(f.Credentials.Deployment))
}

// testSite reads the first step, tries the connection and goes on to the spaces.
func (p *Pages) testSite(c echo.Context, f addForm) error {
	before := f.Credentials
	f.ConnectionID = f.form.Get("connection_id")
	f.Credentials = sources.Credentials{
		BaseURL: strings.TrimSpace(f.form.Get("base_url")), Email: strings.TrimSpace(f.form.Get("email")),
		Deployment: wiki.Deployment(f.form.Get("deployment")), APIToken: strings.TrimSpace(f.form.Get("api_token")),
	}
	if f.Credentials.APIToken == "" {
		f.Credentials.APIToken = before.APIToken
	}
	if f.ConnectionID == "" {
		if err := missingSite(f.Credentials); err != nil {
			return p.siteStep(c, http.StatusUnprocessableEntity, f, err)
		}
	}
	if err := p.testForm(c.Request().Context(), &f); err != nil {
		return p.siteStep(c, http.StatusUnprocessableEntity, f, err)
	}
	f.form.Set("sync_now", "true")
	return p.spaceStep(c, http.StatusOK, f)
}

func (p *Pages) testForm(ctx context.Context, f *addForm) (err error) {
	if f.ConnectionID != "" {
		f.result, err = p.Sources.TestConnection(ctx, f.ConnectionID)
	} else {
		f.result, err = p.Sources.Test(ctx, f.Credentials)
	}
	return err
}

// missingSite names the empty fields before anything is sent anywhere.
func missingSite(c sources.Credentials) error {
	var faults wiki.InvalidError
	need := func(value, field, message string) {
		if value == "" {
			faults.Fields = append(faults.Fields, wiki.FieldError{Field: field, Message: message})
		}
	}
	need(c.BaseURL, "base_url", "Enter the address of the site, such as https://example.atlassian.net.")
	if c.Deployment != wiki.DataCenter {
		need(c.Email, "email", "Enter the e-mail address of the account the token belongs to.")
	}
	need(c.APIToken, "api_token", "Enter an API token; the help below says how to get one.")
	if len(faults.Fields) > 0 {
		return &faults
	}
	return nil
}

// siteStep shows the first step, with a fault beside its field or above the form.
func (p *Pages) siteStep(c echo.Context, status int, f addForm, fault error) error {
	view := views.AddPage{
		Step: 1, Connection: f.ConnectionID, TokenKept: f.Credentials.APIToken != "",
		Fields: []views.Field{
			{Name: "base_url", Label: "Address", Value: f.form.Get("base_url"), Type: "url", Placeholder: "https://example.atlassian.net", Autocomplete: "url", Hint: "The address you open Confluence with; anything after the host may stay."},
			{Name: "email", Label: "E-mail", Value: f.form.Get("email"), Type: "email", Autocomplete: "off", Hint: "Of the account the token belongs to. Not needed for Data Center."},
			{Name: "api_token", Label: "API token", Type: "password", Autocomplete: "off"},
		},
		Deployment: views.Field{Value: f.form.Get("deployment"), Options: []views.Option{
			{Value: string(wiki.Cloud), Text: "Confluence Cloud (…atlassian.net)"}, {Value: string(wiki.DataCenter), Text: "Data Center or Server, in your own network"},
		}},
	}
	connections, err := p.Sources.Connections(c.Request().Context())
	if err != nil {
		return err
	}
	for _, connection := range connections {
		view.Connections = append(view.Connections, views.Option{Value: connection.ID, Text: host(connection.BaseURL) + " (" + connection.Name + ")"})
	}
	if len(view.Connections) > 0 {
		view.Connections = append(view.Connections, views.Option{Value: "", Text: "Another site"})
		if !c.QueryParams().Has("connection") && c.Request().Method == http.MethodGet {
			view.Connection = view.Connections[0].Value
		}
	}
	if fault != nil {
		view.Error = p.siteFault(c, &view, fault)
	}
	if view.Sealed, err = p.seal(c, f.sealed); err != nil {
		return err
	}
	return p.render(c, status, views.Add(p.chrome(c, "Add spaces", "sources"), view))
}

// siteFault puts a fault of the connection where it belongs.
func (p *Pages) siteFault(c echo.Context, view *views.AddPage, fault error) *views.Alert {
	if faults, ok := fieldErrors(fault); ok {
		view.Deployment.Error = faults["deployment"]
		delete(faults, "deployment")
		if rest := withFaults(view.Fields, faults); rest != "" {
			return &views.Alert{Tone: views.Bad, Text: rest}
		}
		return nil
	}
	beside := func(field int, title string) *views.Alert {
		view.Fields[field].Error = p.reason(c, fault)
		return &views.Alert{Tone: views.Bad, Title: title, Text: "See the field below; what you entered is kept."}
	}
	switch {
	case errors.Is(fault, wiki.ErrAddress):
		return beside(0, "The address does not lead to Confluence")
	case errors.Is(fault, wiki.ErrCredentials):
		return beside(2, "Confluence refuses the credentials")
	case errors.Is(fault, wiki.ErrForbidden):
		return beside(2, "The account may not read this site")
	case errors.Is(fault, wiki.ErrUnavailable):
		return &views.Alert{Tone: views.Warn, Title: "The site does not answer now", Text: p.reason(c, fault)}
	default:
		return &views.Alert{Tone: views.Bad, Title: "The connection could not be tested", Text: p.reason(c, fault)}
	}
}

// spaceStep shows the second step: the spaces of the site and the schedule.
func (p *Pages) spaceStep(c echo.Context, status int, f addForm) error {
	ctx := c.Request().Context()
	if f.result.Spaces == nil {
		if err := p.testForm(ctx, &f); err != nil {
			f.fillSite()
			return p.siteStep(c, http.StatusUnprocessableEntity, f, err)
		}
	}
	view := views.AddPage{Step: 2, Filter: strings.TrimSpace(f.form.Get("filter")), SyncNow: f.form.Get("sync_now") == "true", Site: host(f.Credentials.BaseURL)}
	if f.ConnectionID != "" {
		connection, err := p.Sources.Connection(ctx, f.ConnectionID)
		if err != nil {
			return err
		}
		view.Site = host(connection.BaseURL)
		f.Credentials.BaseURL = connection.BaseURL
	}
	view.Account = "As " + f.result.User.DisplayName
	if f.result.User.Email != "" {
		view.Account += " (" + f.result.User.Email + ")"
	}
	view.Found = []string{"The address answers and the credentials are accepted.", plural(len(f.result.Spaces), "space") + " can be read."}
	if len(f.result.Spaces) == 0 {
		view.Found = view.Found[:1]
		view.Missing = []string{"The account sees no space. Give it permission to view a space in Confluence, then test again."}
	}
	list, err := p.Sources.List(ctx)
	if err != nil {
		return err
	}
	p.spaceChoices(&view, f, list)
	view.Schedule, view.Advanced = scheduleFields(f.form), advancedFields(f.form)
	if faults := f.spaceFaults; len(faults) > 0 {
		general := map[string]string{}
		for key, text := range faults {
			if !slices.ContainsFunc(view.Spaces, func(s views.SpaceChoice) bool { return s.Key == key }) {
				general[key] = text
			}
		}
		withFaults(view.Schedule, general)
		for _, field := range view.Schedule {
			delete(general, field.Name)
		}
		if rest := withFaults(view.Advanced, general); rest != "" {
			view.SpaceFault = rest
		}
	}
	if view.Sealed, err = p.seal(c, f.sealed); err != nil {
		return err
	}
	return p.render(c, status, views.Add(p.chrome(c, "Add spaces", "sources"), view))
}

// spaceChoices fills the list of spaces; chosen ones that the filter hides stay chosen.
func (p *Pages) spaceChoices(view *views.AddPage, f addForm, existing []sources.Source) {
	shown := 0
	words := strings.Fields(strings.ToLower(view.Filter))
	for _, s := range f.result.Spaces {
		choice := views.SpaceChoice{
			Key: s.Key, Name: s.Name, Pages: plural(s.Pages, "page"), Checked: slices.Contains(f.form["space"], s.Key), Error: f.spaceFaults[s.Key],
			Already: slices.ContainsFunc(existing, func(e sources.Source) bool {
				return e.SpaceKey == s.Key && host(e.BaseURL) == host(f.Credentials.BaseURL)
			}),
		}
		if s.Type != "" && s.Type != "global" {
			choice.Type = s.Type
		}
		text := strings.ToLower(s.Key + " " + s.Name)
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			if !choice.Checked {
				continue
			}
			choice.Hidden = true
		} else {
			shown++
		}
		view.Spaces = append(view.Spaces, choice)
	}
	view.Shown = plural(shown, "space")
	if shown < len(f.result.Spaces) {
		view.Shown = fmt.Sprintf("%d of %s", shown, plural(len(f.result.Spaces), "space"))
	}
}

// create makes a source of each chosen space. Those that could be made stay; the others are shown with their faults.
func (p *Pages) create(c echo.Context, f addForm) error {
	chosen := f.form["space"]
	if len(chosen) == 0 {
		f.spaceFaults[""] = "Choose at least one space."
		return p.spaceStep(c, http.StatusUnprocessableEntity, f)
	}
	now := f.form.Get("sync_now") == "true"
	hours, err := strconv.Atoi(f.form.Get("sync_frequency_hours"))
	if err != nil {
		f.spaceFaults["sync_frequency_hours"] = "Enter a number of hours."
		return p.spaceStep(c, http.StatusUnprocessableEntity, f)
	}
	made := 0
	var refused []string
	for _, key := range chosen {
		_, err := p.Sources.Create(c.Request().Context(), sources.NewSource{
			Credentials: f.Credentials, ConnectionID: f.ConnectionID, SpaceKey: key, SyncFrequencyHours: hours,
			DeletionCheckStrategy: sources.DeletionStrategy(f.form.Get("deletion_check_strategy")),
			RestrictedPages:       sources.RestrictedPages(f.form.Get("restricted_pages")),
			TextLanguage:          f.form.Get("text_language"), JiraBaseURL: strings.TrimSpace(f.form.Get("jira_base_url")), SyncNow: &now,
		})
		if err == nil {
			made++
			continue
		}
		refused = append(refused, key)
		if faults, ok := fieldErrors(err); ok && faults["space_key"] == "" {
			maps.Copy(f.spaceFaults, faults)
			continue
		}
		f.spaceFaults[key] = p.reason(c, err)
	}
	p.forgetSources()
	if len(refused) > 0 {
		f.form["space"] = refused
		return p.spaceStep(c, http.StatusUnprocessableEntity, f)
	}
	text := "Added " + plural(made, "space") + "."
	if now {
		text += " The first sync is under way; pages can be found as soon as they are read."
	}
	return p.done(c, session.Success, text, "/sources")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// seal encrypts the state of the form; without anything secret there is nothing to carry.
func (p *Pages) seal(c echo.Context, s sealed) (string, error) {
	if s.Credentials.APIToken == "" && s.ConnectionID == "" {
		return "", nil
	}
	s.UserID, s.Expires = auth.FromContext(c.Request().Context()).UserID, p.Now().Add(sealedLifetime)
	plain, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("seal form: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(p.Sealer.Seal(plain, sealContext)), nil
}

// unseal returns the carried state, or nothing where it is missing, foreign or too old.
func (p *Pages) unseal(c echo.Context, text string) sealed {
	if text == "" {
		return sealed{}
	}
	var s sealed
	encoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return sealed{}
	}
	plain, err := p.Sealer.Open(encoded, sealContext)
	if err != nil || json.Unmarshal(plain, &s) != nil || s.UserID != auth.FromContext(c.Request().Context()).UserID || p.Now().After(s.Expires) {
		return sealed{}
	}
	return s
}

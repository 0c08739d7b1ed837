package pages

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

// showSourceSettings is the form of a source's settings.
func (p *Pages) showSourceSettings(c echo.Context) error {
	s, err := p.Sources.Get(c.Request().Context(), c.Param("source"))
	if err != nil {
		return err
	}
	return p.settingsForm(c, http.StatusOK, s, settingsValues(s), nil, "")
}

func settingsValues(s sources.Source) url.Values {
	return url.Values{
		"name": {s.Name}, "sync_frequency_hours": {strconv.Itoa(s.SyncFrequencyHours)}, "deletion_check_strategy": {string(s.DeletionCheckStrategy)},
		"restricted_pages": {string(s.RestrictedPages)}, "text_language": {s.TextLanguage},
		"guard_percent": {strconv.Itoa(s.GuardPercent)}, "guard_minimum_pages": {strconv.Itoa(s.GuardMinimum)},
	}
}

func (p *Pages) settingsForm(c echo.Context, status int, s sources.Source, values url.Values, faults map[string]string, deleteFault string) error {
	frequency := views.Field{Name: "sync_frequency_hours", Label: "Look for changes", Value: values.Get("sync_frequency_hours"), Options: frequencyOptions()}
	if hours, err := strconv.Atoi(frequency.Value); err == nil && !offered(frequency.Options, frequency.Value) && hours > 0 {
		frequency.Options = append(frequency.Options, views.Option{Value: frequency.Value, Text: frequencyText(hours)})
	}
	language := views.Field{Name: "text_language", Label: "Language of the text", Value: values.Get("text_language"), Options: languageOptions(), Hint: "A change processes the stored pages again."}
	if language.Value != "" && !offered(language.Options, language.Value) {
		language.Options = append(language.Options, views.Option{Value: language.Value, Text: language.Value})
	}
	view := views.SourceSettingsPage{
		Head: head(s, "settings"), DeleteName: s.Name, DeleteError: deleteFault,
		Fields: []views.Field{
			{Name: "name", Label: "Name", Value: values.Get("name"), Required: true, MaxLength: "200"},
			frequency,
			{Name: "deletion_check_strategy", Label: "Look for deletions", Value: values.Get("deletion_check_strategy"), Options: strategyOptions()},
			{Name: "restricted_pages", Label: "Restricted pages", Value: values.Get("restricted_pages"), Options: restrictedOptions()},
			language,
		},
		Guard: []views.Field{
			{Name: "guard_percent", Label: "Share of all pages, in percent", Value: values.Get("guard_percent"), Type: "number", Min: "0", Max: "100"},
			{Name: "guard_minimum_pages", Label: "Number of pages", Value: values.Get("guard_minimum_pages"), Type: "number", Min: "0"},
		},
		Connection: views.LinkText{Text: host(s.BaseURL), URL: "/settings/connections/" + url.PathEscape(s.ConnectionID)},
	}
	rest := map[string]string{}
	maps.Copy(rest, faults)
	withFaults(view.Fields, rest)
	for _, f := range view.Fields {
		delete(rest, f.Name)
	}
	view.Error = withFaults(view.Guard, rest)
	return p.render(c, status, views.SourceSettings(p.chrome(c, "Settings of "+s.Name, "sources"), view))
}

func offered(options []views.Option, value string) bool {
	for _, o := range options {
		if o.Value == value {
			return true
		}
	}
	return false
}

// changeSource saves the settings.
func (p *Pages) changeSource(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("source")
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "The form could not be read.")
	}
	change, faults := readChange(form)
	if len(faults) == 0 {
		if _, err = p.Sources.Update(ctx, id, change); err == nil {
			p.forgetSources()
			return p.done(c, session.Success, "Saved.", sourceURL(id)+"/settings")
		}
		var invalid bool
		if faults, invalid = fieldErrors(err); !invalid {
			return err
		}
	}
	return p.settingsForm(c, http.StatusUnprocessableEntity, s, form, faults, "")
}

func readChange(form url.Values) (sources.SourceChange, map[string]string) {
	faults := map[string]string{}
	number := func(field string) *int {
		n, err := strconv.Atoi(form.Get(field))
		if err != nil {
			faults[field] = "Enter a whole number."
		}
		return &n
	}
	name, language := form.Get("name"), form.Get("text_language")
	strategy, restricted := sources.DeletionStrategy(form.Get("deletion_check_strategy")), sources.RestrictedPages(form.Get("restricted_pages"))
	return sources.SourceChange{
		Name: &name, SyncFrequencyHours: number("sync_frequency_hours"), DeletionCheckStrategy: &strategy, RestrictedPages: &restricted,
		TextLanguage: &language, GuardPercent: number("guard_percent"), GuardMinimum: number("guard_minimum_pages"),
	}, faults
}

// deleteSource removes a source whose name was typed.
func (p *Pages) deleteSource(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("source")
	s, err := p.Sources.Get(ctx, id)
	if err != nil {
		return err
	}
	if c.FormValue("confirm_name") != s.Name {
		return p.settingsForm(c, http.StatusUnprocessableEntity, s, settingsValues(s), nil, fmt.Sprintf("Type the name exactly: %s", s.Name))
	}
	if err := p.Sources.Delete(ctx, id); err != nil {
		return err
	}
	p.forgetSources()
	return p.done(c, session.Success, "Deleted "+s.Name+" and all of its pages.", "/sources")
}

// connectionChangeOf reads the form of a connection; an empty token keeps the stored one.
func connectionChangeOf(form url.Values) sources.ConnectionChange {
	text := func(field string) *string {
		value := form.Get(field)
		return &value
	}
	change := sources.ConnectionChange{Name: text("name"), JiraBaseURL: text("jira_base_url")}
	if form.Has("email") {
		change.Email = text("email")
	}
	if token := form.Get("api_token"); token != "" {
		change.APIToken = &token
	}
	projects := splitKeys(form.Get("jira_projects"))
	change.JiraProjects = &projects
	return change
}

// needsEmail reports whether an account of the deployment is named by an e-mail address.
func needsEmail(d wiki.Deployment) bool { return d != wiki.DataCenter }

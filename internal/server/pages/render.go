package pages

import (
	"bytes"
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

// chrome fills what surrounds a page.
func (p *Pages) chrome(c echo.Context, title, section string) views.Chrome {
	chrome := views.Chrome{
		Title: title, Section: section, Theme: theme(c), Path: c.Request().URL.RequestURI(),
		Asset: p.Assets.Path, Version: p.Assets.Version(), Demo: p.Demo,
	}
	if identity := session.Identity(c); identity.Known() {
		chrome.User = &views.User{Name: identity.Display(), Email: identity.Email, Admin: identity.IsAdmin()}
	}
	for _, f := range p.Sessions.Flashes(c) {
		chrome.Flash = append(chrome.Flash, views.Flash{Kind: flashTone(f.Kind), Text: f.Text})
	}
	return chrome
}

func flashTone(kind session.FlashKind) views.Tone {
	switch kind {
	case session.Success:
		return views.OK
	case session.Failure:
		return views.Bad
	case session.Info:
		return views.Info
	default:
		return views.Info
	}
}

// theme is the visitor's choice, kept in a cookie so that the page comes in the right colours at once.
func theme(c echo.Context) string {
	if cookie, err := c.Cookie("theme"); err == nil && (cookie.Value == "light" || cookie.Value == "dark") {
		return cookie.Value
	}
	return "system"
}

// render writes a component. It is rendered whole before anything is sent, so that a fault still gets its own page.
func (p *Pages) render(c echo.Context, status int, page templ.Component) error {
	var buf bytes.Buffer
	if err := page.Render(c.Request().Context(), &buf); err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Sluice-Version", p.Assets.Version())
	header.Add(echo.HeaderVary, "HX-Request")
	if header.Get(echo.HeaderCacheControl) == "" {
		header.Set(echo.HeaderCacheControl, "private, no-cache")
	}
	return c.HTMLBlob(status, buf.Bytes())
}

// isFragment reports whether htmx asks for a part of the page; a restored history entry wants the whole.
func isFragment(c echo.Context) bool {
	h := c.Request().Header
	return h.Get("HX-Request") == "true" && h.Get("HX-History-Restore-Request") != "true"
}

// done keeps a message and leads on.
func (p *Pages) done(c echo.Context, kind session.FlashKind, text, target string) error {
	if err := p.Sessions.Flash(c, kind, text); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, target)
}

// fieldErrors returns the faults of the input by field, or false when err is of another kind.
func fieldErrors(err error) (map[string]string, bool) {
	var invalid *wiki.InvalidError
	if !errors.As(err, &invalid) {
		return nil, false
	}
	faults := map[string]string{}
	for _, f := range invalid.Fields {
		if faults[f.Field] == "" {
			faults[f.Field] = sentence(f.Message)
		}
	}
	return faults, true
}

// withFaults puts faults beside their fields and returns those that belong to no field shown, as one text.
func withFaults(fields []views.Field, faults map[string]string) (rest string) {
	shown := map[string]bool{}
	for i := range fields {
		fields[i].Error = faults[fields[i].Name]
		shown[fields[i].Name] = true
	}
	var texts []string
	for name, text := range faults {
		if !shown[name] {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, " ")
}

// RenderError shows an error: a page, or for htmx a message that the script puts where the person looks.
func (p *Pages) RenderError(c echo.Context, e session.ErrorPage) error {
	e.Title = errorTitle(e)
	if isFragment(c) {
		text := e.Detail
		if e.RequestID != "" && e.Status >= http.StatusInternalServerError {
			text += " Request " + e.RequestID + "."
		}
		return p.render(c, e.Status, views.Toast(views.Alert{Tone: views.Bad, Title: e.Title, Text: text}))
	}
	page := views.ErrorPage{Status: e.Status, Title: e.Title, Text: e.Detail, RequestID: e.RequestID}
	for _, f := range e.Fields {
		page.Text += " " + sentence(f.Message)
	}
	if e.Status >= http.StatusInternalServerError && c.Request().Method == http.MethodGet {
		page.Retry = c.Request().URL.RequestURI()
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return p.render(c, e.Status, views.Error(p.errorChrome(c, e.Title), page))
}

// errorTitle names a fault for people, where the name of its status says nothing to them.
func errorTitle(e session.ErrorPage) string {
	switch e.Status {
	case http.StatusForbidden:
		return "Not allowed"
	case http.StatusInternalServerError:
		return "Something went wrong"
	case http.StatusServiceUnavailable:
		return "Not available right now"
	default:
		return e.Title
	}
}

// errorChrome does without the session: a fault may well be that sessions cannot be loaded.
func (p *Pages) errorChrome(c echo.Context, title string) views.Chrome {
	chrome := views.Chrome{Title: title, Theme: theme(c), Path: "/", Asset: p.Assets.Path, Version: p.Assets.Version(), Demo: p.Demo}
	if identity := session.Identity(c); identity.Known() {
		chrome.User = &views.User{Name: identity.Display(), Email: identity.Email, Admin: identity.IsAdmin()}
	}
	return chrome
}

package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/web/views"
)

// live fills a polled part with its content and the ETag of its state. The content is rendered once, for both.
func (p *Pages) live(c echo.Context, part views.Live, content templ.Component) (views.Live, error) {
	var html bytes.Buffer
	if err := content.Render(c.Request().Context(), &html); err != nil {
		return views.Live{}, err
	}
	part.HTML = html.String()
	hash := sha256.New()
	for _, text := range []string{part.HTML, part.Announce, boolText(part.Polling)} {
		hash.Write([]byte(text))
		hash.Write([]byte{0})
	}
	part.ETag = `"` + p.Assets.Version() + "-" + hex.EncodeToString(hash.Sum(nil)[:8]) + `"`
	return part, nil
}

func boolText(b bool) string {
	if b {
		return "polling"
	}
	return ""
}

// renderLive writes a polled part, or 304 when the browser shows this state already.
func (p *Pages) renderLive(c echo.Context, part views.Live) error {
	header := c.Response().Header()
	header.Set("ETag", part.ETag)
	header.Set("Sluice-Version", p.Assets.Version())
	if c.Request().Header.Get("If-None-Match") == part.ETag {
		return c.NoContent(http.StatusNotModified)
	}
	return p.render(c, http.StatusOK, views.LivePart(part))
}

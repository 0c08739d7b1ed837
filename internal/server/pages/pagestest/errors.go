package pagestest

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/pages"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
)

// errorHandler does what the real server's does, in brief.
func errorHandler(p *pages.Pages, log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		page := session.ErrorPage{Status: http.StatusInternalServerError, Title: "Something went wrong", Detail: "The cause is in the log.", RequestID: session.RequestID(c)}
		var he *echo.HTTPError
		switch {
		case errors.As(err, &he):
			page.Status, page.Title, page.Detail = he.Code, http.StatusText(he.Code), fmt.Sprint(he.Message)
		case errors.Is(err, wiki.ErrNotFound):
			page.Status, page.Title, page.Detail = http.StatusNotFound, "Not found", "There is nothing at this address."
		case errors.Is(err, wiki.ErrConflict):
			page.Status, page.Title, page.Detail = http.StatusConflict, "Not possible now", err.Error()
		default:
			log.Error("request failed", "err", err)
		}
		if err := p.RenderError(c, page); err != nil {
			log.Error("error page failed", "err", err)
		}
	}
}

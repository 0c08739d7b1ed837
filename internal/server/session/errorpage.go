package session

import (
	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/wiki"
)

// ErrorPage is what a person is told when a request fails.
type ErrorPage struct {
	Status    int
	Title     string // "Not found"
	Detail    string // a sentence that says what to do
	RequestID string
	Fields    []wiki.FieldError // for bad input
}

// RequestID returns the id under which the log has the request.
func RequestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

package server

import (
	"bytes"
	"net/http"

	"github.com/labstack/echo/v4"
)

// captured holds an answer back until it is known what becomes of it. The header goes into the real one.
type captured struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader notes the status.
func (w *captured) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write holds the body back.
func (w *captured) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// capture runs next and holds back what it answers, errors included.
func capture(c echo.Context, next echo.HandlerFunc) *captured {
	response := c.Response()
	held := &captured{ResponseWriter: response.Writer}
	response.Writer = held
	defer func() { response.Writer = held.ResponseWriter }()
	if err := next(c); err != nil {
		c.Error(err)
	}
	return held
}

// send lets the answer go, with another status (0: its own). A status without a body sends none.
func (w *captured) send(status int) error {
	if status == 0 {
		status = w.status
	}
	if status == 0 { // nothing was answered at all: the client went away
		return nil
	}
	w.ResponseWriter.WriteHeader(status)
	if status == http.StatusNotModified || status == http.StatusNoContent {
		return nil
	}
	_, err := w.ResponseWriter.Write(w.body.Bytes())
	return err
}

package server

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/sluicehq/sluice/internal/server/api"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/web"
)

// The limits of what is taken and given compressed.
const (
	bodyLimit    = "1M"
	compressFrom = 1400 // less than a packet is not worth it
)

// routes is the map of the server. Pages register theirs in package pages, calls in package api.
func (s *Server) routes() error {
	e := s.echo
	e.Pre(s.identifyRequest, s.trustProxies)
	e.Use(s.trace, s.logAccess, s.recoverPanics, s.checkHost, s.secure)

	e.GET("/healthz", s.showHealth)
	e.GET("/readyz", s.showReadiness)
	e.GET("/metrics", echo.WrapHandler(s.options.Metrics))
	if s.pages == nil {
		return nil
	}

	e.Use(s.checkOrigin, middleware.BodyLimit(bodyLimit), middleware.GzipWithConfig(middleware.GzipConfig{
		MinLength: compressFrom, Skipper: s.sentAsIs,
	}), checkText)
	e.GET(web.Prefix+"*", echo.WrapHandler(s.options.Assets))
	s.pages.Register(s.options.Sessions.Routes(e))

	e.Use(s.onAPI(s.authenticate), s.onAPI(s.revalidate), s.onAPI(s.repeat))
	s.api = api.New(e, *s.options.API)
	if err := s.addDescription(); err != nil {
		return err
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		e.Add(method, mcpPath, echo.WrapHandler(s.options.MCP), s.tokenOnly)
	}
	return nil
}

// mcpPath is where agents connect.
const mcpPath = "/mcp"

// addDescription registers the API's document and the page that shows it.
func (s *Server) addDescription() error {
	asJSON, asYAML, err := s.api.Document()
	if err != nil {
		return err
	}
	if !json.Valid(asJSON) {
		return fmt.Errorf("openapi document: not JSON")
	}
	e := s.echo
	e.GET("/openapi.json", func(c echo.Context) error { return c.JSONBlob(http.StatusOK, asJSON) })
	e.GET("/openapi.yaml", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", asYAML) })
	show, err := s.docs()
	if err != nil {
		return err
	}
	e.GET("/docs", show)
	return nil
}

// Route is one row of the route table.
type Route struct{ Method, Path string }

// Routes returns the table.
func (s *Server) Routes() []Route {
	var rows []Route
	for _, r := range s.echo.Routes() {
		rows = append(rows, Route{Method: r.Method, Path: r.Path})
	}
	return rows
}

// Access returns who may make an API call, by operation id.
func (s *Server) Access(operationID string) session.Access { return s.api.Access(operationID) }

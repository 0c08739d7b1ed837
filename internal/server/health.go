package server

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/internal/server/session"
)

// readyTimeout is how long the database may take to answer a probe.
const readyTimeout = 2 * time.Second

type state struct {
	Status string `json:"status"`
}

// showHealth answers as long as the process does.
func (s *Server) showHealth(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.JSON(http.StatusOK, state{Status: "ok"})
}

// showReadiness answers whether requests can be served: the database is reachable and migrated, and the process is not
// on its way out. Why not is in the log; a probe gets only the fact.
func (s *Server) showReadiness(c echo.Context) error {
	s.asked.Store(time.Now().UnixNano())
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	if err := s.options.Ready(ctx); err != nil {
		s.options.Log.WarnContext(ctx, "not ready", "request", session.RequestID(c), "err", err)
		return problem.New(http.StatusServiceUnavailable, "Not ready to serve. The log has the cause.").Retry(readyTimeout)
	}
	return c.JSON(http.StatusOK, state{Status: "ready"})
}

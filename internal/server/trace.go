package server

import "github.com/labstack/echo/v4"

// trace makes each request a trace, or part of its caller's. Probes and scrapes, which come every few seconds, are left
// out.
func (s *Server) trace(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.options.Trace == nil || quiet(c.Path()) {
			return next(c)
		}
		ctx, end := s.options.Trace(c.Request())
		c.SetRequest(c.Request().WithContext(ctx))
		if err := next(c); err != nil {
			c.Error(err)
		}
		end(c.Path(), c.Response().Status)
		return nil
	}
}

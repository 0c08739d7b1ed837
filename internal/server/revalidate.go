package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"
)

// revalidate gives every answer to a read a tag of its content, and answers 304 where the client has that content.
func (s *Server) revalidate(next echo.HandlerFunc) echo.HandlerFunc {
	// How long a search took differs every time and is no reason to send it again.
	timing := regexp.MustCompile(`"took_ms":[0-9.e+-]+,?`)
	return func(c echo.Context) error {
		if c.Request().Method != http.MethodGet {
			return next(c)
		}
		held := capture(c, next)
		if held.status != http.StatusOK {
			return held.send(0)
		}
		sum := sha256.Sum256(timing.ReplaceAll(held.body.Bytes(), nil))
		tag := `W/"` + hex.EncodeToString(sum[:10]) + `"`
		header := c.Response().Header()
		header.Set("ETag", tag)
		header.Set(echo.HeaderCacheControl, "private, no-cache")
		header.Add(echo.HeaderVary, "Authorization")
		if hasTag(c.Request().Header.Get("If-None-Match"), tag) {
			header.Del(echo.HeaderContentType)
			c.Response().Status = http.StatusNotModified // for the access log: the status was noted before
			return held.send(http.StatusNotModified)
		}
		return held.send(0)
	}
}

// hasTag compares weakly, as If-None-Match does.
func hasTag(list, tag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

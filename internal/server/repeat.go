package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/idempotency"
	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/internal/wiki"
)

// KeyStore keeps the answers to requests that carry a key; *idempotency.Service is one.
type KeyStore interface {
	Begin(ctx context.Context, userID, key string, hash []byte) (*idempotency.Answer, error)
	Finish(ctx context.Context, userID, key string, answer *idempotency.Answer)
}

// repeat does a POST with an Idempotency-Key once: who sends it again gets the first answer again.
func (s *Server) repeat(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		key := r.Header.Get("Idempotency-Key")
		identity := auth.FromContext(r.Context())
		user := identity.UserID
		if r.Method != http.MethodPost || key == "" || user == "" {
			return next(c)
		}
		if !isKey(key) {
			return wiki.Invalid("Idempotency-Key", "A key has printable ASCII characters only.")
		}
		if len(key) > idempotency.MaxKey {
			return wiki.Invalid("Idempotency-Key", fmt.Sprintf("A key has at most %d characters.", idempotency.MaxKey))
		}
		body, err := io.ReadAll(r.Body) // bounded by the limit of bodies
		if err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		kept, err := s.options.Keys.Begin(r.Context(), user, key, requestHash(r, identity.Role, body))
		if errors.Is(err, idempotency.ErrReused) {
			return problem.New(http.StatusUnprocessableEntity, "This Idempotency-Key was used for another request. Use a new one.")
		}
		if err != nil {
			return err
		}
		if kept != nil {
			return replay(c, kept)
		}
		return s.serveOnce(c, next, user, key)
	}
}

func (s *Server) serveOnce(c echo.Context, next echo.HandlerFunc, user, key string) error {
	ctx := c.Request().Context()
	done := false
	defer func() {
		if !done { // it panicked
			s.options.Keys.Finish(ctx, user, key, nil)
		}
	}()
	held := capture(c, next)
	done = true
	header := c.Response().Header()
	if settled(held.status) {
		s.options.Keys.Finish(ctx, user, key, &idempotency.Answer{
			Status: held.status, ContentType: header.Get(echo.HeaderContentType), Location: header.Get(echo.HeaderLocation), Body: held.body.Bytes(),
		})
	} else {
		s.options.Keys.Finish(ctx, user, key, nil)
	}
	return held.send(0)
}

// settled reports whether trying again would change nothing about the answer.
func settled(status int) bool {
	return status >= 200 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusUnauthorized
}

func replay(c echo.Context, kept *idempotency.Answer) error {
	header := c.Response().Header()
	header.Set("Idempotency-Replayed", "true")
	if kept.Location != "" {
		header.Set(echo.HeaderLocation, kept.Location)
	}
	if len(kept.Body) == 0 {
		return c.NoContent(kept.Status)
	}
	return c.Blob(kept.Status, kept.ContentType, kept.Body)
}

func isKey(key string) bool {
	return !strings.ContainsFunc(key, func(r rune) bool { return r < 0x20 || r > 0x7e })
}

// requestHash tells requests apart. The role belongs to it: what an administrator's token was answered, such as the
// secret of an invitation, is not for a reader's token of the same account that guesses the key.
func requestHash(r *http.Request, role auth.Role, body []byte) []byte {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %s %s\n", role, r.Method, r.URL.RequestURI())
	hash.Write(body)
	return hash.Sum(nil)
}

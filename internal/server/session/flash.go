package session

import (
	"encoding/json"
	"fmt"

	"github.com/labstack/echo/v4"
)

// FlashKind is how a message is meant.
type FlashKind string

// The kinds of message.
const (
	Success FlashKind = "success"
	Info    FlashKind = "info"
	Failure FlashKind = "error"
)

// Flash is a message that is shown once, on the next page.
type Flash struct {
	Kind FlashKind `json:"kind"`
	Text string    `json:"text"`
}

// Flash keeps a message for the next page that the visitor sees.
func (m *Manager) Flash(c echo.Context, kind FlashKind, text string) error {
	ctx := c.Request().Context()
	kept := m.decodeFlashes(m.plain.GetBytes(ctx, keyFlashes))
	encoded, err := json.Marshal(append(kept, Flash{Kind: kind, Text: text}))
	if err != nil {
		return fmt.Errorf("keep message: %w", err)
	}
	m.plain.Put(ctx, keyFlashes, encoded)
	return nil
}

// Flashes returns the kept messages, oldest first, and forgets them.
func (m *Manager) Flashes(c echo.Context) []Flash {
	return m.decodeFlashes(m.plain.PopBytes(c.Request().Context(), keyFlashes))
}

func (m *Manager) decodeFlashes(encoded []byte) []Flash {
	var flashes []Flash
	if len(encoded) == 0 || json.Unmarshal(encoded, &flashes) != nil {
		return nil // an older version's form: a message is lost, no more
	}
	return flashes
}

package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// A browser keeps a mark of the account that signed in with it. It opens nothing: it only says that this browser is the
// owner's, so that guesses of others, be it from the same address, do not hold the owner up. Guesses with a mark are
// counted for that mark alone, so that a stolen one helps nobody.

// newDevice returns a mark for a browser of the user.
func (s *Service) newDevice(userID string) string {
	name := strings.ToLower(rand.Text()[:16])
	return name + "." + s.signDevice(userID, name)
}

func (s *Service) signDevice(userID, name string) string {
	mac := hmac.New(sha256.New, s.setUpKey)
	mac.Write([]byte("device " + name + " of " + userID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// deviceOf returns the name of the browser's mark where it belongs to the account; empty where it does not.
func (s *Service) deviceOf(ctx context.Context, email, mark string) (string, error) {
	name, signature, ok := strings.Cut(mark, ".")
	if !ok || len(name) != 16 {
		return "", nil
	}
	user, err := s.store.UserByEmail(ctx, email)
	if errors.Is(err, wiki.ErrNotFound) {
		return "", nil
	}
	if err != nil || !hmac.Equal([]byte(signature), []byte(s.signDevice(user.ID, name))) {
		return "", err
	}
	return name, nil
}

package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/sluicehq/sluice/internal/wiki"
)

// The limits of a password. There are no rules about kinds of characters: they make passwords worse (NIST SP 800-63B).
const (
	MinPassword = 10  // characters
	MaxPassword = 256 // bytes; longer ones only cost time
)

// argonParams are the cost of a password hash; they are stored with it, so that they can be raised later.
type argonParams struct {
	memoryKiB uint32
	passes    uint32
	lanes     uint8
}

// currentParams are OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
func currentParams() argonParams { return argonParams{memoryKiB: 19 * 1024, passes: 2, lanes: 1} }

const (
	saltBytes = 16
	keyBytes  = 32
)

// checkPassword returns the fault of a new password, under the given field name.
func checkPassword(field, password, email string) []wiki.FieldError {
	var message string
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		message = fmt.Sprintf("A password has at least %d characters.", MinPassword)
	case len(password) > MaxPassword:
		message = fmt.Sprintf("A password has at most %d bytes.", MaxPassword)
	case email != "" && strings.EqualFold(password, email):
		message = "The password must not be the e-mail address."
	case strings.Count(password, password[:1]) == len(password):
		message = "A password must not be one character repeated."
	default:
		return nil
	}
	return []wiki.FieldError{{Field: field, Message: message}}
}

// hashPassword returns the argon2id hash in the PHC string format. It waits while too many others hash.
func (s *Service) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	params := currentParams()
	key, err := s.derive(ctx, password, salt, params, keyBytes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, params.memoryKiB, params.passes, params.lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// verifyPassword reports whether the password belongs to the hash, and whether the hash is weaker than new ones. An
// empty hash (no such account, no password yet) takes as long as any other and never matches.
func (s *Service) verifyPassword(ctx context.Context, password, hash string) (ok, weak bool, err error) {
	if hash == "" {
		_, err := s.derive(ctx, password, make([]byte, saltBytes), currentParams(), keyBytes)
		return false, false, err
	}
	params, salt, want, err := parseHash(hash)
	if err != nil {
		return false, false, err
	}
	key, err := s.derive(ctx, password, salt, params, len(want))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1, params != currentParams(), nil
}

func (s *Service) derive(ctx context.Context, password string, salt []byte, params argonParams, length int) ([]byte, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, params.passes, params.memoryKiB, params.lanes, uint32(length)), nil
}

// parseHash reads a PHC string. Its limits keep a damaged row from taking all memory.
func parseHash(hash string) (params argonParams, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	bad := fmt.Errorf("password hash: not in argon2id form")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return params, nil, nil, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &params.memoryKiB, &params.passes, &params.lanes); err != nil {
		return params, nil, nil, bad
	}
	if params.memoryKiB > 1<<20 || params.passes < 1 || params.passes > 100 || params.lanes < 1 {
		return params, nil, nil, bad
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return params, nil, nil, bad
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(key) < 16 || len(key) > 64 {
		return params, nil, nil, bad
	}
	return params, salt, key, nil
}

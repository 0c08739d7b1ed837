package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// NeedsSetup reports whether there is no account yet.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	exists, err := s.store.AnyUser(ctx)
	return !exists, err
}

// SetUpCode returns the code that the set-up page asks for, such as "K7QD-M2PX-4TNC"; the program prints it in its log
// while there is no account. It is derived from the installation's secret, so that every replica and every restart
// before the first account has the same, and nothing about it needs to be stored.
func (s *Service) SetUpCode(ctx context.Context) (string, error) {
	instance, err := s.store.InstanceID(ctx)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, s.setUpKey)
	mac.Write([]byte("set-up code of " + instance))
	text := base32.StdEncoding.EncodeToString(mac.Sum(nil))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12], nil
}

// SetUp creates the first admin for who knows the code. It answers ErrSetupCode for another code, a *ThrottledError
// after too many, a *wiki.InvalidError for bad fields, and wiki.ErrConflict once there is an account.
func (s *Service) SetUp(ctx context.Context, code string, first NewUser) (User, error) {
	needed, err := s.NeedsSetup(ctx)
	if err != nil {
		return User{}, err
	}
	if !needed {
		return User{}, errSetUpDone
	}
	want, err := s.SetUpCode(ctx)
	if err != nil {
		return User{}, err
	}
	policies := map[string]throttlePolicy{"set-up:" + OriginFrom(ctx).Address: setUpPolicy()}
	if _, err := s.try(ctx, policies); err != nil {
		return User{}, err
	}
	if subtle.ConstantTimeCompare([]byte(normaliseCode(code)), []byte(normaliseCode(want))) != 1 {
		return User{}, ErrSetupCode
	}
	if err := s.succeeded(ctx, policies, ""); err != nil {
		return User{}, err
	}
	return s.createFirst(ctx, first)
}

var errSetUpDone = fmt.Errorf("there is an account already; sign in with it: %w", wiki.ErrConflict)

// normaliseCode forgives what people do to codes: small letters, missing or other separators, 0 for O, 1 for I.
func normaliseCode(code string) string {
	return strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(strings.TrimSpace(code)))
}

// EnsureAdmin creates the first admin from settings, if there is no account at all; created says whether it did.
func (s *Service) EnsureAdmin(ctx context.Context, email, password string) (created bool, err error) {
	needed, err := s.NeedsSetup(ctx)
	if err != nil || !needed {
		return false, err
	}
	_, err = s.createFirst(WithIdentity(ctx, Operator()), NewUser{Email: email, Password: password})
	if err != nil {
		return false, fmt.Errorf("create the first administrator: %w", err)
	}
	return true, nil
}

func (s *Service) createFirst(ctx context.Context, first NewUser) (User, error) {
	first.Role = Admin
	hash, err := s.checkNewUser(ctx, &first)
	if err != nil {
		return User{}, err
	}
	var user User
	err = s.store.Within(ctx, func(tx Store) error {
		if err := tx.LockUsers(ctx); err != nil {
			return err
		}
		exists, err := tx.AnyUser(ctx)
		if err != nil {
			return err
		}
		if exists {
			return errSetUpDone
		}
		user, err = tx.InsertUser(ctx, User{ID: newID("usr"), Email: first.Email, Name: first.Name, Role: Admin}, hash)
		if err != nil {
			return err
		}
		actor := Identity{UserID: user.ID, Email: user.Email}
		return tx.InsertAudit(ctx, entryBy(ctx, actor, ActionUserCreate, user.Email, map[string]any{"role": Admin, "first": true}))
	})
	return user, err
}

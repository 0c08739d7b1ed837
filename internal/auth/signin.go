package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// addressMemory is how long an address stays known to an account after its last sign-in.
const addressMemory = 90 * 24 * time.Hour

// SignIn returns the account that the e-mail address and password belong to, or ErrSignIn, or a *ThrottledError after
// too many failures. It takes the same time whether or not there is such an account.
func (s *Service) SignIn(ctx context.Context, email, password string) (User, error) {
	email = strings.TrimSpace(email)
	if email == "" || len(email) > 254 || password == "" || len(password) > MaxPassword {
		return User{}, ErrSignIn
	}
	origin := OriginFrom(ctx)
	own, policies, err := s.signInPolicies(ctx, email, origin)
	if err != nil {
		return User{}, err
	}
	next, err := s.try(ctx, policies)
	if err != nil {
		if throttled, ok := errors.AsType[*ThrottledError](err); ok {
			s.log.WarnContext(ctx, "sign-in throttled", "address", origin.Address, "wait", throttled.Wait)
		}
		return User{}, err
	}
	user, err := s.checkPassword(ctx, email, password)
	if errors.Is(err, ErrSignIn) {
		s.auditAs(ctx, Identity{Email: "nobody"}, ActionSignInFailed, email, nil)
		s.auditThrottled(ctx, Identity{Email: "nobody"}, email, next)
		return User{}, err
	}
	if err != nil {
		return User{}, err
	}
	if err := s.succeeded(ctx, policies, own); err != nil {
		return User{}, err
	}
	return user, nil
}

// signInPolicies returns what a try counts for, and which of it is the person's own, to be forgotten after success.
func (s *Service) signInPolicies(ctx context.Context, email string, origin Origin) (own string, policies map[string]throttlePolicy, err error) {
	device, err := s.deviceOf(ctx, email, origin.Device)
	if err != nil {
		return "", nil, err
	}
	if device != "" {
		own = "device:" + device
		return own, map[string]throttlePolicy{own: pairPolicy()}, nil
	}
	own = pairKey(email, origin.Address)
	policies = map[string]throttlePolicy{own: pairPolicy(), "address:" + origin.Address: addressPolicy()}
	known, err := s.store.KnowsAddress(ctx, email, origin.Address, s.now().Add(-addressMemory))
	if err != nil {
		return "", nil, err
	}
	if !known {
		policies["account:"+strings.ToLower(email)] = accountPolicy()
	}
	return own, policies, nil
}

// checkPassword returns the account, or ErrSignIn. A hash weaker than today's is replaced while the password is known.
func (s *Service) checkPassword(ctx context.Context, email, password string) (User, error) {
	userID, hash, err := s.store.Password(ctx, email)
	if err != nil && !errors.Is(err, wiki.ErrNotFound) {
		return User{}, err
	}
	ok, weak, err := s.verifyPassword(ctx, password, hash)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, ErrSignIn
	}
	if weak {
		stronger, err := s.hashPassword(ctx, password)
		if err != nil {
			return User{}, err
		}
		if err := s.store.SetPassword(ctx, userID, stronger); err != nil {
			return User{}, err
		}
	}
	return s.store.User(ctx, userID)
}

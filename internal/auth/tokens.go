package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// tokenPrefix starts every API token, so that people and secret scanners recognise one.
const tokenPrefix = "slc_"

// shownPrefix is how much of a token is kept readable, to tell tokens apart.
const shownPrefix = len(tokenPrefix) + 5

// Tokens returns a user's API tokens, newest first; everybody's for an empty userID (admins only).
func (s *Service) Tokens(ctx context.Context, userID string) ([]Token, error) {
	if err := mustOwn(ctx, userID); err != nil {
		return nil, err
	}
	return s.store.Tokens(ctx, userID)
}

// CreateToken makes an API token for a user: the own account, or any for an admin. The secret is returned once; only
// its hash is stored. One that is made with a token that expires does so as well, by then at the latest.
func (s *Service) CreateToken(ctx context.Context, userID string, request NewToken) (token Token, secret string, err error) {
	if err := mustOwn(ctx, userID); err != nil {
		return Token{}, "", err
	}
	user, err := s.store.User(ctx, userID)
	if err != nil {
		return Token{}, "", err
	}
	if err := s.checkNewToken(&request, user, FromContext(ctx)); err != nil {
		return Token{}, "", err
	}
	secret = tokenPrefix + strings.ToLower(rand.Text()+rand.Text())
	token = Token{
		ID: newID("tok"), UserID: user.ID, Name: request.Name, Role: request.Role,
		Prefix: secret[:shownPrefix], ExpiresAt: request.ExpiresAt,
	}
	err = s.store.Within(ctx, func(tx Store) error {
		if token, err = tx.InsertToken(ctx, token, hashSecret(secret)); err != nil {
			return err
		}
		detail := map[string]any{"name": token.Name, "role": token.Role, "prefix": token.Prefix}
		return tx.InsertAudit(ctx, entry(ctx, ActionTokenCreate, user.Email, detail))
	})
	if err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}

func (s *Service) checkNewToken(request *NewToken, user User, actor Identity) error {
	var faults []wiki.FieldError
	request.Name = strings.TrimSpace(request.Name)
	if request.Name == "" || len(request.Name) > 100 || strings.ContainsFunc(request.Name, isControl) {
		faults = append(faults, wiki.FieldError{Field: "name", Message: "Name the token after what uses it (at most 100 characters)."})
	}
	if request.Role == "" {
		request.Role = Reader
	}
	switch {
	case !request.Role.Valid():
		faults = append(faults, wiki.FieldError{Field: "role", Message: "The role is admin or reader."})
	case !user.Role.Covers(request.Role), !actor.Role.Covers(request.Role):
		faults = append(faults, wiki.FieldError{Field: "role", Message: "A token cannot do more than its account."})
	}
	if request.ExpiresAt != nil && !request.ExpiresAt.After(s.now()) {
		faults = append(faults, wiki.FieldError{Field: "expires_at", Message: "The expiry is in the past."})
	}
	// Else whoever finds a token could make another that outlives it.
	if end := actor.TokenExpiresAt; end != nil {
		if request.ExpiresAt == nil {
			request.ExpiresAt = end
		} else if request.ExpiresAt.After(*end) {
			faults = append(faults, wiki.FieldError{Field: "expires_at", Message: "A token that is made with a token cannot outlive it."})
		}
	}
	return invalid(faults)
}

// RevokeToken deletes an API token: the own ones, or any for an admin. It works at once.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	return s.store.Within(ctx, func(tx Store) error {
		token, err := tx.Token(ctx, id)
		if err != nil {
			return err
		}
		if err := mustOwn(ctx, token.UserID); err != nil {
			return wiki.ErrNotFound // whether it exists is not theirs to know
		}
		if err := tx.DeleteToken(ctx, id); err != nil {
			return err
		}
		detail := map[string]any{"name": token.Name, "prefix": token.Prefix}
		return tx.InsertAudit(ctx, entry(ctx, ActionTokenRevoke, token.UserEmail, detail))
	})
}

// Authenticate returns whose API token the secret is, with the lesser of the token's and the account's roles; ErrToken
// where it is none, or expired.
func (s *Service) Authenticate(ctx context.Context, secret string) (Identity, error) {
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 200 {
		return Identity{}, ErrToken
	}
	token, user, err := s.store.TokenByHash(ctx, hashSecret(secret))
	if errors.Is(err, wiki.ErrNotFound) {
		return Identity{}, ErrToken
	}
	if err != nil {
		return Identity{}, err
	}
	now := s.now()
	if token.Expired(now) {
		return Identity{}, ErrToken
	}
	if token.LastUsedAt == nil || pastTouch(*token.LastUsedAt, now) {
		if err := s.noted(ctx, s.store.TouchToken(ctx, token.ID, now)); err != nil {
			return Identity{}, err
		}
	}
	identity := identityOf(user)
	identity.TokenID, identity.TokenExpiresAt = token.ID, token.ExpiresAt
	if !token.Role.Covers(identity.Role) {
		identity.Role = token.Role
	}
	return identity, nil
}

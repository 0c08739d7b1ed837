package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Path is where the link with this secret leads on the server.
func (l Link) Path(secret string) string {
	if l.Kind == PasswordReset {
		return "/reset-password/" + secret
	}
	return "/invitation/" + secret
}

// Invite makes a link with which a person creates an account of the given role. Admins only. A former invitation of
// the same address is replaced. The secret is returned once; only its hash is stored.
func (s *Service) Invite(ctx context.Context, email, name string, role Role) (link Link, secret string, err error) {
	if err := mustAdmin(ctx); err != nil {
		return Link{}, "", err
	}
	faults := checkPerson(&email, &name)
	if role == "" {
		role = Reader
	}
	if !role.Valid() {
		faults = append(faults, wiki.FieldError{Field: "role", Message: "The role is admin or reader."})
	}
	if err := invalid(faults); err != nil {
		return Link{}, "", err
	}
	if _, err := s.store.UserByEmail(ctx, email); !errors.Is(err, wiki.ErrNotFound) {
		if err == nil {
			err = wiki.ErrConflict
		}
		return Link{}, "", emailTaken(err)
	}
	return s.makeLink(ctx, Link{Kind: Invitation, Email: email, Name: name, Role: role}, ActionInvite)
}

// ResetLink makes a link with which the person sets a new password. Admins only.
func (s *Service) ResetLink(ctx context.Context, userID string) (link Link, secret string, err error) {
	if err := mustAdmin(ctx); err != nil {
		return Link{}, "", err
	}
	user, err := s.store.User(ctx, userID)
	if err != nil {
		return Link{}, "", err
	}
	return s.makeLink(ctx, Link{Kind: PasswordReset, Email: user.Email, Name: user.Name, Role: user.Role, UserID: user.ID}, ActionResetLink)
}

func (s *Service) makeLink(ctx context.Context, link Link, action string) (Link, string, error) {
	secret := strings.ToLower(rand.Text())
	link.ID = newID("lnk")
	link.CreatedBy = FromContext(ctx).Email
	link.ExpiresAt = s.now().Add(LinkLifetime)
	err := s.store.Within(ctx, func(tx Store) error {
		if err := tx.DeleteLinksFor(ctx, link.Email); err != nil {
			return err
		}
		var err error
		if link, err = tx.InsertLink(ctx, link, hashSecret(secret)); err != nil {
			return err
		}
		return tx.InsertAudit(ctx, entry(ctx, action, link.Email, map[string]any{"role": link.Role}))
	})
	if err != nil {
		return Link{}, "", err
	}
	return link, secret, nil
}

// Links returns the links that can still be used, newest first. Admins only.
func (s *Service) Links(ctx context.Context) ([]Link, error) {
	if err := mustAdmin(ctx); err != nil {
		return nil, err
	}
	return s.store.Links(ctx, s.now())
}

// RevokeLink makes a link useless. Admins only.
func (s *Service) RevokeLink(ctx context.Context, id string) error {
	if err := mustAdmin(ctx); err != nil {
		return err
	}
	return s.store.Within(ctx, func(tx Store) error {
		link, err := tx.DeleteLink(ctx, id)
		if err != nil {
			return err
		}
		return tx.InsertAudit(ctx, entry(ctx, ActionLinkRevoke, link.Email, map[string]any{"kind": link.Kind}))
	})
}

// LinkBySecret returns the link that the secret opens, for the page that it leads to; ErrLink where it opens none.
func (s *Service) LinkBySecret(ctx context.Context, secret string) (Link, error) {
	link, err := s.store.LinkByHash(ctx, hashSecret(secret), s.now())
	return link, linkGone(err)
}

// RedeemLink creates the account of an invitation, or sets the password of a reset (whose sessions all end; name is
// ignored), and uses the link up. It answers ErrLink for a link that is not good, *wiki.InvalidError for bad fields.
func (s *Service) RedeemLink(ctx context.Context, secret, name, password string) (User, error) {
	link, err := s.LinkBySecret(ctx, secret)
	if err != nil {
		return User{}, err
	}
	if name == "" {
		name = link.Name
	}
	if err := invalid(append(checkPerson(&link.Email, &name), checkPassword("password", password, link.Email)...)); err != nil {
		return User{}, err
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return User{}, err
	}
	var user User
	err = s.store.Within(ctx, func(tx Store) error {
		taken, err := tx.TakeLink(ctx, hashSecret(secret), s.now())
		if err != nil {
			return linkGone(err)
		}
		user, err = redeem(ctx, tx, taken, name, hash)
		return err
	})
	return user, err
}

func redeem(ctx context.Context, tx Store, link Link, name, hash string) (User, error) {
	if link.Kind == PasswordReset {
		if err := tx.SetPassword(ctx, link.UserID, hash); err != nil {
			return User{}, err
		}
		if _, err := tx.DeleteOtherSessions(ctx, link.UserID, ""); err != nil {
			return User{}, err
		}
		user, err := tx.User(ctx, link.UserID)
		if err != nil {
			return User{}, err
		}
		return user, tx.InsertAudit(ctx, entryBy(ctx, identityOf(user), ActionPasswordChange, user.Email, map[string]any{"by": "link"}))
	}
	user, err := tx.InsertUser(ctx, User{ID: newID("usr"), Email: link.Email, Name: name, Role: link.Role}, hash)
	if err != nil {
		return User{}, emailTaken(err)
	}
	detail := map[string]any{"role": user.Role, "invited_by": link.CreatedBy}
	return user, tx.InsertAudit(ctx, entryBy(ctx, identityOf(user), ActionUserCreate, user.Email, detail))
}

func linkGone(err error) error {
	if errors.Is(err, wiki.ErrNotFound) {
		return ErrLink
	}
	return err
}

func identityOf(u User) Identity {
	return Identity{UserID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role}
}

// noted forgives that a mark could not be written for now: a database that can be read, but not written to because its
// disk is full, must not keep people out.
func (s *Service) noted(ctx context.Context, err error) error {
	if !errors.Is(err, wiki.ErrUnavailable) || ctx.Err() != nil {
		return err
	}
	s.log.WarnContext(ctx, "last use not noted", "err", err)
	return nil
}

// pastTouch reports whether a "last used" mark is old enough to be written again: once a minute is exact enough, and
// spares a write with every request.
func pastTouch(last, now time.Time) bool { return now.Sub(last) >= time.Minute }

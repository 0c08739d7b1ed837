package auth

import (
	"context"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Users returns all accounts by e-mail address. Admins only.
func (s *Service) Users(ctx context.Context) ([]User, error) {
	if err := mustAdmin(ctx); err != nil {
		return nil, err
	}
	return s.store.Users(ctx)
}

// User returns one account: any for an admin, the own one for others.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	if err := mustOwn(ctx, id); err != nil {
		return User{}, err
	}
	return s.store.User(ctx, id)
}

// UserByEmail returns the account with the e-mail address. Admins only.
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	if err := mustAdmin(ctx); err != nil {
		return User{}, err
	}
	return s.store.UserByEmail(ctx, strings.TrimSpace(email))
}

// checkNewUser normalises a new account and returns its password hash.
func (s *Service) checkNewUser(ctx context.Context, user *NewUser) (hash string, err error) {
	if user.Role == "" {
		user.Role = Reader
	}
	faults := checkPerson(&user.Email, &user.Name)
	if !user.Role.Valid() {
		faults = append(faults, wiki.FieldError{Field: "role", Message: "The role is admin or reader."})
	}
	faults = append(faults, checkPassword("password", user.Password, user.Email)...)
	if err := invalid(faults); err != nil {
		return "", err
	}
	return s.hashPassword(ctx, user.Password)
}

// CreateUser creates an account with a password. Admins only.
func (s *Service) CreateUser(ctx context.Context, request NewUser) (User, error) {
	if err := mustAdmin(ctx); err != nil {
		return User{}, err
	}
	hash, err := s.checkNewUser(ctx, &request)
	if err != nil {
		return User{}, err
	}
	var user User
	err = s.store.Within(ctx, func(tx Store) error {
		user, err = tx.InsertUser(ctx, User{ID: newID("usr"), Email: request.Email, Name: request.Name, Role: request.Role}, hash)
		if err != nil {
			return emailTaken(err)
		}
		if err := tx.DeleteLinksFor(ctx, user.Email); err != nil { // an open invitation has no use any more
			return err
		}
		return tx.InsertAudit(ctx, entry(ctx, ActionUserCreate, user.Email, map[string]any{"role": user.Role}))
	})
	return user, err
}

// ChangeUser changes an account: everything for an admin, one's own name for others. Taking the admin role from the
// last admin is ErrLastAdmin. A changed role ends the person's sessions, which begin anew with the new role.
func (s *Service) ChangeUser(ctx context.Context, id string, change UserChange) (User, error) {
	if err := mustOwn(ctx, id); err != nil {
		return User{}, err
	}
	if change.Email != nil || change.Role != nil {
		if err := mustAdmin(ctx); err != nil {
			return User{}, err
		}
	}
	var user User
	err := s.store.Within(ctx, func(tx Store) error {
		if err := tx.LockUsers(ctx); err != nil {
			return err
		}
		before, err := tx.User(ctx, id)
		if err != nil {
			return err
		}
		after, err := applyChange(before, change)
		if err != nil {
			return err
		}
		if err := keepAnAdmin(ctx, tx, before, after.Role == Admin); err != nil {
			return err
		}
		if user, err = tx.UpdateUser(ctx, after); err != nil {
			return emailTaken(err)
		}
		if before.Role != after.Role {
			if _, err := tx.DeleteOtherSessions(ctx, id, FromContext(ctx).SessionID); err != nil {
				return err
			}
		}
		return tx.InsertAudit(ctx, entry(ctx, ActionUserChange, before.Email, changedFields(before, after)))
	})
	return user, err
}

func applyChange(user User, change UserChange) (User, error) {
	if change.Email != nil {
		user.Email = *change.Email
	}
	if change.Name != nil {
		user.Name = *change.Name
	}
	if change.Role != nil {
		user.Role = *change.Role
	}
	faults := checkPerson(&user.Email, &user.Name)
	if !user.Role.Valid() {
		faults = append(faults, wiki.FieldError{Field: "role", Message: "The role is admin or reader."})
	}
	return user, invalid(faults)
}

func changedFields(before, after User) map[string]any {
	detail := map[string]any{}
	if before.Email != after.Email {
		detail["email"] = after.Email
	}
	if before.Name != after.Name {
		detail["name"] = after.Name
	}
	if before.Role != after.Role {
		detail["role"] = after.Role
	}
	return detail
}

// keepAnAdmin refuses to let the last admin stop being one.
func keepAnAdmin(ctx context.Context, tx Store, user User, staysAdmin bool) error {
	if user.Role != Admin || staysAdmin {
		return nil
	}
	others, err := tx.OtherAdmins(ctx, user.ID)
	if err != nil {
		return err
	}
	if others == 0 {
		return ErrLastAdmin
	}
	return nil
}

// RemoveUser deletes an account with its tokens and sessions. Admins only; the last admin is ErrLastAdmin.
func (s *Service) RemoveUser(ctx context.Context, id string) error {
	if err := mustAdmin(ctx); err != nil {
		return err
	}
	return s.store.Within(ctx, func(tx Store) error {
		if err := tx.LockUsers(ctx); err != nil {
			return err
		}
		user, err := tx.User(ctx, id)
		if err != nil {
			return err
		}
		if err := keepAnAdmin(ctx, tx, user, false); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, id); err != nil {
			return err
		}
		return tx.InsertAudit(ctx, entry(ctx, ActionUserRemove, user.Email, nil))
	})
}

// ChangePassword sets the actor's own password; the present one must be given, and guessing it is throttled as
// signing in is. All other sessions of the account end.
func (s *Service) ChangePassword(ctx context.Context, current, password string) error {
	actor := FromContext(ctx)
	if !actor.Known() || actor.TokenID != "" {
		return ErrNotAllowed
	}
	policies := map[string]throttlePolicy{pairKey(actor.Email, OriginFrom(ctx).Address): pairPolicy()}
	next, err := s.try(ctx, policies)
	if err != nil {
		return err
	}
	_, hash, err := s.store.Password(ctx, actor.Email)
	if err != nil {
		return err
	}
	ok, _, err := s.verifyPassword(ctx, current, hash)
	if err != nil {
		return err
	}
	if !ok {
		s.auditThrottled(ctx, actor, actor.Email, next)
		return wiki.Invalid("current_password", "This is not your present password.")
	}
	if err := s.succeeded(ctx, policies, ""); err != nil {
		return err
	}
	return s.storePassword(ctx, actor.UserID, actor.Email, password)
}

// SetPassword sets somebody's password without the present one. Admins only. All sessions of the account end.
func (s *Service) SetPassword(ctx context.Context, userID, password string) error {
	if err := mustAdmin(ctx); err != nil {
		return err
	}
	user, err := s.store.User(ctx, userID)
	if err != nil {
		return err
	}
	return s.storePassword(ctx, user.ID, user.Email, password)
}

func (s *Service) storePassword(ctx context.Context, userID, email, password string) error {
	if err := invalid(checkPassword("password", password, email)); err != nil {
		return err
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.store.Within(ctx, func(tx Store) error {
		if err := tx.SetPassword(ctx, userID, hash); err != nil {
			return err
		}
		if _, err := tx.DeleteOtherSessions(ctx, userID, FromContext(ctx).SessionID); err != nil {
			return err
		}
		if err := tx.DeleteLinksFor(ctx, email); err != nil { // an open reset link must not outlive the reset
			return err
		}
		return tx.InsertAudit(ctx, entry(ctx, ActionPasswordChange, email, nil))
	})
}

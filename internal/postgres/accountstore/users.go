package accountstore

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/postgres/accountstore/dbsqlc"
)

// AnyUser reports whether there is any account.
func (s *Store) AnyUser(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	exists, err := s.q.AnyUser(ctx, s.db)
	return exists, translate("look for accounts", err)
}

// LockUsers makes other changes of accounts wait for the end of the transaction.
func (s *Store) LockUsers(ctx context.Context) error {
	return translate("lock accounts", s.q.LockUsers(ctx, s.db))
}

// InsertUser stores a new account; wiki.ErrConflict where the e-mail address is taken.
func (s *Store) InsertUser(ctx context.Context, u auth.User, hash string) (auth.User, error) {
	row, err := s.q.InsertUser(ctx, s.db, dbsqlc.InsertUserParams{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: string(u.Role), PasswordHash: hash,
	})
	return user(dbsqlc.GetUserRow(row)), translate("create account", err)
}

// Users returns all accounts by e-mail address.
func (s *Store) Users(ctx context.Context) ([]auth.User, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.q.ListUsers(ctx, s.db)
	if err != nil {
		return nil, translate("list accounts", err)
	}
	users := make([]auth.User, len(rows))
	for i, row := range rows {
		users[i] = user(dbsqlc.GetUserRow(row))
	}
	return users, nil
}

// User returns one account.
func (s *Store) User(ctx context.Context, id string) (auth.User, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	row, err := s.q.GetUser(ctx, s.db, id)
	return user(row), translate("read account", err)
}

// UserByEmail returns the account with the e-mail address, in any case of letters.
func (s *Store) UserByEmail(ctx context.Context, email string) (auth.User, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	row, err := s.q.GetUserByEmail(ctx, s.db, email)
	return user(dbsqlc.GetUserRow(row)), translate("read account", err)
}

// Password returns the password hash of the account with the e-mail address.
func (s *Store) Password(ctx context.Context, email string) (userID, hash string, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	row, err := s.q.GetPassword(ctx, s.db, email)
	return row.ID, row.PasswordHash, translate("read account", err)
}

// UpdateUser stores an account's e-mail address, name and role.
func (s *Store) UpdateUser(ctx context.Context, u auth.User) (auth.User, error) {
	row, err := s.q.UpdateUser(ctx, s.db, dbsqlc.UpdateUserParams{ID: u.ID, Email: u.Email, Name: u.Name, Role: string(u.Role)})
	return user(dbsqlc.GetUserRow(row)), translate("change account", err)
}

// SetPassword stores a password hash.
func (s *Store) SetPassword(ctx context.Context, userID, hash string) error {
	n, err := s.q.SetPassword(ctx, s.db, dbsqlc.SetPasswordParams{ID: userID, PasswordHash: hash})
	return gone("set password", n, err)
}

// DeleteUser deletes an account with its tokens, sessions and links.
func (s *Store) DeleteUser(ctx context.Context, id string) error {
	n, err := s.q.DeleteUser(ctx, s.db, id)
	return gone("remove account", n, err)
}

// OtherAdmins returns how many admins there are besides the account.
func (s *Store) OtherAdmins(ctx context.Context, id string) (int, error) {
	n, err := s.q.CountOtherAdmins(ctx, s.db, id)
	return int(n), translate("count administrators", err)
}

// SignedIn notes a sign-in and its address.
func (s *Store) SignedIn(ctx context.Context, userID, address string, at time.Time) error {
	if err := s.q.MarkSignedIn(ctx, s.db, dbsqlc.MarkSignedInParams{ID: userID, At: &at}); err != nil {
		return translate("note sign-in", err)
	}
	if address == "" {
		return nil
	}
	err := s.q.RememberAddress(ctx, s.db, dbsqlc.RememberAddressParams{UserID: userID, Address: address, At: at})
	return translate("remember address", err)
}

// KnowsAddress reports whether the account has signed in from the address since then.
func (s *Store) KnowsAddress(ctx context.Context, email, address string, since time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	known, err := s.q.KnowsAddress(ctx, s.db, dbsqlc.KnowsAddressParams{Email: email, Address: address, Since: since})
	return known, translate("look for address", err)
}

func user(row dbsqlc.GetUserRow) auth.User {
	return auth.User{
		ID: row.ID, Email: row.Email, Name: row.Name, Role: auth.Role(row.Role),
		CreatedAt: row.CreatedAt.UTC(), LastSignInAt: utc(row.LastSignInAt),
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

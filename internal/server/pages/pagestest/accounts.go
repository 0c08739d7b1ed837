package pagestest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Accounts is a fake of auth.Service.
type Accounts struct {
	mu       sync.Mutex // guards all below
	users    []auth.User
	sessions map[string]auth.Session
	tokens   []auth.Token
	links    map[string]auth.Link
	next     int
	// fresh: there is no account yet; the set-up code is "let-me-in".
	fresh bool
}

// NewAccounts returns accounts with an admin and a reader.
func NewAccounts() *Accounts {
	return &Accounts{
		users: []auth.User{
			{ID: "u1", Email: AdminEmail, Name: "Ada Lovelace", Role: auth.Admin, CreatedAt: ago(90 * 24 * time.Hour), LastSignInAt: new(ago(time.Minute))},
			{ID: "u2", Email: ReaderEmail, Name: "Rita Levi", Role: auth.Reader, CreatedAt: ago(30 * 24 * time.Hour), LastSignInAt: new(ago(26 * time.Hour))},
			{ID: "u3", Email: "a.very.long.address.of.a.person@department.subsidiary.example.org", Name: "Maximilian Featherstonehaugh-Cholmondeley", Role: auth.Reader, CreatedAt: ago(time.Hour)},
		},
		sessions: map[string]auth.Session{},
		tokens: []auth.Token{
			{ID: "t1", UserID: "u1", UserEmail: AdminEmail, Name: "CI search smoke test", Role: auth.Reader, Prefix: "slc_7Qx2", CreatedAt: ago(20 * 24 * time.Hour), ExpiresAt: new(ago(-70 * 24 * time.Hour)), LastUsedAt: new(ago(4 * time.Minute))},
			{ID: "t2", UserID: "u1", UserEmail: AdminEmail, Name: "Coding agent", Role: auth.Admin, Prefix: "slc_b81K", CreatedAt: ago(120 * 24 * time.Hour), ExpiresAt: new(ago(24 * time.Hour))},
		},
		links: map[string]auth.Link{
			"welcome":   {ID: "l1", Kind: auth.Invitation, Email: "new@example.org", Name: "Nia", Role: auth.Reader, CreatedBy: AdminEmail, CreatedAt: ago(time.Hour), ExpiresAt: ago(-71 * time.Hour)},
			"forgotten": {ID: "l2", Kind: auth.PasswordReset, Email: ReaderEmail, CreatedBy: AdminEmail, CreatedAt: ago(time.Hour), ExpiresAt: ago(-71 * time.Hour)},
		},
	}
}

// SetFresh makes the site one without accounts, or not.
func (a *Accounts) SetFresh(fresh bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fresh = fresh
}

func (a *Accounts) id(prefix string) string {
	a.next++
	return fmt.Sprintf("%s-%d", prefix, a.next)
}

// NeedsSetup implements pages.Accounts.
func (a *Accounts) NeedsSetup(context.Context) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fresh, nil
}

// SetUp implements pages.Accounts.
func (a *Accounts) SetUp(_ context.Context, code string, u auth.NewUser) (auth.User, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if code != "let-me-in" {
		return auth.User{}, auth.ErrSetupCode
	}
	if len(u.Password) < auth.MinPassword {
		return auth.User{}, wiki.Invalid("password", fmt.Sprintf("must have at least %d characters", auth.MinPassword))
	}
	a.fresh = false
	return a.users[0], nil
}

// SignIn implements pages.Accounts.
func (a *Accounts) SignIn(_ context.Context, email, password string) (auth.User, error) {
	if password == "throttled" {
		return auth.User{}, &auth.ThrottledError{Wait: 30 * time.Second}
	}
	for _, u := range a.users {
		if u.Email == email && password == Password {
			return u, nil
		}
	}
	return auth.User{}, auth.ErrSignIn
}

// StartSession implements session.Accounts.
func (a *Accounts) StartSession(_ context.Context, userID string) (auth.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := auth.Session{ID: a.id("s"), UserID: userID, Address: "192.0.2.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140", CreatedAt: ago(0), LastSeenAt: ago(0)}
	a.sessions[s.ID] = s
	return s, nil
}

// EndSession implements session.Accounts and pages.Accounts.
func (a *Accounts) EndSession(_ context.Context, id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, id)
	return nil
}

// EndAllSessions signs everybody out, as a restart with another database would.
func (a *Accounts) EndAllSessions() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions = map[string]auth.Session{}
}

// SessionIdentity implements session.Accounts.
func (a *Accounts) SessionIdentity(_ context.Context, id string) (auth.Identity, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[id]
	if !ok {
		return auth.Identity{}, wiki.ErrNotFound
	}
	for _, u := range a.users {
		if u.ID == s.UserID {
			return auth.Identity{UserID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, SessionID: id}, nil
		}
	}
	return auth.Identity{}, wiki.ErrNotFound
}

// Users implements pages.Accounts.
func (a *Accounts) Users(context.Context) ([]auth.User, error) { return a.users, nil }

// ChangeUser implements pages.Accounts.
func (a *Accounts) ChangeUser(_ context.Context, id string, change auth.UserChange) (auth.User, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, u := range a.users {
		if u.ID != id {
			continue
		}
		if change.Role != nil && u.Role == auth.Admin && *change.Role != auth.Admin {
			return auth.User{}, fmt.Errorf("the last administrator must stay one: %w", wiki.ErrConflict)
		}
		if change.Role != nil {
			a.users[i].Role = *change.Role
		}
		return a.users[i], nil
	}
	return auth.User{}, wiki.ErrNotFound
}

// RemoveUser implements pages.Accounts.
func (a *Accounts) RemoveUser(context.Context, string) error { return nil }

// ChangePassword implements pages.Accounts.
func (a *Accounts) ChangePassword(_ context.Context, current, password string) error {
	if current != Password {
		return wiki.Invalid("current_password", "is not your present password")
	}
	if len(password) < auth.MinPassword {
		return wiki.Invalid("password", fmt.Sprintf("must have at least %d characters", auth.MinPassword))
	}
	return nil
}

// Invite implements pages.Accounts.
func (a *Accounts) Invite(_ context.Context, email, name string, role auth.Role) (auth.Link, string, error) {
	if !strings.Contains(email, "@") {
		return auth.Link{}, "", wiki.Invalid("email", "is no e-mail address")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	link := auth.Link{ID: a.id("l"), Kind: auth.Invitation, Email: email, Name: name, Role: role, CreatedBy: AdminEmail, ExpiresAt: ago(-72 * time.Hour)}
	a.links["secret-"+link.ID] = link
	return link, "secret-" + link.ID, nil
}

// ResetLink implements pages.Accounts.
func (a *Accounts) ResetLink(_ context.Context, userID string) (auth.Link, string, error) {
	return auth.Link{ID: "l9", Kind: auth.PasswordReset, Email: ReaderEmail, UserID: userID, ExpiresAt: ago(-24 * time.Hour)}, "reset-secret", nil
}

// Links implements pages.Accounts.
func (a *Accounts) Links(context.Context) ([]auth.Link, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []auth.Link
	for _, l := range a.links {
		list = append(list, l)
	}
	return list, nil
}

// RevokeLink implements pages.Accounts.
func (a *Accounts) RevokeLink(context.Context, string) error { return nil }

// LinkBySecret implements pages.Accounts.
func (a *Accounts) LinkBySecret(_ context.Context, secret string) (auth.Link, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	link, ok := a.links[secret]
	if !ok {
		return auth.Link{}, auth.ErrLink
	}
	return link, nil
}

// RedeemLink implements pages.Accounts.
func (a *Accounts) RedeemLink(_ context.Context, _, _, password string) (auth.User, error) {
	if len(password) < auth.MinPassword {
		return auth.User{}, wiki.Invalid("password", fmt.Sprintf("must have at least %d characters", auth.MinPassword))
	}
	return a.users[1], nil
}

// Tokens implements pages.Accounts.
func (a *Accounts) Tokens(context.Context, string) ([]auth.Token, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]auth.Token(nil), a.tokens...), nil
}

// CreateToken implements pages.Accounts.
func (a *Accounts) CreateToken(_ context.Context, userID string, t auth.NewToken) (auth.Token, string, error) {
	if t.Name == "" {
		return auth.Token{}, "", wiki.Invalid("name", "must not be empty")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	token := auth.Token{ID: a.id("t"), UserID: userID, Name: t.Name, Role: t.Role, Prefix: "slc_new1", CreatedAt: ago(0), ExpiresAt: t.ExpiresAt}
	a.tokens = append(a.tokens, token)
	return token, "slc_new1" + strings.Repeat("x", 32), nil
}

// RevokeToken implements pages.Accounts.
func (a *Accounts) RevokeToken(context.Context, string) error { return nil }

// Sessions implements pages.Accounts.
func (a *Accounts) Sessions(_ context.Context, userID string) ([]auth.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := []auth.Session{{ID: "old", UserID: userID, Address: "198.51.100.23", UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Firefox/131", CreatedAt: ago(200 * time.Hour), LastSeenAt: ago(30 * time.Hour)}}
	for _, s := range a.sessions {
		if s.UserID == userID {
			list = append(list, s)
		}
	}
	return list, nil
}

// EndOtherSessions implements pages.Accounts.
func (a *Accounts) EndOtherSessions(context.Context, string, string) (int, error) { return 1, nil }

// Audit implements pages.Accounts.
func (a *Accounts) Audit(_ context.Context, f auth.AuditFilter) ([]auth.AuditEntry, string, error) {
	all := []auth.AuditEntry{
		{ID: 4, At: ago(2 * time.Minute), Actor: AdminEmail, Action: "source.create", Subject: "confluence_OPS", Detail: map[string]any{"space_key": "OPS", "hours": 24}, Address: "192.0.2.7"},
		{ID: 3, At: ago(8 * time.Minute), Actor: AdminEmail, Action: "sign_in", Subject: AdminEmail, Address: "192.0.2.7"},
		{ID: 2, At: ago(9 * time.Minute), Actor: "nobody", Action: "sign_in_failed", Subject: "<script>alert(1)</script>", Address: "203.0.113.99"},
		{ID: 1, At: ago(50 * time.Hour), Actor: "cli", Action: "token.create", Subject: "CI search smoke test", Detail: map[string]any{"role": "reader"}},
	}
	var list []auth.AuditEntry
	for _, e := range all {
		if strings.Contains(e.Actor, f.Actor) && strings.HasPrefix(e.Action, f.Action) {
			list = append(list, e)
		}
	}
	return list, "", nil
}

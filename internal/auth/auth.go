// Package auth says who may use the program: accounts with a role, their passwords (argon2id), API tokens, browser
// sessions, invitation and reset links, and the audit log of all of it. It knows neither HTTP nor SQL: package
// accountstore keeps what it needs, package server turns requests into identities and errors into answers.
package auth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Role is what an account may do.
type Role string

// The roles. A reader searches and reads pages; an admin does everything.
const (
	Admin  Role = "admin"
	Reader Role = "reader"
)

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r == Admin || r == Reader }

// Covers reports whether r may do what needs the role want.
func (r Role) Covers(want Role) bool { return r == Admin || r == want && r == Reader }

// Identity is who makes a request. The zero value is nobody.
type Identity struct {
	UserID  string
	Email   string
	Name    string
	Role    Role   // of the token where one is used, never more than the account's
	TokenID string // set where an API token was used
	// TokenExpiresAt is when that token expires; nil: never.
	TokenExpiresAt *time.Time
	SessionID      string // set where a browser session was used
}

// Known reports whether there is somebody at all.
func (i Identity) Known() bool { return i.UserID != "" }

// IsAdmin reports whether the identity may administer.
func (i Identity) IsAdmin() bool { return i.Known() && i.Role == Admin }

// Display is the name to show: the name, or the e-mail address.
func (i Identity) Display() string {
	if i.Name != "" {
		return i.Name
	}
	return i.Email
}

type contextKey struct{}

// WithIdentity returns a context that carries who makes the request.
func WithIdentity(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// FromContext returns who makes the request; the zero Identity is nobody.
func FromContext(ctx context.Context) Identity {
	id, _ := ctx.Value(contextKey{}).(Identity)
	return id
}

// User is one account.
type User struct {
	ID           string     `json:"id"`
	Email        string     `json:"email"`
	Name         string     `json:"name"`
	Role         Role       `json:"role"`
	CreatedAt    time.Time  `json:"created_at"`
	LastSignInAt *time.Time `json:"last_sign_in_at"`
}

// Display is the name to show: the name, or the e-mail address.
func (u User) Display() string {
	if u.Name != "" {
		return u.Name
	}
	return u.Email
}

// NewUser asks for an account.
type NewUser struct {
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password"`
	Role     Role   `json:"role,omitempty"` // empty: Reader
}

// UserChange changes an account; nil fields stay.
type UserChange struct {
	Email *string `json:"email,omitempty"`
	Name  *string `json:"name,omitempty"`
	Role  *Role   `json:"role,omitempty"`
}

// Token is one API token, without its secret.
type Token struct {
	ID         string     `json:"id"`
	UserID     string     `json:"user_id"`
	UserEmail  string     `json:"user_email"`
	Name       string     `json:"name"`
	Role       Role       `json:"role"`
	Prefix     string     `json:"prefix"` // the first characters of the secret, to recognise it by
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"` // nil: never
	LastUsedAt *time.Time `json:"last_used_at"`
}

// Expired reports whether the token is past its time.
func (t Token) Expired(now time.Time) bool { return t.ExpiresAt != nil && !now.Before(*t.ExpiresAt) }

// NewToken asks for an API token.
type NewToken struct {
	Name      string     `json:"name"`
	Role      Role       `json:"role,omitempty"` // empty: Reader; never more than the account's
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// Session is one signed-in browser.
type Session struct {
	ID         string    `json:"id"`
	UserID     string    `json:"user_id"`
	Address    string    `json:"address"`
	UserAgent  string    `json:"user_agent"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	Device     string    `json:"-"` // of a session just begun: what the browser is to keep, see Origin
}

// LinkKind is what a one-time link is for.
type LinkKind string

// The kinds of link.
const (
	Invitation    LinkKind = "invitation"
	PasswordReset LinkKind = "password_reset"
)

// Link is a one-time link that an admin hands to a person: to create an account, or to set a new password.
type Link struct {
	ID        string    `json:"id"`
	Kind      LinkKind  `json:"kind"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Role      Role      `json:"role"`
	UserID    string    `json:"user_id,omitempty"` // of a reset
	CreatedBy string    `json:"created_by"`        // e-mail address
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Origin is where a request comes from, for throttling, the session list and the audit log.
type Origin struct {
	Address   string // IP address of the client, as far as trusted proxies tell
	UserAgent string
	Device    string // what the browser has kept of the last sign-in with it
}

type originKey struct{}

// WithOrigin returns a context that carries where a request comes from.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginFrom returns where the request comes from; the zero Origin where it is no request.
func OriginFrom(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// ErrSignIn: the e-mail address and password do not belong together. It never says which of them is wrong.
var ErrSignIn = errors.New("wrong e-mail address or password")

// ErrToken: the API token is unknown, revoked or expired.
var ErrToken = errors.New("unknown or expired API token")

// ErrLink: the one-time link is unknown, used, revoked or expired.
var ErrLink = errors.New("this link is not valid any more")

// ErrSetupCode: the set-up code is not the one in the log.
var ErrSetupCode = errors.New("wrong set-up code")

// ThrottledError says that there were too many tries; a try after Wait may succeed.
type ThrottledError struct{ Wait time.Duration }

// Error says how long to wait.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many tries; try again in %s", e.Wait.Round(time.Second))
}

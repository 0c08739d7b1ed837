package auth

import (
	"context"
	"time"
)

// Store keeps what the service needs. What is not there is wiki.ErrNotFound, what is there already wiki.ErrConflict,
// and a database that does not answer wiki.ErrUnavailable.
type Store interface {
	// Within runs do in one transaction on the store it passes; an error rolls everything back and is returned.
	Within(ctx context.Context, do func(Store) error) error

	UserStore
	TokenStore
	SessionStore
	LinkStore
	AuditStore
	ThrottleStore

	// Secret-free name of this installation, made once.
	InstanceID(ctx context.Context) (string, error)
	// Sweep deletes what is past the given limits and returns how many rows went.
	Sweep(ctx context.Context, limits SweepLimits) (int64, error)
}

// UserStore keeps accounts.
type UserStore interface {
	AnyUser(ctx context.Context) (bool, error)
	// LockUsers makes every other change of accounts wait for the end of this transaction.
	LockUsers(ctx context.Context) error
	InsertUser(ctx context.Context, user User, passwordHash string) (User, error)
	Users(ctx context.Context) ([]User, error)
	User(ctx context.Context, id string) (User, error)
	UserByEmail(ctx context.Context, email string) (User, error)
	Password(ctx context.Context, email string) (userID, hash string, err error)
	UpdateUser(ctx context.Context, user User) (User, error)
	SetPassword(ctx context.Context, userID, hash string) error
	DeleteUser(ctx context.Context, id string) error
	OtherAdmins(ctx context.Context, id string) (int, error)
	// SignedIn notes a sign-in and where it came from.
	SignedIn(ctx context.Context, userID, address string, at time.Time) error
	// KnowsAddress reports whether the account has signed in from the address since then.
	KnowsAddress(ctx context.Context, email, address string, since time.Time) (bool, error)
}

// TokenStore keeps API tokens by the hash of their secret.
type TokenStore interface {
	InsertToken(ctx context.Context, token Token, hash []byte) (Token, error)
	Tokens(ctx context.Context, userID string) ([]Token, error) // empty userID: everybody's
	Token(ctx context.Context, id string) (Token, error)
	DeleteToken(ctx context.Context, id string) error
	// TokenByHash also returns the account that the token belongs to.
	TokenByHash(ctx context.Context, hash []byte) (Token, User, error)
	TouchToken(ctx context.Context, id string, at time.Time) error
}

// SessionStore keeps the list of signed-in browsers.
type SessionStore interface {
	InsertSession(ctx context.Context, session Session) (Session, error)
	Sessions(ctx context.Context, userID string, idleSince, createdSince time.Time) ([]Session, error)
	Session(ctx context.Context, id string) (Session, error)
	// LiveSession returns whose session it is and when it was last seen, unless it is past the limits.
	LiveSession(ctx context.Context, id string, idleSince, createdSince time.Time) (User, time.Time, error)
	TouchSession(ctx context.Context, id, address string, at time.Time) error
	DeleteSession(ctx context.Context, id string) error
	DeleteOtherSessions(ctx context.Context, userID, keepID string) (int, error)
}

// LinkStore keeps one-time links by the hash of their secret.
type LinkStore interface {
	InsertLink(ctx context.Context, link Link, hash []byte) (Link, error)
	Links(ctx context.Context, now time.Time) ([]Link, error)
	LinkByHash(ctx context.Context, hash []byte, now time.Time) (Link, error)
	// TakeLink returns the link and deletes it, so that nobody else can use it.
	TakeLink(ctx context.Context, hash []byte, now time.Time) (Link, error)
	DeleteLink(ctx context.Context, id string) (Link, error)
	DeleteLinksFor(ctx context.Context, email string) error
}

// AuditStore keeps the audit log.
type AuditStore interface {
	InsertAudit(ctx context.Context, entry AuditEntry) error
	// Audit returns at most filter.Limit entries with ids below beforeID (0: the newest), newest first.
	Audit(ctx context.Context, filter AuditFilter, beforeID int64) ([]AuditEntry, error)
}

// ThrottleStore counts failed tries.
type ThrottleStore interface {
	// UpdateThrottles passes the present state of the keys to update, in key order, with the rows locked, and stores
	// what it changed there.
	UpdateThrottles(ctx context.Context, keys []string, now time.Time, update func([]Throttle)) error
}

// Throttle is the state of one throttled key.
type Throttle struct {
	Key          string
	Failures     int
	LastAt       time.Time
	BlockedUntil *time.Time
}

// SweepLimits say what is too old: rows from before these instants go.
type SweepLimits struct {
	Now            time.Time
	SessionIdle    time.Time
	SessionCreated time.Time
	Throttles      time.Time
	Addresses      time.Time
	Audit          time.Time
	Searches       time.Time
	Keys           time.Time
}

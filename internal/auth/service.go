package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// The lifetimes of what signs people in.
const (
	SessionIdle     = 7 * 24 * time.Hour  // a session that nobody uses ends after this
	SessionLifetime = 30 * 24 * time.Hour // and any session after this
	LinkLifetime    = 7 * 24 * time.Hour
)

// Options are what a Service is made of.
type Options struct {
	Store Store
	// SetUpKey is a secret of this installation from which the set-up code is derived, the same in every replica.
	SetUpKey []byte
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Service does everything with accounts. It is safe for concurrent use.
type Service struct {
	store    Store
	setUpKey []byte
	log      *slog.Logger
	now      func() time.Time
	hashing  chan struct{} // bounds how many password hashes are computed at once: each takes 19 MiB and a core
}

// New returns a Service. It starts nothing.
func New(options Options) *Service {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Service{
		store: options.Store, setUpKey: options.SetUpKey, log: options.Log, now: options.Now,
		hashing: make(chan struct{}, max(1, runtime.GOMAXPROCS(0))),
	}
}

// Operator is the identity of whoever runs commands on the server's machine: an administrator without an account.
func Operator() Identity { return Identity{UserID: "cli", Email: "cli", Role: Admin} }

// ErrNotAllowed: the actor may not do this. People see it only when they bypass the pages.
var ErrNotAllowed = errors.New("only an administrator may do this")

// ErrLastAdmin: the change would leave nobody who can administer.
var ErrLastAdmin = fmt.Errorf("this is the last administrator; make somebody else an administrator first: %w", wiki.ErrConflict)

// mustAdmin refuses actors who are no administrators.
func mustAdmin(ctx context.Context) error {
	if !FromContext(ctx).IsAdmin() {
		return ErrNotAllowed
	}
	return nil
}

// mustOwn refuses actors who are neither the user nor an administrator. A reader's token of an admin's account is a
// reader: it may not make itself a stronger token.
func mustOwn(ctx context.Context, userID string) error {
	actor := FromContext(ctx)
	if actor.IsAdmin() || actor.Known() && actor.UserID == userID {
		return nil
	}
	return ErrNotAllowed
}

// newID returns a random id that begins with a word for its kind.
func newID(kind string) string { return kind + "_" + strings.ToLower(rand.Text()[:20]) }

// hashSecret is how long random secrets are stored.
func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// checkPerson returns the faults of an e-mail address and a name, which it trims.
func checkPerson(email, name *string) []wiki.FieldError {
	var faults []wiki.FieldError
	*email, *name = strings.TrimSpace(*email), strings.TrimSpace(*name)
	at := strings.LastIndexByte(*email, '@')
	switch {
	case *email == "":
		faults = append(faults, wiki.FieldError{Field: "email", Message: "Enter an e-mail address."})
	case at < 1 || at == len(*email)-1 || len(*email) > 254 || hasControlOrSpace(*email):
		faults = append(faults, wiki.FieldError{Field: "email", Message: "This is not an e-mail address."})
	}
	if len(*name) > 200 || strings.ContainsFunc(*name, isControl) {
		faults = append(faults, wiki.FieldError{Field: "name", Message: "A name has at most 200 characters, all printable."})
	}
	return faults
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

func hasControlOrSpace(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r <= 0x20 || r == 0x7f })
}

func invalid(faults []wiki.FieldError) error {
	if len(faults) == 0 {
		return nil
	}
	return &wiki.InvalidError{Fields: faults}
}

// emailTaken turns the conflict of a unique address into a fault of the field.
func emailTaken(err error) error {
	if errors.Is(err, wiki.ErrConflict) {
		return wiki.Invalid("email", "There is already an account with this e-mail address.")
	}
	return err
}

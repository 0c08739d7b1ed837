package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/postgres/accountstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/wiki"
)

const password = "correct horse battery staple"

// bundle is a service over a database of its own, with a clock that the test turns.
type bundle struct {
	*testing.T
	*auth.Service
	ctx context.Context // the operator's

	mu  sync.Mutex // guards now
	now time.Time
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{T: t, ctx: auth.WithIdentity(t.Context(), auth.Operator()), now: time.Now().UTC().Truncate(time.Second)}
	b.Service = auth.New(auth.Options{
		Store: accountstore.New(postgrestest.New(t).Pool), SetUpKey: []byte("a key of this installation"), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Now: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.now
		},
	})
	return b
}

func (b *bundle) later(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bundle) user(email string, role auth.Role) auth.User {
	b.Helper()
	user, err := b.CreateUser(b.ctx, auth.NewUser{Email: email, Password: password, Role: role})
	if err != nil {
		b.Fatal(err)
	}
	return user
}

// at is a request from an address.
func (b *bundle) at(address string) context.Context {
	return auth.WithOrigin(b.Context(), auth.Origin{Address: address, UserAgent: "test"})
}

func (b *bundle) as(user auth.User) context.Context {
	return auth.WithIdentity(b.Context(), auth.Identity{UserID: user.ID, Email: user.Email, Role: user.Role})
}

func TestPasswordsOpenTheirOwnAccountOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user("ada@example.org", auth.Admin)
	if _, err := b.SignIn(b.at("192.0.2.1"), " ADA@example.org", password); err != nil {
		t.Errorf("right password: %v", err)
	}
	for _, c := range [][2]string{{"ada@example.org", "wrong password"}, {"nobody@example.org", password}, {"ada@example.org", ""}, {"", ""}, {"ada@example.org", strings.Repeat("x", 300)}} {
		if _, err := b.SignIn(b.at("192.0.2.1"), c[0], c[1]); !errors.Is(err, auth.ErrSignIn) {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func TestGuessersWaitAndTheOwnerDoesNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.user("ada@example.org", auth.Admin)
	owner := b.at("192.0.2.1")
	if _, err := b.StartSession(owner, user.ID); err != nil {
		t.Fatal(err)
	}
	var throttled *auth.ThrottledError
	guesser := b.at("198.51.100.1")
	for n := 0; throttled == nil; n++ {
		if n > 20 {
			t.Fatal("20 guesses were let through")
		}
		_, err := b.SignIn(guesser, "ada@example.org", "a wrong guess")
		errors.As(err, &throttled)
	}
	for range 3 {
		if _, err := b.SignIn(guesser, "ada@example.org", password); !errors.As(err, &throttled) {
			t.Errorf("the right password while blocked: %v", err)
		}
	}
	told, _, err := b.Audit(b.ctx, auth.AuditFilter{Action: auth.ActionSignInThrottled})
	if err != nil || len(told) != 1 || told[0].Subject != "ada@example.org" || told[0].Address != "198.51.100.1" || told[0].Detail["wait_seconds"] == nil {
		t.Errorf("the audit log tells of the wait: %+v, %v; want one entry", told, err)
	}
	if _, err := b.SignIn(owner, "ada@example.org", password); err != nil {
		t.Errorf("the owner from a known address: %v", err)
	}
	b.later(throttled.Wait + time.Second)
	if _, err := b.SignIn(guesser, "ada@example.org", password); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// TestABrowserOfTheOwnerIsKnownAgain is somebody who guesses from the owner's own address, as behind one office's router.
func TestABrowserOfTheOwnerIsKnownAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user, other := b.user("ada@example.org", auth.Admin), b.user("bea@example.org", auth.Admin)
	marked := func(mark string) context.Context {
		return auth.WithOrigin(b.Context(), auth.Origin{Address: "192.0.2.1", Device: mark})
	}
	begin := func(id string) string {
		t.Helper()
		session, err := b.StartSession(b.at("192.0.2.1"), id)
		if err != nil {
			t.Fatal(err)
		}
		return session.Device
	}
	own, another := begin(user.ID), begin(other.ID)
	guess := func(ctx context.Context) (n int) {
		t.Helper()
		for n = range 30 {
			var throttled *auth.ThrottledError
			if _, err := b.SignIn(ctx, user.Email, "a wrong guess"); errors.As(err, &throttled) {
				return n
			}
		}
		t.Error("30 guesses were let through")
		return n
	}
	guess(b.at("192.0.2.1"))
	var throttled *auth.ThrottledError
	for name, mark := range map[string]string{"no mark": "", "another account's": another, "a changed one": own + "x", "a made-up one": "abcdefghijklmnop.x", "rubbish": "\x00"} {
		if _, err := b.SignIn(marked(mark), user.Email, password); !errors.As(err, &throttled) {
			t.Errorf("%s while others guess: %v", name, err)
		}
	}
	if _, err := b.SignIn(marked(own), user.Email, password); err != nil {
		t.Errorf("the owner's browser: %v", err)
	}
	if n := guess(marked(own)); n > 10 {
		t.Errorf("a stolen mark gives %d guesses", n)
	}
	if _, err := b.SignIn(marked(own), "nobody@example.org", password); !errors.Is(err, auth.ErrSignIn) {
		t.Errorf("the mark and an account that is not there: %v", err)
	}
}

func TestSessionsEndWhenIdleWhenOldAndWhenRevoked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.user("ada@example.org", auth.Admin)
	begin := func() string {
		t.Helper()
		s, err := b.StartSession(b.at("192.0.2.1"), user.ID)
		if err != nil {
			t.Fatal(err)
		}
		return s.ID
	}
	alive := func(id string) bool {
		t.Helper()
		_, err := b.SessionIdentity(b.at("192.0.2.1"), id)
		if err != nil && !errors.Is(err, wiki.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	idle := begin()
	b.later(auth.SessionIdle + time.Minute)
	if alive(idle) {
		t.Error("an idle session lives")
	}
	used := begin()
	for left := auth.SessionLifetime; left > 0; left -= auth.SessionIdle / 2 {
		if !alive(used) {
			t.Fatalf("a used session ended %s before its time", left)
		}
		b.later(auth.SessionIdle / 2)
	}
	if alive(used) {
		t.Error("a session outlives its lifetime")
	}
	kept, revoked := begin(), begin()
	stranger := b.user("rita@example.org", auth.Reader)
	if err := b.EndSession(b.as(stranger), revoked); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("a stranger ends a session: %v", err)
	}
	if n, err := b.EndOtherSessions(b.as(user), user.ID, kept); err != nil || n == 0 {
		t.Errorf("end others: %d, %v", n, err)
	}
	if !alive(kept) || alive(revoked) {
		t.Errorf("kept %t, revoked %t", alive(kept), alive(revoked))
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.user("ada@example.org", auth.Admin), b.user("bea@example.org", auth.Admin)
	reader := auth.Reader
	// Both at once must not leave nobody.
	results := make(chan error, 2)
	for _, id := range []string{first.ID, second.ID} {
		go func() {
			_, err := b.ChangeUser(b.ctx, id, auth.UserChange{Role: &reader})
			results <- err
		}()
	}
	one, two := <-results, <-results
	if (one == nil) == (two == nil) || one != nil && !errors.Is(one, auth.ErrLastAdmin) || two != nil && !errors.Is(two, auth.ErrLastAdmin) {
		t.Errorf("two administrators step down: %v, %v", one, two)
	}
	users, err := b.Users(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		if u.Role == auth.Admin {
			if err := b.RemoveUser(b.ctx, u.ID); !errors.Is(err, auth.ErrLastAdmin) || !errors.Is(err, wiki.ErrConflict) {
				t.Errorf("remove the last: %v", err)
			}
		}
	}
}

func TestTokensDoNoMoreThanTheirAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin, reader := b.user("ada@example.org", auth.Admin), b.user("rita@example.org", auth.Reader)
	if _, _, err := b.CreateToken(b.as(reader), reader.ID, auth.NewToken{Name: "x", Role: auth.Admin}); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("a reader makes an admin's token: %v", err)
	}
	if _, _, err := b.CreateToken(b.as(reader), admin.ID, auth.NewToken{Name: "x"}); !errors.Is(err, auth.ErrNotAllowed) {
		t.Errorf("a reader makes another's token: %v", err)
	}
	until := b.now.Add(time.Hour)
	token, secret, err := b.CreateToken(b.as(admin), admin.ID, auth.NewToken{Name: "ci", Role: auth.Admin, ExpiresAt: &until})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := b.Authenticate(b.Context(), secret); err != nil || !id.IsAdmin() || id.TokenID != token.ID {
		t.Errorf("the token is %+v, %v", id, err)
	}
	id, err := b.Authenticate(b.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if child, _, err := b.CreateToken(auth.WithIdentity(b.Context(), id), admin.ID, auth.NewToken{Name: "child"}); err != nil || child.ExpiresAt == nil || !child.ExpiresAt.Equal(until) {
		t.Errorf("a token made with one that expires: %+v, %v", child, err)
	}
	longer := until.Add(time.Second)
	if _, _, err := b.CreateToken(auth.WithIdentity(b.Context(), id), admin.ID, auth.NewToken{Name: "child", ExpiresAt: &longer}); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("a token that outlives the one it is made with: %v", err)
	}
	if strings.Contains(secret[len(token.Prefix):], token.Prefix) || !strings.HasPrefix(secret, token.Prefix) {
		t.Errorf("prefix %q", token.Prefix)
	}
	b.user("bea@example.org", auth.Admin)
	role := auth.Reader
	if _, err := b.ChangeUser(b.ctx, admin.ID, auth.UserChange{Role: &role}); err != nil {
		t.Fatal(err)
	}
	if id, err := b.Authenticate(b.Context(), secret); err != nil || id.IsAdmin() {
		t.Errorf("the token of a former admin is %+v, %v", id, err)
	}
	b.later(2 * time.Hour)
	for _, s := range []string{secret, secret + "x", "", "slc_", strings.Repeat("slc_", 100)} {
		if _, err := b.Authenticate(b.Context(), s); !errors.Is(err, auth.ErrToken) {
			t.Errorf("%.20q: %v", s, err)
		}
	}
	if err := b.RevokeToken(b.as(reader), token.ID); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("a stranger revokes: %v", err)
	}
}

func TestLinksWorkOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user("ada@example.org", auth.Admin)
	_, secret, err := b.Invite(b.as(admin), "new@example.org", "New", auth.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.RedeemLink(b.Context(), secret, "", "short"); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("a short password: %v", err)
	}
	user, err := b.RedeemLink(b.Context(), secret, "", password)
	if err != nil || user.Email != "new@example.org" || user.Role != auth.Reader || user.Name != "New" {
		t.Errorf("invited %+v, %v", user, err)
	}
	if _, err := b.RedeemLink(b.Context(), secret, "", password); !errors.Is(err, auth.ErrLink) {
		t.Errorf("a second time: %v", err)
	}
	session, err := b.StartSession(b.at("192.0.2.1"), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, first, err := b.ResetLink(b.as(admin), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := b.ResetLink(b.as(admin), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.RedeemLink(b.Context(), first, "", password+"!"); !errors.Is(err, auth.ErrLink) {
		t.Errorf("a link that another has replaced: %v", err)
	}
	if _, err := b.RedeemLink(b.Context(), second, "", password+"!"); err != nil {
		t.Errorf("reset: %v", err)
	}
	if _, err := b.SessionIdentity(b.at("192.0.2.1"), session.ID); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("a session outlives a reset: %v", err)
	}
	_, late, err := b.Invite(b.as(admin), "late@example.org", "", auth.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.later(auth.LinkLifetime + time.Minute)
	if _, err := b.LinkBySecret(b.Context(), late); !errors.Is(err, auth.ErrLink) {
		t.Errorf("an old link: %v", err)
	}
	if _, _, err := b.Invite(b.as(user), "x@example.org", "", auth.Admin); !errors.Is(err, auth.ErrNotAllowed) {
		t.Errorf("a reader invites: %v", err)
	}
}

func TestTheFirstAccountNeedsTheCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	code, err := b.SetUpCode(b.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := auth.NewUser{Email: "ada@example.org", Password: password}
	if _, err := b.SetUp(b.at("192.0.2.1"), "AAAA-AAAA-AAAA", first); !errors.Is(err, auth.ErrSetupCode) {
		t.Errorf("another code: %v", err)
	}
	user, err := b.SetUp(b.at("192.0.2.1"), strings.ToLower(strings.ReplaceAll(code, "-", " ")), first)
	if err != nil || user.Role != auth.Admin {
		t.Errorf("set up: %+v, %v", user, err)
	}
	if _, err := b.SetUp(b.at("192.0.2.1"), code, first); !errors.Is(err, wiki.ErrConflict) {
		t.Errorf("a second time: %v", err)
	}
	if created, err := b.EnsureAdmin(b.Context(), "other@example.org", password); err != nil || created {
		t.Errorf("the settings make a second first administrator: %t, %v", created, err)
	}
}

func TestTheAuditLogTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user("ada@example.org", auth.Admin)
	if _, err := b.SignIn(b.at("203.0.113.5"), "ada@example.org", "a wrong guess"); !errors.Is(err, auth.ErrSignIn) {
		t.Fatal(err)
	}
	for range 3 {
		if _, _, err := b.CreateToken(b.as(admin), admin.ID, auth.NewToken{Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	failed, _, err := b.Audit(b.ctx, auth.AuditFilter{Action: auth.ActionSignInFailed})
	if err != nil || len(failed) != 1 || failed[0].Address != "203.0.113.5" || failed[0].Subject != "ada@example.org" {
		t.Errorf("failed sign-ins: %+v, %v", failed, err)
	}
	page, next, err := b.Audit(b.ctx, auth.AuditFilter{Action: "token.", Limit: 2})
	if err != nil || len(page) != 2 || next == "" || page[0].Actor != "ada@example.org" {
		t.Fatalf("tokens: %+v, %q, %v", page, next, err)
	}
	rest, next, err := b.Audit(b.ctx, auth.AuditFilter{Action: "token.", Limit: 2, Cursor: next})
	if err != nil || len(rest) != 1 || next != "" || rest[0].ID >= page[1].ID {
		t.Errorf("the rest: %+v, %q, %v", rest, next, err)
	}
	if _, _, err := b.Audit(b.ctx, auth.AuditFilter{Cursor: "nonsense"}); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("a made-up cursor: %v", err)
	}
	if _, _, err := b.Audit(b.Context(), auth.AuditFilter{}); !errors.Is(err, auth.ErrNotAllowed) {
		t.Errorf("nobody reads it: %v", err)
	}
}

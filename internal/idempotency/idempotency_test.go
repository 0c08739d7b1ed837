package idempotency_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/idempotency"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/accountstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/secret"
	"github.com/sluicehq/sluice/internal/wiki"
)

// fixture is a service over a database of its own, with a clock that the test turns.
type fixture struct {
	*testing.T
	*idempotency.Service
	db     *postgres.DB
	users  []string
	secret []byte

	mu  sync.Mutex // guards now
	now time.Time
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, db: postgrestest.New(t), now: time.Now().UTC().Truncate(time.Second), secret: []byte("a key of thirty-two bytes length")}
	store := accountstore.New(f.db.Pool)
	accounts := auth.New(auth.Options{Store: store, Log: slog.New(slog.DiscardHandler)})
	for _, email := range []string{"ada@example.org", "bea@example.org"} {
		user, err := accounts.CreateUser(auth.WithIdentity(t.Context(), auth.Operator()), auth.NewUser{Email: email, Password: "correct horse battery staple"})
		if err != nil {
			t.Fatal(err)
		}
		f.users = append(f.users, user.ID)
	}
	f.Service = f.with(f.secret)
	return f
}

// with is another process on the same database, with a key of its own.
func (f *fixture) with(key []byte) *idempotency.Service {
	f.Helper()
	keyring, err := secret.NewKeyring(key)
	if err != nil {
		f.Fatal(err)
	}
	s := idempotency.New(accountstore.New(f.db.Pool), keyring, slog.New(slog.NewTextHandler(f.Output(), nil)))
	s.SetNow(func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.now
	})
	return s
}

func (f *fixture) later(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) begin(user int, key, hash string, want error) *idempotency.Answer {
	f.Helper()
	answer, err := f.Begin(f.Context(), f.users[user], key, []byte(hash))
	if !errors.Is(err, want) {
		f.Errorf("key %s of user %d: %v, want %v", key, user, err, want)
	}
	return answer
}

var created = idempotency.Answer{Status: 201, ContentType: "application/json", Location: "/api/x", Body: []byte(`{"token":"slc_plain"}`)}

func TestAnAnswerIsGivenAgainToTheSameRequestOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if a := f.begin(0, "k", "hash", nil); a != nil {
		t.Errorf("the first is answered with %+v", a)
	}
	f.begin(0, "k", "hash", idempotency.ErrUnderWay)
	f.begin(0, "k", "other", idempotency.ErrReused)
	if a := f.begin(1, "k", "hash", nil); a != nil {
		t.Errorf("another account is answered with %+v", a)
	}
	f.Finish(t.Context(), f.users[0], "k", &created)
	if diff := cmp.Diff(&created, f.begin(0, "k", "hash", nil)); diff != "" {
		t.Errorf("kept answer (-want +got):\n%s", diff)
	}
	f.begin(0, "k", "other", idempotency.ErrReused)
	f.begin(1, "k", "hash", idempotency.ErrUnderWay)
	var stored []byte
	if err := f.db.QueryRow(t.Context(), "SELECT body FROM idempotency_keys WHERE user_id = $1", f.users[0]).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if len(stored) == 0 || bytes.Contains(stored, []byte("slc_plain")) {
		t.Errorf("the answer is stored in the clear: %q", stored)
	}
}

func TestWhatFailedOrDiedMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.begin(0, "failed", "hash", nil)
	f.Finish(t.Context(), f.users[0], "failed", nil)
	if a := f.begin(0, "failed", "other", nil); a != nil {
		t.Errorf("after a failure: %+v", a)
	}
	f.begin(0, "died", "hash", nil)
	f.later(4 * time.Minute)
	f.begin(0, "died", "hash", idempotency.ErrUnderWay)
	f.later(2 * time.Minute)
	if a := f.begin(0, "died", "hash", nil); a != nil {
		t.Errorf("after the process died: %+v", a)
	}
	f.Finish(t.Context(), f.users[0], "died", &created)
	f.later(idempotency.Lifetime - time.Hour)
	if a := f.begin(0, "died", "hash", nil); a == nil {
		t.Error("an answer is forgotten before its time")
	}
	f.later(2 * time.Hour)
	if a := f.begin(0, "died", "other", nil); a != nil {
		t.Errorf("after a day: %+v", a)
	}
}

func TestOneOfManyAtOnceIsServed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	results := make(chan error, 8)
	for range cap(results) {
		go func() {
			_, err := f.Begin(f.Context(), f.users[0], "k", []byte("hash"))
			results <- err
		}()
	}
	served := 0
	for range cap(results) {
		switch err := <-results; {
		case err == nil:
			served++
		case !errors.Is(err, idempotency.ErrUnderWay) || !errors.Is(err, wiki.ErrConflict):
			t.Errorf("one of many: %v", err)
		}
	}
	if served != 1 {
		t.Errorf("%d of 8 are served", served)
	}
}

func TestAnAnswerOutlivesItsRequestButNotItsKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.begin(0, "k", "hash", nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	f.Finish(gone, f.users[0], "k", &created)
	if a := f.begin(0, "k", "hash", nil); a == nil {
		t.Error("the answer to a client that went away is not kept")
	}
	other := f.with([]byte("another key of thirty-two bytes."))
	if a, err := other.Begin(t.Context(), f.users[0], "k", []byte("hash")); !errors.Is(err, idempotency.ErrUnreadable) || !errors.Is(err, wiki.ErrConflict) || a != nil {
		t.Errorf("after the secret key was changed: %+v, %v", a, err)
	}
}

package server

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sluicehq/sluice/internal/idempotency"
)

// keys keeps answers in memory, as idempotency.Service does in the database.
type keys struct {
	mu   sync.Mutex // guards kept
	kept map[string]*held
}

type held struct {
	hash   []byte
	answer *idempotency.Answer
}

// Begin claims a key.
func (k *keys) Begin(_ context.Context, userID, key string, hash []byte) (*idempotency.Answer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.kept[userID+key]
	switch {
	case h == nil:
		k.kept[userID+key] = &held{hash: hash}
		return nil, nil
	case !bytes.Equal(h.hash, hash):
		return nil, idempotency.ErrReused
	case h.answer == nil:
		return nil, idempotency.ErrUnderWay
	}
	return h.answer, nil
}

// Finish keeps the answer, or gives the key back.
func (k *keys) Finish(_ context.Context, userID, key string, answer *idempotency.Answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if answer == nil {
		delete(k.kept, userID+key)
		return
	}
	k.kept[userID+key].answer = answer
}

func TestARepeatedRequestIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	const body = `{"name":"once"}`
	first := s.call(adminToken, http.MethodPost, "/api/tokens", body, "Idempotency-Key", "k")
	again := s.call(adminToken, http.MethodPost, "/api/tokens", body, "Idempotency-Key", "k")
	if first.Code != http.StatusCreated || again.Code != http.StatusCreated || first.Body.String() != again.Body.String() || s.accounts.made != 1 {
		t.Errorf("%d %s\nthen %d %s\n%d tokens were made", first.Code, first.Body, again.Code, again.Body, s.accounts.made)
	}
	if first.Header().Get("Idempotency-Replayed") != "" || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Error("what is a replay does not say so, or what is none does")
	}
	for _, c := range []struct {
		name, token, path, body, key string
		status                       int
	}{
		{"another body", adminToken, "/api/tokens", `{"name":"twice"}`, "k", http.StatusUnprocessableEntity},
		{"another address", adminToken, "/api/tokens?x=1", body, "k", http.StatusUnprocessableEntity},
		// What an administrator's token was answered may hold what a reader must not see.
		{"another role of the same account", readerToken, "/api/tokens", body, "k", http.StatusUnprocessableEntity},
		{"a long key", adminToken, "/api/tokens", body, strings.Repeat("k", idempotency.MaxKey+1), http.StatusBadRequest},
		{"a key that is no text", adminToken, "/api/tokens", body, "\xff\xfe", http.StatusBadRequest},
	} {
		w := s.call(c.token, http.MethodPost, c.path, c.body, "Idempotency-Key", c.key)
		if w.Code != c.status || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "slc_made") {
			t.Errorf("%s: status %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
	}
	if s.accounts.made != 1 {
		t.Errorf("%d tokens were made", s.accounts.made)
	}
}

func TestAFailedRequestMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	kept := &keys{kept: map[string]*held{}}
	s := newSite(t, func(o *Options) { o.Keys = kept })
	// Nobody implements this call here, so it panics.
	if w := s.call(adminToken, http.MethodPost, "/api/users", `{"email":"a@example.org","password":"long enough"}`, "Idempotency-Key", "k"); w.Code != http.StatusInternalServerError {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if len(kept.kept) != 0 {
		t.Error("a request that failed keeps its key")
	}
	// A refusal is an answer: whoever repeats it by mistake gets it again.
	first := s.call(adminToken, http.MethodPost, "/api/tokens", `{"nome":"x"}`, "Idempotency-Key", "k")
	again := s.call(adminToken, http.MethodPost, "/api/tokens", `{"nome":"x"}`, "Idempotency-Key", "k")
	if first.Code != http.StatusBadRequest || again.Code != http.StatusBadRequest || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("status %d, then %d", first.Code, again.Code)
	}
	for status, want := range map[int]bool{200: true, 201: true, 400: true, 409: true, 422: true, 401: false, 429: false, 499: true, 500: false, 503: false} {
		if settled(status) != want {
			t.Errorf("status %d is settled: %t", status, !want)
		}
	}
}

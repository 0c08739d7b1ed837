package server

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestBucketsFillAgainAndAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	b := &buckets{rate: 2, burst: 3, now: func() time.Time { return now }, byKey: map[string]*bucket{}}
	for n := range 3 {
		if wait := b.take("one"); wait != 0 {
			t.Fatalf("take %d of the burst waits %s", n+1, wait)
		}
	}
	if wait := b.take("one"); wait != 500*time.Millisecond {
		t.Errorf("one too many waits %s, want 500ms", wait)
	}
	if wait := b.take("one"); wait != 500*time.Millisecond {
		t.Errorf("a refused take costs something: %s", wait)
	}
	if wait := b.take("two"); wait != 0 {
		t.Errorf("another key waits %s", wait)
	}
	now = now.Add(500 * time.Millisecond)
	if wait := b.take("one"); wait != 0 {
		t.Errorf("after the wait: %s", wait)
	}
	for n := range 100 {
		b.take(fmt.Sprint(n))
	}
	now = now.Add(2 * time.Minute)
	b.take("one")
	if len(b.byKey) != 1 {
		t.Errorf("%d buckets are kept, want 1", len(b.byKey))
	}
}

func TestTokensAndGuessersWait(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	now := time.Now()
	s.limits = newLimiter(func() time.Time { return now })
	until := func(token, from string, status int) (n int) {
		t.Helper()
		for n = range 1000 {
			w := s.ask(http.MethodGet, "/api/me", "", "Authorization", "Bearer "+token, "From", from)
			if w.Code == http.StatusTooManyRequests {
				if w.Header().Get("Retry-After") != "1" || w.Header().Get("Content-Type") != "application/problem+json" {
					t.Errorf("429 with %v", w.Header())
				}
				return n
			}
			if w.Code != status {
				t.Fatalf("request %d: status %d, want %d", n, w.Code, status)
			}
		}
		t.Fatal("1000 requests were let through")
		return n
	}
	if n := until(readerToken, "203.0.113.5:1", http.StatusOK); n != tokenBurst {
		t.Errorf("a token makes %d requests at once, want %d", n, tokenBurst)
	}
	if n := until("slc_guess", "203.0.113.5:1", http.StatusUnauthorized); n != failureBurst {
		t.Errorf("%d guesses at once, want %d", n, failureBurst)
	}
	if w := s.ask(http.MethodGet, "/api/me", "", "Authorization", "Bearer "+adminToken, "From", "203.0.113.5:1"); w.Code != http.StatusOK {
		t.Errorf("a good token from the guesser's address: %d", w.Code)
	}
	if w := s.ask(http.MethodGet, "/api/me", "", "Authorization", "Bearer slc_guess", "From", "203.0.113.6:1"); w.Code != http.StatusUnauthorized {
		t.Errorf("a bad token from another address: %d", w.Code)
	}
	now = now.Add(time.Second)
	if w := s.ask(http.MethodGet, "/api/me", "", "Authorization", "Bearer "+readerToken); w.Code != http.StatusOK {
		t.Errorf("the token a second later: %d", w.Code)
	}
}

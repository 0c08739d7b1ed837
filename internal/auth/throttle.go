package auth

import (
	"context"
	"strings"
	"time"
)

// Failed sign-ins are counted three ways. For an account from one address: somebody who mistypes or guesses. For an
// address over all accounts: somebody who tries one password on many. For an account over all addresses: a distributed
// guess; it does not count against addresses from which the account has signed in before, so that the owner, who sits
// at one of them, is never locked out by others. A browser that the account has signed in with is counted by itself, see
// device.go. Every wait is bounded, and no account is ever disabled.
type throttlePolicy struct {
	free   int           // this many failures cost nothing
	first  time.Duration // the wait after the next one; it doubles with each more
	most   time.Duration
	forget time.Duration // after so long without a failure the count begins anew
}

func pairPolicy() throttlePolicy {
	return throttlePolicy{free: 5, first: 15 * time.Second, most: 15 * time.Minute, forget: time.Hour}
}

func addressPolicy() throttlePolicy {
	return throttlePolicy{free: 20, first: 30 * time.Second, most: 15 * time.Minute, forget: time.Hour}
}

func accountPolicy() throttlePolicy {
	return throttlePolicy{free: 50, first: 5 * time.Second, most: time.Minute, forget: time.Hour}
}

func setUpPolicy() throttlePolicy {
	return throttlePolicy{free: 10, first: 10 * time.Second, most: 10 * time.Minute, forget: time.Hour}
}

// fail counts one more failure.
func (p throttlePolicy) fail(t *Throttle, now time.Time) {
	if now.Sub(t.LastAt) > p.forget {
		t.Failures = 0
	}
	t.Failures++
	t.LastAt = now
	t.BlockedUntil = nil
	if over := t.Failures - p.free; over > 0 {
		wait := p.most
		if over < 20 { // beyond, the doubling is past any limit anyway
			wait = min(p.most, p.first<<(over-1))
		}
		until := now.Add(wait)
		t.BlockedUntil = &until
	}
}

func (t *Throttle) wait(now time.Time) time.Duration {
	if t.BlockedUntil == nil {
		return 0
	}
	return t.BlockedUntil.Sub(now)
}

func (t *Throttle) clear(now time.Time) { t.Failures, t.LastAt, t.BlockedUntil = 0, now, nil }

// try counts a try as failed before its secret is checked, so that tries made at the same time cannot all slip under
// the limit; succeeded takes it back. Where one of the keys is blocked nothing is counted and the error tells the wait. next
// is how long further tries will have to wait if this one fails.
func (s *Service) try(ctx context.Context, policies map[string]throttlePolicy) (next time.Duration, err error) {
	now := s.now()
	var wait time.Duration
	err = s.store.UpdateThrottles(ctx, mapKeys(policies), now, func(states []Throttle) {
		for i := range states {
			wait = max(wait, states[i].wait(now))
		}
		if wait > 0 {
			return
		}
		for i := range states {
			policies[states[i].Key].fail(&states[i], now)
			next = max(next, states[i].wait(now))
		}
	})
	if err != nil {
		return 0, err
	}
	if wait > 0 {
		return 0, &ThrottledError{Wait: wait}
	}
	return next, nil
}

// auditThrottled notes that further tries have to wait, where they have to: one entry for each wait, however often somebody
// tries meanwhile.
func (s *Service) auditThrottled(ctx context.Context, actor Identity, email string, wait time.Duration) {
	if wait > 0 {
		s.auditAs(ctx, actor, ActionSignInThrottled, email, map[string]any{"wait_seconds": int(wait.Seconds())})
	}
}

// succeeded forgets the failures of the keys in cleared and takes back the one just counted for the others: a person
// who can sign in to one account must not thereby reset the count of an address that guesses at others.
func (s *Service) succeeded(ctx context.Context, policies map[string]throttlePolicy, cleared string) error {
	now := s.now()
	return s.store.UpdateThrottles(ctx, mapKeys(policies), now, func(states []Throttle) {
		for i := range states {
			if states[i].Key == cleared {
				states[i].clear(now)
				continue
			}
			states[i].Failures = max(0, states[i].Failures-1)
			states[i].BlockedUntil = nil
		}
	})
}

func mapKeys(m map[string]throttlePolicy) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func pairKey(email, address string) string {
	return "pair:" + strings.ToLower(email) + "|" + address
}

package server

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The rates of one process; replicas each have their own.
const (
	tokenRate    = 20 // requests a second of one API token, after a burst
	tokenBurst   = 100
	failureRate  = 5 // bad tokens a second from one address
	failureBurst = 100
)

// limiter bounds what one token, and one address with bad tokens, may ask.
type limiter struct {
	tokens, failures *buckets
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{
		tokens:   &buckets{rate: tokenRate, burst: tokenBurst, now: now, byKey: map[string]*bucket{}},
		failures: &buckets{rate: failureRate, burst: failureBurst, now: now, byKey: map[string]*bucket{}},
	}
}

// buckets are token buckets by key. A bucket that has filled up again is forgotten.
type buckets struct {
	rate  rate.Limit
	burst int
	now   func() time.Time

	mu    sync.Mutex // guards the two below
	byKey map[string]*bucket
	swept time.Time
}

type bucket struct {
	*rate.Limiter
	last time.Time
}

// take takes one from a key's bucket, or returns how long to wait for it.
func (b *buckets) take(key string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.sweep(now)
	own := b.byKey[key]
	if own == nil {
		own = &bucket{Limiter: rate.NewLimiter(b.rate, b.burst)}
		b.byKey[key] = own
	}
	own.last = now
	reservation := own.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// sweep forgets full buckets, now and then.
func (b *buckets) sweep(now time.Time) {
	if now.Sub(b.swept) < time.Minute {
		return
	}
	b.swept = now
	full := time.Duration(float64(b.burst) / float64(b.rate) * float64(time.Second))
	for key, own := range b.byKey {
		if now.Sub(own.last) > full {
			delete(b.byKey, key)
		}
	}
}

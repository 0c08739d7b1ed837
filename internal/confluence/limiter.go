package confluence

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// site is what all clients of one site share.
type site struct {
	slots   chan struct{}
	ceiling rate.Limit
	maxWait time.Duration
	// proven: Confluence has answered here before, so that a strange answer is a fault of the moment and not of the
	// address.
	proven atomic.Bool

	mu      sync.Mutex // guards what follows
	bucket  *rate.Limiter
	until   time.Time // the site asked to be left alone until then
	lowered time.Time // when the rate was last lowered
}

func newSite(o Options) *site {
	return &site{
		slots: make(chan struct{}, o.Concurrency), ceiling: o.MaxRate, maxWait: o.MaxWait,
		bucket: rate.NewLimiter(o.MaxRate, max(o.Concurrency, burstOf(o.MaxRate))),
	}
}

func burstOf(r rate.Limit) int { return int(min(max(r/2, 1), 1000)) }

// The rate adapts: it is halved when the site says that it is too much, not more than once in a while because the
// requests already under way will say the same, and grows back by a little with every answer.
const (
	lowestRate  = rate.Limit(0.5)
	lowerPause  = time.Second
	growthShare = 0.01
)

// tooLongError: the site asks for more patience than a request has.
type tooLongError struct{ until time.Time }

func (e *tooLongError) Error() string {
	return fmt.Sprintf("the site asks for no requests until %s", e.until.UTC().Format("15:04:05 UTC"))
}

// enter waits until a request may be sent and returns the function that ends it. *tooLongError where that takes too
// long.
func (s *site) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	leave = func() { <-s.slots }
	if err := s.turn(ctx); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// turn waits for the site's pause to end and for a token, and looks again: a pause may have begun meanwhile.
func (s *site) turn(ctx context.Context) error {
	taken := false
	for {
		wait := s.pause()
		switch {
		case wait > s.maxWait:
			return &tooLongError{until: time.Now().Add(wait)}
		case wait > 0:
			if err := sleep(ctx, wait); err != nil {
				return err
			}
		case taken:
			return nil
		default:
			if err := s.bucket.Wait(ctx); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return context.DeadlineExceeded // the turn would come after the deadline
			}
			taken = true
		}
	}
}

// pause is how long the site still wants to be left alone.
func (s *site) pause() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Until(s.until)
}

// hold keeps everybody from the site for a while; a longer pause that is already there stays.
func (s *site) hold(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := time.Now().Add(d); until.After(s.until) {
		s.until = until
	}
}

// slower halves the rate.
func (s *site) slower() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.lowered) < lowerPause {
		return
	}
	s.lowered = now
	limit := min(s.bucket.Limit(), infiniteStart)
	s.bucket.SetLimit(max(limit/2, lowestRate))
	s.bucket.SetBurst(1)
}

// infiniteStart is what an unlimited rate counts as once it has to be lowered.
const infiniteStart = rate.Limit(100)

// faster lets the rate grow back towards its ceiling.
func (s *site) faster() {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.bucket.Limit()
	if limit >= s.ceiling {
		return
	}
	grown := limit + max(min(s.ceiling, infiniteStart)*growthShare, 0.05)
	if grown >= min(s.ceiling, infiniteStart) {
		s.bucket.SetLimit(s.ceiling)
		s.bucket.SetBurst(max(cap(s.slots), burstOf(s.ceiling)))
		return
	}
	s.bucket.SetLimit(grown)
}

package confluence

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter is how long an answer asks to be left alone, in whichever form it says so; 0 where it does not. The server's
// own clock decides about dates, so that a clock that is wrong here never sends early.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	h := resp.Header
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	// Other answers name the end of the current period as well, without asking anybody to wait for it.
	if at, err := time.Parse(time.RFC3339, h.Get("X-RateLimit-Reset")); err == nil && value == "" && resp.StatusCode == http.StatusTooManyRequests {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// maxRetryAfter bounds what a broken header can do.
const maxRetryAfter = 24 * time.Hour

// maxBackoff is the longest pause of the client's own choice.
const maxBackoff = 30 * time.Second

// backoff is the pause after the nth failure, with full jitter, so that many who failed together do not come back
// together.
func backoff(first time.Duration, n int) time.Duration {
	ceiling := first
	for range n {
		if ceiling *= 2; ceiling >= maxBackoff {
			ceiling = maxBackoff
			break
		}
	}
	return rand.N(ceiling + 1)
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

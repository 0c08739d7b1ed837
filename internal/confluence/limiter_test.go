package confluence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluicehq/sluice/internal/wiki"
)

// clocked is a pool in a bubble of simulated time, whose site answers with f and a Date header.
func clocked(o Options, f func(n int, h http.Header) (status int, body string)) *Pool {
	var mu sync.Mutex
	n := 0
	o.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		n++
		h := http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
		status, body := f(n, h)
		mu.Unlock()
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
	return NewPool(o)
}

const meJSON = `{"type":"known","accountId":"a1","displayName":"Bot"}`

// Whoever shares the site waits as long as it asked, whichever client was told, and in whichever form.
func TestRetryAfterHoldsTheSite(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(h http.Header, now time.Time){
		"seconds": func(h http.Header, _ time.Time) { h.Set("Retry-After", "17") },
		"date": func(h http.Header, now time.Time) {
			h.Set("Retry-After", now.Add(17*time.Second).UTC().Format(http.TimeFormat))
		},
		"date of a clock that is an hour ahead": func(h http.Header, now time.Time) {
			h.Set("Date", now.Add(time.Hour).UTC().Format(http.TimeFormat))
			h.Set("Retry-After", now.Add(time.Hour+17*time.Second).UTC().Format(http.TimeFormat))
		},
		"reset": func(h http.Header, now time.Time) {
			h.Set("X-RateLimit-Reset", now.Add(17*time.Second).UTC().Format(time.RFC3339))
		},
	} {
		for _, status := range []int{429, 503, 403} {
			if name == "reset" && status != 429 {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					begin := time.Now()
					var early atomic.Bool
					pool := clocked(Options{}, func(n int, h http.Header) (int, string) {
						if n == 1 {
							set(h, time.Now())
							return status, `{}`
						}
						if time.Since(begin) < 17*time.Second {
							early.Store(true)
						}
						return 200, meJSON
					})
					one, two := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud), connect(t, pool, "https://acme.atlassian.net/wiki", wiki.Cloud)
					var wg sync.WaitGroup
					wg.Go(func() {
						if _, _, err := one.Me(t.Context()); err != nil {
							t.Error(err)
						}
					})
					synctest.Wait()
					wg.Go(func() {
						if _, _, err := two.Me(t.Context()); err != nil {
							t.Error(err)
						}
					})
					wg.Wait()
					if early.Load() {
						t.Error("a request was sent early")
					}
					if took := time.Since(begin); took > 30*time.Second {
						t.Errorf("it took %s", took)
					}
				})
			})
		}
	}
}

// The end of the current period comes with all kinds of answers: only one that refuses for the rate means it.
func TestResetAloneHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		pool := clocked(Options{}, func(n int, h http.Header) (int, string) {
			h.Set("X-RateLimit-Reset", begin.Add(time.Hour).UTC().Format(time.RFC3339))
			if n == 1 {
				return 500, `{}`
			}
			return 200, meJSON
		})
		c := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud)
		if _, _, err := c.Me(t.Context()); err != nil || time.Since(begin) > 2*time.Second {
			t.Errorf("Me = %v after %s", err, time.Since(begin))
		}
		if s := fmt.Sprintf("%v %+v %s", c, c, c); strings.Contains(s, testToken) || strings.Contains(s, c.authorization) {
			t.Errorf("a client is printed as %s", s)
		}
	})
}

func TestRetryAfterOfZeroIsNoHotLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		pool := clocked(Options{}, func(_ int, h http.Header) (int, string) {
			h.Set("Retry-After", "0")
			return 429, `{}`
		})
		_, _, err := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud).Me(t.Context())
		if took := time.Since(begin); !errors.Is(err, wiki.ErrUnavailable) || took < 4*time.Second {
			t.Errorf("five tries took %s: %v", took, err)
		}
	})
}

// A site that asks for more than a request can wait is left alone, and those who ask learn until when.
func TestLongPauseFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, sent := time.Now(), 0
		pool := clocked(Options{}, func(n int, h http.Header) (int, string) {
			sent = n
			if n == 1 {
				h.Set("Retry-After", "600")
				return 429, `{}`
			}
			return 200, meJSON
		})
		c := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud)
		for range 3 {
			_, _, err := c.Me(t.Context())
			if !errors.Is(err, wiki.ErrUnavailable) || !strings.Contains(err.Error(), "until") {
				t.Errorf("Me = %v, want an error that says until when", err)
			}
		}
		if took := time.Since(begin); sent != 1 || took > 5*time.Second {
			t.Errorf("%d requests in %s, want one", sent, took)
		}
		time.Sleep(601*time.Second - time.Since(begin))
		if _, _, err := c.Me(t.Context()); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestConcurrencyIsBoundedPerSite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, peak atomic.Int32
		o := Options{Concurrency: 3, MaxRate: rate.Inf, HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
			}
			time.Sleep(time.Second)
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(meJSON)), Request: r}, nil
		})}}
		pool := NewPool(o)
		var wg sync.WaitGroup
		for range 12 {
			c := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud)
			wg.Go(func() {
				if _, _, err := c.Me(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if peak.Load() != 3 {
			t.Errorf("%d requests at a time, want 3", peak.Load())
		}
	})
}

func TestRateAdapts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := clocked(Options{MaxRate: 40}, func(n int, h http.Header) (int, string) {
			if n == 1 || n == 2 {
				h.Set("X-RateLimit-NearLimit", "true")
			}
			return 200, meJSON
		})
		c := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud)
		limits := []rate.Limit{}
		for range 200 {
			if _, _, err := c.Me(t.Context()); err != nil {
				t.Fatal(err)
			}
			limits = append(limits, c.site.bucket.Limit())
		}
		if limits[0] != 20 || limits[1] < 20 || limits[199] != 40 {
			t.Errorf("rates %v, %v … %v; want 20, about 20 … 40", limits[0], limits[1], limits[199])
		}
	})
}

func TestCancelledWaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		pool := clocked(Options{}, func(_ int, h http.Header) (int, string) {
			h.Set("Retry-After", "60")
			return 429, `{}`
		})
		stopped := errors.New("the source was paused")
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { stop(stopped) })
		_, _, err := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud).Me(ctx)
		if took := time.Since(begin); !errors.Is(err, stopped) || took != 3*time.Second {
			t.Errorf("Me = %v after %s, want the cause after 3 s", err, took)
		}
	})
}

func TestTimeoutIsPerTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(Options{Tries: 2, Timeout: 5 * time.Second, HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}})
		c := connect(t, pool, "https://acme.atlassian.net", wiki.Cloud)
		_, _, err := c.Me(t.Context())
		if !errors.Is(err, wiki.ErrUnavailable) || !strings.Contains(err.Error(), "no answer within 5s") || c.Usage().Calls != 2 {
			t.Errorf("Me = %v after %d calls", err, c.Usage().Calls)
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for n, ceiling := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		var most time.Duration
		for range 500 {
			d := backoff(time.Second, n)
			if d < 0 || d > ceiling*time.Second {
				t.Fatalf("backoff(1s, %d) = %s, beyond %ds", n, d, ceiling)
			}
			most = max(most, d)
		}
		if most < ceiling*time.Second/2 {
			t.Errorf("backoff(1s, %d) never exceeds %s: no full jitter", n, most)
		}
	}
	if d := backoff(time.Second, 1000); d > maxBackoff {
		t.Errorf("backoff(1s, 1000) = %s", d)
	}
}

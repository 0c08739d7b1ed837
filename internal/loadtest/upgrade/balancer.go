package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sluicehq/sluice/internal/loadtest"
)

// balancer stands before the replicas: it asks each for its readiness and sends requests by turns to those that are ready,
// as it last heard. A request that cannot be sent, because nobody listens, goes to the other one, as is usual; one that was
// sent is not sent again, so that what a replica drops has failed.
type balancer struct {
	transport *http.Transport
	replicas  [2]place
	sentOn    atomic.Int64 // requests that could not be sent to the first choice

	mu   sync.Mutex // guards next and the places
	next int
}

type place struct {
	program *loadtest.Program
	ready   bool
}

// probeEvery is how often the balancer asks; the replicas' drain delay (5 s) is several times as long.
const probeEvery = 200 * time.Millisecond

func newBalancer() *balancer { return &balancer{transport: &http.Transport{MaxIdleConnsPerHost: 8}} }

func (b *balancer) set(n int, p *loadtest.Program) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas[n] = place{program: p, ready: true}
}

func (b *balancer) program(n int) *loadtest.Program {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.replicas[n].program
}

// watch asks a replica for its readiness until ctx ends.
func (b *balancer) watch(ctx context.Context, n int) {
	probe := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		p := b.program(n)
		ready := answers(ctx, probe, p.Base+"/readyz")
		b.mu.Lock()
		if b.replicas[n].program == p {
			b.replicas[n].ready = ready
		}
		b.mu.Unlock()
		wait(ctx, probeEvery)
	}
}

func answers(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// RoundTrip sends a request to a replica that is ready, and to the next one where nobody listens any more.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	to := ""
	for try := 1; ; try++ {
		to = b.pick(to)
		if to == "" {
			return nil, errors.New("no replica is ready")
		}
		sent := r.Clone(r.Context())
		sent.URL.Host = strings.TrimPrefix(to, "http://")
		if try > 1 && r.GetBody != nil {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			sent.Body = body
		}
		answer, err := b.transport.RoundTrip(sent)
		if err == nil || try == len(b.replicas) || !errors.Is(err, syscall.ECONNREFUSED) {
			return answer, err
		}
		b.sentOn.Add(1)
	}
}

// pick returns the address of the next replica that is ready, and not the one at an address; empty: none is.
func (b *balancer) pick(but string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.replicas {
		b.next = (b.next + 1) % len(b.replicas)
		if p := b.replicas[b.next]; p.ready && p.program.Base != but {
			return p.program.Base
		}
	}
	return ""
}

// stop ends the replicas.
func (b *balancer) stop() error {
	var failed []error
	for n := range b.replicas {
		if p := b.program(n); p != nil {
			failed = append(failed, p.Stop())
		}
	}
	return errors.Join(failed...)
}

package e2e_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// process is one process of several on one database, in the way that serve runs it.
type process struct {
	*app.App
	address string
	stop    context.CancelFunc
	done    chan error
}

// run starts a process; address empty: any free one.
func run(t *testing.T, cfg config.Config, role, address string) *process {
	t.Helper()
	cfg.Role = role
	if address == "" {
		address = "127.0.0.1:0"
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := app.New(ctx, cfg, log, app.Options{Build: app.Build{Version: "test"}, Works: cfg.Works()})
	if err != nil {
		t.Fatal(err)
	}
	p := &process{App: a, address: listener.Addr().String(), stop: stop, done: make(chan error, 1)}
	serving := make(chan struct{})
	go func() {
		err := a.Run(ctx, listener, func(string) { close(serving) })
		p.done <- errors.Join(err, a.Close(ctx))
	}()
	t.Cleanup(stop)
	select {
	case <-serving:
	case err := <-p.done:
		t.Fatal(err)
	}
	return p
}

// end stops the process as SIGTERM does, and waits for it.
func (p *process) end(t *testing.T) {
	t.Helper()
	p.stop()
	if err := <-p.done; err != nil {
		t.Errorf("process at %s: %v", p.address, err)
	}
}

// balancer is what stands before replicas: it asks each for its readiness and sends requests to those that are ready, as
// it last heard. What it has sent it does not send again.
type balancer struct {
	replicas [2]replica
	next     atomic.Int64
}

type replica struct {
	address   string
	transport *http.Transport
	ready     atomic.Bool
}

// probeEvery is how often the balancer asks.
const probeEvery = 50 * time.Millisecond

// watch asks for readiness until ctx ends.
func (b *balancer) watch(ctx context.Context) {
	probe := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		for i := range b.replicas {
			status, err := get(ctx, probe, "http://"+b.replicas[i].address+"/readyz", "")
			b.replicas[i].ready.Store(err == nil && status == http.StatusOK)
		}
		<-tick.C
	}
}

// RoundTrip sends a request to a replica that is ready, by turns.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	for range b.replicas {
		if to := &b.replicas[b.next.Add(1)%int64(len(b.replicas))]; to.ready.Load() {
			r = r.Clone(r.Context())
			r.URL.Host = to.address
			return to.transport.RoundTrip(r)
		}
	}
	return nil, errors.New("no replica is ready")
}

// askEvery keeps a token below its rate.
const askEvery = 60 * time.Millisecond

// Two processes that serve and one that works share a database. One that serves is restarted while people search and a
// run goes on: no request fails, and the run succeeds.
func TestReplicaRestarts(t *testing.T) {
	t.Parallel()
	i := start(t)
	cfg := i.Config
	cfg.DrainDelay = 10 * probeEvery
	first, second := run(t, cfg, config.RoleWeb, ""), run(t, cfg, config.RoleWeb, "")
	source := i.connect(t, "OPS")

	front := &balancer{}
	for n, address := range []string{first.address, second.address} {
		front.replicas[n].address, front.replicas[n].transport = address, &http.Transport{}
	}
	client := &http.Client{Transport: front}
	ctx, finish := context.WithCancel(t.Context())
	defer finish()
	var asked atomic.Int64
	var people sync.WaitGroup
	people.Go(func() { front.watch(ctx) })
	eventually(t, "both are ready", func() bool { return front.replicas[0].ready.Load() && front.replicas[1].ready.Load() })
	for _, token := range []string{i.admin, i.reader} {
		people.Go(func() {
			pause := time.NewTicker(askEvery)
			defer pause.Stop()
			for ctx.Err() == nil {
				status, err := get(t.Context(), client, "http://sluice.example/api/search?q=rollback+deployment", token)
				if err != nil || status != http.StatusOK {
					t.Errorf("a request failed during the restart: %d, %v", status, err)
					return
				}
				asked.Add(1)
				<-pause.C
			}
		})
	}
	answered := func(n int64) {
		from := asked.Load()
		eventually(t, "requests are answered", func() bool { return t.Failed() || asked.Load() >= from+n })
	}
	answered(5)
	remove := i.site.Inject(slowSite())
	queued, err := second.Sources.Sync(operator(t), source.ID, sources.SyncRequest{Full: true, Trigger: sources.TriggerAPI})
	if err != nil {
		t.Fatal(err)
	}
	first.end(t)
	answered(5)
	first = run(t, cfg, config.RoleWeb, first.address)
	eventually(t, "the restarted one is ready", front.replicas[0].ready.Load)
	answered(5)
	remove()
	finish()
	people.Wait()
	if last := i.settled(t, source.ID); last.ID != queued.RunID {
		t.Errorf("the last run is %s, want %s", last.ID, queued.RunID)
	}
	if _, err := first.Sources.Get(operator(t), "confluence_NONE"); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("the restarted process answers %v", err)
	}
	for n := range front.replicas {
		front.replicas[n].transport.CloseIdleConnections()
	}
	first.end(t)
	second.end(t)
}

func get(ctx context.Context, client *http.Client, url, token string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

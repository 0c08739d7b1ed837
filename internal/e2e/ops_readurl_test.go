package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/server/pages"
)

// relay stands between a program and its database, at an address of its own, and can be cut.
type relay struct {
	address string // TCP
	target  *pgx.ConnConfig

	mu       sync.Mutex // guards the three below
	cut      bool
	accepted int
	conns    map[net.Conn]bool
}

// newRelay listens for connections to the database of url, which may be at a Unix socket.
func newRelay(t *testing.T, url string) *relay {
	t.Helper()
	target, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{address: listener.Addr().String(), target: target, conns: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.set(true)
		serving.Wait()
	})
	return r
}

func (r *relay) url() string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", r.target.User, r.target.Password, r.address, r.target.Database)
}

func (r *relay) serve(client net.Conn) {
	defer client.Close()
	network, address := pgNetwork(r.target)
	server, err := net.Dial(network, address)
	if err != nil {
		return
	}
	defer server.Close()
	r.mu.Lock()
	if r.cut {
		r.mu.Unlock()
		return
	}
	r.accepted++
	r.conns[client] = true
	r.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	r.mu.Lock()
	delete(r.conns, client)
	r.mu.Unlock()
}

func pgNetwork(c *pgx.ConnConfig) (network, address string) {
	if len(c.Host) > 0 && c.Host[0] == '/' {
		return "unix", fmt.Sprintf("%s/.s.PGSQL.%d", c.Host, c.Port)
	}
	return "tcp", net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}

// set cuts the relay and what goes through it, or lets connections pass again.
func (r *relay) set(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	if cut {
		for conn := range r.conns {
			_ = conn.Close()
		}
	}
}

func (r *relay) used() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.accepted
}

// Searches go to the read replica. When it goes away, or was never there, the primary answers and the process stays
// ready; when it comes back, it is used again.
func TestReadReplica(t *testing.T) {
	t.Parallel()
	var replica *relay
	i := start(t, func(cfg *config.Config) {
		replica = newRelay(t, cfg.DatabaseURL)
		replica.set(true) // away at the start
		cfg.DatabaseReadURL = replica.url()
	})
	i.connect(t, "OPS")
	found := func(what string) {
		t.Helper()
		var results struct {
			Total    int
			Degraded []string
		}
		a := i.call(t, i.reader, http.MethodGet, "/api/search?q=scrape+interval&mode=keyword", nil)
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d\n%s", what, a.status, a.body)
		}
		if a.decode(t, &results); results.Total == 0 || len(results.Degraded) != 0 {
			t.Errorf("%s: %d pages, without %v", what, results.Total, results.Degraded)
		}
		if ready := i.call(t, "", http.MethodGet, "/readyz", nil); ready.status != http.StatusOK {
			t.Errorf("%s: readyz = %d", what, ready.status)
		}
	}
	checked := func(ok bool) {
		t.Helper()
		health, err := i.System.Health(operator(t))
		n := slices.IndexFunc(health.Checks, func(c pages.Check) bool { return c.Name == "Read replica" })
		if err != nil || n < 0 || health.Checks[n].OK != ok || !ok && health.Checks[n].Advice == "" {
			t.Errorf("the replica answers: %v; told of it: %+v, %v", ok, health.Checks, err)
		}
	}
	found("never there")
	checked(false)
	if replica.used() != 0 {
		t.Fatal("the relay let a connection pass")
	}
	replica.set(false)
	eventually(t, "the replica is used", func() bool {
		found("coming back")
		return replica.used() > 0 && reading(t, i) > 0
	})
	checked(true)
	replica.set(true)
	found("gone")
	checked(false)
}

// reading is how many connections searches have at the database.
func reading(t *testing.T, i *instance) int {
	t.Helper()
	var n int
	err := i.DB.QueryRow(context.WithoutCancel(t.Context()),
		"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sluice search'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

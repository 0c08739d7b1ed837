package schedule_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluicehq/sluice/internal/confluence"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/schedule"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// What a worker process is told by its environment.
const (
	envDatabase = "SLUICE_TEST_WORKER_DATABASE"
	envSite     = "SLUICE_TEST_WORKER_SITE"
	envName     = "SLUICE_TEST_WORKER_NAME"
)

// TestMain makes the test binary a worker where it was started as one.
func TestMain(m *testing.M) {
	if os.Getenv(envDatabase) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := work(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// work is a worker process: a real syncer over the real client.
func work(ctx context.Context) error {
	db, err := postgres.Open(ctx, postgres.Options{URL: os.Getenv(envDatabase)})
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := contentstore.New(db, searchstore.New(db, searchstore.Options{}))
	if err != nil {
		return err
	}
	pool := confluence.NewPool(confluence.Options{HTTP: &http.Client{}, Backoff: time.Millisecond, MaxRate: rate.Inf})
	client, err := pool.Client(sources.Access{
		Connection: sources.Connection{BaseURL: os.Getenv(envSite), Deployment: wiki.Cloud, Email: "robot@example.com"}, Token: "token",
	})
	if err != nil {
		return err
	}
	s, err := schedule.New(schedule.Options{
		Pool: db.Pool, Store: store, Name: os.Getenv(envName), Tick: 100 * time.Millisecond, Silence: 2 * time.Second,
		Forgotten: 2 * time.Second, Workers: 2, PerSite: 2,
		Syncer: spacesync.New(store, index.New(store, index.Options{}), spacesync.Options{}),
		Dial:   func(context.Context, string) (spacesync.Site, error) { return client, nil },
	})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// start starts a worker process.
func (b *bench) process(site, name string) *exec.Cmd {
	b.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDatabase+"="+b.db.Config().ConnString(), envSite+"="+site, envName+"="+name)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	b.ok(cmd.Start())
	b.t.Cleanup(func() {
		if cmd.ProcessState != nil {
			return
		}
		if err := cmd.Process.Kill(); err != nil {
			b.t.Error(err)
		}
		cmd.Wait() //nolint:errcheck // it was killed
	})
	return cmd
}

// Three processes share the work; one is killed and one is told to stop, and nothing is lost.
func TestThreeProcesses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := confluencetest.New(confluencetest.Options{})
	w.AddUser(confluencetest.User{ID: "robot", Name: "Robot", Email: "robot@example.com"})
	w.AddToken("robot", "token")
	const spaces, pages = 6, 80
	for i := range spaces {
		key := fmt.Sprintf("S%d", i)
		id := w.AddSpace(confluencetest.Space{Key: key, Name: key})
		for n := range pages {
			w.AddPage(key, confluencetest.Page{Title: fmt.Sprintf("Page %d", n), Body: fmt.Sprintf("<p>page %d of %s</p>", n, key)})
		}
		b.sourceOf("acme", key, wiki.Space{ID: id, Key: key})
	}
	w.Inject(confluencetest.Slow(150*time.Millisecond).On("GET", `/pages$`))
	site, err := confluence.NormalizeURL(w.Start(t), wiki.Cloud)
	b.ok(err)
	asker := b.scheduler(nil, nil)
	for i := range spaces {
		b.enqueue(asker, fmt.Sprintf("S%d", i), manual)
	}
	one, two := b.process(site, "one"), b.process(site, "two")
	b.process(site, "three")
	running := func(name string) (n int) {
		b.ok(b.db.QueryRow(t.Context(), `SELECT count(*) FROM sync_runs WHERE worker = $1 AND state = 'running'`, name).Scan(&n))
		return n
	}
	b.until("a run in the first process", func() bool { return running("one") > 0 })
	b.ok(one.Process.Kill())
	if err := one.Wait(); err == nil {
		t.Error("the first process was not killed")
	}
	var torn int
	b.ok(b.db.QueryRow(t.Context(), `SELECT count(*) FROM confluence_pages p
		WHERE p.chunk_count <> (SELECT count(*) FROM chunks k WHERE k.source_id = p.source_id AND k.page_id = p.page_id)`).Scan(&torn))
	if torn > 0 {
		t.Errorf("the killed process left %d pages half written", torn)
	}
	b.ok(two.Process.Signal(syscall.SIGTERM))
	if err := two.Wait(); err != nil {
		t.Errorf("the second process: %v", err)
	}
	for i := range spaces {
		id := fmt.Sprintf("S%d", i)
		b.untilState(id, sources.RunSucceeded)
		n, err := b.store.CountLive(t.Context(), id)
		b.ok(err)
		if want := len(w.Truth(id, "robot")); n != want {
			t.Errorf("%s holds %d pages, want %d", id, n, want)
		}
	}
	var interrupted, open, workers int
	b.ok(b.db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE interrupted), count(*) FILTER (WHERE state IN ('queued', 'running')),
		count(DISTINCT worker) FROM sync_runs`).Scan(&interrupted, &open, &workers))
	if interrupted == 0 || open > 0 || workers < 2 {
		t.Errorf("%d runs were interrupted, %d are open, %d processes worked", interrupted, open, workers)
	}
}

// Command load measures the program under a large site: a generated Confluence of 10,000 pages is synced for the first
// time while people search, then left idle, then edited. It prints a Markdown table. Run by `make bench-load`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/loadtest"
)

type options struct {
	binary         string
	pages          int
	seed           uint64
	edits, rounds  int
	faults         float64
	embed          bool
	limit          time.Duration
	searchers      int
	searchesAtRest int
}

func main() {
	var o options
	flag.StringVar(&o.binary, "bin", "bin/sluice", "the program")
	flag.IntVar(&o.pages, "pages", 10_000, "pages of the generated site")
	flag.Uint64Var(&o.seed, "seed", 1, "of the site, the edits and the queries")
	flag.IntVar(&o.edits, "edits", 1000, "edits, spread over the rounds")
	flag.IntVar(&o.rounds, "rounds", 50, "runs after edits")
	flag.Float64Var(&o.faults, "faults", 0.01, "share of requests that the site refuses (429, 503)")
	flag.BoolVar(&o.embed, "embed", true, "wait until everything is embedded; otherwise only the rate is measured")
	flag.DurationVar(&o.limit, "limit", 50*time.Minute, "give up after")
	flag.IntVar(&o.searchers, "searchers", 1, "clients that search during the first sync, one query after the other with a pause of 100 ms")
	flag.IntVar(&o.searchesAtRest, "searches", 1000, "queries after everything is stored")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	err := run(ctx, o, os.Stdout)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

const space = "LOAD"

// bench is one measurement under way.
type bench struct {
	options
	out     io.Writer
	site    loadtest.Site
	program *loadtest.Program
	client  *loadtest.Client
	source  string
	queries *queries
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "sluice-load-")
	if err != nil {
		return fmt.Errorf("working folder: %w", err)
	}
	defer func() { err = loadtest.Tidy(dir, err) }()
	b := &bench{options: o, out: out}
	began := time.Now()
	site := loadtest.NewSite(confluencetest.GenerateOptions{Seed: o.seed, Spaces: []string{space}, Pages: o.pages, Depth: 7, MinBytes: 1 << 10, MaxBytes: 75 << 10})
	b.site = site
	address, err := b.site.Serve(ctx)
	if err != nil {
		return err
	}
	truth := b.site.Truth(space, site.AccountID)
	var bytes int64
	for _, p := range truth {
		bytes += int64(len(p.Storage))
	}
	b.queries = newQueries(truth, o.seed)
	fmt.Fprintf(os.Stderr, "generated %d pages, %s of storage format, in %s\n", len(truth), loadtest.MB(bytes), time.Since(began).Round(time.Second))
	b.site.Inject(confluencetest.Unavailable(http.StatusServiceUnavailable).Sometimes(o.faults / 2))
	b.site.Inject(confluencetest.RateLimited(1).Sometimes(o.faults / 2))

	data := filepath.Join(dir, "data")
	program, took, err := loadtest.Start(ctx, loadtest.Options{Binary: o.binary, DataDir: data})
	if err != nil {
		return err
	}
	b.program = program
	defer func() { err = errors.Join(err, b.program.Stop()) }()
	if b.client, err = b.program.Connect(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "| what | figure |\n| --- | --- |\n")
	b.row("pages, storage format", "%d, %s", len(truth), loadtest.MB(bytes))
	b.row("start to ready, new data directory", "%.2f s", took.Seconds())
	b.row("memory before, program / database", "%s", memory(b.program.Memory()))
	if b.source, err = b.client.AddSource(ctx, address, site.Email, site.Token, space); err != nil {
		return err
	}
	if err := b.firstSync(ctx, len(truth), bytes, data); err != nil {
		return err
	}
	if err := b.searchAtRest(ctx); err != nil {
		return err
	}
	if !b.embed {
		if err := b.embeddingRate(ctx); err != nil {
			return err
		}
	}
	if err := b.idleRun(ctx); err != nil {
		return err
	}
	if err := b.edit(ctx, truth); err != nil {
		return err
	}
	return b.restart(ctx, data)
}

func (b *bench) row(what, format string, args ...any) {
	fmt.Fprintf(b.out, "| %s | %s |\n", what, fmt.Sprintf(format, args...))
}

func memory(m loadtest.Memory) string {
	return fmt.Sprintf("%s (%s anonymous) / %s", loadtest.MB(m.Program), loadtest.MB(m.Anonymous), loadtest.MB(m.Database))
}

// firstSync waits for the first run and for the vectors, with people searching meanwhile.
func (b *bench) firstSync(ctx context.Context, pages int, bytes int64, data string) error {
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	peak := loadtest.Watch(watching, b.program.PID(), data)
	var during loadtest.Latencies
	var wg sync.WaitGroup
	for range b.searchers {
		wg.Go(func() {
			for watching.Err() == nil {
				if _, took, err := b.client.Search(watching, b.queries.next(), nil); err == nil {
					during.Add(took)
				}
				select {
				case <-watching.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
	began := time.Now()
	b.client.Looks = &loadtest.Latencies{}
	status, err := b.client.Poll(ctx, b.source, 200*time.Millisecond, func(s loadtest.Status) bool { return loadtest.Idle(s) && s.LastRun != nil })
	if err != nil {
		return err
	}
	looks := b.client.Looks
	b.client.Looks = nil
	words := time.Since(began)
	syncPeak := peak()
	if status.LastRun.State != "succeeded" || status.TotalPages != pages {
		return fmt.Errorf("the first sync ended as %s (%s) with %d of %d pages", status.LastRun.State, status.LastRun.Error, status.TotalPages, pages)
	}
	b.row("time until searchable by words", "%.1f s: %.0f pages/s, %.1f MB/s of storage format", words.Seconds(), float64(pages)/words.Seconds(), float64(bytes)/1e6/words.Seconds())
	b.row("chunks", "%d", status.TotalChunks)
	b.row("requests, refused, bytes received", "%d, %d, %s", status.LastRun.APICalls, status.LastRun.APIErrors, loadtest.MB(status.LastRun.Bytes))
	b.row("peak memory during the first sync, program / database", "%s", memory(syncPeak))
	b.row("status of the source during the first sync", "%s", looks)
	if b.embed {
		if status, err = b.client.Poll(ctx, b.source, time.Second, func(s loadtest.Status) bool { return s.ChunksWithoutEmbedding == 0 }); err != nil {
			return err
		}
		all := time.Since(began)
		b.row("time until embedded", "%.0f s: %.0f chunks/s", all.Seconds(), float64(status.TotalChunks)/all.Seconds())
		b.row("peak memory until embedded, program / database", "%s", memory(peak()))
	}
	unwatch()
	wg.Wait()
	b.row(fmt.Sprintf("search during the sync and the embedding, %d clients", b.searchers), "%s", &during)
	size, err := loadtest.DiskUsage(data)
	if err != nil {
		return err
	}
	b.row("size on disk", "%s, %.1f kB a page", loadtest.MB(size), float64(size)/1e3/float64(pages))
	return nil
}

// rateWindow is how long the rate of embedding is watched where not all of it is waited for.
const rateWindow = 20 * time.Second

// embeddingRate reports how fast vectors follow while nothing else is done, and how long all would take at that rate.
func (b *bench) embeddingRate(ctx context.Context) error {
	before, err := b.client.Status(ctx, b.source)
	if err != nil {
		return err
	}
	began := time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rateWindow):
	}
	after, err := b.client.Status(ctx, b.source)
	if err != nil {
		return err
	}
	rate := float64(before.ChunksWithoutEmbedding-after.ChunksWithoutEmbedding) / time.Since(began).Seconds()
	if rate <= 0 {
		b.row("embedding", "%d of %d chunks have no vector, none was added in %s", after.ChunksWithoutEmbedding, after.TotalChunks, rateWindow)
		return nil
	}
	all := time.Duration(float64(after.TotalChunks) / rate * float64(time.Second))
	b.row("embedding, not waited for", "%.1f chunks/s over %s; %d of %d chunks are left; all would take %s at that rate",
		rate, rateWindow, after.ChunksWithoutEmbedding, after.TotalChunks, all.Round(time.Minute))
	return nil
}

func (b *bench) searchAtRest(ctx context.Context) error {
	for range 50 { // the caches of a server that has been up for a while
		if _, _, err := b.client.Search(ctx, b.queries.next(), nil); err != nil {
			return err
		}
	}
	for _, clients := range []int{1, 4} {
		var rest loadtest.Latencies
		var wg sync.WaitGroup
		errs := make([]error, clients)
		for i := range clients {
			wg.Go(func() {
				for range b.searchesAtRest / clients {
					_, took, err := b.client.Search(ctx, b.queries.next(), nil)
					if err != nil {
						errs[i] = err
						return
					}
					rest.Add(took)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		b.row(fmt.Sprintf("search after it, %d clients", clients), "%s", &rest)
	}
	b.row("memory at rest, program / database", "%s", memory(b.program.Memory()))
	return nil
}

func (b *bench) sync(ctx context.Context) (loadtest.Run, error) {
	before, err := b.client.Status(ctx, b.source)
	if err != nil {
		return loadtest.Run{}, err
	}
	if err := b.client.Sync(ctx, b.source, false); err != nil {
		return loadtest.Run{}, err
	}
	status, err := b.client.Poll(ctx, b.source, 20*time.Millisecond, func(s loadtest.Status) bool {
		return loadtest.Idle(s) && s.LastRun != nil && s.LastRun.ID != before.LastRun.ID
	})
	if err != nil {
		return loadtest.Run{}, err
	}
	if status.LastRun.State != "succeeded" {
		return *status.LastRun, fmt.Errorf("run %s ended as %s: %s", status.LastRun.ID, status.LastRun.State, status.LastRun.Error)
	}
	return *status.LastRun, nil
}

func (b *bench) idleRun(ctx context.Context) error {
	b.site.ClearFaults()
	run, err := b.sync(ctx)
	if err != nil {
		return err
	}
	b.row("a run with nothing to do", "%d requests, %d kB, %.2f s", run.APICalls, run.Bytes/1000, run.Took().Seconds())
	return nil
}

func (b *bench) edit(ctx context.Context, truth []confluencetest.Truth) error {
	random := rand.New(rand.NewPCG(b.seed, 7))
	var calls, updated int
	var took time.Duration
	for round := range b.rounds {
		for i := range b.edits / b.rounds {
			p := truth[random.IntN(len(truth))]
			b.site.Edit(p.ID, fmt.Sprintf("%s<p>Edited in round %d as number %d.</p>", p.Storage, round, i), "")
		}
		run, err := b.sync(ctx)
		if err != nil {
			return err
		}
		calls, updated, took = calls+run.APICalls, updated+run.Updated, took+run.Took()
	}
	b.row(fmt.Sprintf("%d edits over %d runs", b.edits, b.rounds), "%d pages updated, %.1f requests and %.2f s a run",
		updated, float64(calls)/float64(b.rounds), took.Seconds()/float64(b.rounds))
	return nil
}

// restart measures a start on the filled data directory, and what the program holds when it is left alone.
func (b *bench) restart(ctx context.Context, data string) error {
	if err := b.program.Stop(); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	program, took, err := loadtest.Start(ctx, loadtest.Options{Binary: b.binary, DataDir: data})
	if err != nil {
		return err
	}
	b.program = program
	b.row("start to ready, existing cluster", "%.2f s", took.Seconds())
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Second):
	}
	b.row("memory idle, 10 s after a restart, program / database", "%s", memory(b.program.Memory()))
	return nil
}

// queries makes searches of words that stand together on a page, as people's do.
type queries struct {
	mu     sync.Mutex
	random *rand.Rand
	texts  [][]string
}

func newQueries(truth []confluencetest.Truth, seed uint64) *queries {
	q := &queries{random: rand.New(rand.NewPCG(seed, 3))}
	for i := 0; i < len(truth); i += max(1, len(truth)/500) {
		plain := strings.Map(func(r rune) rune {
			if r == '<' || r == '>' || r == '/' || r == '"' || r == '=' || r == ':' || r == '-' {
				return ' '
			}
			return r
		}, truth[i].Title+" "+truth[i].Storage)
		if words := strings.Fields(plain); len(words) > 20 {
			q.texts = append(q.texts, words[:min(len(words), 400)])
		}
	}
	return q
}

// next is one to twelve words that follow each other on some page.
func (q *queries) next() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	words := q.texts[q.random.IntN(len(q.texts))]
	n := 1 + q.random.IntN(12)
	at := q.random.IntN(len(words) - n)
	return strings.Join(words[at:at+n], " ")
}

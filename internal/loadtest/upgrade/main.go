// Command upgrade takes two replicas of an installation from one version of the program to another, one after the other,
// while people search and syncs go on, and counts what they are told: nothing may fail, not while the versions serve one
// database side by side either. At the end every page must be as on the site. Neither binary is built here; each migrates
// the database to what it knows. What is not so exits with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/loadtest"
	"github.com/sluicehq/sluice/internal/pgserver"
)

const space = "UPGRADE"

func main() {
	from := flag.String("old", "", "the program before the upgrade")
	to := flag.String("new", "bin/sluice", "the program after it")
	pages := flag.Int("pages", 300, "pages of the generated site")
	clients := flag.Int("clients", 4, "how many search at once")
	stay := flag.Duration("stay", 15*time.Second, "how long each state lasts: old, mixed, new")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *from, *to, *pages, *clients, *stay)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "upgrade: %v\n", err)
		os.Exit(1)
	}
}

// installation is one database, its replicas with a balancer before them, and the site that they read.
type installation struct {
	dir    string
	env    []string
	front  *balancer
	site   loadtest.Site
	source string
	words  map[string]string // page → the word of its last edit
}

func run(ctx context.Context, from, to string, pages, clients int, stay time.Duration) (err error) {
	if from == "" {
		return errors.New("-old is missing: the path of the program to upgrade from")
	}
	dir, err := os.MkdirTemp("", "sluice-upgrade-")
	if err != nil {
		return fmt.Errorf("working folder: %w", err)
	}
	defer func() { err = loadtest.Tidy(dir, err) }()
	cluster, err := pgserver.Open(ctx, pgserver.Options{DataDir: filepath.Join(dir, "database")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close(context.WithoutCancel(ctx))) }()
	i := &installation{
		dir: dir, env: []string{"SLUICE_DATABASE_URL=" + cluster.DSN(), "SLUICE_SECRET_KEY=the same for both replicas"},
		front: newBalancer(),
		site:  loadtest.NewSite(confluencetest.GenerateOptions{Seed: 1, Spaces: []string{space}, Pages: pages, Depth: 4, MinBytes: 500, MaxBytes: 6000}),
		words: map[string]string{},
	}
	defer func() { err = errors.Join(err, i.front.stop()) }()
	for n := range i.front.replicas {
		if err := i.start(ctx, n, from); err != nil {
			return err
		}
	}
	return i.upgrade(ctx, to, clients, stay)
}

// start puts a replica of the program in a place of the balancer.
func (i *installation) start(ctx context.Context, n int, binary string) error {
	p, took, err := loadtest.Start(ctx, loadtest.Options{Binary: binary, DataDir: filepath.Join(i.dir, fmt.Sprintf("replica%d", n)), Env: i.env})
	if err != nil {
		return err
	}
	fmt.Printf("replica %d is %s, ready after %s\n", n+1, filepath.Base(binary), took.Round(time.Millisecond))
	i.front.set(n, p)
	return nil
}

// upgrade replaces the replicas one by one under load.
func (i *installation) upgrade(ctx context.Context, to string, clients int, stay time.Duration) error {
	if err := i.fill(ctx); err != nil {
		return err
	}
	load, cancel := context.WithCancel(ctx)
	var people sync.WaitGroup
	finish := func() { cancel(); people.Wait() }
	defer finish()
	for n := range i.front.replicas {
		people.Go(func() { i.front.watch(load, n) })
	}
	var tally tally
	for range clients {
		c, err := i.client(ctx)
		if err != nil {
			return err
		}
		people.Go(func() { i.search(load, c, &tally) })
	}
	editor, err := i.client(ctx)
	if err != nil {
		return err
	}
	people.Go(func() { i.editAndSync(load, editor, &tally) })
	wait(ctx, stay)
	for n := range i.front.replicas {
		tally.report(fmt.Sprintf("%d of 2 replicas upgraded", n))
		if err := i.front.program(n).Stop(); err != nil {
			return fmt.Errorf("stop replica %d: %w", n+1, err)
		}
		if err := i.start(ctx, n, to); err != nil {
			return err
		}
		tally.report(fmt.Sprintf("while replica %d was replaced", n+1))
		wait(ctx, stay)
	}
	finish()
	tally.report("both upgraded")
	fmt.Printf("%d requests found nobody at one replica and went to the other\n", i.front.sentOn.Load())
	return errors.Join(ctx.Err(), i.settled(ctx, editor), i.compare(ctx, editor), tally.verdict())
}

// fill syncs the site for the first time.
func (i *installation) fill(ctx context.Context) error {
	address, err := i.site.Serve(ctx)
	if err != nil {
		return err
	}
	first, err := i.front.program(0).Connect(ctx)
	if err != nil {
		return err
	}
	if i.source, err = first.AddSource(ctx, address, i.site.Email, i.site.Token, space); err != nil {
		return err
	}
	s, err := first.Poll(ctx, i.source, 100*time.Millisecond, func(s loadtest.Status) bool { return loadtest.Idle(s) && s.LastRun != nil })
	if err == nil && s.LastRun.State != "succeeded" {
		err = fmt.Errorf("the first run ended as %s: %s", s.LastRun.State, s.LastRun.Error)
	}
	return err
}

// client returns one that asks through the balancer.
func (i *installation) client(ctx context.Context) (*loadtest.Client, error) {
	c, err := i.front.program(0).Connect(ctx)
	if err != nil {
		return nil, err
	}
	c.Base, c.HTTP.Transport = "http://sluice.example", i.front
	return c, nil
}

// searchEvery keeps a token below its rate.
const searchEvery = 60 * time.Millisecond

// search searches for what many pages have.
func (i *installation) search(ctx context.Context, c *loadtest.Client, t *tally) {
	for n := 0; ctx.Err() == nil; n++ {
		query := fmt.Sprintf("round %d", n%50)
		found, took, err := c.Search(context.WithoutCancel(ctx), query, nil)
		t.search(query, found, took, err)
		wait(ctx, searchEvery)
	}
}

// editAndSync edits pages and asks for syncs.
func (i *installation) editAndSync(ctx context.Context, c *loadtest.Client, t *tally) {
	whole := context.WithoutCancel(ctx) // what was begun is brought to its end
	for n := 0; ctx.Err() == nil; n++ {
		truth := i.site.Truth(space, i.site.AccountID)
		page := truth[n*7%len(truth)].ID
		word := fmt.Sprintf("zq%dx%s", n, page)
		i.site.Edit(page, "<p>Edited: "+word+" round.</p>", "")
		i.words[page] = word
		i.site.FlushIndex()
		t.sync(c.Sync(whole, i.source, n%5 == 4))
		wait(ctx, 500*time.Millisecond)
	}
}

// settled runs a last sync that finds everything.
func (i *installation) settled(ctx context.Context, c *loadtest.Client) error {
	for range 2 { // the first may have begun before the last edit
		if _, err := c.Poll(ctx, i.source, 100*time.Millisecond, loadtest.Idle); err != nil {
			return err
		}
		if err := c.Sync(ctx, i.source, true); err != nil {
			return err
		}
	}
	_, err := c.Poll(ctx, i.source, 100*time.Millisecond, loadtest.Idle)
	return err
}

// compare looks whether every page is stored as it is on the site, and every last edit is found.
func (i *installation) compare(ctx context.Context, c *loadtest.Client) error {
	stored, err := c.PageVersions(ctx, i.source)
	if err != nil {
		return err
	}
	truth := i.site.Truth(space, i.site.AccountID)
	var wrong []error
	if len(stored) != len(truth) {
		wrong = append(wrong, fmt.Errorf("%d pages are stored, the site has %d", len(stored), len(truth)))
	}
	for _, p := range truth {
		if stored[p.ID] != p.Version {
			wrong = append(wrong, fmt.Errorf("page %s is stored in version %d, the site has %d", p.ID, stored[p.ID], p.Version))
		}
	}
	for page, word := range i.words {
		found, _, err := c.Search(ctx, word, map[string][]string{"mode": {"keyword"}})
		if err != nil || found.Total != 1 || found.Hits[0].PageID != page {
			wrong = append(wrong, fmt.Errorf("the last edit of page %s: %d pages found, %w", page, found.Total, err))
		}
	}
	fmt.Printf("compared %d pages and the words of %d last edits\n", len(truth), len(i.words))
	return errors.Join(wrong...)
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

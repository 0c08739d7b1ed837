// Command soak keeps the program busy and breaks things around it for a while: edits, syncs and searches, outages of
// Confluence, kill -9 of the database server and of the program. At the end the index must equal the site, title, version
// and text of every page; the last edits must be found by search and what they replaced must not; nothing may have been
// refused in a way that says nothing; and memory, goroutines, files and database connections must be what they were. The
// program itself is restarted in the first half only, so that a leak has time to show. Run by `make soak`; what is not so
// exits with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/loadtest"
)

const space = "SOAK"

func main() {
	binary := flag.String("bin", "bin/sluice", "the program")
	pages := flag.Int("pages", 300, "pages of the generated site")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the site and of what happens")
	length := flag.Duration("time", 3*time.Minute, "how long to go on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, *length+10*time.Minute)
	err := run(ctx, *binary, *pages, *seed, *length)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "soak (seed %d): %v\n", *seed, err)
		os.Exit(1)
	}
}

// soak is one run of the test.
type soak struct {
	site    loadtest.Site
	random  *rand.Rand
	options loadtest.Options
	program *loadtest.Program
	client  *loadtest.Client
	source  string
	did     map[string]int
	added   []string
	edits   int
	words   map[string]edited // by page: the last edit of those that have one
	// unclear are answers that tell a caller nothing: anything but "not now" (503), "too often" (429) and a connection that
	// a killed program cannot take.
	unclear []error
	steady  bool // the second half: the program stays up
}

// edited is an edit with a word of its own, and the word that it replaced.
type edited struct{ word, replaced string }

func run(ctx context.Context, binary string, pages int, seed uint64, length time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "sluice-soak-")
	if err != nil {
		return fmt.Errorf("working folder: %w", err)
	}
	defer func() { err = loadtest.Tidy(dir, err) }()
	fmt.Printf("soak: %d pages, %s, seed %d\n", pages, length, seed)
	s := &soak{
		site:    loadtest.NewSite(confluencetest.GenerateOptions{Seed: seed, Spaces: []string{space}, Pages: pages, Depth: 4, MinBytes: 500, MaxBytes: 6000}),
		random:  rand.New(rand.NewPCG(seed, 1)),
		options: loadtest.Options{Binary: binary, DataDir: filepath.Join(dir, "data")},
		did:     map[string]int{},
		words:   map[string]edited{},
	}
	address, err := s.site.Serve(ctx)
	if err != nil {
		return err
	}
	if s.program, _, err = loadtest.Start(ctx, s.options); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.program.Stop()) }()
	if s.client, err = s.program.Connect(ctx); err != nil {
		return err
	}
	if s.source, err = s.client.AddSource(ctx, address, s.site.Email, s.site.Token, space); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	before, err := s.program.Figures(ctx)
	if err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < length && ctx.Err() == nil; {
		s.steady = time.Since(began) > length/2
		if err := s.step(ctx); err != nil {
			return err
		}
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	after, leaks := s.rested(ctx, before)
	fmt.Printf("did: %v\nbefore: %s\nafter:  %s\n", s.did, before, after)
	return errors.Join(errors.Join(s.unclear...), leaks, s.compare(ctx))
}

// rested reads the figures when they are what they were before, or else after half a minute, with what has leaked.
func (s *soak) rested(ctx context.Context, before loadtest.Figures) (now loadtest.Figures, err error) {
	for range 30 {
		if now, err = s.program.Figures(ctx); err == nil {
			if err = now.Leaks(before); err == nil {
				break
			}
		}
		wait(ctx, time.Second)
	}
	return now, err
}

// step does one thing; the dear ones seldom.
func (s *soak) step(ctx context.Context) error {
	switch n := s.random.IntN(100); {
	case n < 55:
		s.change()
	case n < 75:
		s.count("search")
		if _, _, err := s.client.Search(ctx, fmt.Sprintf("round %d", s.random.IntN(50)), nil); err != nil {
			s.refused("search", err)
		}
	case n < 93:
		s.count("sync")
		if err := s.client.Sync(ctx, s.source, s.random.IntN(4) == 0); err != nil {
			s.refused("sync", err)
		}
	case n < 95:
		s.count("outage of Confluence")
		s.site.Configure(func(b *confluencetest.Behaviour) { b.Outage = true })
		wait(ctx, 2*time.Second)
		s.site.Configure(func(b *confluencetest.Behaviour) { b.Outage = false })
	case n < 97:
		if pid := s.program.Postmaster(); pid != 0 {
			s.count("kill -9 of the database server")
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				return fmt.Errorf("kill the database server: %w", err)
			}
		}
	case s.steady:
	case n < 98:
		s.count("kill -9 of the program")
		if err := s.program.Kill(); err != nil {
			return err
		}
		return s.start(ctx)
	default:
		s.count("restart of the program")
		if err := s.program.Stop(); err != nil {
			return fmt.Errorf("stop: %w", err)
		}
		return s.start(ctx)
	}
	wait(ctx, time.Duration(s.random.IntN(150))*time.Millisecond)
	return nil
}

func (s *soak) start(ctx context.Context) error {
	program, _, err := loadtest.Start(ctx, s.options)
	if err != nil {
		return err
	}
	s.program, s.client.Base = program, program.Base
	return nil
}

// body is what an edit writes: text, a word of its own, an issue, a person, and what must be escaped.
const body = `<h2>Round %d</h2><p>Of page %s: <strong>%s</strong> &amp; <code>a_b*c</code>, see LOAD-12, asked by ` +
	`<ac:link><ri:user ri:account-id="%s"/></ac:link>.</p><ul><li>one</li><li>two</li></ul>`

// change edits the site.
func (s *soak) change() {
	truth := s.site.Truth(space, s.site.AccountID)
	if len(truth) == 0 {
		return
	}
	p := truth[s.random.IntN(len(truth))]
	n := s.random.IntN(1000)
	switch kind := s.random.IntN(10); {
	case kind < 6:
		s.count("edit")
		s.edits++
		word := fmt.Sprintf("q%012x", s.random.Uint64()>>16) // far from all others: search forgives typos
		s.words[p.ID] = edited{word: word, replaced: s.words[p.ID].word}
		s.site.Edit(p.ID, fmt.Sprintf(body, s.edits, p.ID, word, s.site.AccountID), "")
	case kind < 8:
		s.count("create")
		s.added = append(s.added, s.site.AddPage(space, confluencetest.Page{Title: fmt.Sprintf("Added %d %d", len(s.added), n), Parent: p.ID, Body: "<p>New.</p>"}))
	case kind < 9:
		s.count("rename")
		s.site.Rename(p.ID, fmt.Sprintf("Renamed %d %s", n, p.ID))
	case len(s.added) > 0:
		s.count("trash")
		last := len(s.added) - 1
		s.site.Trash(s.added[last])
		delete(s.words, s.added[last])
		s.added = s.added[:last]
	}
}

// settle brings the source up to date, deletions included, after whatever happened.
func (s *soak) settle(ctx context.Context) error {
	if _, err := s.client.Poll(ctx, s.source, 100*time.Millisecond, loadtest.Idle); err != nil {
		return err
	}
	before, err := s.client.Status(ctx, s.source)
	if err != nil {
		return err
	}
	if before.LastRun != nil {
		if err := s.client.Sync(ctx, s.source, true); err != nil {
			return err
		}
	}
	after, err := s.client.Poll(ctx, s.source, 100*time.Millisecond, func(now loadtest.Status) bool {
		return loadtest.Idle(now) && now.LastRun != nil && (before.LastRun == nil || now.LastRun.ID != before.LastRun.ID)
	})
	if err != nil {
		return err
	}
	if after.LastRun.State != "succeeded" {
		return fmt.Errorf("the last run ended as %s: %s", after.LastRun.State, after.LastRun.Error)
	}
	return nil
}

// refused counts an answer by its status.
func (s *soak) refused(what string, err error) {
	status := loadtest.Refused(err)
	s.count(fmt.Sprintf("%s refused (%d)", what, status))
	if status != 0 && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
		s.unclear = append(s.unclear, err)
	}
}

func (s *soak) count(what string) { s.did[what]++ }

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

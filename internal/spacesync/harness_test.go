package spacesync_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/schedule"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// bench is a database with sources of one site, and a syncer.
type bench struct {
	t      testing.TB
	db     *postgres.DB
	store  *contentstore.Store
	syncer *spacesync.Syncer
	site   spacesync.Site
	base   string
}

func newBench(t testing.TB, site spacesync.Site, o spacesync.Options) *bench {
	t.Helper()
	return newBenchAt(t, site, sources.Connection{BaseURL: "https://wiki.test", Deployment: wiki.Cloud}, o)
}

func newBenchAt(t testing.TB, site spacesync.Site, conn sources.Connection, o spacesync.Options) *bench {
	t.Helper()
	db := postgrestest.New(t)
	store, err := contentstore.New(db, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.FirstPause == 0 {
		o.FirstPause = time.Millisecond
	}
	b := &bench{t: t, db: db, store: store, site: site, base: conn.BaseURL, syncer: spacesync.New(store, index.New(store, index.Options{}), o)}
	conn.ID, conn.Name = "conn", "wiki"
	b.ok(store.InsertConnection(t.Context(), sources.StoredConnection{Connection: conn, TokenSealed: []byte("x")}))
	return b
}

// newBenchSyncer is the same bench after a restart of the program.
func newBenchSyncer(b *bench, o spacesync.Options) *bench {
	again := *b
	again.syncer = spacesync.New(b.store, index.New(b.store, index.Options{}), o)
	return &again
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// source adds a source of a space; its id is the key in lower case.
func (b *bench) source(space wiki.Space, strategy sources.DeletionStrategy, restricted sources.RestrictedPages) string {
	b.t.Helper()
	id := strings.ToLower(space.Key)
	b.ok(b.store.InsertSource(b.t.Context(), sources.StoredSource{
		ID: id, Name: space.Key, ConnectionID: "conn", Space: space, BaseURL: b.base, FrequencyHours: 24,
		Strategy: strategy, RestrictedPages: restricted, TextLanguage: "english",
	}))
	return id
}

// claim queues and claims a run.
func (b *bench) claim(id string, r sources.RunRequest) spacesync.Run {
	b.t.Helper()
	if r.Kind == "" {
		r.Kind = sources.KindSync
	}
	if r.Trigger == "" {
		r.Trigger = sources.TriggerSchedule
	}
	n, added, err := b.store.AddRun(b.t.Context(), id, r)
	b.ok(err)
	if !added {
		b.t.Fatalf("source %s has an open run", id)
	}
	run, err := b.store.ClaimRun(b.t.Context(), n, "test")
	b.ok(err)
	return run
}

// try runs a sync and returns how it ended.
func (b *bench) try(ctx context.Context, id string, r sources.RunRequest) (spacesync.Progress, error) {
	b.t.Helper()
	run := b.claim(id, r)
	p, err := b.syncer.Run(ctx, b.site, run)
	end := schedule.End{State: sources.RunSucceeded}
	if _, stopped := errors.AsType[*spacesync.StoppedError](err); stopped {
		end.State = sources.RunCancelled
	} else if err != nil {
		end = schedule.End{State: sources.RunFailed, Error: err.Error()}
	}
	b.ok(b.store.FinishRun(context.WithoutCancel(ctx), run.Fence(), end))
	return p, err
}

// run runs a sync that has to succeed, and checks its sum.
func (b *bench) run(id string, r sources.RunRequest) spacesync.Progress {
	b.t.Helper()
	p, err := b.try(b.t.Context(), id, r)
	b.ok(err)
	if sum := p.Created + p.Updated + p.Unchanged + p.Skipped + p.Failed; sum != p.Listed {
		b.t.Errorf("listed %d, accounted for %d: %+v", p.Listed, sum, p)
	}
	return p
}

func (b *bench) sync(id string) spacesync.Progress {
	b.t.Helper()
	return b.run(id, sources.RunRequest{})
}

func (b *bench) compare(id string) spacesync.Progress {
	b.t.Helper()
	return b.run(id, sources.RunRequest{SyncRequest: sources.SyncRequest{Reconcile: true}})
}

// pages is what the index holds of a source; the text is that of its chunks.
func (b *bench) pages(id string) map[string]page {
	b.t.Helper()
	rows, err := b.db.Query(b.t.Context(), `
		SELECT p.page_id, p.title, p.path, p.version, p.restricted, array_to_string(p.labels, ','),
			coalesce((SELECT string_agg(c ->> 'title', ' > ' ORDER BY n) FROM jsonb_array_elements(p.breadcrumb) WITH ORDINALITY AS e (c, n)), ''),
			coalesce((SELECT string_agg(k.content, ' ' ORDER BY k.chunk_number) FROM chunks k WHERE k.page_id = p.page_id AND k.source_id = p.source_id), '')
		FROM confluence_pages p WHERE p.source_id = $1 AND NOT p.is_deleted`, id)
	b.ok(err)
	defer rows.Close()
	got := map[string]page{}
	for rows.Next() {
		var pid string
		var p page
		b.ok(rows.Scan(&pid, &p.Title, &p.Path, &p.Version, &p.Restricted, &p.Labels, &p.Crumbs, &p.Text))
		got[pid] = p
	}
	b.ok(rows.Err())
	return got
}

// strays counts chunks without a live page, which there may never be.
func (b *bench) strays() int {
	b.t.Helper()
	var n int
	b.ok(b.db.QueryRow(b.t.Context(), `SELECT count(*) FROM chunks k WHERE NOT EXISTS (
		SELECT 1 FROM confluence_pages p WHERE p.source_id = k.source_id AND p.page_id = k.page_id AND NOT p.is_deleted)`).Scan(&n))
	return n
}

// same fails where the index of a source is not what it should be.
func (b *bench) same(id string, want map[string]page) {
	b.t.Helper()
	b.diff(id, want, b.pages(id))
	if n := b.strays(); n > 0 {
		b.t.Errorf("%d chunks without a page", n)
	}
}

func (b *bench) diff(what string, want, got map[string]page) {
	b.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("index of %s (-want +got):\n%s", what, diff)
	}
}

var manualRun = sources.RunRequest{SyncRequest: sources.SyncRequest{Trigger: sources.TriggerManual}, Kind: sources.KindSync}

// finish closes a run that was cancelled.
func (b *bench) finish(run spacesync.Run) {
	b.t.Helper()
	b.ok(b.store.FinishRun(b.t.Context(), run.Fence(), schedule.End{State: sources.RunCancelled}))
}

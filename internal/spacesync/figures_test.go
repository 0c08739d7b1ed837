package spacesync_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

var (
	figurePages   = flag.Int("pages", 4000, "pages of BenchmarkSync")
	figureIndexed = flag.Bool("indexed", false, "whether BenchmarkSync makes pages searchable by words, too")
	figureLatency = flag.Duration("latency", 0, "what each request of BenchmarkSync takes beside its work")
)

var words = strings.Fields(`the service writes every request to a queue and retries it when the broker is away an operator
	can drain one node at a time without losing messages see the runbook for limits alerts and dashboards of the cluster`)

// document is a page of documentation: headings, paragraphs, a table, code, a JIRA key.
func document(r *rand.Rand, n int) string {
	var b strings.Builder
	sentence := func(k int) string {
		list := make([]string, k)
		for i := range list {
			list[i] = words[r.IntN(len(words))]
		}
		return strings.Join(list, " ")
	}
	for i := range 3 + r.IntN(5) {
		fmt.Fprintf(&b, "<h2>Part %d %s</h2><p>%s (OPS-%d).</p><p>%s</p>", i, sentence(3), sentence(60+r.IntN(80)), n, sentence(40))
		switch r.IntN(3) {
		case 0:
			fmt.Fprintf(&b, "<table><tbody><tr><th>Key</th><th>Value</th></tr><tr><td>%s</td><td>%s</td></tr></tbody></table>", sentence(2), sentence(8))
		case 1:
			fmt.Fprintf(&b, `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[run --node %d
%s]]></ac:plain-text-body></ac:structured-macro>`, n, sentence(12))
		}
	}
	return b.String()
}

// download reads the same pages over the same client and throws them away.
func download(b *testing.B, s *sim, space wiki.Space) time.Duration {
	b.Helper()
	began := time.Now()
	var ids []string
	for ref, err := range s.client.List(b.Context(), space, wiki.TypePage) {
		s.ok(err)
		ids = append(ids, ref.ID)
	}
	var g errgroup.Group
	g.SetLimit(4)
	for from := 0; from < len(ids); from += 50 {
		piece := ids[from:min(from+50, len(ids))]
		g.Go(func() error {
			_, err := s.client.Contents(b.Context(), wiki.TypePage, piece, true)
			return err
		})
	}
	s.ok(g.Wait())
	return time.Since(began)
}

// makeSearchable attaches the keyword index.
func (s *sim) makeSearchable() *searchstore.Store {
	s.t.Helper()
	words := searchstore.New(s.db, searchstore.Options{})
	store, err := contentstore.New(s.db, words)
	s.ok(err)
	s.store = store
	s.syncer = spacesync.New(store, index.New(store, index.Options{}), spacesync.Options{Now: s.clock.now})
	return words
}

// reportDisk reports what a page takes on disk, indexes included, in KB: the page, its body as it came, its chunks
// without vectors, and its words in the keyword index.
func (s *sim) reportDisk(b *testing.B) {
	b.Helper()
	for name, tables := range map[string]string{
		"pages": "{confluence_pages}", "bodies": "{page_bodies}", "chunks": "{chunks}", "words": "{search_fresh,search_segments,search_postings,search_removed}",
	} {
		var size float64
		s.ok(s.db.QueryRow(b.Context(), `SELECT sum(pg_total_relation_size(t::regclass))::float8 FROM unnest($1::text[]) t`, tables).Scan(&size))
		b.ReportMetric(size/1000/float64(*figurePages), name+"-KB/page")
	}
}

// BenchmarkSync prints the figures of docs/benchmarks.md: run it with -benchtime=1x, and with -indexed for those of a sync
// that makes pages searchable.
func BenchmarkSync(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := newSim(b, confluencetest.Options{}, spacesync.Options{}, "ENG")
		r := rand.New(rand.NewPCG(1, 2))
		ids := make([]string, *figurePages)
		for i := range ids {
			p := confluencetest.Page{Title: fmt.Sprintf("Page %d", i), Body: document(r, i), Labels: []string{words[i%len(words)]}}
			if i > 0 {
				p.Parent = ids[r.IntN(i)]
			}
			ids[i] = s.wiki.AddPage("ENG", p)
		}
		var words *searchstore.Store
		if *figureIndexed {
			words = s.makeSearchable()
		}
		space, err := s.client.Space(b.Context(), "ENG")
		s.ok(err)
		if *figureLatency > 0 {
			s.wiki.Inject(confluencetest.Slow(*figureLatency))
		}
		plain := download(b, s, space)
		s.wiki.ResetCounters()
		counted := s.wiki.BytesSent()
		b.StartTimer()
		began := time.Now()
		p := s.sync("eng")
		took := time.Since(began)
		b.StopTimer()
		if p.Created != *figurePages+1 {
			b.Fatalf("created %d pages", p.Created)
		}
		b.ReportMetric(float64(p.Calls), "first-calls")
		b.ReportMetric(float64(s.wiki.BytesSent()-counted)/1e6, "first-MB")
		b.ReportMetric(took.Seconds(), "first-s")
		b.ReportMetric(plain.Seconds(), "download-s")
		b.ReportMetric(took.Seconds()/plain.Seconds(), "first/download")
		b.ReportMetric(float64(p.ChunksCreated), "chunks")
		if words != nil {
			began = time.Now()
			s.ok(words.Maintain(b.Context()))
			b.ReportMetric(time.Since(began).Seconds(), "maintain-s")
			s.reportDisk(b)
		}

		s.clock.sleep(time.Hour)
		s.sync("eng")
		s.clock.sleep(time.Hour)
		began = time.Now()
		p = s.sync("eng")
		b.ReportMetric(float64(p.Calls), "idle-calls")
		b.ReportMetric(float64(p.Bytes)/1e6, "idle-MB")
		b.ReportMetric(time.Since(began).Seconds()*1000, "idle-ms")

		for i := range 25 {
			s.wiki.Edit(ids[i*len(ids)/30], document(r, i), "ada")
		}
		began = time.Now()
		p = s.sync("eng")
		if p.Updated != 25 {
			b.Fatalf("updated %d pages", p.Updated)
		}
		b.ReportMetric(float64(p.Calls), "edits-calls")
		b.ReportMetric(float64(p.Bytes)/1e6, "edits-MB")
		b.ReportMetric(time.Since(began).Seconds()*1000, "edits-ms")

		began = time.Now()
		p = s.compare("eng")
		b.ReportMetric(float64(p.Calls), "compare-calls")
		b.ReportMetric(time.Since(began).Seconds(), "compare-s")
		b.StartTimer()
	}
}

// BenchmarkStop measures the time from the request to the end of a run that is fetching.
func BenchmarkStop(b *testing.B) {
	f := newFake("ENG")
	for i := range 200 {
		f.add("ENG", wiki.TypePage, "", fmt.Sprintf("Page %d", i))
	}
	f.hold = "bodies"
	bench := newBench(b, f, spacesync.Options{Now: f.clock})
	bench.source(*f.spaces["ENG"], "on_demand", "skip")
	var total, worst time.Duration
	for b.Loop() {
		run := bench.claim("eng", manualRun)
		var asked time.Time
		var wait sync.WaitGroup
		wait.Go(func() {
			<-f.held
			time.Sleep(rand.N(500 * time.Millisecond)) // at any moment between two beats
			asked = time.Now()
			if err := bench.store.RequestStop(b.Context(), "eng", "cancel"); err != nil {
				b.Error(err)
			}
		})
		_, err := bench.syncer.Run(b.Context(), f, run)
		wait.Wait()
		took := time.Since(asked)
		total += took
		worst = max(worst, took)
		if err == nil {
			b.Fatal("the run was not stopped")
		}
		for len(f.held) > 0 {
			<-f.held
		}
		bench.finish(run)
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "mean-ms")
	b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
}

// Package metrics is what Prometheus is told of the program: requests, searches, sync runs, calls to Confluence, the
// embedding backlog, the database pool and the build. Names and labels are listed in docs/operations.md; labels never
// carry what people typed or what pages are called.
package metrics

import (
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Build names the program's version.
type Build struct{ Version, Revision string }

// Metrics are the figures of one process. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests  *prometheus.HistogramVec
	searches  *prometheus.HistogramVec
	legs      *prometheus.HistogramVec
	degraded  *prometheus.CounterVec
	caches    *prometheus.CounterVec
	runs      *prometheus.CounterVec
	runTime   *prometheus.HistogramVec
	pages     *prometheus.CounterVec
	chunks    *prometheus.CounterVec
	calls     *prometheus.CounterVec
	callTime  prometheus.Histogram
	callBytes prometheus.Counter
}

// New returns metrics that know the build and the Go runtime.
func New(build Build) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m.requests = histogram("sluice_http_request_duration_seconds", "Requests answered, by route.", prometheus.ExponentialBuckets(0.001, 3, 9), "method", "route", "status")
	m.searches = histogram("sluice_search_duration_seconds", "Searches, from query to hits.", prometheus.ExponentialBuckets(0.0005, 2, 14), "mode")
	m.legs = histogram("sluice_search_leg_duration_seconds", "Parts of searches: refresh, keyword, embed, vector, compare, passages, snippets.", prometheus.ExponentialBuckets(0.0001, 2.5, 13), "leg")
	m.degraded = counter("sluice_search_degraded_total", "Searches that had to do without a leg.", "leg")
	m.caches = counter("sluice_search_cache_total", "Looks of searches into caches (postings, queries), by result (hit, miss).", "cache", "result")
	m.runs = counter("sluice_sync_runs_total", "Sync runs that this process worked on, by how they ended.", "trigger", "result")
	m.runTime = histogram("sluice_sync_run_duration_seconds", "How long sync runs took.", prometheus.ExponentialBuckets(0.5, 3, 10), "kind")
	m.pages = counter("sluice_sync_pages_total", "Pages in sync runs, by what became of them.", "result")
	m.chunks = counter("sluice_sync_chunks_total", "Chunks in sync runs, by what became of them.", "result")
	m.calls = counter("sluice_confluence_requests_total", "Requests to Confluence, by status (or error).", "status")
	m.callTime = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "sluice_confluence_request_duration_seconds", Help: "Time until Confluence's answer began.", Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 10),
	})
	m.callBytes = prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_confluence_received_bytes_total", Help: "Bytes of answers from Confluence."})
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sluice_build_info", Help: "The program's version; the value is 1.",
		ConstLabels: prometheus.Labels{"version": build.Version, "revision": build.Revision, "go": runtime.Version()},
	})
	info.Set(1)
	m.registry.MustRegister(info, m.requests, m.searches, m.legs, m.degraded, m.caches, m.runs, m.runTime, m.pages, m.chunks, m.calls, m.callTime, m.callBytes,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Names returns the names of all metrics, without the suffixes of their series.
func (m *Metrics) Names() []string {
	described := make(chan *prometheus.Desc)
	go func() {
		m.registry.Describe(described)
		close(described)
	}()
	names := map[string]bool{}
	for d := range described {
		// A description tells its name only in its text.
		_, rest, _ := strings.Cut(d.String(), `fqName: "`)
		name, _, _ := strings.Cut(rest, `"`)
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Request notes an HTTP request.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(known(method), route, strconv.Itoa(status)).Observe(took.Seconds())
}

// known keeps invented methods from making series.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// Search notes a search.
func (m *Metrics) Search(mode string, took time.Duration, degraded []string) {
	m.searches.WithLabelValues(mode).Observe(took.Seconds())
	for _, leg := range degraded {
		m.degraded.WithLabelValues(leg).Inc()
	}
}

// Leg notes a part of a search.
func (m *Metrics) Leg(leg string, took time.Duration) {
	m.legs.WithLabelValues(leg).Observe(took.Seconds())
}

// Cache notes a look into a cache of searches.
func (m *Metrics) Cache(cache string, hit bool) {
	result := "miss"
	if hit {
		result = "hit"
	}
	m.caches.WithLabelValues(cache, result).Inc()
}

// Run is a sync run that has ended.
type Run struct {
	Kind, Trigger, Result                                 string
	Took                                                  time.Duration
	Created, Updated, Unchanged, Skipped, Deleted, Failed int
	ChunksCreated, ChunksKept, ChunksDeleted              int
}

// Run notes a sync run.
func (m *Metrics) Run(r Run) {
	m.runs.WithLabelValues(r.Trigger, r.Result).Inc()
	m.runTime.WithLabelValues(r.Kind).Observe(r.Took.Seconds())
	for result, n := range map[string]int{
		"created": r.Created, "updated": r.Updated, "unchanged": r.Unchanged, "skipped": r.Skipped, "deleted": r.Deleted, "failed": r.Failed,
	} {
		m.pages.WithLabelValues(result).Add(float64(n))
	}
	for result, n := range map[string]int{"created": r.ChunksCreated, "kept": r.ChunksKept, "deleted": r.ChunksDeleted} {
		m.chunks.WithLabelValues(result).Add(float64(n))
	}
}

// Gauge adds a value that is asked for at every scrape.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Counter adds a total that is asked for at every scrape.
func (m *Metrics) Counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// Pool adds the state of a pool of database connections.
func (m *Metrics) Pool(name string, pool *pgxpool.Pool) {
	for state, value := range map[string]func(*pgxpool.Stat) float64{
		"used": func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) },
		"idle": func(s *pgxpool.Stat) float64 { return float64(s.IdleConns()) },
		"most": func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) },
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sluice_db_connections", Help: "Connections to the database, by state.", ConstLabels: prometheus.Labels{"pool": name, "state": state},
		}, func() float64 { return value(pool.Stat()) }))
	}
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "sluice_db_acquire_wait_seconds_total", Help: "Time spent waiting for a connection to the database.", ConstLabels: prometheus.Labels{"pool": name},
	}, func() float64 { return pool.Stat().AcquireDuration().Seconds() }))
}

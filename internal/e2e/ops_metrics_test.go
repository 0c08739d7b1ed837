package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/config"
)

// What an operator watches is told by a program that has synced, embedded and searched.
func TestMetricsTell(t *testing.T) {
	t.Parallel()
	i := start(t)
	i.connect(t, "OPS")
	for _, mode := range []string{"hybrid", "keyword", "vector", "nonsense"} {
		i.call(t, i.reader, http.MethodGet, "/api/search?q=scrape+interval&mode="+mode, nil)
	}
	scrape := func() string {
		t.Helper()
		a := i.call(t, "", http.MethodGet, "/metrics", nil)
		if a.status != http.StatusOK {
			t.Fatalf("metrics: %d", a.status)
		}
		return string(a.body)
	}
	eventually(t, "chunks are embedded", func() bool {
		return regexp.MustCompile(`(?m)^sluice_embedding_chunks_total [1-9]`).MatchString(scrape())
	})
	text := scrape()
	for what, want := range map[string]string{
		"build":              `sluice_build_info{go="go[^"]+",revision="[^"]*",version="test"} 1`,
		"runs":               `sluice_sync_runs_total{result="succeeded",trigger="[a-z]+"} 1`,
		"duration of runs":   `sluice_sync_run_duration_seconds_count{kind="sync"} 1`,
		"pages":              `sluice_sync_pages_total{result="created"} [1-9]`,
		"failed pages":       `sluice_sync_pages_total{result="failed"} 0`,
		"pages that fail":    `sluice_failed_pages 0`,
		"calls by status":    `sluice_confluence_requests_total{status="200"} [1-9]`,
		"duration of calls":  `sluice_confluence_request_duration_seconds_count [1-9]`,
		"queue":              `sluice_sync_queue [0-9]`,
		"embedding backlog":  `sluice_embedding_missing_chunks [0-9]`,
		"embedding rate":     `sluice_embedding_chunks_per_second [0-9]`,
		"searches":           `sluice_search_duration_seconds_count{mode="hybrid"} [1-9]`,
		"words":              `sluice_search_leg_duration_seconds_count{leg="keyword"} [1-9]`,
		"vectors":            `sluice_search_leg_duration_seconds_count{leg="vector"} [1-9]`,
		"cache hits":         `sluice_search_cache_total{cache="queries",result="hit"} [1-9]`,
		"connections in use": `sluice_db_connections{pool="primary",state="used"} [0-9]`,
		"connections, most":  `sluice_db_connections{pool="primary",state="most"} [1-9]`,
		"waits":              `sluice_db_acquire_wait_seconds_total{pool="primary"} [0-9]`,
		"requests":           `sluice_http_request_duration_seconds_count{method="GET",route="/api/search",status="200"} [1-9]`,
		"memory":             `process_resident_memory_bytes [1-9]`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(text) {
			t.Errorf("%s: nothing like %s", what, want)
		}
	}

	// What people and scanners ask for makes no series of its own.
	series := func() int { return strings.Count(scrape(), "\nsluice_") }
	i.call(t, i.reader, http.MethodGet, "/api/confluence/confluence_OPS/pages/0", nil)
	i.call(t, i.reader, "BREW", "/none", nil)
	i.call(t, i.reader, http.MethodGet, "/none", nil)
	before := series()
	for n := range 20 {
		i.call(t, i.reader, http.MethodGet, fmt.Sprintf("/api/confluence/confluence_OPS/pages/%d", n), nil)
		i.call(t, i.reader, http.MethodGet, fmt.Sprintf("/none/%d", n), nil)
		i.call(t, i.reader, fmt.Sprintf("BREW%d", n), "/none", nil)
		i.call(t, i.reader, http.MethodGet, fmt.Sprintf("/api/search?q=word%d&mode=mode%d", n, n), nil)
	}
	if after := series(); after > before+2*12 { // a bad request, and one that is unknown, each with its buckets
		t.Errorf("%d series became %d", before, after)
	}
}

// A line of the log can be looked up by what people are shown: the id of a request, the run, the source.
func TestLogsCarryIDs(t *testing.T) {
	t.Parallel()
	i := start(t)
	source := i.connect(t, "OPS")
	last := i.sync(t, source.ID, true)
	const id = "looked-up-4711"
	if a := i.call(t, i.reader, http.MethodGet, "/api/search?q=pager", nil, "X-Request-ID", id); a.header.Get("X-Request-ID") != id {
		t.Errorf("the answer carries the id %q", a.header.Get("X-Request-ID"))
	}
	for _, want := range []string{`"request":"` + id + `"`, `"run":` + last.ID, `"source":"` + source.ID + `"`} {
		if !strings.Contains(i.logs.String(), want) {
			t.Errorf("no %s in the log", want)
		}
	}
	if strings.Contains(i.logs.String(), "pager") {
		t.Error("the log says what was searched for")
	}
}

// The profiler has an address of its own, and is nowhere else.
func TestProfiler(t *testing.T) {
	t.Parallel()
	i := start(t)
	var listening net.ListenConfig
	free, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := i.Config
	cfg.PprofListen = free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	p := run(t, cfg, config.RoleWeb, "")
	const path = "/debug/pprof/cmdline"
	eventually(t, "the profiler answers", func() bool {
		status, err := get(t.Context(), http.DefaultClient, "http://"+cfg.PprofListen+path, "")
		return err == nil && status == http.StatusOK
	})
	status, err := get(t.Context(), http.DefaultClient, "http://"+p.address+path, i.admin)
	if err != nil || status != http.StatusNotFound {
		t.Errorf("the web server answers %d, %v", status, err)
	}
	p.end(t)
}

package metrics_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/metrics"
)

// scrape returns what Prometheus reads.
func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wants(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			t.Errorf("no line %s; there is:\n%s", line, strings.Join(regexp.MustCompile("(?m)^"+name+".*$").FindAllString(text, 20), "\n"))
		}
	}
}

func TestWhatIsNotedIsScraped(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Build{Version: "v1.2.3", Revision: "abc"})
	m.Request("GET", "/api/search", 200, 20*time.Millisecond)
	m.Request("GET", "/api/search", 200, 30*time.Millisecond)
	m.Search("hybrid", 5*time.Millisecond, []string{"vector"})
	m.Search("keyword", 5*time.Millisecond, nil)
	m.Leg("keyword", time.Millisecond)
	m.Run(metrics.Run{Kind: "sync", Trigger: "api", Result: "succeeded", Took: 2 * time.Second, Created: 3, Updated: 2, Failed: 1, ChunksCreated: 9, ChunksKept: 4})
	m.Run(metrics.Run{Kind: "sync", Trigger: "api", Result: "failed", Created: 1})
	m.Gauge("sluice_test_gauge", "A gauge.", func() float64 { return 7 })
	m.Counter("sluice_test_total", "A counter.", func() float64 { return 8 })
	wants(t, scrape(t, m),
		`sluice_http_request_duration_seconds_count{method="GET",route="/api/search",status="200"} 2`,
		`sluice_search_duration_seconds_count{mode="hybrid"} 1`, `sluice_search_degraded_total{leg="vector"} 1`, `sluice_search_leg_duration_seconds_count{leg="keyword"} 1`,
		`sluice_sync_runs_total{result="succeeded",trigger="api"} 1`, `sluice_sync_runs_total{result="failed",trigger="api"} 1`, `sluice_sync_run_duration_seconds_sum{kind="sync"} 2`,
		`sluice_sync_pages_total{result="created"} 4`, `sluice_sync_pages_total{result="failed"} 1`, `sluice_sync_chunks_total{result="kept"} 4`,
		`sluice_test_gauge 7`, `sluice_test_total 8`)
	if text := scrape(t, m); !strings.Contains(text, `revision="abc",version="v1.2.3"} 1`) {
		t.Error("the build is missing")
	}
}

// TestClientsCannotMakeSeries sends what a client can choose freely; every series costs memory for good.
func TestClientsCannotMakeSeries(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Build{})
	for _, method := range []string{"AAAA", "BBBB", "<script>"} {
		m.Request(method, "", http.StatusNotFound, time.Millisecond)
	}
	text := scrape(t, m)
	wants(t, text, `sluice_http_request_duration_seconds_count{method="other",route="none",status="404"} 3`)
	if n := strings.Count(text, "sluice_http_request_duration_seconds_count{"); n != 1 {
		t.Errorf("%d series", n)
	}
}

func TestCallsToConfluenceAreCounted(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, "12345")
	}))
	t.Cleanup(site.Close)
	m := metrics.New(metrics.Build{})
	client := &http.Client{Transport: m.Transport(http.DefaultTransport)}
	get := func(address string) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		return errors.Join(err, response.Body.Close())
	}
	for _, path := range []string{"/", "/", "/missing"} {
		if err := get(site.URL + path); err != nil {
			t.Fatal(err)
		}
	}
	if err := get("http://127.0.0.1:1/"); err == nil {
		t.Fatal("somebody listens at port 1")
	}
	wants(t, scrape(t, m), `sluice_confluence_requests_total{status="200"} 2`, `sluice_confluence_requests_total{status="404"} 1`, `sluice_confluence_requests_total{status="error"} 1`,
		`sluice_confluence_received_bytes_total 15`, `sluice_confluence_request_duration_seconds_count 3`)
}

package loadtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLeaks(t *testing.T) {
	t.Parallel()
	before := Figures{Memory: Memory{Program: 150e6, Database: 100e6}, Goroutines: 75, Files: 29, Connections: 1, Backends: 17}
	for name, c := range map[string]struct {
		grow func(*Figures)
		want string // empty: no leak
	}{
		"the same":       {func(*Figures) {}, ""},
		"less":           {func(f *Figures) { *f = Figures{} }, ""},
		"database cache": {func(f *Figures) { f.Database *= 10 }, ""},
		"caches":         {func(f *Figures) { f.Program += slackMemory }, ""},
		"memory":         {func(f *Figures) { f.Program += slackMemory + 1 }, "resident memory"},
		"goroutines":     {func(f *Figures) { f.Goroutines += slackGoroutines + 1 }, "goroutines grew from 75 to 106"},
		"files":          {func(f *Figures) { f.Files += slackFiles + 1 }, "open files"},
		"connections":    {func(f *Figures) { f.Connections += slackConnections + 1 }, "connections in use"},
		"backends":       {func(f *Figures) { f.Backends += slackBackends + 1 }, "database processes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := before
			c.grow(&now)
			err := now.Leaks(before)
			if (err == nil) != (c.want == "") || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("Leaks = %v, want %q", err, c.want)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "# HELP go_goroutines Number.\ngo_goroutines 75\ngo_goroutines_other 3\n"+
			"sluice_db_connections{pool=\"main\",state=\"used\"} 2\nsluice_db_connections{pool=\"main\",state=\"idle\"} 8\n")
	}))
	defer server.Close()
	got, err := (&Program{Base: server.URL}).metrics(t.Context(), "go_goroutines", "sluice_db_connections")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"go_goroutines": 75, `sluice_db_connections{pool="main",state="used"}`: 2, `sluice_db_connections{pool="main",state="idle"}`: 8,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not now", http.StatusServiceUnavailable)
	}))
	client := &Client{Base: server.URL, HTTP: server.Client()}
	if err := client.Call(t.Context(), http.MethodGet, "/api/search", nil, nil); Refused(err) != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "not now") {
		t.Errorf("%v is status %d", err, Refused(err))
	}
	server.Close()
	if err := client.Call(t.Context(), http.MethodGet, "/api/search", nil, nil); err == nil || Refused(err) != 0 {
		t.Errorf("%v, no answer at all, is status %d", err, Refused(err))
	}
}

func TestSearchSendsItsParameters(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"total":1,"hits":[{"page_id":"%s in %s"}]}`, r.FormValue("q"), r.FormValue("mode"))
	}))
	defer server.Close()
	client := &Client{Base: server.URL, HTTP: server.Client()}
	found, took, err := client.Search(t.Context(), "scrape interval", url.Values{"mode": {"keyword"}})
	if err != nil || took <= 0 || found.Total != 1 || found.Hits[0].PageID != "scrape interval in keyword" {
		t.Errorf("Search = %v, %v, %v", found, took, err)
	}
}

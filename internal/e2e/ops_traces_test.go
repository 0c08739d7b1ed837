package e2e_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Traces go where the standard variables say, and hold what happened but not what people searched for.
func TestTraces(t *testing.T) { //nolint:paralleltest // it sets variables of the process
	var mu sync.Mutex // guards the two below
	var sent bytes.Buffer
	paths := map[string]bool{}
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths[r.URL.Path] = true
		_, _ = io.Copy(&sent, r.Body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_SERVICE_NAME", "sluice-under-test")
	i := start(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	i.connect(t, "OPS")
	if a := i.call(t, i.reader, http.MethodGet, "/api/search?q=xylophone", nil); a.status != http.StatusOK {
		t.Fatalf("search: %d\n%s", a.status, a.body)
	}
	if err := i.Traces.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !paths["/v1/traces"] {
		t.Fatalf("posted to %v", paths)
	}
	for _, want := range []string{"sluice-under-test", "GET /api/search", "sync run", "db Look", "sluice.source.id", "confluence_OPS", "GET 127.0.0.1"} {
		if !bytes.Contains(sent.Bytes(), []byte(want)) {
			t.Errorf("no %q in the traces", want)
		}
	}
	for _, secret := range []string{"xylophone", siteToken, i.reader} {
		if bytes.Contains(sent.Bytes(), []byte(secret)) {
			t.Errorf("%q is in the traces", secret)
		}
	}
}

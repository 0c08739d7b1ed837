package observe

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestWanted(t *testing.T) {
	t.Parallel()
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for _, tt := range []struct {
		name  string
		env   map[string]string
		want  bool
		fault string
	}{
		{"nothing set", nil, false, ""},
		{"endpoint", map[string]string{endpoint: "http://c:4318"}, true, ""},
		{"endpoint of traces", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, true, ""},
		{"exporter alone", map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true, ""},
		{"exporter none", map[string]string{endpoint: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, false, ""},
		{"disabled", map[string]string{endpoint: "http://c:4318", "OTEL_SDK_DISABLED": "true"}, false, ""},
		{"other exporter", map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, "zipkin"},
		{"other protocol", map[string]string{endpoint: "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, "grpc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Wanted(environment(tt.env))
			if got != tt.want || (err != nil) != (tt.fault != "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("Wanted = %v, %v; want %v, error about %q", got, err, tt.want, tt.fault)
			}
		})
	}
}

// record returns traces whose ended spans can be read.
func record() (*Traces, *tracetest.SpanRecorder) {
	recorder := tracetest.NewSpanRecorder()
	return newTraces(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))), recorder
}

func TestSpans(t *testing.T) {
	t.Parallel()
	traces, recorder := record()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			t.Error("the site was told of the trace")
		}
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer site.Close()
	client := &http.Client{Transport: traces.Transport(http.DefaultTransport)}

	request := httptest.NewRequest(http.MethodGet, "/api/search?q=secret+words", nil)
	request.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	ctx, end := traces.Request(request)
	err := traces.Do(ctx, "search", func(ctx context.Context) error {
		tracer := traces.QueryTracer()
		q := tracer.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: "-- name: Passages :many\nSELECT 1"})
		tracer.TraceQueryEnd(q, nil, pgx.TraceQueryEndData{})
		outgoing, err := http.NewRequestWithContext(ctx, http.MethodGet, site.URL+"/wiki?cql=secret", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(outgoing)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		return errors.Join(response.Body.Close(), errors.New("broken"))
	})
	if err == nil {
		t.Fatal("the error is lost")
	}
	end("/api/search", http.StatusBadGateway)

	type seen struct{ Name, Kind, Status string }
	var got []seen
	for _, s := range recorder.Ended() {
		got = append(got, seen{s.Name(), s.SpanKind().String(), s.Status().Code.String()})
		if id := s.SpanContext().TraceID().String(); id != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("%s is of trace %s, want the caller's", s.Name(), id)
		}
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), "secret") {
				t.Errorf("%s tells %s", s.Name(), a.Value.String())
			}
		}
	}
	want := []seen{
		{"db Passages", "client", "Unset"},
		{"GET 127.0.0.1", "client", "Error"},
		{"search", "internal", "Error"},
		{"GET /api/search", "server", "Error"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

// Queries and calls outside of any trace make none of their own.
func TestOutsideOfTraces(t *testing.T) {
	t.Parallel()
	traces, recorder := record()
	tracer := traces.QueryTracer()
	tracer.TraceQueryEnd(tracer.TraceQueryStart(t.Context(), nil, pgx.TraceQueryStartData{SQL: "SELECT 1"}), nil, pgx.TraceQueryEndData{})
	if spans := recorder.Ended(); len(spans) != 0 {
		t.Errorf("%d spans, want none", len(spans))
	}
}

func TestOff(t *testing.T) {
	t.Parallel()
	traces, err := New(t.Context(), environment(nil), "test", slog.New(slog.DiscardHandler))
	if err != nil || traces.On() || traces.QueryTracer() != nil {
		t.Errorf("on without a setting: %v", err)
	}
	if traces.Transport(http.DefaultTransport) != http.DefaultTransport {
		t.Error("the transport is wrapped for nothing")
	}
	if err := traces.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestQueryName(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{"-- name: GetPage :one\nSELECT": "GetPage", " select 1": "SELECT", "": "empty", "commit": "COMMIT"} {
		if got := queryName(sql); got != want {
			t.Errorf("queryName(%q) = %q, want %q", sql, got, want)
		}
	}
}

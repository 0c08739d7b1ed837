package observe

import (
	"context"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Transport makes a span of every request that next sends within a trace. The site is not told of the trace.
func (t *Traces) Transport(next http.RoundTripper) http.RoundTripper {
	if !t.On() {
		return next
	}
	return transport{traces: t, next: next}
}

type transport struct {
	traces *Traces
	next   http.RoundTripper
}

// RoundTrip sends the request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !trace.SpanFromContext(r.Context()).IsRecording() {
		return t.next.RoundTrip(r)
	}
	_, span := t.traces.tracer.Start(r.Context(), r.Method+" "+r.URL.Hostname(), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("server.address", r.URL.Hostname()),
		// The path alone: what stands behind it may hold what people wrote.
		attribute.String("url.path", r.URL.Path)))
	defer span.End()
	response, err := t.next.RoundTrip(r)
	if err != nil {
		note(span, err)
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
	if response.StatusCode >= http.StatusBadRequest {
		span.SetStatus(codes.Error, http.StatusText(response.StatusCode))
	}
	return response, nil
}

// QueryTracer makes a span of every database query within a trace; nil while traces are off.
func (t *Traces) QueryTracer() pgx.QueryTracer {
	if !t.On() {
		return nil
	}
	return queryTracer{t}
}

type queryTracer struct{ traces *Traces }

// TraceQueryStart begins a span. Queries outside of a trace, such as those that wait for work, make none.
func (q queryTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	name := queryName(data.SQL)
	ctx, _ = q.traces.tracer.Start(ctx, "db "+name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "postgresql"), attribute.String("db.query.summary", name)))
	return context.WithValue(ctx, queryKey{}, true)
}

// queryKey marks a context whose innermost span is a query's.
type queryKey struct{}

// TraceQueryEnd ends the span.
func (q queryTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if ctx.Value(queryKey{}) == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	note(span, data.Err)
	span.End()
}

// queryName is the name that sqlc writes before a query, or else its first word.
func queryName(sql string) string {
	if rest, ok := strings.CutPrefix(sql, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	words := strings.Fields(sql)
	if len(words) == 0 {
		return "empty"
	}
	return strings.ToUpper(words[0])
}

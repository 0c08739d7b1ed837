// Package observe makes OpenTelemetry traces of requests, sync runs, searches, calls to Confluence and database queries,
// and sends them where the standard OTEL_* variables say. Without those it is off and costs nothing. Spans carry routes,
// ids and the names of queries, never what people searched for or what pages say.
package observe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Traces makes spans. It is safe for concurrent use.
type Traces struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider // nil: off
}

// flushTimeout bounds how long Close waits for a collector that does not answer.
const flushTimeout = 3 * time.Second

const scope = "github.com/sluicehq/sluice"

// Wanted reports whether the environment asks for traces. Values that cannot be followed are an error, so that nobody
// waits for traces that never come.
func Wanted(getenv func(string) string) (bool, error) {
	if getenv("OTEL_SDK_DISABLED") == "true" {
		return false, nil
	}
	address := getenv("OTEL_EXPORTER_OTLP_ENDPOINT") + getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); {
	case exporter == "none", exporter == "" && address == "":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER is %q; otlp and none are allowed", exporter)
	}
	protocol := getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	if protocol != "" && protocol != "http/protobuf" {
		return false, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q; http/protobuf is allowed (port 4318 of a collector)", protocol)
	}
	return true, nil
}

// New returns traces that are sent as the environment says, or are off. What the SDK itself reads (OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_BSP_*, OTEL_EXPORTER_OTLP_*) counts as well. Close it.
func New(ctx context.Context, getenv func(string) string, version string, log *slog.Logger) (*Traces, error) {
	wanted, err := Wanted(getenv)
	if err != nil || !wanted {
		return Off(), err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return Off(), fmt.Errorf("traces: %w", err)
	}
	described, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "sluice"), attribute.String("service.version", version)),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return Off(), fmt.Errorf("traces: %w", err)
	}
	// The SDK has this one place for what goes wrong later.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces cannot be sent", "err", err) }))
	return newTraces(sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described))), nil
}

// Off returns traces that go nowhere.
func Off() *Traces { return &Traces{tracer: noop.NewTracerProvider().Tracer(scope)} }

func newTraces(provider *sdktrace.TracerProvider) *Traces {
	return &Traces{tracer: provider.Tracer(scope), provider: provider}
}

// On reports whether spans go anywhere.
func (t *Traces) On() bool { return t.provider != nil }

// Close sends what is left.
func (t *Traces) Close(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}

// Do runs f within a span.
func (t *Traces) Do(ctx context.Context, name string, f func(ctx context.Context) error, attributes ...attribute.KeyValue) error {
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	defer span.End()
	err := f(ctx)
	note(span, err)
	return err
}

// Annotate adds to the span of ctx.
func Annotate(ctx context.Context, attributes ...attribute.KeyValue) {
	trace.SpanFromContext(ctx).SetAttributes(attributes...)
}

func note(span trace.Span, err error) {
	if err != nil && !errors.Is(err, pgx.ErrNoRows) && !errors.Is(err, context.Canceled) {
		span.SetStatus(codes.Error, err.Error())
	}
}

// Request begins the span of an HTTP request, which continues the caller's trace. end gives it its route and status.
func (t *Traces) Request(r *http.Request) (ctx context.Context, end func(route string, status int)) {
	ctx = propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", r.Method)))
	return ctx, func(route string, status int) {
		span.SetName(r.Method + " " + route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}

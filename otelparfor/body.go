package otelparfor

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"parfor.dev/parfor/internal/task"
)

// Start starts a span in a body, for this attempt: a child of the loop's span
// on every executor (on worker processes with [Propagate]). [End] ends it.
//
//	func post(ctx context.Context, n int) (code int, err error) {
//		ctx, span := otelparfor.Start(ctx, "post")
//		defer otelparfor.End(span, &err)
//		…
//	}
//
// It goes to where the span in ctx goes, in a worker process to the global
// provider of that process. Its attributes are the loop's name, the item's
// index and the attempt; those of opts come on top. It is for the context the
// body was given; elsewhere it is an ordinary span.
//
// A function is registered by its value, so a wrapper around a body would be
// another body, and a closure, which can't be registered: the span is started
// inside.
func Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	var attributes []attribute.KeyValue
	if a := task.From(ctx); a != nil {
		attributes = []attribute.KeyValue{keyIndex.Int(a.Index), keyAttempt.Int(a.Number)}
		if a.Loop != nil && a.Loop.Name != "" {
			attributes = append(attributes, keyLoop.String(a.Loop.Name))
		}
	}
	opts = append([]trace.SpanStartOption{trace.WithAttributes(attributes...)}, opts...)
	return providerOf(ctx).Tracer(scope, trace.WithInstrumentationVersion(version)).Start(ctx, name, opts...)
}

// providerOf is where the span in ctx goes, unless it is one of another process.
func providerOf(ctx context.Context) trace.TracerProvider {
	span := trace.SpanFromContext(ctx)
	if sc := span.SpanContext(); sc.IsValid() && !sc.IsRemote() {
		return span.TracerProvider()
	}
	return otel.GetTracerProvider()
}

// End ends a span that [Start] started, with the status that the error *err
// gives it, nil for none. Defer it, so that a panic becomes the span's status
// too; the panic goes on.
func End(span trace.Span, err *error) {
	if v := recover(); v != nil {
		fail(span, "panic", fmt.Sprint(v))
		span.End()
		panic(v)
	}
	if err != nil && *err != nil {
		fail(span, fmt.Sprintf("%T", *err), (*err).Error())
	}
	span.End()
}

func fail(span trace.Span, kind, text string) {
	span.SetAttributes(keyError.String(kind))
	span.SetStatus(codes.Error, text)
}

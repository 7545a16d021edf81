package otelparfor_test

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"parfor.dev/parfor"
	"parfor.dev/parfor/otelparfor"
)

// square refuses one item.
func square(_ context.Context, n int) (int, error) {
	if n == 3 {
		return 0, errors.New("connection refused")
	}
	return n * n, nil
}

// printCounter prints the points of a counter, by outcome.
func printCounter(reader sdkmetric.Reader, name string) {
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &rm); err != nil {
		fmt.Println(err)
	}
	var lines []string
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			if data, is := m.Data.(metricdata.Sum[int64]); is && m.Name == name {
				for _, p := range data.DataPoints {
					outcome, _ := p.Attributes.Value("parfor.task.outcome")
					lines = append(lines, fmt.Sprint(name, " ", outcome.AsString(), " ", p.Value))
				}
			}
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}

// All of it: metrics, spans and durations, with providers of one's own.
func ExampleNew() {
	var durations otelparfor.Durations
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(&durations)) // a program has a periodic one
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	spans := tracetest.NewInMemoryExporter() // a program sends them to a collector
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))

	telemetry := otelparfor.New(otelparfor.WithMeterProvider(meters), otelparfor.WithTracerProvider(tracers),
		otelparfor.WithDurations(&durations), otelparfor.WithTaskSpans(0))
	_, err := parfor.Map(context.Background(), parfor.Range(10), square,
		parfor.Name("square"), parfor.KeepGoing(), parfor.Observe(telemetry))
	fmt.Println(err)
	printCounter(reader, "parfor.task.attempts")
	for _, s := range spans.GetSpans() {
		fmt.Printf("span %q: %s, %s\n", s.Name, s.Status.Code, s.Status.Description)
	}
	// Output:
	// parfor: item 3: connection refused
	// parfor.task.attempts failed 1
	// parfor.task.attempts ok 9
	// span "run square": Error, 1 failed: connection refused ×1
}

// Metrics alone: without a tracer provider, and without a global one, there are
// no spans.
func ExampleWithMeterProvider() {
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	telemetry := otelparfor.New(otelparfor.WithMeterProvider(meters))
	parfor.Map(context.Background(), parfor.Range(3), square, parfor.Observe(telemetry))
	printCounter(reader, "parfor.task.attempts")
	// Output: parfor.task.attempts ok 3
}

func ExampleWithTracerProvider() {
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	telemetry := otelparfor.New(otelparfor.WithTracerProvider(tracers), otelparfor.WithTaskSpans(0))
	parfor.Map(context.Background(), parfor.Range(3), square, parfor.Name("square"), parfor.Observe(telemetry))
	s := spans.GetSpans()[0]
	fmt.Println(s.Name)
	for _, kv := range s.Attributes {
		if kv.Key != "parfor.loop.id" {
			fmt.Println(kv.Key, "=", kv.Value.String())
		}
	}
	// Output:
	// run square
	// parfor.loop.name = square
	// parfor.executor = goroutines
	// parfor.loop.workers = 3
	// parfor.loop.total = 3
	// parfor.loop.state = done
	// parfor.loop.ok = 3
	// parfor.loop.failed = 0
	// parfor.loop.retried = 0
	// parfor.loop.skipped = 0
}

// The histogram of durations counts every attempt.
func ExampleWithDurations() {
	var durations otelparfor.Durations
	telemetry := otelparfor.New(otelparfor.WithDurations(&durations))
	parfor.Map(context.Background(), parfor.Range(500), square, parfor.KeepGoing(), parfor.Observe(telemetry))
	parfor.Map(context.Background(), parfor.Range(500), square, parfor.KeepGoing(), parfor.Observe(telemetry))

	scopes, err := durations.Produce(context.Background()) // what a reader does
	if err != nil {
		fmt.Println(err)
		return
	}
	m := scopes[0].Metrics[0]
	p := m.Data.(metricdata.Histogram[float64]).DataPoints[0]
	fmt.Println(m.Name, "counts", p.Count, "in", len(p.BucketCounts), "buckets")
	// Output: parfor.task.duration counts 1000 in 29 buckets
}

// A producer is asked by the reader it was given to.
func ExampleDurations_Produce() {
	var durations otelparfor.Durations
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(&durations))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	telemetry := otelparfor.New(otelparfor.WithMeterProvider(meters), otelparfor.WithDurations(&durations))
	parfor.Map(context.Background(), parfor.Range(3), square, parfor.Observe(telemetry))

	var rm metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &rm); err != nil {
		fmt.Println(err)
	}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			if h, is := m.Data.(metricdata.Histogram[float64]); is && m.Name == "parfor.task.duration" {
				fmt.Println(m.Name, m.Unit, h.DataPoints[0].Count)
			}
		}
	}
	// Output: parfor.task.duration s 3
}

// Failures have spans of their own beside the loop's; here at most 8, and as
// many of all others.
func ExampleWithTaskSpans() {
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	telemetry := otelparfor.New(otelparfor.WithTracerProvider(tracers), otelparfor.WithTaskSpans(8))
	parfor.Map(context.Background(), []int{3}, square, parfor.Name("square"), parfor.Observe(telemetry))
	for _, s := range spans.GetSpans() {
		fmt.Println(s.Name, s.Status.Code)
	}
	// Output:
	// task square Error
	// run square Error
}

// post has a span of its own, with what it does inside.
func post(ctx context.Context, n int) (code int, err error) {
	ctx, span := otelparfor.Start(ctx, "post", trace.WithSpanKind(trace.SpanKindClient))
	defer otelparfor.End(span, &err)
	if n == 1 {
		return 0, errors.New("connection refused")
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int("http.response.status_code", 200))
	return 200, nil
}

var _ = parfor.Register(post) // it can run in worker processes as it is

func ExampleStart() {
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	telemetry := otelparfor.New(otelparfor.WithTracerProvider(tracers), otelparfor.WithTaskSpans(0))
	_, err := parfor.Map(context.Background(), parfor.Range(1), post, parfor.Observe(telemetry), parfor.Name("posts"))
	fmt.Println(err)
	body, run := spans.GetSpans()[0], spans.GetSpans()[1]
	fmt.Println(body.Name, "is a child of", run.Name, body.Parent.SpanID() == run.SpanContext.SpanID())
	for _, kv := range body.Attributes {
		fmt.Println(kv.Key, "=", kv.Value.String())
	}
	// Output:
	// <nil>
	// post is a child of run posts true
	// parfor.task.index = 0
	// parfor.task.attempt = 1
	// parfor.loop.name = posts
	// http.response.status_code = 200
}

func ExampleEnd() {
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	telemetry := otelparfor.New(otelparfor.WithTracerProvider(tracers), otelparfor.WithTaskSpans(0))
	parfor.Map(context.Background(), parfor.Range(2), post, parfor.On(parfor.Sequential()), parfor.Observe(telemetry))
	for _, s := range spans.GetSpans()[:2] {
		fmt.Printf("%s: %s %q\n", s.Name, s.Status.Code, s.Status.Description)
	}
	// Output:
	// post: Unset ""
	// post: Error "connection refused"
}

// At the top of a program; this one propagates W3C trace context and baggage,
// which is also what it does without arguments. Bodies in worker processes are
// then part of the caller's trace.
func ExamplePropagate() {
	defer func() { fmt.Println(recover() != nil) }()
	// var _ = otelparfor.Propagate()
	otelparfor.Propagate(propagation.TraceContext{}, propagation.Baggage{}) // here it is too late
	// Output: true
}

// One observer for all loops of the program.
func ExampleObserver() {
	reader := sdkmetric.NewManualReader()
	telemetry := otelparfor.New(otelparfor.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	for range 3 {
		parfor.Map(context.Background(), parfor.Range(10), square, parfor.KeepGoing(), parfor.Observe(telemetry))
	}
	printCounter(reader, "parfor.task.attempts")
	// Output:
	// parfor.task.attempts failed 3
	// parfor.task.attempts ok 27
}

package otelparfor_test

import (
	"cmp"
	"context"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/otelparfor"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) { process.TestMain(leak.Around(m)) }

var _ = otelparfor.Propagate()

// traceWorker gives a worker process a provider of its own, as a program would.
func traceWorker(context.Context) error {
	otel.SetTracerProvider(sdktrace.NewTracerProvider())
	return nil
}

var _ = process.RegisterInit(traceWorker)

// lab is telemetry that a test can read.
type lab struct {
	t      *testing.T
	watch  *otelparfor.Observer
	spans  *tracetest.SpanRecorder
	tracer trace.Tracer
	reader *sdkmetric.ManualReader
}

func newLab(t *testing.T, opts ...otelparfor.Option) *lab {
	l := &lab{t: t, spans: tracetest.NewSpanRecorder()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(l.spans))
	l.tracer = tracers.Tracer("test")
	durations := new(otelparfor.Durations)
	l.reader = sdkmetric.NewManualReader(sdkmetric.WithProducer(durations))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(l.reader))
	opts = append([]otelparfor.Option{otelparfor.WithMeterProvider(meters), otelparfor.WithTracerProvider(tracers),
		otelparfor.WithDurations(durations)}, opts...)
	l.watch = otelparfor.New(opts...)
	t.Cleanup(func() {
		if err := cmp.Or(meters.Shutdown(context.Background()), tracers.Shutdown(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return l
}

// metrics are what a reader collects now, by name.
func (l *lab) metrics() map[string]metricdata.Metrics {
	l.t.Helper()
	var rm metricdata.ResourceMetrics
	if err := l.reader.Collect(context.Background(), &rm); err != nil {
		l.t.Fatal(err)
	}
	all := map[string]metricdata.Metrics{}
	for _, s := range rm.ScopeMetrics {
		for _, m := range s.Metrics {
			all[m.Name] = m
		}
	}
	return all
}

// sum adds up the points of a counter that have all the attributes.
func sum(m metricdata.Metrics, with ...attribute.KeyValue) (n int64) {
	data, _ := m.Data.(metricdata.Sum[int64])
	for _, p := range data.DataPoints {
		if has(p.Attributes, with) {
			n += p.Value
		}
	}
	return n
}

func has(set attribute.Set, with []attribute.KeyValue) bool {
	for _, kv := range with {
		if v, ok := set.Value(kv.Key); !ok || v != kv.Value {
			return false
		}
	}
	return true
}

// named finds the spans of a name.
func (l *lab) named(name string) (found []sdktrace.ReadOnlySpan) {
	for _, s := range l.spans.Ended() {
		if s.Name() == name {
			found = append(found, s)
		}
	}
	return found
}

// the only span of a name.
func (l *lab) the(name string) sdktrace.ReadOnlySpan {
	l.t.Helper()
	found := l.named(name)
	if len(found) != 1 {
		l.t.Fatalf("%d spans are called %q, want 1", len(found), name)
	}
	return found[0]
}

func attr(s sdktrace.ReadOnlySpan, key string) string {
	for _, kv := range s.Attributes() {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}

// onEach runs a test on each executor.
func onEach(t *testing.T, run func(*testing.T, parfor.Executor)) {
	for _, where := range []struct {
		name string
		open func(t *testing.T) parfor.Executor
	}{
		{"sequential", func(*testing.T) parfor.Executor { return parfor.Sequential() }},
		{"goroutines", func(*testing.T) parfor.Executor { return parfor.Goroutines(4) }},
		{"processes", func(t *testing.T) parfor.Executor { return pool(t) }},
	} {
		t.Run(where.name, func(t *testing.T) {
			x := where.open(t)
			run(t, x)
			if err := x.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func pool(t *testing.T) *process.Pool {
	t.Helper()
	p, err := process.NewPool(t.Context(), 2, process.WorkerInit(traceWorker))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

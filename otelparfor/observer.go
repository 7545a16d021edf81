package otelparfor

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"parfor.dev/parfor/observe"
)

// Observer is an observer of loops, for parfor.Observe. One can watch all loops
// of a program, also at once, and should: what it counts of dictionaries is of
// the whole program, so a second one on the same meter provider counts it twice.
type Observer struct {
	metrics   *metrics
	tracer    trace.Tracer
	durations *Durations
	tasks     int

	mu   sync.Mutex
	runs map[uint64]*run
	dead map[int]bool // processes counted as dead; while loops run
}

// New makes an observer. It asks the providers for its instruments, reports
// what they refuse to the error handler of OpenTelemetry, and starts nothing:
// there is nothing to close. Its methods are called by loops.
func New(opts ...Option) *Observer {
	o := options{meters: otel.GetMeterProvider(), tracers: otel.GetTracerProvider(), tasks: 32}
	for _, set := range opts {
		set(&o)
	}
	return &Observer{
		metrics:   newMetrics(o.meters.Meter(scope, metric.WithInstrumentationVersion(version))),
		tracer:    o.tracers.Tracer(scope, trace.WithInstrumentationVersion(version)),
		durations: o.durations, tasks: o.tasks,
		runs: map[uint64]*run{}, dead: map[int]bool{},
	}
}

// version is that of parfor, of which there is none yet.
const version = "0.0.0"

// run is a loop that is watched. After it began it belongs to the goroutine
// that tells of the loop.
type run struct {
	start   observe.Start
	ctx     context.Context // with the span
	span    trace.Span
	counts  counts
	special sampler
	plain   sampler
	begun   bool
}

// Context starts the loop's span, as a child of the span in ctx. The bodies'
// spans become children of it.
func (o *Observer) Context(ctx context.Context, s observe.Start) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.runs[s.Loop] != nil { // given to the loop twice
		return ctx
	}
	r := &run{start: s, special: sampler{first: o.tasks}, plain: sampler{first: o.tasks}}
	r.ctx, r.span = o.startSpan(ctx, s)
	r.counts = newCounts(o.metrics, s)
	o.runs[s.Loop] = r
	return r.ctx
}

// Start counts the loop as active. An observer that wraps this one and hides
// [Observer.Context] leaves the span without a parent.
func (o *Observer) Start(s observe.Start) {
	o.Context(context.Background(), s)
	if r := o.run(s.Loop); !r.begun {
		r.begun = true
		r.counts.begin(r.ctx)
	}
}

// Frame adds to the metrics what has changed since the last frame.
func (o *Observer) Frame(f observe.Frame) {
	if r := o.run(f.Loop); r != nil {
		o.frame(r, f)
	}
}

func (o *Observer) frame(r *run, f observe.Frame) {
	r.counts.frame(r.ctx, f)
	if o.durations != nil {
		o.durations.add(r.counts.attributes, f.Hist, r.counts.hist)
		r.counts.hist = f.Hist
	}
	o.taskSpans(r, f)
}

// Event adds an event to the span, and counts workers that were replaced.
func (o *Observer) Event(e observe.Event) {
	r := o.run(e.Loop)
	if r == nil {
		return
	}
	r.event(e)
	if o.news(e) {
		r.counts.restart(r.ctx, e)
	}
}

// news reports whether a worker's end is told for the first time: every loop
// that the worker's pool runs tells of it.
func (o *Observer) news(e observe.Event) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch e.Kind {
	case observe.WorkerUp:
		delete(o.dead, e.PID)
	case observe.WorkerDown:
		was := o.dead[e.PID]
		o.dead[e.PID] = true
		return !was
	}
	return false
}

// End counts what the last frame brings, and ends the span.
func (o *Observer) End(e observe.End) {
	r := o.run(e.Loop)
	if r == nil {
		return
	}
	o.frame(r, e.Frame)
	r.counts.end(r.ctx, e)
	r.end(e)
	o.mu.Lock()
	defer o.mu.Unlock()
	if delete(o.runs, e.Loop); len(o.runs) == 0 {
		clear(o.dead)
	}
}

func (o *Observer) run(loop uint64) *run {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.runs[loop]
}

var _ observe.ContextObserver = (*Observer)(nil)

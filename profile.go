package parfor

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
)

// Profiles and execution traces of this process say which loop a goroutine works
// for. A label costs 17 ns for a goroutine, and a quarter of a microsecond for each
// task; so goroutines have labels and tasks have none. A task's region in a trace
// costs half a microsecond, and nothing while nobody takes one.

// profiled adds the loop's labels to a context: parfor_loop, parfor_executor.
func (l *loop) profiled(ctx context.Context) context.Context {
	return pprof.WithLabels(ctx, pprof.Labels("parfor_loop", l.name, "parfor_executor", l.engine.Kind))
}

// traced makes the loop a task of runtime/trace, while somebody takes a trace.
func (l *loop) traced(ctx context.Context) (_ context.Context, end func()) {
	if !trace.IsEnabled() {
		return ctx, func() {}
	}
	ctx, t := trace.NewTask(ctx, l.name)
	return ctx, t.End
}

// wearLabels gives the calling goroutine, a worker's, the labels of its loop.
func wearLabels(ctx context.Context) { pprof.SetGoroutineLabels(ctx) }

// region begins a task's region in a trace.
func (r *runner[In, Out]) region(ctx context.Context) *trace.Region {
	return trace.StartRegion(ctx, r.name)
}

package otelparfor

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Option changes what [New] makes.
type Option func(*options)

type options struct {
	meters    metric.MeterProvider
	tracers   trace.TracerProvider
	durations *Durations
	tasks     int
}

// WithMeterProvider says where metrics go. Default, and for nil: the global
// provider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(o *options) {
		if p != nil {
			o.meters = p
		}
	}
}

// WithTracerProvider says where spans go. Default, and for nil: the global
// provider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(o *options) {
		if p != nil {
			o.tracers = p
		}
	}
}

// WithDurations has the durations of tasks counted in d, which a metric reader
// asks for them. Without it there is no parfor.task.duration.
func WithDurations(d *Durations) Option {
	return func(o *options) { o.durations = d }
}

// WithTaskSpans bounds the spans made for tasks of a loop: the first n, and n/2
// more each time their number doubles, of the tasks that failed, were tried
// again, timed out, were killed, or were among the slowest hundredth; and as
// many of all others, in which short tasks that touched are one. Default: 32.
// 0 and less: none, for bodies that make their own with [Start].
func WithTaskSpans(n int) Option {
	return func(o *options) { o.tasks = max(n, 0) }
}

// Package otelparfor tells OpenTelemetry about loops: metrics of what their
// tasks come to, a span for each loop, and the caller's trace in worker
// processes.
//
//	var _ = otelparfor.Propagate() // traces and baggage reach worker processes
//
//	var telemetry = otelparfor.New() // with the global providers; one for the program
//
//	codes, err := parfor.Map(ctx, items, post, parfor.Observe(telemetry))
//
// The loop's span is a child of the span in ctx, and the parent of the spans
// that bodies start, on every executor. Tasks don't call OpenTelemetry unless
// their body does: metrics are differences between the frames that observers
// get a few times a second, and spans of tasks are made from the slices in
// them, which are sampled. A body makes a span of its own with [Start] and
// [End].
//
// How long tasks took comes as a histogram of exact counts from [Durations],
// which is given to the metric reader: the API of OpenTelemetry takes single
// measurements only.
//
// docs/opentelemetry.md has the names of metrics, spans and attributes, how to
// send them to a collector, and what can't be had.
//
// names.go has the names, observer.go the observer, metrics.go, durations.go
// and dicts.go its numbers, spans.go its spans, body.go what bodies call and
// propagate.go what travels.
package otelparfor

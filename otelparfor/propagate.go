package otelparfor

import (
	"context"

	"go.opentelemetry.io/otel/propagation"

	"parfor.dev/parfor"
)

// Propagate makes the span and the baggage of a loop's context travel to worker
// processes, so that bodies there find them where OpenTelemetry looks for them.
// Call it once, in a package variable or an init function:
//
//	var _ = otelparfor.Propagate()
//
// Without propagators they travel as W3C trace context and baggage. The
// propagator set with otel.SetTextMapPropagator isn't asked: a worker process
// may not have come to set it. They are encoded once per loop. Propagate
// panics when called twice, or too late, as parfor.Propagate does. It returns
// the name under which they travel.
func Propagate(with ...propagation.TextMapPropagator) string {
	if len(with) == 0 {
		with = []propagation.TextMapPropagator{propagation.TraceContext{}, propagation.Baggage{}}
	}
	all := propagation.NewCompositeTextMapPropagator(with...)
	return parfor.PropagateFunc(scope,
		func(ctx context.Context) (map[string]string, bool) {
			carrier := propagation.MapCarrier{}
			all.Inject(ctx, carrier)
			return carrier, len(carrier) > 0
		},
		func(ctx context.Context, carrier map[string]string) context.Context {
			return all.Extract(ctx, propagation.MapCarrier(carrier))
		})
}

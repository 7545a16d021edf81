// Command example runs a loop on goroutines and on worker processes and prints
// the spans and metrics that OpenTelemetry gets of them, as text on standard
// output: it needs no collector. With one, the two exporters are others.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/otelparfor"
	"parfor.dev/parfor/process"
)

var seen = dict.New[string, int]("seen")

// check has a span of its own, on whichever process it runs.
func check(ctx context.Context, n int) (ok bool, err error) {
	ctx, span := otelparfor.Start(ctx, "check")
	defer otelparfor.End(span, &err)
	seen.Add(ctx, "items", 1)
	if n == 3 {
		return false, errors.New("connection refused")
	}
	return true, nil
}

var (
	_ = parfor.Register(check)
	_ = process.RegisterInit(initWorker)
	_ = otelparfor.Propagate() // bodies in workers are part of the caller's trace
)

// tracing is opened once in each process, and closed at its end: what a span
// processor holds back goes out then.
var tracing = parfor.PerWorker(
	func(context.Context) (*sdktrace.TracerProvider, error) {
		p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(printer{}))
		otel.SetTracerProvider(p)
		return p, nil
	},
	func(p *sdktrace.TracerProvider) error { return p.Shutdown(context.Background()) })

// initWorker opens it in a worker, before the first task.
func initWorker(ctx context.Context) error {
	_, err := tracing.Get(ctx)
	return err
}

func main() {
	flag.Parse()
	process.Main()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(printer{}))
	otel.SetTracerProvider(tracers)
	var durations otelparfor.Durations
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(
		sdkmetric.NewPeriodicReader(counters{}, sdkmetric.WithProducer(&durations))))
	defer func() { // what is left goes out: spans, then the last metrics
		err = errors.Join(err, tracers.Shutdown(ctx), meters.Shutdown(ctx))
	}()
	telemetry := otelparfor.New(otelparfor.WithMeterProvider(meters), otelparfor.WithDurations(&durations),
		otelparfor.WithTaskSpans(0)) // the body makes its own

	ctx, span := tracers.Tracer("example").Start(ctx, "main")
	defer span.End()
	pool, err := process.NewPool(ctx, 1, process.WorkerInit(initWorker), process.Stdout(os.Stdout))
	if err != nil {
		return err
	}
	for _, where := range []struct {
		name string
		on   parfor.Executor
	}{{"here", parfor.Sequential()}, {"elsewhere", pool}} {
		_, err := parfor.Map(ctx, parfor.Range(5), check, parfor.On(where.on), parfor.Name(where.name),
			parfor.KeepGoing(), parfor.Observe(telemetry))
		fmt.Println(err)
	}
	return pool.Close()
}

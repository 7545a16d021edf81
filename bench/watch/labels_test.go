package main

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"testing"
)

// What profiler labels and execution traces would cost a loop: once per worker
// goroutine, or once per task.
func BenchmarkLabels(b *testing.B) {
	ctx := context.Background()
	set := pprof.Labels("parfor_loop", "post", "parfor_executor", "goroutines")
	b.Run("make the context of a worker", func(b *testing.B) {
		for b.Loop() {
			pprof.WithLabels(ctx, set)
		}
	})
	labelled := pprof.WithLabels(ctx, set)
	b.Run("set on a worker goroutine", func(b *testing.B) {
		for b.Loop() {
			pprof.SetGoroutineLabels(labelled)
		}
		pprof.SetGoroutineLabels(ctx)
	})
	b.Run("Do for each task, labels made before", func(b *testing.B) {
		for b.Loop() {
			pprof.Do(ctx, set, func(context.Context) {})
		}
	})
	i := 0
	b.Run("Do for each task, with its item", func(b *testing.B) {
		for b.Loop() {
			i++
			pprof.Do(ctx, pprof.Labels("parfor_loop", "post", "parfor_item", strconv.Itoa(i)), func(context.Context) {})
		}
	})
	b.Run("ask whether a trace is taken", func(b *testing.B) {
		for b.Loop() {
			if trace.IsEnabled() {
				i++
			}
		}
	})
	b.Run("region for each task, no trace", func(b *testing.B) {
		for b.Loop() {
			trace.StartRegion(ctx, "task").End()
		}
	})
	b.Run("task for each task, no trace", func(b *testing.B) {
		for b.Loop() {
			_, t := trace.NewTask(ctx, "task")
			t.End()
		}
	})
}

// The same while a trace is taken.
func BenchmarkTraced(b *testing.B) {
	if err := trace.Start(discard{}); err != nil {
		b.Skip(err)
	}
	defer trace.Stop()
	ctx, loop := trace.NewTask(context.Background(), "post")
	defer loop.End()
	b.Run("region for each task", func(b *testing.B) {
		for b.Loop() {
			trace.StartRegion(ctx, "task").End()
		}
	})
	b.Run("task for each task", func(b *testing.B) {
		for b.Loop() {
			_, t := trace.NewTask(ctx, "task")
			t.End()
		}
	})
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

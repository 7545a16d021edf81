package parfor_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"testing"

	"parfor.dev/parfor"
)

func TestGoroutinesWearTheLoopsLabels(t *testing.T) {
	seen := func(ctx context.Context) string {
		name, _ := pprof.Label(ctx, "parfor_loop")
		kind, _ := pprof.Label(ctx, "parfor_executor")
		return name + " on " + kind
	}
	body := func(ctx context.Context, _ int) (string, error) {
		var b bytes.Buffer
		pprof.Lookup("goroutine").WriteTo(&b, 1)
		if !bytes.Contains(b.Bytes(), []byte(`"parfor_loop":"labelled"`)) {
			t.Error("no goroutine has the label")
		}
		return seen(ctx), nil
	}
	out, err := parfor.Map(t.Context(), []int{1, 2}, body, parfor.Name("labelled"))
	if err != nil || out[0] != "labelled on goroutines" {
		t.Error(out, err)
	}
	for r, err := range parfor.Stream(t.Context(), slices.Values([]int{1}), body, parfor.Name("labelled")) {
		if err != nil || r.Out != "labelled on goroutines" {
			t.Error(r, err)
		}
	}
}

func TestTracesHaveLoopsAndTasks(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("somebody takes a trace of this test")
	}
	var b bytes.Buffer
	if err := trace.Start(&b); err != nil {
		t.Skip(err)
	}
	_, err := parfor.Map(t.Context(), parfor.Range(20), func(_ context.Context, i int) (int, error) {
		if i == 7 {
			panic("in a region")
		}
		return i, nil
	}, parfor.Name("a loop by this name"), parfor.KeepGoing())
	trace.Stop()
	if err == nil || !bytes.Contains(b.Bytes(), []byte("a loop by this name")) {
		t.Error("the trace doesn't know the loop", err)
	}
}

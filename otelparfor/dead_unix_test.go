//go:build unix

package otelparfor_test

import (
	"context"
	"os"
	"syscall"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"parfor.dev/parfor"
)

// die kills the worker process that runs item 17.
func die(_ context.Context, n int) (int, error) {
	if n == 17 {
		return 0, syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return n, nil
}

var _ = parfor.Register(die)

func TestDeadWorkers(t *testing.T) {
	p := pool(t)
	defer p.Close()
	l := newLab(t)
	_, err := parfor.Map(t.Context(), parfor.Range(200), die, parfor.On(p), parfor.KeepGoing(), parfor.Name("die"), parfor.Observe(l.watch))
	if len(parfor.Failed(err)) != 1 {
		t.Fatal(err)
	}
	ms := l.metrics()
	if n := sum(ms["parfor.worker.restarts"], attribute.String("parfor.worker.restart.reason", "killed")); n != 1 || sum(ms["parfor.worker.restarts"]) != 1 {
		t.Errorf("%d workers were killed, want 1", n)
	}
	run := l.the("run die")
	downs := 0
	for _, e := range run.Events() {
		if e.Name == "parfor.worker.down" {
			downs++
		}
	}
	if downs != 1 {
		t.Errorf("events: %+v", run.Events())
	}
	for _, s := range l.named("task die") {
		if attr(s, "parfor.task.index") == "17" {
			if attr(s, "error.type") != "worker_lost" || s.Parent().SpanID() != run.SpanContext().SpanID() {
				t.Errorf("item 17: %v, parent %v", s.Attributes(), s.Parent())
			}
			return
		}
	}
	t.Error("item 17 has no span")
}

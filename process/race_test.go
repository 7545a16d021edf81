//go:build race

package process_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// raced writes to one variable from two goroutines that nothing orders.
func raced(_ context.Context, n int) (int, error) {
	v, done := 0, make(chan bool)
	go func() { v = n; close(done) }()
	v = 1
	<-done
	return v, nil
}

var _ = parfor.Register(raced)

// Workers of a program built with -race have the detector. What it finds is not
// an error of the item, which has a result: it is told when the worker ends.
func TestRacesInWorkersAreTold(t *testing.T) {
	p, err := process.NewPool(t.Context(), 1, process.Stderr(discard{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parfor.Submit(t.Context(), p, raced, 2).Result(t.Context()); err != nil {
		t.Error(err)
	}
	var we *parfor.WorkerError
	if err := p.Close(); !errors.As(err, &we) || we.Cause != parfor.RaceDetected || !strings.Contains(we.Stderr, "process_test.raced") {
		t.Errorf("Close: %v", err)
	}
	if _, err := process.Call(t.Context(), raced, 2, process.Stderr(discard{})); !errors.As(err, &we) || we.Cause != parfor.RaceDetected {
		t.Errorf("Call: %v", err)
	}
}

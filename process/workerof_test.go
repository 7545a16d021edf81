//go:build unix

package process_test

import (
	"context"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// place is what a body and its worker's initializer were told.
type place struct{ Number, Life, Init int }

var atInit = -1

func noteWorker(ctx context.Context) error {
	if w, ok := process.WorkerOf(ctx); ok {
		atInit = w.Number
	}
	return nil
}

var _ = process.RegisterInit(noteWorker)

// whichWorker is a body whose item is a way to end its process, see crash.
func whichWorker(ctx context.Context, how string) (place, error) {
	w, ok := process.WorkerOf(ctx)
	if !ok {
		return place{}, errOdd
	}
	if how != "" {
		crash(ctx, how)
	}
	return place{w.Number, w.Life, atInit}, nil
}

var _ = parfor.Register(whichWorker)

// bothWorkers waits until both workers of a pool have run a task.
func bothWorkers(t *testing.T, p *process.Pool) (life [2]int) {
	t.Helper()
	eventually(t, "a task on each worker", func() bool {
		out, err := parfor.Map(t.Context(), make([]string, 64), whichWorker, parfor.On(p), parfor.Chunk(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range out {
			if w.Init != w.Number {
				t.Fatalf("worker %+v", w)
			}
			life[w.Number] = w.Life
		}
		return life[0] > 0 && life[1] > 0
	})
	return life
}

func TestC47_WorkersHaveNumbersThatStayAndLivesThatCount(t *testing.T) {
	p := pool(t, 2, process.WorkerInit(noteWorker), process.Stderr(discard{}))
	if life := bothWorkers(t, p); life != [2]int{1, 1} {
		t.Errorf("lives %v at first", life)
	}
	if _, err := parfor.Submit(t.Context(), p, whichWorker, "exit").Result(t.Context()); err == nil {
		t.Fatal("no crash")
	}
	if life := bothWorkers(t, p); life != [2]int{1, 2} && life != [2]int{2, 1} {
		t.Errorf("lives %v after one crash", life)
	}
}

// All bodies on goroutines are in one process, and so have one number.
func TestWorkerOfTheProgramItself(t *testing.T) {
	for name, on := range map[string]parfor.Executor{"goroutines": parfor.Goroutines(2), "sequential": parfor.Sequential()} {
		out, err := parfor.Map(t.Context(), make([]string, 4), whichWorker, parfor.On(on))
		if err != nil || out[3] != (place{0, 1, -1}) {
			t.Errorf("%s: %v, %v", name, out, err)
		}
		on.Close()
	}
	if w, ok := process.WorkerOf(t.Context()); ok {
		t.Errorf("outside of tasks: %v", w)
	}
}

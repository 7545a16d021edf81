//go:build unix

package process_test

import (
	"errors"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// A task that spins is killed by its index; its mates keep their results.
func TestControlKillsATaskOfAWorker(t *testing.T) {
	for _, k := range []int{1, 3} {
		p := pool(t, 2, process.ItemsPerWorker(k))
		items := make([]int, 200)
		items[50] = -1
		var c parfor.Control
		over := make(chan bool)
		go func() {
			defer close(over)
			for !c.Kill(50) {
				time.Sleep(time.Millisecond) // until it runs
			}
		}()
		out, err := parfor.Map(t.Context(), items, spin, parfor.On(p), parfor.KeepGoing(), parfor.Attempts(2),
			parfor.WithControl(&c), parfor.Grace(10*time.Millisecond))
		<-over
		var le *parfor.LoopError
		if !errors.As(err, &le) || le.Failed != 1 || le.First[0].Index != 50 || le.First[0].Attempt != 1 || !errors.Is(err, parfor.ErrKilled) {
			t.Fatalf("with %d items per worker: %v", k, err)
		}
		for i, pid := range out {
			if i != 50 && pid == 0 {
				t.Errorf("item %d has no result", i)
			}
		}
	}
}

func TestControlSteersAPool(t *testing.T) {
	p := pool(t, 4)
	var c parfor.Control
	c.Pause()
	if err := c.SetWorkers(2); err != nil {
		t.Fatal(err)
	}
	go func() {
		for len(c.Loops()) == 0 {
			time.Sleep(time.Millisecond)
		}
		if s := c.Loops()[0]; s.Running != 0 || s.Workers != 2 || !s.Paused {
			t.Errorf("paused from the start: %+v", s)
		}
		c.Resume()
	}()
	out, err := parfor.Map(t.Context(), parfor.Range(2000), double, parfor.On(p), parfor.WithControl(&c))
	if err != nil || out[1999] != 3998 {
		t.Fatal(err)
	}
}

// Rates and limits are the same on worker processes.
func TestRateOnAPool(t *testing.T) {
	p := pool(t, 2)
	begin := time.Now()
	if _, err := parfor.Map(t.Context(), parfor.Range(21), double, parfor.On(p), parfor.Rate(100, 1)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 200*time.Millisecond {
		t.Errorf("21 starts at 100 a second took %v", took)
	}
	begin = time.Now()
	if _, err := parfor.Map(t.Context(), parfor.Range(40), double, parfor.On(p),
		parfor.LimitBy(func(i int) string { return string(rune('a' + i%2)) }, parfor.Limit{Rate: 100, InFlight: 1})); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 190*time.Millisecond {
		t.Errorf("20 starts a key at 100 a second took %v", took)
	}
	if _, err := parfor.Map(t.Context(), parfor.Range(5000), double, parfor.On(p), parfor.Auto()); err != nil {
		t.Fatal(err)
	}
}

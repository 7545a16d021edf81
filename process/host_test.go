package process_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"parfor.dev/parfor"
)

// Tasks that come alone, each awaited in one of the ways there are. Of those
// nobody looks for the worker tells: else each would take an audit's time, and all
// of them more than there is.
func TestLoneTasks(t *testing.T) {
	for name, wait := range map[string]func(context.Context, *parfor.Future[int, int]) (int, error){
		"Result": func(ctx context.Context, f *parfor.Future[int, int]) (int, error) { return f.Result(ctx) },
		"Done": func(ctx context.Context, f *parfor.Future[int, int]) (int, error) {
			select {
			case <-f.Done():
			case <-ctx.Done():
			}
			return f.Result(ctx)
		},
		"Done, then Result": func(ctx context.Context, f *parfor.Future[int, int]) (int, error) {
			go f.Result(ctx)
			<-f.Done()
			return f.Result(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*soon)
			defer cancel()
			p := pool(t, 2)
			for i := range 500 {
				got, err := wait(ctx, parfor.Submit(ctx, p, double, i))
				if err != nil || got != 2*i {
					t.Fatal(i, got, err)
				}
			}
		})
	}
}

// Lone tasks, loops, cancelled futures and killed workers on one pool, in which
// owners and guests take turns.
func TestGuestsAmongOthers(t *testing.T) {
	p := pool(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 3*soon)
	defer cancel()
	var all sync.WaitGroup
	for g := range 3 {
		all.Go(func() {
			for i := range 500 {
				got, err := parfor.Submit(ctx, p, double, i).Result(ctx)
				if err != nil || got != 2*i { // a killed worker costs what ran in it, nothing else
					t.Errorf("goroutine %d, task %d: %d, %v", g, i, got, err)
					return
				}
			}
		})
	}
	all.Go(func() {
		for i := range 300 {
			f := parfor.Submit(ctx, p, double, i)
			if f.Cancel() {
				continue
			}
			if got, err := f.Result(ctx); err != nil || got != 2*i {
				t.Errorf("task %d: %d, %v", i, got, err)
			}
		}
	})
	all.Go(func() {
		for range 20 {
			out, err := parfor.Map(ctx, make([]int, 300), double, parfor.On(p))
			if err != nil || len(out) != 300 {
				t.Errorf("%d results, %v", len(out), err)
			}
		}
	})
	all.Go(func() {
		for range 10 {
			var died *parfor.WorkerError
			if _, err := parfor.Submit(ctx, p, crash, "kill").Result(ctx); !errors.As(err, &died) {
				t.Errorf("%v", err)
			}
		}
	})
	all.Wait()
}

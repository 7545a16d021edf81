package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/task"
)

func TestPerWorkerOpensOnce(t *testing.T) {
	var opened, closed atomic.Int32
	v := parfor.PerWorker(
		func(context.Context) (*int, error) { return new(int(opened.Add(1))), nil },
		func(*int) error { closed.Add(1); return errors.New("closing failed") })
	if err := v.Close(); err != nil {
		t.Errorf("Close of what is not open: %v", err)
	}
	err := parfor.Each(t.Context(), numbers(100), func(ctx context.Context, _ int) error {
		p, err := v.Get(ctx)
		if err == nil && *p != 1 {
			err = fmt.Errorf("value %d", *p)
		}
		return err
	})
	if err != nil || opened.Load() != 1 {
		t.Errorf("opened %d times, %v", opened.Load(), err)
	}
	if err := v.Close(); err == nil || closed.Load() != 1 {
		t.Errorf("Close gives %v", err)
	}
	if p, err := v.Get(t.Context()); err != nil || *p != 2 {
		t.Errorf("after Close: %v, %v", p, err)
	}
	_ = task.ExitWorker()
	if closed.Load() != 2 {
		t.Error("a worker's end doesn't close the value")
	}
}

func TestPerWorkerFailedOpenIsTriedAgain(t *testing.T) {
	tries := 0
	errDown := errors.New("down")
	v := parfor.PerWorker(func(context.Context) (int, error) {
		if tries++; tries < 3 {
			return 0, errDown
		}
		return 7, nil
	}, nil)
	for i, want := range []error{errDown, errDown, nil, nil} {
		if _, err := v.Get(t.Context()); err != want {
			t.Errorf("Get %d: %v, want %v", i, err, want)
		}
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

// Those who waited for an open that failed get its error, and don't queue up
// to fail one after the other.
func TestPerWorkerWaitersShareTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened atomic.Int32
		errDown := errors.New("down")
		v := parfor.PerWorker(func(context.Context) (int, error) {
			opened.Add(1)
			time.Sleep(time.Second)
			return 0, errDown
		}, nil)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := v.Get(t.Context()); err != errDown {
					t.Errorf("got %v", err)
				}
			})
		}
		hasty, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		synctest.Wait()
		if _, err := v.Get(hasty); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a waiter's own deadline: %v", err)
		}
		wg.Wait()
		if opened.Load() != 1 {
			t.Errorf("opened %d times", opened.Load())
		}
	})
}

// The opener's own cancel is not the waiters' failure: one of them opens.
func TestPerWorkerCancelledOpener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		v := parfor.PerWorker(func(ctx context.Context) (int, error) {
			tries++
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Second):
				return 9, nil
			}
		}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := v.Get(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("opener: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if n, err := v.Get(t.Context()); n != 9 || err != nil {
				t.Errorf("waiter: %d, %v", n, err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		if tries != 2 {
			t.Errorf("%d tries", tries)
		}
	})
}

func TestPerWorkerOpenThatPanicsOrExits(t *testing.T) {
	for _, end := range []func(){func() { panic("no") }, runtime.Goexit} {
		first := true
		v := parfor.PerWorker(func(context.Context) (int, error) {
			if first {
				first = false
				end()
			}
			return 3, nil
		}, nil)
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() { _ = recover() }()
			_, _ = v.Get(t.Context())
		})
		wg.Wait()
		if n, err := v.Get(t.Context()); n != 3 || err != nil {
			t.Errorf("the next Get gives %d, %v", n, err)
		}
	}
}

func TestPerWorkerOpenAsksForItself(t *testing.T) {
	var v *parfor.WorkerVar[int]
	v = parfor.PerWorker(func(ctx context.Context) (int, error) { return v.Get(ctx) }, nil)
	if _, err := v.Get(t.Context()); !errors.Is(err, parfor.ErrWouldDeadlock) {
		t.Errorf("got %v", err)
	}
	panics(t, func() { parfor.PerWorker[int](nil, nil) }, "PerWorker(nil")
	panics(t, func() { parfor.PerSlot[int](nil, nil) }, "PerSlot(nil")
}

// scratch is not safe for concurrent use: the race detector would see two
// bodies with the same one.
type scratch struct {
	users  int
	closed bool
}

var (
	scratchOpened atomic.Int32
	scratchpad    = parfor.PerSlot(
		func(context.Context) (*scratch, error) { scratchOpened.Add(1); return &scratch{}, nil },
		func(s *scratch) error { s.closed = true; return nil })
)

func TestPerSlotIsExclusive(t *testing.T) {
	defer scratchpad.Close()
	scratchOpened.Store(0)
	body := func(ctx context.Context, n int) error {
		s, err := scratchpad.Get(ctx)
		if err != nil {
			return err
		}
		again, err := scratchpad.Get(ctx)
		if again != s || err != nil {
			return fmt.Errorf("the second Get gives %p, not %p (%v)", again, s, err)
		}
		if s.users++; s.users != 1 {
			return fmt.Errorf("%d users at once", s.users)
		}
		runtime.Gosched()
		if s.users--; n%7 == 0 {
			panic("the value comes back all the same")
		}
		return nil
	}
	err := parfor.Each(t.Context(), numbers(500), body, parfor.Workers(4), parfor.KeepGoing())
	for i, err := range parfor.Failed(err) {
		var p *parfor.PanicError
		if !errors.As(err, &p) {
			t.Errorf("item %d: %v", i, err)
		}
	}
	if n := scratchOpened.Load(); n < 1 || n > 4 {
		t.Errorf("opened %d for 4 workers", n)
	}
}

func TestPerSlotOutsideATask(t *testing.T) {
	if _, err := scratchpad.Get(t.Context()); !errors.Is(err, parfor.ErrNoTask) {
		t.Errorf("got %v", err)
	}
}

func TestPerSlotDiscardAndClose(t *testing.T) {
	defer scratchpad.Close()
	var got []*scratch
	body := func(ctx context.Context, n int) error {
		s, err := scratchpad.Get(ctx)
		got = append(got, s)
		if n == 0 {
			scratchpad.Discard(ctx)
		}
		return err
	}
	if err := parfor.Each(t.Context(), numbers(3), body, parfor.Workers(1)); err != nil {
		t.Fatal(err)
	}
	if got[0] == got[1] || got[1] != got[2] || !got[0].closed || got[1].closed {
		t.Errorf("a discarded value was kept, or another one wasn't")
	}
	if err := scratchpad.Close(); err != nil || !got[1].closed {
		t.Errorf("Close: %v", err)
	}
}

func TestPerSlotAfterTheBody(t *testing.T) {
	var kept context.Context
	err := parfor.Each(t.Context(), numbers(1), func(ctx context.Context, _ int) error { kept = ctx; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scratchpad.Get(kept); !errors.Is(err, parfor.ErrTaskDone) {
		t.Errorf("got %v", err)
	}
	_ = scratchpad.Close()
}

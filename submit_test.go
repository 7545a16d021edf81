package parfor_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

// Tasks start in the order of their submission.
func TestSubmitOrder(t *testing.T) {
	x := parfor.Sequential()
	var order []int
	for i := range 200 {
		parfor.Submit(bg, x, func(_ context.Context, n int) (int, error) { order = append(order, n); return 0, nil }, i)
	}
	x.Close()
	if len(order) != 200 || !slices.IsSorted(order) {
		t.Errorf("ran in the order %v", order)
	}
}

func TestGoroutinesIsALimit(t *testing.T) {
	var running, most atomic.Int32
	x := parfor.Goroutines(3)
	for i := range 300 {
		parfor.Submit(bg, x, func(context.Context, int) (int, error) {
			for now := running.Add(1); ; {
				if old := most.Load(); now <= old || most.CompareAndSwap(old, now) {
					break
				}
			}
			runtime.Gosched()
			running.Add(-1)
			return 0, nil
		}, i)
	}
	x.Close()
	if most.Load() > 3 {
		t.Errorf("%d tasks ran at once", most.Load())
	}
}

func TestBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := parfor.Sequential()
		ctx, cancel := context.WithCancel(bg)
		parfor.Submit(ctx, x, sleepy, 1)
		synctest.Wait() // it runs: the queue is empty
		for range 1024 {
			parfor.Submit(bg, x, inc, 1)
		}
		late, stop := context.WithTimeout(bg, time.Millisecond)
		defer stop()
		f := parfor.Submit(late, x, inc, 1)
		if _, err := f.Result(bg); !errors.Is(err, parfor.ErrCanceled) || !errors.Is(err, context.DeadlineExceeded) ||
			f.State() != parfor.Cancelled || f.Index() != -1 {
			t.Errorf("no room: %v, state %v, index %d", err, f.State(), f.Index())
		}
		begin := time.Now()
		f = parfor.Submit(bg, x, inc, 1)
		if waited := time.Since(begin); waited != time.Second-time.Millisecond {
			t.Errorf("waited %v for room", waited)
		}
		if v, err := f.Result(bg); v != 2 || err != nil || f.Index() != 1025 {
			t.Errorf("%v, %v, index %d", v, err, f.Index())
		}
		cancel()
		x.Close()
	})
}

// A cancelled submission leaves its place in the queue at once.
func TestCancelMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := parfor.Sequential()
		ctx, cancel := context.WithCancel(bg)
		block := parfor.Submit(ctx, x, sleepy, 1000)
		synctest.Wait()
		for range 5000 {
			if f := parfor.Submit(bg, x, inc, 1); !f.Cancel() {
				t.Fatal("not cancelled")
			}
		}
		cancel()
		block.Result(bg)
		x.Close()
	})
}

// Bodies submit to their own executor and wait, however few its slots are.
func TestNestedSubmits(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		var fib func(ctx context.Context, n int) (int, error)
		fib = func(ctx context.Context, n int) (int, error) {
			if n < 2 {
				return n, nil
			}
			a, b := parfor.Submit(ctx, x, fib, n-1), parfor.Submit(ctx, x, fib, n-2)
			va, err1 := a.Result(ctx)
			vb, err2 := b.Result(ctx)
			return va + vb, errors.Join(err1, err2)
		}
		if v, err := parfor.Submit(bg, x, fib, 12).Result(bg); v != 144 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
	})
}

// A body that fills the queue goes on with its own slot, nested ones too.
func TestSubmitInBodyNeverBlocksOnAFullQueue(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		var ran atomic.Int32
		leaf := func(context.Context, int) (int, error) { ran.Add(1); return 0, nil }
		node := func(ctx context.Context, n int) (int, error) {
			for i := range 5 {
				parfor.Submit(ctx, x, leaf, i)
			}
			return 0, nil
		}
		root := parfor.Submit(bg, x, func(ctx context.Context, n int) (int, error) {
			for i := range 2000 {
				parfor.Submit(ctx, x, node, i)
			}
			return 0, nil
		}, 0)
		if _, err := root.Result(bg); err != nil || ran.Load() != 10_000 {
			t.Errorf("%v, %d ran", err, ran.Load())
		}
	})
}

// What a body submits is part of its task: nothing outlives it.
func TestBodyEndsAfterWhatItSubmitted(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		var left parfor.Awaitable
		f := parfor.Submit(bg, x, func(ctx context.Context, n int) (int, error) {
			left = parfor.Submit(ctx, x, sleepy, 5)
			return 1, nil
		}, 0)
		if v, err := f.Result(bg); v != 1 || err != nil || left.State() != parfor.Finished {
			t.Errorf("%v, %v, left %v", v, err, left.State())
		}
		var stale context.Context
		parfor.Submit(bg, x, func(ctx context.Context, n int) (int, error) { stale = ctx; return 0, nil }, 0).Result(bg)
		if _, err := parfor.Submit(stale, x, inc, 1).Result(bg); !errors.Is(err, parfor.ErrTaskDone) {
			t.Errorf("with the context of a body that is over: %v", err)
		}
	})
}

func TestSubmitTimeout(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		var tries int
		body := func(ctx context.Context, n int) (int, error) {
			if tries++; tries == 3 {
				return n, nil
			}
			return sleepy(ctx, 10)
		}
		begin := time.Now()
		f := parfor.Submit(bg, x, body, 7, parfor.Timeout(time.Second), parfor.Attempts(3))
		if v, err := f.Result(bg); v != 7 || err != nil || time.Since(begin) != 2*time.Second {
			t.Errorf("after %v: %v, %v", time.Since(begin), v, err)
		}
		f = parfor.Submit(bg, x, sleepy, 10, parfor.Timeout(time.Second))
		var late *parfor.TimeoutError
		if _, err := f.Result(bg); !errors.As(err, &late) || late.Limit != time.Second {
			t.Errorf("got %v", err)
		}
	})
}

func TestSubmitGoexitAttempts(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		tries := 0
		f := parfor.Submit(bg, x, func(_ context.Context, n int) (int, error) {
			if tries++; tries < 3 {
				runtime.Goexit()
			}
			return n, nil
		}, 5, parfor.Attempts(3))
		if v, err := f.Result(bg); v != 5 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if v, err := parfor.Submit(bg, x, inc, 1).Result(bg); v != 2 || err != nil {
			t.Errorf("a slot was lost: %v, %v", v, err)
		}
	})
}

func TestSubmitOptions(t *testing.T) {
	x := parfor.Goroutines(1)
	defer x.Close()
	ran := false
	body := func(context.Context, int) (int, error) { ran = true; return 0, nil }
	f := parfor.Submit(bg, x, body, 1, parfor.On(x), parfor.Workers(2), parfor.InOrder(), parfor.Window(3), parfor.Chunk(2),
		parfor.KeepGoing(), parfor.LoopTimeout(time.Second), parfor.OnDuplicate(parfor.KeepLast))
	_, err := f.Result(bg)
	if !errors.Is(err, parfor.ErrOption) || f.State() != parfor.Finished || f.Index() != -1 {
		t.Errorf("got %v, state %v, index %d", err, f.State(), f.Index())
	}
	for _, option := range []string{"On:", "Workers:", "InOrder:", "Window:", "Chunk:", "KeepGoing:", "LoopTimeout:", "OnDuplicate:"} {
		if !strings.Contains(err.Error(), option) {
			t.Errorf("%s is not in the text: %v", option, err)
		}
	}
	for _, f := range []parfor.Awaitable{
		parfor.Submit(bg, x, body, 1, parfor.Attempts(0)),
		parfor.Submit(bg, x, body, 1, parfor.Label(func(string) string { return "" })),
		parfor.Submit[int, int](bg, x, nil, 1),
	} {
		if err := f.Err(); !errors.Is(err, parfor.ErrOption) {
			t.Errorf("got %v", err)
		}
	}
	if err := parfor.Submit(bg, nil, body, 1).Err(); !errors.Is(err, parfor.ErrNoExecutor) {
		t.Errorf("nil executor: %v", err)
	}
	if _, _, err := parfor.Wait(bg, parfor.AllCompleted, nil); !errors.Is(err, parfor.ErrOption) {
		t.Errorf("Wait for nil: %v", err)
	}
	if _, _, err := parfor.Wait(bg, parfor.Policy(9)); !errors.Is(err, parfor.ErrOption) {
		t.Errorf("no policy: %v", err)
	}
	if ran {
		t.Error("a body ran")
	}
}

func TestSubmitWithEndedContext(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		ctx, cancel := context.WithCancelCause(bg)
		reason := errors.New("enough")
		cancel(reason)
		f := parfor.Submit(ctx, x, inc, 1)
		if _, err := f.Result(bg); f.State() != parfor.Cancelled || !errors.Is(err, parfor.ErrCanceled) || !errors.Is(err, reason) {
			t.Errorf("%v, %v", f.State(), err)
		}
		later, stop := context.WithTimeout(bg, time.Second)
		defer stop()
		parfor.Submit(bg, x, sleepy, 2)
		var fs []parfor.Awaitable
		for range 10 {
			fs = append(fs, parfor.Submit(later, x, sleepy, 2))
		}
		parfor.Wait(bg, parfor.AllCompleted, fs...)
		for _, f := range fs {
			if err := f.Err(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v: %v", f.State(), err)
			}
		}
	})
}

// diary is an observer that remembers the start and the end.
type diary struct {
	start observe.Start
	end   observe.End
}

func (d *diary) Start(s observe.Start) { d.start = s }
func (d *diary) Frame(observe.Frame)   {}
func (d *diary) Event(observe.Event)   {}
func (d *diary) End(e observe.End)     { d.end = e }

// An observer has seen the end of a submission before its future is done.
func TestSubmitObserved(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		var good, bad diary
		parfor.Submit(bg, x, inc, 1, parfor.Observe(&good), parfor.Name("good")).Result(bg)
		if good.start.Name != "good" || good.start.Total != 1 || good.end.Frame.Totals.OK != 1 || good.end.Err != nil {
			t.Errorf("saw %+v", good)
		}
		fails := func(context.Context, int) (int, error) { return 0, errors.New("no") }
		_, err := parfor.Submit(bg, x, fails, 1, parfor.Observe(&bad), parfor.Attempts(3)).Result(bg)
		if totals := bad.end.Frame.Totals; totals.Failed != 1 || totals.Retried != 2 || bad.end.Err != err {
			t.Errorf("saw %+v", bad.end)
		}
		block := parfor.Submit(bg, x, sleepy, 1)
		pending := parfor.Submit(bg, x, sleepy, 1, parfor.Observe(&good))
		pending.Cancel()
		block.Result(bg)
	})
}

func BenchmarkSubmit(b *testing.B) {
	x := parfor.Goroutines(4)
	defer x.Close()
	b.ReportAllocs()
	fs := make([]*parfor.Future[int, int], 0, b.N)
	for b.Loop() {
		fs = append(fs, parfor.Submit(bg, x, inc, 1))
	}
	for _, f := range fs {
		f.Result(bg)
	}
}

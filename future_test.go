package parfor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
)

// The behaviour that every executor shares is in package executortest; here is
// what concerns executors of this process, time, and memory.

var bg = context.Background()

func inc(_ context.Context, n int) (int, error) { return n + 1, nil }

// sleepy is a body that takes as many seconds as its input says, or less.
func sleepy(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(time.Duration(n) * time.Second):
		return n, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func locals() map[string]func() parfor.Executor {
	return map[string]func() parfor.Executor{
		"sequential":   parfor.Sequential,
		"goroutines 2": func() parfor.Executor { return parfor.Goroutines(2) },
		"goroutines 8": func() parfor.Executor { return parfor.Goroutines(8) },
	}
}

// onLocals runs a test on each, in a bubble, which also shows that no
// goroutine is left.
func onLocals(t *testing.T, test func(t *testing.T, x parfor.Executor)) {
	for name, open := range locals() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := open()
				test(t, x)
				x.Close()
			})
		})
	}
}

func TestC21_ResultTimesOut(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		f := parfor.Submit(bg, x, sleepy, 10)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(bg, 3*time.Second)
		defer cancel()
		if _, err := f.Result(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		if v, err := f.Result(bg); v != 10 || err != nil || time.Since(begin) != 10*time.Second {
			t.Errorf("after %v: %v, %v", time.Since(begin), v, err)
		}
	})
}

func TestC28_TimeoutGivesPartition(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		a, b := parfor.Submit(bg, x, sleepy, 1), parfor.Submit(bg, x, sleepy, 100)
		ctx, cancel := context.WithTimeout(bg, 5*time.Second)
		defer cancel()
		done, pending, err := parfor.Wait(ctx, parfor.AllCompleted, b, a)
		if err != nil || !slices.Equal(done, []parfor.Awaitable{a}) || !slices.Equal(pending, []parfor.Awaitable{b}) {
			t.Errorf("%v, %v, %v", done, pending, err)
		}
	})
}

func TestC30_CompletionOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := parfor.Goroutines(8)
		defer x.Close()
		var fs []*parfor.Future[int, int]
		for _, n := range []int{5, 1, 4, 2, 3} {
			fs = append(fs, parfor.Submit(bg, x, sleepy, n))
		}
		var order []int
		for f, err := range parfor.AsCompleted(bg, fs...) {
			if err != nil {
				t.Fatal(err)
			}
			order = append(order, f.In())
		}
		if !slices.IsSorted(order) || len(order) != 5 {
			t.Errorf("completed in the order %v", order)
		}
		n := 0
		for range parfor.AsCompleted(bg, fs...) {
			if n++; n == 2 {
				break
			}
		}
	})
}

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

func TestWaitingForOneself(t *testing.T) {
	onLocals(t, func(t *testing.T, x parfor.Executor) {
		self := make(chan *parfor.Future[int, int], 1)
		body := func(ctx context.Context, n int) (int, error) {
			f := <-self
			if _, _, err := parfor.Wait(ctx, parfor.AllCompleted, f); !errors.Is(err, parfor.ErrWouldDeadlock) {
				return 0, errors.New("Wait waits")
			}
			return f.Result(ctx)
		}
		f := parfor.Submit(bg, x, body, 0)
		self <- f
		if _, err := f.Result(bg); !errors.Is(err, parfor.ErrWouldDeadlock) {
			t.Errorf("got %v", err)
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

// A failed future that is collected unread is logged; one that was read isn't.
func TestDroppedFailureIsLogged(t *testing.T) {
	x := parfor.Goroutines(2)
	boom := errors.New("boom")
	body := func(_ context.Context, read bool) (int, error) {
		if read {
			return 0, errors.New("read")
		}
		return 0, boom
	}
	lines := make(chan string, 10)
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(lineWriter(lines), nil)))
	for _, read := range []bool{true, false} {
		f := parfor.Submit(bg, x, body, read)
		<-f.Done()
		if read {
			f.Err()
		}
	}
	for {
		runtime.GC()
		select {
		case line := <-lines:
			if !strings.Contains(line, "boom") || strings.Contains(line, "read\"") {
				t.Errorf("logged %q", line)
			}
		default:
			runtime.Gosched()
			continue
		}
		break
	}
	if err := x.Close(); !errors.Is(err, boom) {
		t.Errorf("Close: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

type lineWriter chan string

func (w lineWriter) Write(p []byte) (int, error) {
	w <- string(bytes.Clone(p))
	return len(p), nil
}

// Cancel, completion, waiters and callbacks race; each future ends once.
func TestFutureRaces(t *testing.T) {
	x := parfor.Goroutines(4)
	var told atomic.Int32
	var all sync.WaitGroup
	const n = 2000
	for i := range n {
		f := parfor.Submit(bg, x, inc, i)
		all.Go(func() { f.OnDone(func(*parfor.Future[int, int]) { told.Add(1) }) })
		cancelled := make(chan bool, 1)
		all.Go(func() { cancelled <- f.Cancel() })
		all.Go(func() {
			v, err := f.Result(bg)
			ok := v == i+1 && err == nil && f.State() == parfor.Finished
			if <-cancelled {
				ok = errors.Is(err, parfor.ErrCanceled) && f.State() == parfor.Cancelled
			}
			if !ok {
				t.Errorf("%d: %v, %v, %v", i, v, err, f.State())
			}
		})
	}
	all.Wait()
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if told.Load() != n {
		t.Errorf("%d callbacks of %d", told.Load(), n)
	}
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

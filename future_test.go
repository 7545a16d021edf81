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

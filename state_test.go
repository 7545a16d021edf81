package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
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

type limits struct {
	Max  int
	Tags []string
}

type secondLimits limits

func readArgs(ctx context.Context, n int) (string, error) {
	l, s := parfor.Arg[limits](ctx), parfor.Arg[secondLimits](ctx)
	return fmt.Sprint(n, l, s, parfor.Arg[*limits](ctx) == nil), nil
}

var _ = parfor.Register(readArgs)

func needsArg(ctx context.Context, n int) (int, error) { return parfor.Arg[limits](ctx).Max, nil }

var _ = parfor.Register(needsArg)

func TestArgIsTheSameEverywhere(t *testing.T) {
	opts := []parfor.Option{parfor.With(limits{3, nil}), parfor.With(secondLimits{4, []string{"a"}}), parfor.With[*limits](nil)}
	here, err := parfor.Map(t.Context(), numbers(3), readArgs, opts...)
	if err != nil {
		t.Fatal(err)
	}
	there, err := remotely(t, numbers(3), readArgs, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(here, there) || here[1] != "1 {3 []} {4 [a]} true" {
		t.Errorf("here %q, there %q", here, there)
	}
}

func TestArgMissing(t *testing.T) {
	for _, run := range []func() error{
		func() error { _, err := parfor.Map(t.Context(), numbers(1), needsArg); return err },
		func() error { _, err := remotely(t, numbers(1), needsArg); return err },
		func() error { _, err := remotely(t, numbers(1), needsArg, parfor.With(secondLimits{})); return err },
	} {
		err := run()
		var p *parfor.PanicError
		if !errors.As(err, &p) || !strings.Contains(err.Error(), "parfor.With(v)") || !strings.Contains(err.Error(), "parfor_test.limits") {
			t.Errorf("got %v", err)
		}
	}
	panics(t, func() { parfor.Arg[int](t.Context()) }, "not inside a task")
}

func TestWithRefusals(t *testing.T) {
	_, err := parfor.Map(t.Context(), numbers(1), needsArg, parfor.With(limits{}), parfor.With(limits{1, nil}))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("got %v", err)
	}
	_, err = remotely(t, numbers(1), needsArg, parfor.With(limits{}), parfor.With(&http.Client{}))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "http.Client.Transport is an interface") {
		t.Errorf("got %v", err)
	}
	_, err = parfor.Map(t.Context(), numbers(1), needsArg, parfor.With(limits{}), parfor.With(&http.Client{}))
	if err != nil {
		t.Errorf("in this process anything goes: %v", err)
	}
	seen := false
	_, err = parfor.Map(t.Context(), numbers(1), func(ctx context.Context, _ int) (int, error) {
		seen = parfor.Arg[fmt.Stringer](ctx).String() == "1s"
		return 0, nil
	}, parfor.With[fmt.Stringer](time.Second))
	if err != nil || !seen {
		t.Errorf("an interface: %v", err)
	}
}

// A loop inside a body has arguments of its own, wherever it runs.
func TestArgBelongsToItsLoop(t *testing.T) {
	outer := func(ctx context.Context, _ int) (int, error) {
		_, err := parfor.Map(ctx, numbers(1), needsArg)
		if !strings.Contains(fmt.Sprint(err), "was given no such value") {
			t.Errorf("the inner loop: %v", err)
		}
		return parfor.Arg[limits](ctx).Max, nil
	}
	got, err := parfor.Map(t.Context(), numbers(1), outer, parfor.With(limits{5, nil}))
	if err != nil || got[0] != 5 {
		t.Errorf("%v, %v", got, err)
	}
}

type (
	traceKey  struct{}
	slotKey   int
	otherKey  struct{}
	structKey struct{ _ int }
)

var (
	_ = parfor.Propagate[string](traceKey{})
	_ = parfor.Propagate[limits](slotKey(1))
	_ = parfor.Propagate[int](slotKey(2))
	_ = parfor.PropagateFunc("parfor.test/hidden", takeHidden, putHidden)
)

type hiddenKey struct{}

func takeHidden(ctx context.Context) (string, bool) {
	s, has := ctx.Value(hiddenKey{}).(string)
	return s + " taken", has
}

func putHidden(ctx context.Context, s string) context.Context {
	return context.WithValue(ctx, hiddenKey{}, s+" and put")
}

func readHidden(ctx context.Context, _ int) (string, error) {
	return fmt.Sprint(ctx.Value(hiddenKey{})), nil
}

var _ = parfor.Register(readHidden)

func TestPropagateFunc(t *testing.T) {
	x := new(loopback)
	defer x.Close()
	for value, want := range map[any]string{"t-17": "t-17 taken and put", nil: "<nil>"} {
		ctx := context.WithValue(t.Context(), hiddenKey{}, value)
		got, err := parfor.Map(ctx, numbers(1), readHidden, parfor.On(x))
		if err != nil || got[0] != want {
			t.Errorf("%v arrived as %q, %v", value, got, err)
		}
		future, err := parfor.Submit(ctx, x, readHidden, 1).Result(ctx)
		if err != nil || future != want {
			t.Errorf("%v arrived as %q, %v in a submission", value, future, err)
		}
	}
}

func readContext(ctx context.Context, _ int) (string, error) {
	return fmt.Sprintf("%v %v %v %v", ctx.Value(traceKey{}), ctx.Value(slotKey(1)), ctx.Value(slotKey(2)), ctx.Value(otherKey{})), nil
}

var _ = parfor.Register(readContext)

func TestPropagate(t *testing.T) {
	ctx := context.WithValue(t.Context(), traceKey{}, "t-17")
	ctx = context.WithValue(ctx, slotKey(1), limits{Max: 2})
	ctx = context.WithValue(ctx, otherKey{}, "stays")
	var sent []string
	x := &loopback{attached: func(s *engine.Spec) {
		for _, v := range s.Values {
			sent = append(sent, v.Name)
		}
	}}
	defer x.Close()
	got, err := parfor.Map(ctx, numbers(2), readContext, parfor.On(x))
	if err != nil || !reflect.DeepEqual(got, []string{"t-17 {2 []} <nil> <nil>", "t-17 {2 []} <nil> <nil>"}) {
		t.Errorf("%q, %v", got, err)
	}
	if want := []string{"parfor.dev/parfor_test.traceKey", "parfor.dev/parfor_test.slotKey(1)"}; !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
	_, err = parfor.Map(context.WithValue(t.Context(), traceKey{}, 17), numbers(1), readContext, parfor.On(x))
	if err == nil || !strings.Contains(err.Error(), "is a int, and was propagated as string") {
		t.Errorf("got %v", err)
	}
	if _, err := task.Restore(t.Context(), "unknown", nil); err == nil || !strings.Contains(err.Error(), "parfor.Propagate") {
		t.Errorf("got %v", err)
	}
}

func TestPropagateRefusals(t *testing.T) {
	panics(t, func() { parfor.Propagate[string](traceKey{}) }, "propagated twice", "state_test.go:")
	panics(t, func() { parfor.Propagate[string](slotKey(2)) }, "slotKey(2) is propagated twice")
	panics(t, func() { parfor.Propagate[string]("plain") }, "plain string", "state_test.go:")
	panics(t, func() { parfor.Propagate[string](nil) }, "key is nil")
	panics(t, func() { parfor.Propagate[string](new(int)) }, "define a type")
	panics(t, func() { parfor.Propagate[string](structKey{}) }, "can't name")
	panics(t, func() { parfor.Propagate[func()](otherKey{}) }, "is a func")
	panics(t, func() { parfor.PropagateFunc("parfor.test/hidden", takeHidden, putHidden) }, "propagated twice", "state_test.go:")
	panics(t, func() { parfor.PropagateFunc("", takeHidden, putHidden) }, "name is empty", "state_test.go:")
	panics(t, func() { parfor.PropagateFunc("parfor.test/none", takeHidden, nil) }, "needs a function", "state_test.go:")
	panics(t, func() { parfor.PropagateFunc[func()]("parfor.test/func", nil, nil) }, "needs a function")
}

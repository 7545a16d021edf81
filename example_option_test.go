package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

func ExampleOn() {
	x := parfor.Goroutines(2)
	defer x.Close()
	squares, err := parfor.Map(context.Background(), []int{1, 2, 3}, square, parfor.On(x))
	fmt.Println(squares, err)
	// Output: [1 4 9] <nil>
}

func ExampleWorkers() {
	var now, most atomic.Int32
	err := parfor.Each(context.Background(), parfor.Range(100), func(context.Context, int) error {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return nil
	}, parfor.Workers(3))
	fmt.Println(most.Load() <= 3, err)
	// Output: true <nil>
}

func ExampleInOrder() {
	for r, err := range parfor.Stream(context.Background(), slices.Values([]int{3, 1, 2}), square, parfor.InOrder()) {
		fmt.Println(r.Index, r.In, r.Out, err)
	}
	// Output:
	// 0 3 9 <nil>
	// 1 1 1 <nil>
	// 2 2 4 <nil>
}

func ExampleWindow() {
	var taken int
	numbers := func(yield func(int) bool) {
		for yield(taken) {
			taken++
		}
	}
	for r, err := range parfor.Stream(context.Background(), numbers, square, parfor.Window(4), parfor.InOrder()) {
		if err != nil || r.Index == 10 {
			break
		}
	}
	fmt.Println("taken ahead:", taken-11 <= 4)
	// Output: taken ahead: true
}

func ExampleChunk() {
	squares, err := parfor.Map(context.Background(), parfor.Range(5), square, parfor.Chunk(2))
	fmt.Println(squares, err)
	_, err = parfor.Map(context.Background(), parfor.Range(5), square, parfor.Chunk(0))
	fmt.Println(err)
	// Output:
	// [0 1 4 9 16] <nil>
	// parfor: invalid option: Chunk(0): must be at least 1
}

func ExampleKeepGoing() {
	out, err := parfor.Map(context.Background(), []int{1, 0, 4}, reciprocal, parfor.KeepGoing())
	fmt.Println(out, err)
	// Output: [1 0 0.25] parfor: item 1: division by zero
}

// waitFor returns only when its context ends.
func waitFor(ctx context.Context, _ int) (int, error) {
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

func ExampleTimeout() {
	_, err := parfor.Map(context.Background(), []int{1}, waitFor, parfor.Timeout(10*time.Millisecond))
	fmt.Println(err)
	fmt.Println(errors.Is(err, parfor.ErrTaskTimeout))
	// Output:
	// parfor: item 0: timed out after 10ms
	// true
}

func ExampleLoopTimeout() {
	_, err := parfor.Map(context.Background(), []int{1, 2}, waitFor, parfor.LoopTimeout(10*time.Millisecond))
	fmt.Println(err)
	// Output: parfor: loop ended early: the loop's deadline passed
}

func ExampleAttempts() {
	var tries atomic.Int32
	out, err := parfor.Map(context.Background(), []int{7}, func(ctx context.Context, n int) (int, error) {
		if tries.Add(1) < 3 {
			return 0, errors.New("not yet")
		}
		return n, nil
	}, parfor.Attempts(5))
	fmt.Println(out, err, "after", tries.Load())
	// Output: [7] <nil> after 3
}

// A task that waits holds no worker: with one, the others run meanwhile.
func ExampleBackoff() {
	var order []int
	var failed atomic.Bool
	for r, err := range parfor.Stream(context.Background(), slices.Values([]int{1, 2, 3}), func(_ context.Context, n int) (int, error) {
		if n == 1 && failed.CompareAndSwap(false, true) {
			return 0, parfor.RetryAfter(10*time.Millisecond, errors.New("busy")) // else up to 1 ms, at random
		}
		return n, nil
	}, parfor.Workers(1), parfor.Attempts(4), parfor.Backoff(time.Millisecond, time.Second)) {
		if err != nil {
			fmt.Println(err)
		}
		order = append(order, r.Out)
	}
	fmt.Println(order)
	// Output: [2 3 1]
}

func ExampleAttemptIf() {
	var tries atomic.Int32
	_, err := parfor.Map(context.Background(), []int{1}, func(context.Context, int) (int, error) {
		if tries.Add(1) == 1 {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, errors.New("no such account")
	}, parfor.Attempts(5), parfor.AttemptIf(func(err error) bool {
		return errors.Is(err, io.ErrUnexpectedEOF)
	}))
	fmt.Println(err, "in all:", tries.Load())
	// Output: parfor: item 0, attempt 2: no such account in all: 2
}

// In an outage each of 100 items would be tried five times. The budget leaves
// ten further attempts, and one for every five items.
func ExampleAttemptBudget() {
	var tries atomic.Int32
	_, err := parfor.Map(context.Background(), parfor.Range(100), func(context.Context, int) (int, error) {
		tries.Add(1)
		return 0, errors.New("connection refused")
	}, parfor.KeepGoing(), parfor.Attempts(5), parfor.AttemptBudget(0.2))
	fmt.Println("at most 130:", tries.Load() <= 130)
	fmt.Println(errors.Is(err, parfor.ErrBudget))
	// Output:
	// at most 130: true
	// true
}

func ExamplePermanent() {
	errGone := errors.New("410 Gone")
	var tries atomic.Int32
	_, err := parfor.Map(context.Background(), []int{1}, func(context.Context, int) (int, error) {
		tries.Add(1)
		return 0, fmt.Errorf("page 1: %w", parfor.Permanent(errGone))
	}, parfor.Attempts(5))
	fmt.Println(err)
	fmt.Println(errors.Is(err, errGone), "after", tries.Load())
	// Output:
	// parfor: item 0: page 1: 410 Gone
	// true after 1
}

func ExampleIsPermanent() {
	err := fmt.Errorf("page 1: %w", parfor.Permanent(errors.New("410 Gone")))
	fmt.Println(parfor.IsPermanent(err), parfor.IsPermanent(errors.New("timeout")))
	// Output: true false
}

func ExampleRetryAfter() {
	const asked = 20 * time.Millisecond
	var first time.Time
	waited, err := parfor.Map(context.Background(), []int{1}, func(context.Context, int) (time.Duration, error) {
		if first.IsZero() {
			first = time.Now()
			return 0, parfor.RetryAfter(asked, errors.New("429 Too Many Requests"))
		}
		return time.Since(first), nil
	}, parfor.Attempts(2))
	fmt.Println(waited[0] >= asked, err)
	// Output: true <nil>
}

func ExampleLabel() {
	hosts := []string{"alpha", "beta"}
	_, err := parfor.Map(context.Background(), hosts, func(_ context.Context, host string) (int, error) {
		if host == "beta" {
			return 0, errors.New("connection refused")
		}
		return 200, nil
	}, parfor.Label(func(host string) string { return host }))
	fmt.Println(err)
	// Output: parfor: item 1 (beta): connection refused
}

// stubborn looks at nothing until it is released.
func stubborn(release <-chan struct{}) func(context.Context, int) (int, error) {
	return func(_ context.Context, n int) (int, error) {
		<-release
		return n, nil
	}
}

func ExampleAbandon() {
	release := make(chan struct{})
	defer close(release)
	_, err := parfor.Map(context.Background(), []int{1}, stubborn(release),
		parfor.Timeout(5*time.Millisecond), parfor.Grace(5*time.Millisecond), parfor.Abandon())
	fmt.Println(err)
	// Output: parfor: item 0: timed out after 5ms, goroutine left behind
}

// Grace is how long a body may take to come back once its context has ended.
func ExampleGrace() {
	release := make(chan struct{})
	defer close(release)
	_, err := parfor.Map(context.Background(), []int{1}, stubborn(release),
		parfor.Timeout(time.Millisecond), parfor.Grace(time.Millisecond), parfor.Abandon())
	var timeout *parfor.TimeoutError
	fmt.Println(errors.As(err, &timeout), timeout.Abandoned)
	// Output: true true
}

// Without CrashOnPanic a panic is an error with the item and the stack.
func ExampleCrashOnPanic() {
	_, err := parfor.Map(context.Background(), []int{0, 1}, func(_ context.Context, n int) (int, error) {
		return []int{10}[n], nil
	})
	fmt.Println(err)
	// Output: parfor: item 1: body panicked: runtime error: index out of range [1] with length 1
}

// tally is an observer that prints how a loop begins and ends.
type tally struct{}

func (tally) Start(s observe.Start) { fmt.Println(s.Name, "over", s.Total, "items on", s.Executor) }
func (tally) Frame(observe.Frame)   {}
func (tally) Event(observe.Event)   {}
func (tally) End(e observe.End) {
	fmt.Println(e.Frame.Totals.OK, "ok,", e.Frame.Totals.Failed, "failed")
}

func ExampleObserve() {
	_, err := parfor.Map(context.Background(), parfor.Range(100), square, parfor.Name("squares"), parfor.Observe(tally{}))
	fmt.Println(err)
	// Output:
	// squares over 100 items on goroutines
	// 100 ok, 0 failed
	// <nil>
}

func ExampleName() {
	_, err := parfor.Map(context.Background(), []int{1}, square, parfor.Name("first try"), parfor.Observe(tally{}))
	fmt.Println(err)
	// Output:
	// first try over 1 items on goroutines
	// 1 ok, 0 failed
	// <nil>
}

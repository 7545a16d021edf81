package executortest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
)

// Step is an item of the suite: what its body is to do.
type Step struct {
	N  int
	Do Action
	At string // gate to pass first, empty for none
}

// Reply is the result of a Step.
type Reply struct{ Square, PID int }

// Action is what a body does, once it is past the gate.
type Action string

const (
	answer     Action = ""
	refuse     Action = "fail"
	refuseOnce Action = "fail at the first attempt"
	mute       Action = "fail with an empty text"
	typedNil   Action = "fail with a nil pointer"
	rich       Action = "fail with fields"
	panics     Action = "panic"
	panicsNil  Action = "panic(nil)"
	panicsErr  Action = "panic with an error"
	exits      Action = "Goexit"
	waits      Action = "wait for the context"
	waitsCause Action = "wait for the context, return its cause"
	waitsAngry Action = "wait for the context, fail for a reason of its own"
	waitsCalm  Action = "wait for the context, succeed"
)

// errRefused is what a step fails with.
var errRefused = parfor.RegisterError(errors.New("executortest: refused"))

// codeError is an error with fields.
type codeError struct {
	Code int
	Host string
}

func (e *codeError) Error() string { return fmt.Sprintf("code %d from %s", e.Code, e.Host) }

var _ = parfor.RegisterError((*codeError)(nil))

var (
	_ = parfor.Register(square)
	_ = parfor.Register(act)
	_ = parfor.RegisterEach(actEach)
	_ = parfor.RegisterEach(persistEach)
	_ = parfor.Register(pair)
	_ = parfor.Register(nest)
)

func square(_ context.Context, n int) (int, error) { return n * n, nil }

// pair gives a key to every two items.
func pair(_ context.Context, n int) (parfor.KV[int, string], error) {
	return parfor.KV[int, string]{Key: n / 2, Value: fmt.Sprint("from ", n)}, nil
}

// act does what its step says.
func act(ctx context.Context, s Step) (Reply, error) {
	if s.At == "" {
		return s.run(ctx)
	}
	var r Reply
	var err error
	if at := pass(ctx, s.At, s.N, func(ctx context.Context) error { r, err = s.run(ctx); return nil }); at != nil {
		return r, at
	}
	return r, err
}

func actEach(ctx context.Context, s Step) error {
	_, err := act(ctx, s)
	return err
}

func (s Step) run(ctx context.Context) (Reply, error) {
	r := Reply{Square: s.N * s.N, PID: os.Getpid()}
	switch s.Do {
	case refuse:
		return r, fmt.Errorf("step %d: %w", s.N, errRefused)
	case refuseFinally:
		return r, fmt.Errorf("asking: %w", parfor.Permanent(fmt.Errorf("%w: %w", errRefused, &codeError{Code: 404, Host: "example.org"})))
	case asks:
		return r, fmt.Errorf("asking: %w", parfor.RetryAfter(wish, errRefused))
	case asksAnHour:
		return r, parfor.RetryAfter(time.Hour, errRefused)
	case mute:
		return r, errors.New("")
	case typedNil:
		return r, (*codeError)(nil)
	case rich:
		return r, fmt.Errorf("asking: %w", &codeError{Code: 503, Host: "example.org"})
	case panics:
		explode(s.N)
	case panicsNil:
		panic(nil)
	case panicsErr:
		panic(errRefused)
	case exits:
		runtime.Goexit()
	case waits:
		<-ctx.Done()
		return r, ctx.Err()
	case waitsCause:
		<-ctx.Done()
		return r, context.Cause(ctx)
	case waitsAngry:
		<-ctx.Done()
		return r, fmt.Errorf("step %d: %w", s.N, errRefused)
	case waitsCalm:
		<-ctx.Done()
	}
	return r, nil
}

// explode is the function that a stack must name.
func explode(n int) { panic(fmt.Sprintf("step %d exploded", n)) }

// home is the executor that nest runs its loops on. A worker process has none:
// there On(nil) means its own goroutines.
var home atomic.Pointer[parfor.Executor]

func inside(x parfor.Executor) (undo func()) {
	home.Store(&x)
	return func() { home.Store(nil) }
}

// tree is a loop in a loop in a loop.
type tree struct{ Depth, Width, Fail int }

// nest counts the leaves of a tree, each level a loop of its own.
func nest(ctx context.Context, t tree) (int, error) {
	if t.Depth == 0 {
		if t.Fail > 0 {
			return 0, errRefused
		}
		return 1, nil
	}
	var x parfor.Executor
	if p := home.Load(); p != nil {
		x = *p
	}
	below := make([]tree, t.Width)
	for i := range below {
		below[i] = tree{Depth: t.Depth - 1, Width: t.Width}
		if i == t.Fail-1 {
			below[i].Fail = t.Fail
		}
	}
	leaves, err := parfor.Map(ctx, below, nest, parfor.On(x))
	sum := 0
	for _, n := range leaves {
		sum += n
	}
	return sum, err
}

// steps are n steps that answer, all through one gate if there is an address.
func steps(n int, at string) []Step {
	s := make([]Step, n)
	for i := range s {
		s[i] = Step{N: i, At: at}
	}
	return s
}

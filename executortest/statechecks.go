package executortest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor"
)

var stateChecks = []check{
	{"PerWorkerIsOnePerProcess", 0, onePerProcess},
	{"PerWorkerFailedOpen", 0, failedOpen},
	{"PerSlotIsHeldByOneBody", 0, onePerBody},
	{"WithAndArg", 0, withAndArg},
	{"ArgOfNestedLoops", 0, argOfNested},
	{"ArgMissing", 0, argMissing},
	{"WithTwice", 0, withTwice},
}

// handle is a state whose openings are counted in its process.
type handle struct {
	PID, Number int
	users       *atomic.Int32
}

var workersOpened, slotsOpened atomic.Int32

func openHandle(count *atomic.Int32) func(context.Context) (handle, error) {
	return func(context.Context) (handle, error) {
		return handle{PID: os.Getpid(), Number: int(count.Add(1)), users: new(atomic.Int32)}, nil
	}
}

var (
	perWorker = parfor.PerWorker(openHandle(&workersOpened), nil)
	perSlot   = parfor.PerSlot(openHandle(&slotsOpened), nil)
)

// seen is what a body saw of a state.
type seen struct {
	PID, Number int
	Shared      bool // another body used it at the same time
	Same        bool // a second Get gave the same
}

func useWorker(ctx context.Context, s Step) (r seen, err error) {
	err = pass(ctx, s.At, s.N, func(ctx context.Context) error {
		h, err := perWorker.Get(ctx)
		again, _ := perWorker.Get(ctx)
		r = seen{PID: h.PID, Number: h.Number, Same: h == again}
		return err
	})
	return r, err
}

func useSlot(ctx context.Context, s Step) (r seen, err error) {
	h, err := perSlot.Get(ctx)
	if err != nil {
		return r, err
	}
	r = seen{PID: h.PID, Number: h.Number, Shared: h.users.Add(1) > 1}
	defer h.users.Add(-1)
	err = pass(ctx, s.At, s.N, func(ctx context.Context) error {
		again, err := perSlot.Get(ctx)
		r.Same = again == h
		return err
	})
	return r, err
}

var (
	_ = parfor.Register(useWorker)
	_ = parfor.Register(useSlot)
)

// Default mode: all slots at once ask for it, and every process opens one.
func onePerProcess(t *testing.T, s *subject) {
	perWorker.Close() // of checks before, in this process
	workersOpened.Store(0)
	for _, r := range together(t, s, useWorker) {
		if !r.Same || s.kind.inProcess() && r.Number != 1 || (r.PID == os.Getpid()) != s.kind.inProcess() {
			t.Errorf("state %+v", r)
		}
	}
}

// Default mode: bodies that run at once in one process never share a value,
// and there are no more values than bodies at once.
func onePerBody(t *testing.T, s *subject) {
	perSlot.Close()
	slotsOpened.Store(0)
	for _, r := range together(t, s, useSlot) {
		if r.Shared || !r.Same || s.kind.inProcess() && r.Number > s.room(2) {
			t.Errorf("state %+v", r)
		}
	}
	mustNotBeTask := func(ctx context.Context) {
		if _, err := perSlot.Get(ctx); !errors.Is(err, parfor.ErrNoTask) {
			t.Errorf("outside a task: %v", err)
		}
	}
	mustNotBeTask(t.Context())
}

// together runs the body so that it fills all slots at once, then some more.
func together(t *testing.T, s *subject, body func(context.Context, Step) (seen, error)) []seen {
	g := newGate(t)
	done := make(chan error, 1)
	var out []seen
	ctx, opts := within(t), s.on(2, parfor.Chunk(1))
	go func() {
		var err error
		out, err = parfor.Map(ctx, steps(10, g.address()), body, opts...)
		done <- err
	}()
	for range s.room(2) {
		g.next()
	}
	g.letAll()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return out
}

// fragile opens at the second try: the first leaves a file behind.
var fragile = parfor.PerWorker(func(ctx context.Context) (string, error) {
	name := filepath.Join(parfor.Arg[where](ctx).Dir, fmt.Sprint(os.Getpid()))
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return "", err
	}
	return "", errRefused
}, nil)

// where is an argument of loops: With gives it, Arg reads it.
type where struct {
	Dir  string
	Salt int
}

func useFragile(ctx context.Context, n int) (int, error) {
	_, err := fragile.Get(ctx)
	return n, err
}

var _ = parfor.Register(useFragile)

// Default mode: a failed open is the failure of the task that asked; the next
// one tries again.
func failedOpen(t *testing.T, s *subject) {
	fragile.Close()
	opts := s.on(1, parfor.With(where{Dir: t.TempDir()}))
	_, err := parfor.Map(within(t), parfor.Range(1), useFragile, opts...)
	mustBe(t, err, errRefused)
	if _, err := parfor.Map(within(t), parfor.Range(1), useFragile, opts...); err != nil {
		t.Errorf("second open: %v", err)
	}
}

func salted(ctx context.Context, n int) (int, error) { return n + parfor.Arg[where](ctx).Salt, nil }

// saltedInside is a loop of its own: the outer loop's argument is not its.
func saltedInside(ctx context.Context, n int) (int, error) {
	outer := parfor.Arg[where](ctx).Salt
	out, err := parfor.Map(ctx, []int{n}, salted, parfor.With(where{Salt: outer * 10}))
	if err != nil {
		return 0, err
	}
	_, err = parfor.Map(ctx, []int{n}, salted)
	if !contains(err, "parfor.With(v)") {
		return 0, fmt.Errorf("without With: %v", err)
	}
	return out[0], nil
}

var (
	_ = parfor.Register(salted)
	_ = parfor.Register(saltedInside)
)

// Default mode: what a closure would have captured, each loop its own.
func withAndArg(t *testing.T, s *subject) {
	for _, salt := range []int{5, 700} {
		out, err := parfor.Map(within(t), parfor.Range(3), salted, s.on(2, parfor.With(where{Salt: salt}))...)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "results", out, []int{salt, salt + 1, salt + 2})
		for r, err := range parfor.Stream(within(t), slices.Values(parfor.Range(3)), salted, s.on(2, parfor.With(where{Salt: salt}))...) {
			if err != nil || r.Out != r.In+salt {
				t.Errorf("%+v, %v", r, err)
			}
		}
	}
}

func argOfNested(t *testing.T, s *subject) {
	out, err := parfor.Map(within(t), []int{1}, saltedInside, s.on(1, parfor.With(where{Salt: 3}))...)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", out, []int{31})
}

// Default mode.
func argMissing(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), parfor.Range(1), salted, s.on(2)...)
	if !contains(err, "parfor.With(v)") {
		t.Errorf("the error does not say what to write: %v", err)
	}
}

func withTwice(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), parfor.Range(1), salted, s.on(2, parfor.With(where{}), parfor.With(where{}))...)
	mustBe(t, err, parfor.ErrOption)
}

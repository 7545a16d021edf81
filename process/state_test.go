//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// opened is a value of a worker: where it was opened, and when.
type opened struct {
	PID, Nth int
	AtInit   bool
}

var openings int

// openState does what the environment of the worker says, but only once in a
// pool; then it works.
func openState(ctx context.Context) (opened, error) {
	openings++
	v := opened{PID: os.Getpid(), Nth: openings, AtInit: inInit}
	first, err := os.OpenFile(os.Getenv("STATE_DIR")+"/opened", os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return v, nil
	}
	first.Close()
	switch os.Getenv("STATE_OPEN") {
	case "fail":
		return v, errOdd
	case "panic":
		panic("in open")
	case "goexit":
		runtime.Goexit()
	case "hang":
		select {} // whatever ctx says
	case "exit":
		os.Exit(5)
	}
	return v, nil
}

// closeState leaves a file, then does what the environment says.
func closeState(v opened) error {
	os.WriteFile(fmt.Sprintf("%s/closed-%d", os.Getenv("STATE_DIR"), v.PID), nil, 0o600)
	switch os.Getenv("STATE_CLOSE") {
	case "fail":
		return errOdd
	case "panic":
		panic("in close")
	case "goexit":
		runtime.Goexit()
	case "hang":
		select {}
	case "exit":
		os.Exit(6)
	}
	return nil
}

var (
	workerState = parfor.PerWorker(openState, closeState)
	slotState   = parfor.PerSlot(openState, closeState)
	innocent    = parfor.PerWorker(func(context.Context) (int, error) { return 0, nil }, func(int) error {
		return os.WriteFile(os.Getenv("STATE_DIR")+"/innocent", nil, 0o600)
	})
)

// useState gets a value of the kind that the item names.
func useState(ctx context.Context, kind string) (opened, error) {
	if _, err := innocent.Get(ctx); err != nil {
		return opened{}, err
	}
	switch kind {
	case "worker":
		return workerState.Get(ctx)
	case "slot":
		return slotState.Get(ctx)
	}
	return opened{}, exitWith(ctx)
}

func exitWith(context.Context) error { os.Exit(4); return nil }

var inInit bool

// warmUp opens the worker's value before its first task.
func warmUp(ctx context.Context) error {
	inInit = true
	defer func() { inInit = false }()
	_, err := workerState.Get(ctx)
	return err
}

var (
	_ = parfor.Register(useState)
	_ = process.RegisterInit(warmUp)
)

// states is a pool of one worker whose value opens and closes in these ways,
// and the directory where it leaves its traces.
func states(t *testing.T, open, close string, opts ...process.Option) (*process.Pool, string) {
	t.Helper()
	dir := t.TempDir()
	opts = append(opts, process.Env("STATE_DIR="+dir, "STATE_OPEN="+open, "STATE_CLOSE="+close), process.Stderr(discard{}))
	p, err := process.NewPool(t.Context(), 1, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, dir
}

func useIt(t *testing.T, p *process.Pool, kind string, opts ...parfor.Option) (opened, error) {
	t.Helper()
	return parfor.Submit(t.Context(), p, useState, kind, opts...).Result(t.Context())
}

// However an opening fails, it is the failure of the task that asked. The next
// task opens anew, in the same worker if there still is one.
func TestAFailedOpeningIsTheFailureOfItsTask(t *testing.T) {
	for _, kind := range []string{"worker", "slot"} {
		for _, c := range []struct {
			open string
			is   func(error) bool
			same bool // the worker survives
		}{
			{"fail", func(err error) bool { return errors.Is(err, errOdd) }, true},
			{"panic", func(err error) bool {
				var pe *parfor.PanicError
				return errors.As(err, &pe) && strings.Contains(string(pe.Stack), "openState")
			}, true},
			{"goexit", func(err error) bool { return errors.Is(err, parfor.ErrGoexit) }, true},
			{"exit", func(err error) bool {
				var we *parfor.WorkerError
				return errors.As(err, &we) && we.ExitCode == 5
			}, false},
			{"hang", func(err error) bool {
				var te *parfor.TimeoutError
				return errors.As(err, &te) && te.Killed && strings.Contains(string(te.Stack), "openState")
			}, false},
		} {
			t.Run(kind+"/"+c.open, func(t *testing.T) {
				p, _ := states(t, c.open, "")
				var opts []parfor.Option
				if c.open == "hang" {
					opts = []parfor.Option{parfor.Timeout(100 * time.Millisecond), parfor.Grace(10 * time.Millisecond)}
				}
				before := p.PIDs()[0]
				if _, err := useIt(t, p, kind, opts...); !c.is(err) {
					t.Errorf("the first: %v", err)
				}
				v, err := useIt(t, p, kind)
				if err != nil || (v.PID == before) != c.same || c.same && v.Nth != 2 || !c.same && v.Nth != 1 {
					t.Errorf("the second: %+v, %v; the worker was %d", v, err, before)
				}
				if again, err := useIt(t, p, kind); again != v || err != nil {
					t.Errorf("the third: %+v, %v; want the second's", again, err)
				}
			})
		}
	}
}

// Whoever waits for an opening in the same worker shares its failure, and the
// worker's end.
func TestAnOpeningThatHangsCostsThoseWhoWaitForIt(t *testing.T) {
	p, _ := states(t, "hang", "", process.ItemsPerWorker(2))
	limits := []parfor.Option{parfor.On(p), parfor.KeepGoing(), parfor.Timeout(100 * time.Millisecond), parfor.Grace(10 * time.Millisecond)}
	_, err := parfor.Map(t.Context(), []string{"worker", "worker"}, useState, limits...)
	if !errors.Is(err, parfor.ErrTaskTimeout) {
		t.Errorf("got %v", err)
	}
	if v, err := useIt(t, p, "worker"); err != nil || v.Nth != 1 {
		t.Errorf("afterwards: %+v, %v", v, err)
	}
}

// A worker that ends in order closes its values, also when it is replaced after
// so many tasks; what replaces it, or one that died, opens anew.
func TestARestartOpensAnew(t *testing.T) {
	for _, kind := range []string{"worker", "slot"} {
		p, dir := states(t, "", "", process.RestartAfter(1))
		a, errA := useIt(t, p, kind)
		b, errB := useIt(t, p, kind)
		if errA != nil || errB != nil || a.PID == b.PID || b.Nth != 1 {
			t.Errorf("%s: %+v %v, %+v %v", kind, a, errA, b, errB)
		}
		_, err := useIt(t, p, "crash")
		var we *parfor.WorkerError
		if !errors.As(err, &we) {
			t.Errorf("%s: %v", kind, err)
		}
		c, err := useIt(t, p, kind)
		if err != nil || c.PID == b.PID || c.Nth != 1 {
			t.Errorf("%s: after a crash %+v, %v", kind, c, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		for _, v := range []opened{a, b, c} {
			if _, err := os.Stat(filepath.Join(dir, "closed-"+strconv.Itoa(v.PID))); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}

// What goes wrong in a close function is told by the pool's Close, and keeps no
// other value from being closed. One that hangs is cut short.
func TestABadCloseIsTold(t *testing.T) {
	defer process.QuitGrace(200 * time.Millisecond)()
	for _, kind := range []string{"worker", "slot"} {
		for how, text := range map[string]string{
			"fail":   "odd",
			"panic":  "a close function panicked: in close",
			"goexit": "a close function called runtime.Goexit",
			"exit":   "exit code 6",
			"hang":   "its exit hooks were cut short",
		} {
			t.Run(kind+"/"+how, func(t *testing.T) {
				p, dir := states(t, "", how)
				if _, err := useIt(t, p, kind); err != nil {
					t.Fatal(err)
				}
				if err := p.Close(); err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("Close: %v", err)
				}
				_, err := os.Stat(dir + "/innocent")
				if all := how != "exit" && how != "hang"; all && err != nil {
					t.Errorf("the other value: %v", err)
				}
			})
		}
	}
}

func TestC47_AnInitializerOpensTheValueBeforeTheFirstTask(t *testing.T) {
	p, _ := states(t, "", "", process.WorkerInit(warmUp), process.RestartAfter(2))
	for i := range 5 {
		if v, err := useIt(t, p, "worker"); err != nil || !v.AtInit || v.Nth != 1 {
			t.Errorf("task %d: %+v, %v", i, v, err)
		}
	}
}

func TestC48_AWarmUpThatFailsEndsThePool(t *testing.T) {
	for open, text := range map[string]string{"fail": "odd", "panic": "in open", "goexit": "Goexit"} {
		p, _ := states(t, open, "", process.WorkerInit(warmUp))
		for range 2 { // now and later
			if _, err := useIt(t, p, "worker"); err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "warmUp") {
				t.Errorf("%s: %v", open, err)
			}
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: Close: %v", open, err)
		}
	}
}

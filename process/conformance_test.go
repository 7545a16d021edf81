//go:build unix

package process_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// deadly is a result that ends its worker when it is encoded.
type deadly struct{ Harmless bool }

func (d deadly) MarshalBinary() ([]byte, error) {
	if !d.Harmless && process.IsWorker() {
		os.Exit(12)
	}
	return []byte{1}, nil
}

func (d *deadly) UnmarshalBinary([]byte) error { d.Harmless = true; return nil }

func makeDeadly(_ context.Context, harmless bool) (deadly, error) { return deadly{harmless}, nil }

var _ = parfor.Register(makeDeadly)

func TestC37_EncodingThatKillsTheWorker(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	for range 20 {
		_, err := parfor.Submit(t.Context(), p, makeDeadly, false).Result(t.Context())
		var w *parfor.WorkerError
		if !errors.As(err, &w) || w.ExitCode != 12 {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := parfor.Submit(t.Context(), p, makeDeadly, true).Result(t.Context()); err != nil {
		t.Errorf("the pool is of no use any more: %v", err)
	}
}

// The first task holds the only worker while as many are submitted as wait without
// blocking the one who submits; the others come when it goes on.
func TestC41_ManySubmissionsBeforeAnyRuns(t *testing.T) {
	p := pool(t, 1)
	file := filepath.Join(t.TempDir(), "go")
	first := parfor.Submit(t.Context(), p, fileBody, "wait "+file)
	fs := make([]*parfor.Future[int, int], 20_000)
	for i := range fs {
		if i == 1000 {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		fs[i] = parfor.Submit(t.Context(), p, double, i)
	}
	if _, err := first.Result(t.Context()); err != nil {
		t.Error(err)
	}
	for i, f := range fs {
		if v, err := f.Result(t.Context()); v != 2*i || err != nil {
			t.Fatalf("%d: %d, %v", i, v, err)
		}
	}
}

func TestC47_InitializerRunsInReplacements(t *testing.T) {
	p := pool(t, 1, process.WorkerInit(setUp))
	for range 5 {
		syscall.Kill(p.PIDs()[0], syscall.SIGKILL)
		was, err := parfor.Submit(t.Context(), p, wasSetUp, 0, parfor.Attempts(2)).Result(t.Context())
		if err != nil || !was {
			t.Fatalf("%v, %v", was, err)
		}
	}
}

func TestC49_InvalidLimitIsRejected(t *testing.T) {
	for _, n := range []int{0, -1} {
		if _, err := process.NewPool(t.Context(), 1, process.RestartAfter(n)); !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "RestartAfter(") {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestC49_WornWorkersAreReaped(t *testing.T) {
	p := pool(t, 1, process.RestartAfter(2))
	old := pidOf(t, p)
	if again := pidOf(t, p); again != old {
		t.Errorf("the second task ran in %d, the first in %d", again, old)
	}
	if next := pidOf(t, p); next == old {
		t.Error("the third task ran in the same worker")
	}
	if err := syscall.Kill(old, 0); err != syscall.ESRCH {
		t.Errorf("the worn worker %d is still to be seen: %v", old, err)
	}
}

// More tasks wait than the workers of the moment may run, and the pool is closed
// while they do.
func TestC50_BacklogOutlivesItsWorkers(t *testing.T) {
	p := pool(t, 2, process.RestartAfter(3))
	fs := make([]*parfor.Future[int, int], 100)
	for i := range fs {
		fs[i] = parfor.Submit(t.Context(), p, double, i)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for i, f := range fs {
		if v, err := f.Result(t.Context()); v != 2*i || err != nil {
			t.Fatalf("%d: %d, %v", i, v, err)
		}
	}
}

// Those that no worker has begun are cancelled, the others finish, and none is
// left pending.
func TestC54_CancelThenClose(t *testing.T) {
	p := pool(t, 2)
	file := filepath.Join(t.TempDir(), "go")
	fs := make([]*parfor.Future[string, int], 50)
	for i := range fs {
		fs[i] = parfor.Submit(t.Context(), p, fileBody, "wait "+file)
	}
	eventually(t, "the first", func() bool { return fs[0].State() == parfor.Running })
	cancelled := 0
	for _, f := range fs {
		if f.Cancel() {
			cancelled++
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	finished := 0
	for i, f := range fs {
		switch v, err := f.Result(t.Context()); {
		case f.State() == parfor.Finished && v == 1 && err == nil:
			finished++
		case f.State() != parfor.Cancelled || !errors.Is(err, parfor.ErrCanceled):
			t.Errorf("%d is %v: %v", i, f.State(), err)
		}
	}
	if cancelled <= 20 || finished == 0 || cancelled+finished != 50 {
		t.Errorf("%d cancelled, %d finished", cancelled, finished)
	}
}

// Who doesn't wait for Close: what has begun finishes, and nothing stays.
func TestC56_CloseWithoutWaiting(t *testing.T) {
	p := pool(t, 1)
	file := filepath.Join(t.TempDir(), "go")
	f := parfor.Submit(t.Context(), p, fileBody, "wait "+file)
	eventually(t, "the body", func() bool { return f.State() == parfor.Running })
	pid := p.PIDs()[0]
	closed := make(chan error)
	go func() { closed <- p.Close() }()
	eventually(t, "the pool to close", func() bool {
		f := parfor.Submit(t.Context(), p, double, 1)
		return f.State() == parfor.Finished && errors.Is(f.Err(), parfor.ErrClosed)
	})
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := f.Result(t.Context()); v != 1 || err != nil {
		t.Errorf("what had begun: %d, %v", v, err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("worker %d is still to be seen: %v", pid, err)
	}
}

// Kill is harmless on a pool that has been used for nothing, on a closed one, and
// on one whose workers can't start.
func TestC57_KillInEveryState(t *testing.T) {
	for name, bring := range map[string]func(p *process.Pool){
		"unused": func(*process.Pool) {},
		"closed": func(p *process.Pool) { p.Close() },
		"killed": func(p *process.Pool) { p.Kill() },
		"broken": func(p *process.Pool) {
			if _, err := parfor.Map(t.Context(), upTo(1), double, parfor.On(p)); !errors.Is(err, errOdd) {
				t.Errorf("it isn't broken: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var opts []process.Option
			if name == "broken" {
				opts = append(opts, process.WorkerInit(setUpBadly))
			}
			p := pool(t, 2, opts...)
			pids := p.PIDs()
			bring(p)
			p.Kill()
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			for _, pid := range pids {
				if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
					t.Errorf("worker %d is still to be seen: %v", pid, err)
				}
			}
			if _, err := parfor.Submit(t.Context(), p, double, 1).Result(t.Context()); err == nil {
				t.Error("it took a task")
			}
		})
	}
}

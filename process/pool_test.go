//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func TestC04_BadOptionsStartNothing(t *testing.T) {
	_, err := process.NewPool(t.Context(), -1, process.ItemsPerWorker(0), process.Env("x"), process.Dir("/nowhere"), nil)
	if !errors.Is(err, parfor.ErrOption) {
		t.Fatalf("got %v", err)
	}
	for _, s := range []string{"NewPool(-1)", "ItemsPerWorker(0)", `Env("x")`, `Dir("/nowhere")`, "nil"} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q is not in: %v", s, err)
		}
	}
}

func TestNewPoolIsBoundedByItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := process.NewPool(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPoolEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := process.NewPool(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := parfor.Submit(t.Context(), p, obedient, -1)
	eventually(t, "the body", func() bool { return f.State() == parfor.Running })
	cancel()
	if _, err := f.Result(t.Context()); err == nil {
		t.Error("the body was not cancelled")
	}
	if _, err := parfor.Map(t.Context(), upTo(3), double, parfor.On(p)); !errors.Is(err, context.Canceled) {
		t.Errorf("a later loop: %v", err)
	}
	p.Close()
}

func TestNilPool(t *testing.T) {
	var p *process.Pool
	if _, err := parfor.Map(t.Context(), upTo(3), double, parfor.On(p)); !errors.Is(err, parfor.ErrNoExecutor) {
		t.Errorf("in the parent: %v", err)
	}
	p.Kill()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	in := pool(t, 1)
	out, err := parfor.Map(t.Context(), []int{4}, nested, parfor.On(in))
	if err != nil || out[0] != 12 {
		t.Errorf("in a worker: %v, %v", out, err)
	}
}

// nested runs a loop on a nil pool, which means goroutines here.
func nested(ctx context.Context, n int) (int, error) {
	var p *process.Pool
	out, err := parfor.Map(ctx, upTo(n), double, parfor.On(p))
	sum := 0
	for _, v := range out {
		sum += v
	}
	if !process.IsWorker() {
		return 0, errors.New("not a worker")
	}
	return sum, err
}

var _ = parfor.Register(nested)

func TestC52_C53_CloseDrains(t *testing.T) {
	p, err := process.NewPool(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	var fs []*parfor.Future[int, int]
	for i := range 50 {
		fs = append(fs, parfor.Submit(t.Context(), p, slow, i))
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { p.Close() })
	}
	wg.Wait()
	for i, f := range fs {
		if v, err := f.Result(t.Context()); v != i || err != nil {
			t.Errorf("%d: %v, %v", i, v, err)
		}
	}
	if _, err := parfor.Submit(t.Context(), p, slow, 1).Result(t.Context()); !errors.Is(err, parfor.ErrClosed) {
		t.Errorf("submit after Close: %v", err)
	}
	if _, err := parfor.Map(t.Context(), upTo(2), double, parfor.On(p)); !errors.Is(err, parfor.ErrClosed) {
		t.Errorf("loop after Close: %v", err)
	}
}

func slow(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(time.Millisecond):
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

var _ = parfor.Register(slow)

func TestC54_CloseNowCancels(t *testing.T) {
	p, err := process.NewPool(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	var fs []*parfor.Future[int, int]
	for range 50 {
		fs = append(fs, parfor.Submit(t.Context(), p, spin2, -1, parfor.Grace(50*time.Millisecond)))
	}
	eventually(t, "the first", func() bool { return fs[0].State() == parfor.Running })
	p.CloseNow()
	for i, f := range fs {
		if _, err := f.Result(t.Context()); err == nil {
			t.Errorf("%d has a result", i)
		}
	}
}

func spin2(ctx context.Context, n int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }

var _ = parfor.Register(spin2)

func TestC57_Kill(t *testing.T) {
	p, err := process.NewPool(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	f := parfor.Submit(t.Context(), p, spin, -1)
	eventually(t, "the body", func() bool { return f.State() == parfor.Running })
	p.Kill()
	if _, err := f.Result(t.Context()); !errors.Is(err, parfor.ErrClosed) {
		t.Errorf("got %v", err)
	}
	p.Kill()
	p.Close()
	if _, err := parfor.Submit(t.Context(), p, double, 1).Result(t.Context()); !errors.Is(err, parfor.ErrClosed) {
		t.Errorf("a later submit: %v", err)
	}
}

var initialized int

func setUp(context.Context) error { initialized = os.Getpid(); return nil }
func setUpBadly(context.Context) error {
	return errOdd
}
func wasSetUp(_ context.Context, n int) (bool, error) { return initialized == os.Getpid(), nil }

var (
	_ = process.RegisterInit(setUp)
	_ = process.RegisterInit(setUpBadly)
	_ = parfor.Register(wasSetUp)
)

func TestC47_InitializerRunsFirst(t *testing.T) {
	p := pool(t, 2, process.WorkerInit(setUp))
	out, err := parfor.Map(t.Context(), upTo(100), wasSetUp, parfor.On(p))
	if err != nil || slices.Contains(out, false) {
		t.Errorf("%v, %v", out, err)
	}
}

func TestC48_FailingInitializer(t *testing.T) {
	p := pool(t, 2, process.WorkerInit(setUpBadly))
	for range 2 {
		if _, err := parfor.Map(t.Context(), upTo(100), wasSetUp, parfor.On(p)); !errors.Is(err, errOdd) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := process.NewPool(t.Context(), 1, process.WorkerInit(func(context.Context) error { return nil })); !errors.Is(err, parfor.ErrOption) {
		t.Errorf("unregistered: %v", err)
	}
}

func TestC49_RestartAfter(t *testing.T) {
	p := pool(t, 1, process.RestartAfter(3))
	out, err := parfor.Map(t.Context(), make([]string, 10), crash, parfor.On(p))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	counts := map[int]int{}
	for _, pid := range out {
		counts[pid]++
	}
	for pid, n := range counts {
		if n > 3 {
			t.Errorf("worker %d ran %d tasks", pid, n)
		}
	}
	if len(counts) != 4 {
		t.Errorf("%d workers", len(counts))
	}
}

func TestWorkersCapIsExact(t *testing.T) {
	dir := t.TempDir()
	p := pool(t, 3, process.ItemsPerWorker(2))
	items := make([]string, 60)
	for i := range items {
		items[i] = dir
	}
	out, err := parfor.Map(t.Context(), items, crowd, parfor.On(p), parfor.Workers(3))
	if err != nil {
		t.Fatal(err)
	}
	if most := slices.Max(out); most > 3 {
		t.Errorf("%d at once", most)
	}
}

// crowd counts who is in a directory.
func crowd(_ context.Context, dir string) (int, error) {
	f, err := os.CreateTemp(dir, "")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	time.Sleep(time.Millisecond)
	all, err := os.ReadDir(dir)
	return len(all), err
}

var _ = parfor.Register(crowd)

func TestItemsPerWorker(t *testing.T) {
	p := pool(t, 2, process.ItemsPerWorker(8))
	dir := t.TempDir()
	items := make([]string, 64)
	for i := range items {
		items[i] = dir
	}
	out, err := parfor.Map(t.Context(), items, crowd, parfor.On(p))
	if err != nil {
		t.Fatal(err)
	}
	if most := slices.Max(out); most > 16 || most < 2 {
		t.Errorf("%d at once", most)
	}
	if out, err := parfor.Map(t.Context(), upTo(20_000), double, parfor.On(p)); err != nil || out[19_999] != 39_998 {
		t.Error(err)
	}
}

func TestTwoLoopsShareThePool(t *testing.T) {
	p := pool(t, 2)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				out, err := parfor.Map(t.Context(), upTo(3000), double, parfor.On(p))
				if err != nil || out[2999] != 5998 {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestTailIsTakenBack(t *testing.T) {
	p := pool(t, 2)
	dir := t.TempDir()
	for i := range 100 {
		file := fmt.Sprint(dir, "/", i)
		// The first of a chunk waits until the last of it has run, which it can
		// only do elsewhere.
		items := make([]string, 8)
		items[0], items[7] = "wait "+file, "make "+file
		if _, err := parfor.Map(t.Context(), items, fileBody, parfor.On(p), parfor.Chunk(8)); err != nil {
			t.Fatal(err)
		}
	}
}

func fileBody(ctx context.Context, what string) (int, error) {
	verb, file, _ := strings.Cut(what, " ")
	switch verb {
	case "make":
		return 1, os.WriteFile(file, nil, 0o600)
	case "wait":
		for end := time.Now().Add(soon); ; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(file); err == nil {
				return 1, nil
			}
			if time.Now().After(end) {
				return 0, errors.New("nobody came")
			}
		}
	}
	return 1, nil
}

var _ = parfor.Register(fileBody)

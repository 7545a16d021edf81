//go:build unix

package process_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// within is a context that ends when something hangs.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 3*soon)
	t.Cleanup(cancel)
	return ctx
}

func resize(t *testing.T, p *process.Pool, n int) {
	t.Helper()
	if err := p.Resize(n); err != nil {
		t.Fatal(err)
	}
}

func TestResizeWhatCannotBe(t *testing.T) {
	p := pool(t, 1)
	for _, n := range []int{0, -1} {
		if err := p.Resize(n); !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "Pause") {
			t.Errorf("Resize(%d): %v", n, err)
		}
	}
	pidOf(t, p)
	var none *process.Pool
	if err := none.Resize(1); !errors.Is(err, parfor.ErrNoExecutor) {
		t.Errorf("nil pool: %v", err)
	}
	p.Close()
	if err := p.Resize(1); !errors.Is(err, parfor.ErrClosed) {
		t.Errorf("closed pool: %v", err)
	}
	q, err := process.NewPool(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	q.Kill()
	if err := q.Resize(2); !errors.Is(err, parfor.ErrClosed) {
		t.Errorf("killed pool: %v", err)
	}
	q.Close()
}

// A running loop gets the new workers, and does with fewer.
func TestResizeOfARunningLoop(t *testing.T) {
	for _, k := range []int{1, 4} {
		p := pool(t, 1, process.ItemsPerWorker(k))
		first := workers(t, p, 1)
		l := newLobby(t)
		over := l.loop(p, l.guests(5*k))
		l.expect(k)
		resize(t, p, 3)
		if p.Slots() != 3*k {
			t.Errorf("%d slots, want %d", p.Slots(), 3*k)
		}
		here := l.expect(3 * k)
		resize(t, p, 1)
		for item, pid := range here {
			if pid != first[0] {
				l.let(item)
			}
		}
		if left := workers(t, p, 1); left[0] != first[0] {
			t.Errorf("worker %d is left, want %d", left[0], first[0])
		}
		l.expect(k)
		l.letAll()
		pids, err := over()
		if err != nil {
			t.Fatal(err)
		}
		for item, pid := range pids {
			if want := here[item]; want != 0 && pid != want {
				t.Errorf("item %d began in worker %d and ended in %d", item, want, pid)
			} else if want == 0 && pid != first[0] {
				t.Errorf("item %d ran in worker %d, want the only one", item, pid)
			}
		}
	}
}

// What waits in a worker that is to go runs elsewhere at once.
func TestResizeGivesBackWhatWaits(t *testing.T) {
	p := pool(t, 2)
	l := newLobby(t)
	over := l.loop(p, l.guests(8), parfor.Chunk(4))
	here := l.expect(2)
	kept, other := p.PIDs()[0], -1
	for item, pid := range here {
		if pid != kept {
			other = item
		} else {
			l.let(item)
		}
	}
	resize(t, p, 1)
	for i := range 8 {
		if i != other {
			l.let(i)
		}
	}
	eventually(t, "the others", func() bool { return l.been() == 7 && l.here()[other] != 0 })
	if len(p.PIDs()) != 2 {
		t.Errorf("workers %v: one ended while a task ran in it", p.PIDs())
	}
	l.let(other)
	pids, err := over()
	if err != nil {
		t.Fatal(err)
	}
	for item, pid := range pids {
		if (pid == kept) == (item == other) {
			t.Errorf("item %d ran in %d", item, pid)
		}
	}
	workers(t, p, 1)
}

// A pool that is made smaller and larger again, before a worker has left, keeps
// it.
func TestResizeBack(t *testing.T) {
	p := pool(t, 2)
	before := workers(t, p, 2)
	l := newLobby(t)
	over := l.loop(p, l.guests(4))
	l.expect(2)
	resize(t, p, 1)
	resize(t, p, 2)
	l.let(0, 1)
	l.expect(2)
	l.letAll()
	if _, err := over(); err != nil {
		t.Fatal(err)
	}
	if after := workers(t, p, 2); !slices.Equal(before, after) {
		t.Errorf("workers %v became %v", before, after)
	}
}

func TestResizeKeepsTheCapOfALoop(t *testing.T) {
	for _, k := range []int{1, 3} {
		p := pool(t, 1, process.ItemsPerWorker(k))
		l := newLobby(t)
		over := l.loop(p, l.guests(12), parfor.Workers(k+1))
		l.expect(k)
		resize(t, p, 4)
		workers(t, p, 4)
		for i := range 12 {
			eventually(t, "the cap's worth", func() bool { return len(l.here()) == min(k+1, 12-i) })
			l.let(i)
			eventually(t, "its end", func() bool { return l.here()[i] == 0 })
			if n := len(l.here()); n > k+1 {
				t.Fatalf("%d at once, the cap is %d", n, k+1)
			}
		}
		if _, err := over(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestResizeWithMinWorkers(t *testing.T) {
	p := pool(t, 3, process.MinWorkers(2), process.IdleTimeout(20*time.Millisecond))
	workers(t, p, 2)
	resize(t, p, 1)
	workers(t, p, 1)
	resize(t, p, 5)
	workers(t, p, 2)
	l := newLobby(t)
	over := l.loop(p, l.guests(6))
	l.expect(5)
	workers(t, p, 5)
	l.letAll()
	if _, err := over(); err != nil {
		t.Fatal(err)
	}
	workers(t, p, 2)
}

// procs is how many threads its process may run.
func procs(context.Context, int) (int, error) { return runtime.GOMAXPROCS(0), nil }

var _ = parfor.Register(procs)

func TestResizeChangesTheShareOfTheMachine(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	p := pool(t, 1, process.MinWorkers(0), process.IdleTimeout(time.Millisecond))
	for n, want := range map[int]int{1: 8, 2: 4, 16: 1} {
		resize(t, p, n)
		workers(t, p, 0)
		if got, err := parfor.Submit(t.Context(), p, procs, 0).Result(within(t)); err != nil || got != want {
			t.Errorf("GOMAXPROCS of one of %d workers is %d, want %d (%v)", n, got, want, err)
		}
	}
}

// The time limits of tasks hold in workers that came later.
func TestResizeAndTimeouts(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	items := []int{-1, -1, -1, -1}
	ended := make(chan error, 1)
	go func() {
		_, err := parfor.Map(t.Context(), items, spin, parfor.On(p), parfor.KeepGoing(),
			parfor.Timeout(50*time.Millisecond), parfor.Grace(10*time.Millisecond))
		ended <- err
	}()
	resize(t, p, 3)
	err := <-ended
	for i, f := range parfor.Failed(err) {
		var te *parfor.TimeoutError
		if !errors.As(f, &te) || !te.Killed {
			t.Errorf("item %d: %v", i, f)
		}
	}
	if len(parfor.Failed(err)) != 4 {
		t.Error(err)
	}
}

// Loops, kills and changes of size at once: every item is accounted for, and
// what dead workers had published was read.
func TestC32_ResizeUnderLoadAndKills(t *testing.T) {
	kills := 150
	if testing.Short() {
		kills = 25
	}
	for _, k := range []int{1, 8} {
		p, err := process.NewPool(t.Context(), 3, process.MinWorkers(1), process.IdleTimeout(5*time.Millisecond),
			process.ItemsPerWorker(k), process.Stderr(discard{}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		killed := make(chan int)
		var side sync.WaitGroup
		go func() { killed <- killer(ctx, p, kills, cancel) }()
		side.Go(func() {
			rng := rand.New(rand.NewPCG(1, 2))
			for ctx.Err() == nil {
				if err := p.Resize(1 + rng.IntN(4)); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Duration(rng.IntN(8)) * time.Millisecond)
			}
		})
		lost := 0
		for ctx.Err() == nil {
			lost += accounted(t, p, 30_000)
		}
		n := <-killed
		side.Wait()
		if lost > n*k {
			t.Errorf("k=%d: %d kills cost %d items", k, n, lost)
		}
		t.Logf("k=%d: %d kills cost %d items", k, n, lost)
		p.Close()
		if published, read := p.Ledger(); published != read || published == 0 {
			t.Errorf("k=%d: workers published %d results, %d were read", k, published, read)
		}
	}
}

// Resize may come at any moment of a pool's end.
func TestResizeWhileThePoolEnds(t *testing.T) {
	for i := range 12 {
		p, err := process.NewPool(t.Context(), 1+i%2, process.MinWorkers(i%2))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for j := range 3 {
			wg.Go(func() {
				for n := range 40 {
					if err := p.Resize(1 + (n+j)%3); err != nil && !errors.Is(err, parfor.ErrClosed) {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			_, err := parfor.Map(within(t), upTo(100), double, parfor.On(p))
			if err != nil && !errors.Is(err, parfor.ErrClosed) {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if i%3 == 0 {
				p.Kill()
			}
			p.Close()
		})
		wg.Wait()
		p.Close()
	}
}

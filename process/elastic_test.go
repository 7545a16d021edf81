//go:build unix

package process_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

func TestBadElasticOptionsStartNothing(t *testing.T) {
	for want, opts := range map[string][]process.Option{
		"MinWorkers(-1)":                 {process.MinWorkers(-1)},
		"MinWorkers(3)":                  {process.MinWorkers(3)},
		"IdleTimeout(0s)":                {process.MinWorkers(1), process.IdleTimeout(0)},
		"IdleTimeout without MinWorkers": {process.IdleTimeout(time.Second)},
	} {
		p, err := process.NewPool(t.Context(), 2, opts...)
		if p != nil || !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// Workers beyond those that are kept start for tasks that wait, all at once,
// and no more than there are tasks for.
func TestC15_WorkersStartAsNeeded(t *testing.T) {
	for _, least := range []int{0, 1} {
		for _, tasks := range []int{1, 3, 9} {
			p := pool(t, 4, process.MinWorkers(least))
			first := workers(t, p, least)
			l := newLobby(t)
			over := l.loop(p, l.guests(tasks))
			n := min(tasks, 4)
			pids := workers(t, p, n)
			for _, pid := range first {
				if !slices.Contains(pids, pid) {
					t.Errorf("the worker that was there is gone")
				}
			}
			seen := map[int]bool{}
			for _, pid := range l.expect(n) {
				seen[pid] = true
			}
			if len(seen) != n {
				t.Errorf("%d tasks run in %d workers, want %d", n, len(seen), n)
			}
			l.letAll()
			if _, err := over(); err != nil {
				t.Fatal(err)
			}
			if got := len(p.PIDs()); got != n {
				t.Errorf("for %d tasks %d workers were started, want %d", tasks, got, n)
			}
			if p.Slots() != 4 {
				t.Errorf("%d slots, want those of all workers", p.Slots())
			}
		}
	}
}

// A stream doesn't know how many items will come, but how many are there.
func TestStreamStartsNoWorkerInVain(t *testing.T) {
	p := pool(t, 6, process.MinWorkers(0))
	l := newLobby(t)
	go func() {
		defer l.letAll()
		l.expect(3)
	}()
	for r, err := range parfor.Stream(t.Context(), slices.Values(l.guests(3)), wait, parfor.On(p)) {
		if err != nil || r.Out == 0 {
			t.Fatal(err)
		}
	}
	if got := len(p.PIDs()); got != 3 {
		t.Errorf("%d workers for 3 items", got)
	}
}

func TestWorkerStartsForEachOfItsItems(t *testing.T) {
	p := pool(t, 4, process.MinWorkers(0), process.ItemsPerWorker(3))
	l := newLobby(t)
	over := l.loop(p, l.guests(7))
	l.expect(7)
	if got := len(p.PIDs()); got != 3 {
		t.Errorf("7 tasks have %d workers of 3 each", got)
	}
	l.letAll()
	if _, err := over(); err != nil {
		t.Fatal(err)
	}
}

func TestCappedLoopStartsNoMoreThanItsCap(t *testing.T) {
	p := pool(t, 6, process.MinWorkers(0))
	l := newLobby(t)
	over := l.loop(p, l.guests(8), parfor.Workers(2))
	for i := range 4 {
		l.expect(2)
		l.let(2*i, 2*i+1)
		eventually(t, "the next", func() bool { h := l.here(); return h[2*i] == 0 && h[2*i+1] == 0 })
	}
	if _, err := over(); err != nil {
		t.Fatal(err)
	}
	if got := len(p.PIDs()); got != 2 {
		t.Errorf("%d workers for a loop of two at once", got)
	}
}

func TestIdleWorkersEnd(t *testing.T) {
	for _, k := range []int{1, 5} {
		p := pool(t, 4, process.MinWorkers(1), process.IdleTimeout(50*time.Millisecond), process.ItemsPerWorker(k))
		kept := workers(t, p, 1)
		for range 3 {
			l := newLobby(t)
			over := l.loop(p, l.guests(4*k))
			l.expect(4 * k)
			l.letAll()
			if _, err := over(); err != nil {
				t.Fatal(err)
			}
			if left := workers(t, p, 1); left[0] != kept[0] {
				t.Errorf("worker %d stayed, want the first, %d", left[0], kept[0])
			}
		}
	}
}

// Nobody is told that a worker died which had nothing to do.
func TestAnIdleEndIsNoDeath(t *testing.T) {
	p := pool(t, 2, process.MinWorkers(0), process.IdleTimeout(20*time.Millisecond))
	d := &departures{}
	l := newLobby(t)
	items := l.guests(2)
	over := l.loop(p, items, parfor.Observe(d))
	l.expect(2)
	l.let(1)
	workers(t, p, 1)
	l.let(0)
	if _, err := over(); err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.texts) == 0 || d.texts[0] != observe.DownIdle || d.died > 0 {
		t.Errorf("left as %q, %d deaths", d.texts, d.died)
	}
}

// A task may come in the moment in which a worker ends for want of one.
func TestIdleEndLosesNoTask(t *testing.T) {
	p := pool(t, 2, process.MinWorkers(0), process.IdleTimeout(time.Millisecond))
	for i := range 150 {
		time.Sleep(time.Duration(i%5) * 500 * time.Microsecond)
		if v, err := parfor.Submit(t.Context(), p, double, i).Result(within(t)); v != 2*i || err != nil {
			t.Fatalf("task %d: %v, %v", i, v, err)
		}
	}
}

// Tasks that wait behind one that takes longer than was thought get workers.
func TestQueueBehindASlowTaskStartsAWorker(t *testing.T) {
	p := pool(t, 2, process.MinWorkers(1))
	file := t.TempDir() + "/go"
	items := make([]string, 8)
	items[0], items[7] = "wait "+file, "make "+file
	if _, err := parfor.Map(within(t), items, fileBody, parfor.On(p), parfor.Chunk(8)); err != nil {
		t.Fatal(err)
	}
}

// What NewPool can't have found out, as it started nothing, the loops get.
func TestC45_FirstStartOfALazyPoolFails(t *testing.T) {
	dir := t.TempDir() + "/gone"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := pool(t, 3, process.MinWorkers(0), process.Dir(dir))
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := parfor.Map(within(t), upTo(20), double, parfor.On(p))
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "first worker did not start") {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := parfor.Submit(t.Context(), p, double, 1).Result(within(t)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a submission: %v", err)
	}
	if err := p.Resize(2); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Resize: %v", err)
	}
}

func TestC48_InitializerOfALazyPoolFails(t *testing.T) {
	p := pool(t, 3, process.MinWorkers(0), process.WorkerInit(setUpBadly))
	for range 2 {
		if _, err := parfor.Map(within(t), upTo(20), wasSetUp, parfor.On(p)); !errors.Is(err, errOdd) {
			t.Errorf("got %v", err)
		}
	}
}

// A pool that has had workers gives up after as many failed starts as Breaker
// says, and no sooner.
func TestBreakerOfAnElasticPool(t *testing.T) {
	dir := t.TempDir() + "/gone"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := pool(t, 2, process.MinWorkers(0), process.IdleTimeout(time.Millisecond), process.Dir(dir), process.Breaker(3))
	pidOf(t, p)
	workers(t, p, 0)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	_, err := parfor.Map(within(t), upTo(20), double, parfor.On(p))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "3 workers in a row") {
		t.Fatalf("got %v", err)
	}
}

func TestLazyPoolThatDidNothing(t *testing.T) {
	p := pool(t, 3, process.MinWorkers(0))
	if out, err := parfor.Map(t.Context(), []int{}, double, parfor.On(p)); err != nil || len(out) > 0 {
		t.Error(out, err)
	}
	if got := p.PIDs(); len(got) > 0 {
		t.Errorf("workers %v for nothing", got)
	}
	q, err := process.NewPool(t.Context(), 3, process.MinWorkers(0))
	if err != nil {
		t.Fatal(err)
	}
	q.Kill()
	if err := q.Close(); err != nil {
		t.Error(err)
	}
}

// A worker that dies is replaced if it is kept, or if there is work for it.
func TestDeathInAnElasticPool(t *testing.T) {
	p := pool(t, 3, process.MinWorkers(1), process.Stderr(discard{}))
	l := newLobby(t)
	over := l.loop(p, l.guests(6), parfor.KeepGoing())
	for item, pid := range l.expect(3) {
		if item != 0 {
			kill(t, pid)
		}
	}
	eventually(t, "replacements", func() bool { // the killed have left their files
		return len(l.here()) == 5
	})
	l.letAll()
	_, err := over()
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 2 {
		t.Fatalf("want the two that ran in killed workers to fail, got %v", err)
	}
	for _, pid := range workers(t, p, 3) {
		kill(t, pid)
	}
	eventually(t, "the kept one", func() bool { return len(p.PIDs()) == 1 })
	if err := oneOf(t, p, "exit"); err == nil {
		t.Error("no error")
	}
}

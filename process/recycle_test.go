//go:build linux

package process_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

// recycled counts the workers that left in good order, and fails for any other.
func (d *departures) recycled(t *testing.T) (n int) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, text := range d.texts {
		if text == observe.DownRecycled {
			n++
		}
	}
	if d.died > 0 || n != len(d.texts) {
		t.Errorf("%d workers died; all left as %q", d.died, d.texts)
	}
	return n
}

// The backlog is far longer than what all workers run in their lives.
func TestC50_RestartsNeverStrandTheQueue(t *testing.T) {
	for _, why := range []struct {
		name  string
		opt   process.Option
		tasks int
	}{
		{"tasks", process.RestartAfter(7), 60},
		{"age", process.RestartAge(100 * time.Millisecond), 100},
		{"rss", process.RestartRSS(32 << 20), 200},
	} {
		for _, slots := range []int{1, 3} {
			t.Run(why.name, func(t *testing.T) {
				p := pool(t, 3, why.opt, process.ItemsPerWorker(slots))
				d, n := &departures{}, why.tasks*slots
				out, err := parfor.Map(t.Context(), slices.Repeat([]string{"leak 2"}, n), consume, parfor.On(p), parfor.Observe(d))
				if err != nil || len(out) != n {
					t.Fatal(len(out), err)
				}
				if d.recycled(t) < 2 {
					t.Errorf("%d workers were recycled", len(d.texts))
				}
			})
		}
	}
}

// Workers end in turn while one task comes after the other, each alone.
func TestC50_RestartsLoseNoLoneTask(t *testing.T) {
	p := pool(t, 2, process.RestartAge(100*time.Millisecond))
	pids := map[int]bool{}
	eventually(t, "ten processes", func() bool {
		for range 20 {
			pids[pidOf(t, p)] = true
		}
		return len(pids) >= 10
	})
}

// A worker at the end of its time finishes what runs in it, takes nothing more,
// and is in nobody's way.
func TestAWornWorkerFinishesWhileOthersGoOn(t *testing.T) {
	p := pool(t, 2, process.RestartAge(100*time.Millisecond), process.ItemsPerWorker(2))
	dir := t.TempDir()
	f := parfor.Submit(t.Context(), p, untilThere, dir+"/gate")
	pid := appears(t, dir+"/gate.pid")
	others := map[int]bool{}
	eventually(t, "the other one's third life, at whose start the first one's is over", func() bool {
		for _, other := range p.PIDs() {
			others[other] = true
		}
		return len(others) >= 4
	})
	for range 100 {
		if pidOf(t, p) == pid {
			t.Fatal("a worn worker took a task")
		}
	}
	if f.State() != parfor.Running {
		t.Fatalf("the long task is %v", f.State())
	}
	if err := os.WriteFile(dir+"/gate", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Result(t.Context()); got != pid || err != nil {
		t.Errorf("the long task ended in %d of %d: %v", got, pid, err)
	}
	eventually(t, "the worn worker's end", func() bool { return !slices.Contains(p.PIDs(), pid) })
}

// What waits in a worn worker is not run there: of a second's work in one chunk
// it does its time's.
func TestAWornWorkerGivesBackWhatWaits(t *testing.T) {
	p := pool(t, 1, process.RestartAge(100*time.Millisecond))
	out, err := parfor.Map(t.Context(), upTo(60), nap, parfor.On(p), parfor.Chunk(60))
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(out, func(pid int) bool { return pid != out[0] }); i < 0 || i > 30 {
		t.Errorf("the first process ran %d of 60", i)
	}
}

// nap takes its time.
func nap(context.Context, int) (int, error) {
	time.Sleep(20 * time.Millisecond)
	return os.Getpid(), nil
}

var _ = parfor.Register(nap)

// Workers of a pool that has nothing to do age too.
func TestIdleWorkersAge(t *testing.T) {
	p := pool(t, 2, process.RestartAge(100*time.Millisecond))
	first := p.PIDs()
	eventually(t, "other processes", func() bool {
		now := p.PIDs()
		return len(now) == 2 && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(first, pid) })
	})
}

// untilThere tells its pid, and ends when the file is there.
func untilThere(ctx context.Context, file string) (int, error) {
	if err := os.WriteFile(file+".pid", fmt.Append(nil, os.Getpid()), 0o600); err != nil {
		return 0, err
	}
	for ctx.Err() == nil {
		if _, err := os.Stat(file); err == nil {
			return os.Getpid(), nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, context.Cause(ctx)
}

var _ = parfor.Register(untilThere)

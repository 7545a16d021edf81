//go:build unix

package process_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// A crash costs the items that ran in the process, all of them and no others:
// not those that had finished, not those that waited in it.
func TestC32_CrashCostsWhatRanAtOnce(t *testing.T) {
	for _, k := range []int{2, 16, 100} {
		p := pool(t, 1, process.ItemsPerWorker(k), process.Stderr(discard{}))
		l := newLobby(t)
		n := 3 * k
		over := l.loop(p, l.guests(n), parfor.KeepGoing(), parfor.Chunk(n))
		done := []int{}
		for item := range l.expect(k) {
			if done = append(done, item); len(done) == k/2 {
				break
			}
		}
		l.let(done...)
		var here map[int]int
		eventually(t, "the next ones", func() bool {
			here = l.here()
			return len(here) == k && !slices.ContainsFunc(done, func(i int) bool { return here[i] != 0 })
		})
		kill(t, p.PIDs()[0])
		l.letAll()
		pids, err := over()
		failed := parfor.Failed(err)
		if len(failed) != k {
			t.Errorf("%d at once: %d items failed: %v", k, len(failed), err)
		}
		for item, pid := range pids {
			var we *parfor.WorkerError
			switch ran := here[item] != 0; {
			case ran && (failed[item] == nil || !errors.As(failed[item], &we)):
				t.Errorf("item %d ran when the worker was killed, and has %v", item, failed[item])
			case !ran && (failed[item] != nil || pid == 0):
				t.Errorf("item %d did not run then, and has %v", item, failed[item])
			case slices.Contains(done, item) && pid != here[anyOf(here)]:
				t.Errorf("item %d was run again in %d", item, pid)
			}
		}
	}
}

func anyOf(m map[int]int) int {
	for k := range m {
		return k
	}
	return -1
}

// A body that calls Goexit costs its task: not its mates, nor the place that it
// had in the process.
func TestC34_GoexitAmongMates(t *testing.T) {
	const k = 4
	p := pool(t, 1, process.ItemsPerWorker(k))
	before := workers(t, p, 1)
	l := newLobby(t)
	over := l.loop(p, l.guests(k-1))
	l.expect(k - 1)
	items := make([]string, 50)
	for i := range items {
		items[i] = "goexit"
	}
	_, err := parfor.Map(within(t), items, crash, parfor.On(p), parfor.KeepGoing())
	if failed := parfor.Failed(err); len(failed) != len(items) || !errors.Is(failed[7], parfor.ErrGoexit) {
		t.Errorf("got %v", err)
	}
	l.letAll()
	if _, err := over(); err != nil {
		t.Error(err)
	}
	all := newLobby(t)
	over = all.loop(p, all.guests(k))
	all.expect(k) // all places are there
	all.letAll()
	if _, err := over(); err != nil {
		t.Error(err)
	}
	if after := workers(t, p, 1); !slices.Equal(before, after) {
		t.Errorf("worker %v was replaced by %v", before, after)
	}
}

// Of one process many bodies may hang: each has its own verdict.
func TestAllThatHangAtOnceTimeOut(t *testing.T) {
	const k = 40
	p := pool(t, 1, process.ItemsPerWorker(k), process.Stderr(discard{}))
	l := newLobby(t)
	items := append(deaf(l.guests(k)), l.from(k, 10)...)
	for i := range 10 {
		l.let(k + i)
	}
	_, err := l.loop(p, items, parfor.KeepGoing(), parfor.Timeout(500*time.Millisecond), parfor.Grace(100*time.Millisecond))()
	failed := parfor.Failed(err)
	for i := range items {
		var te *parfor.TimeoutError
		switch f := failed[i]; {
		case i < k && (f == nil || !errors.As(f, &te) || !te.Killed || !bytes.Contains(te.Stack, []byte("process_test.wait"))):
			t.Errorf("item %d hung, and has %v", i, f)
		case i >= k && f != nil:
			t.Errorf("item %d: %v", i, f)
		}
	}
}

// A body that hangs is killed; a mate that ends within the grace keeps its
// result, and what waited runs elsewhere.
func TestTimeoutAmongMates(t *testing.T) {
	p := pool(t, 1, process.ItemsPerWorker(3), process.Stderr(discard{}))
	before := workers(t, p, 1)
	l := newLobby(t)
	mates := l.loop(p, l.guests(2))
	l.expect(2)
	hung := l.loop(p, deaf(l.from(2, 1)), parfor.Timeout(30*time.Millisecond), parfor.Grace(700*time.Millisecond))
	l.expect(3)
	waits := l.loop(p, l.from(3, 1))
	l.let(0, 1, 3)
	var te *parfor.TimeoutError
	if _, err := hung(); !errors.As(err, &te) || !te.Killed {
		t.Errorf("the one that hung: %v", err)
	}
	pids, err := mates()
	if err != nil || pids[0] != before[0] || pids[1] != before[0] {
		t.Errorf("mates: %v, %v", pids, err)
	}
	if _, err := waits(); err != nil {
		t.Error(err)
	}
}

// Two tasks of one process are killed in the same moment: both are said to be.
func TestControlKillsSeveralMates(t *testing.T) {
	p := pool(t, 1, process.ItemsPerWorker(3), process.Stderr(discard{}))
	l := newLobby(t)
	var c parfor.Control
	items := append(deaf(l.guests(2)), l.from(2, 1)...)
	over := l.loop(p, items, parfor.KeepGoing(), parfor.WithControl(&c), parfor.Grace(time.Second))
	l.expect(3)
	if !c.Kill(0) || !c.Kill(1) {
		t.Error("nobody was there")
	}
	l.let(2)
	_, err := over()
	if failed := parfor.Failed(err); len(failed) != 2 || !errors.Is(failed[0], parfor.ErrKilled) || !errors.Is(failed[1], parfor.ErrKilled) {
		t.Errorf("got %v", err)
	}
}

// A task that runs for so long that its place in the queue was used again can
// still be killed.
func TestControlKillsATaskThatOthersPassed(t *testing.T) {
	p := pool(t, 1, process.ItemsPerWorker(2), process.Stderr(discard{}))
	l := newLobby(t)
	var c parfor.Control
	items := l.guests(60)
	for i := range items {
		items[i].Pad = make([]byte, 100_000) // ten of them are all that the queue holds
		l.let(i + 1)
	}
	items[0].Deaf = true
	over := l.loop(p, items, parfor.KeepGoing(), parfor.WithControl(&c), parfor.Grace(10*time.Millisecond))
	eventually(t, "the others", func() bool {
		loops := c.Loops()
		return len(loops) == 1 && loops[0].Waiting == 0 && loops[0].Running == 1 && len(l.here()) == 1
	})
	c.Kill(0)
	_, err := over()
	if failed := parfor.Failed(err); len(failed) != 1 || !errors.Is(failed[0], parfor.ErrKilled) {
		t.Errorf("got %v", err)
	}
}

// A loop that is cancelled takes nothing from one that lives in the same
// process.
func TestCancelledLoopBesideALivingOne(t *testing.T) {
	p := pool(t, 1, process.ItemsPerWorker(4), process.Stderr(discard{}))
	before := workers(t, p, 1)
	for _, deafness := range []bool{false, true} {
		l := newLobby(t)
		living := l.loop(p, l.guests(2))
		l.expect(2)
		ctx, cancel := context.WithCancel(t.Context())
		others := l.from(2, 6)
		if deafness {
			deaf(others)
		}
		cancelled := l.loopOf(ctx, p, others, parfor.Grace(700*time.Millisecond))
		l.expect(4)
		cancel()
		if !deafness {
			if _, err := cancelled(); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			l.expect(2)
		}
		l.let(0, 1)
		pids, err := living()
		if err != nil || pids[0] != before[0] || pids[1] != before[0] {
			t.Errorf("the living loop: %v, %v, want %v", pids, err, before)
		}
		if deafness {
			if _, err := cancelled(); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
	}
	if after := workers(t, p, 1); slices.Equal(before, after) {
		t.Error("nobody was killed")
	}
}

// RestartAfter counts tasks, not rounds, and a slow one of them doesn't end the
// pool's work.
func TestC50_RestartAfterWithMates(t *testing.T) {
	for _, k := range []int{4, 100} {
		p := pool(t, 2, process.ItemsPerWorker(k), process.RestartAfter(10))
		l := newLobby(t)
		slow := l.loop(p, l.guests(1))
		l.expect(1)
		out, err := parfor.Map(within(t), make([]string, 300), crash, parfor.On(p))
		if err != nil {
			t.Fatal(err)
		}
		l.letAll()
		pids, err := slow()
		if err != nil {
			t.Fatal(err)
		}
		counts := map[int]int{}
		for _, pid := range append(out, pids...) {
			counts[pid]++
		}
		for pid, n := range counts {
			if n > 10 {
				t.Errorf("%d at once: worker %d ran %d tasks", k, pid, n)
			}
		}
	}
}

// fat is an item whose result is much larger.
type fat struct {
	Seed, Size int
	In         []byte
}

func fatten(_ context.Context, f fat) ([]byte, error) {
	return append(slices.Clone(f.In), bytes.Repeat([]byte{byte(f.Seed)}, f.Size)...), nil
}

var _ = parfor.Register(fatten)

func fats(n int) []fat {
	sizes := []int{10, 5_000, 60_000, 300_000, 1_000_000, 3_000_000}
	all := make([]fat, n)
	for i := range all {
		all[i] = fat{i, sizes[(i*7)%len(sizes)], bytes.Repeat([]byte{byte(i)}, sizes[i%len(sizes)])}
	}
	return all
}

func checkFat(t *testing.T, i int, f fat, out []byte) {
	t.Helper()
	if want := len(f.In) + f.Size; len(out) != want || want > 0 && (out[0] != byte(i) || out[want-1] != byte(i)) ||
		bytes.Count(out, []byte{byte(i)}) != want {
		t.Errorf("item %d: a result of %d bytes, want %d", i, len(out), want)
	}
}

// Slots of one process write large results at once; none gets another's.
func TestLargeResultsOfManySlots(t *testing.T) {
	p := pool(t, 1, process.ItemsPerWorker(12))
	items := fats(120)
	out, err := parfor.Map(within(t), items, fatten, parfor.On(p))
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range out {
		checkFat(t, i, items[i], b)
	}
}

// Nor when the process is killed in the middle.
func TestC32_KillsAmongLargeResults(t *testing.T) {
	p, err := process.NewPool(t.Context(), 2, process.ItemsPerWorker(6), process.Stderr(discard{}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	killed := make(chan int)
	go func() { killed <- killer(ctx, p, 25, cancel) }()
	lost := 0
	for ctx.Err() == nil {
		items := fats(60)
		out, err := parfor.Map(within(t), items, fatten, parfor.On(p), parfor.KeepGoing())
		failed := parfor.Failed(err)
		lost += len(failed)
		for i, b := range out {
			if failed[i] == nil {
				checkFat(t, i, items[i], b)
			}
		}
	}
	if n := <-killed; lost > 6*n {
		t.Errorf("%d kills cost %d items", n, lost)
	}
	p.Close()
	if published, read := p.Ledger(); published != read {
		t.Errorf("workers published %d results, %d were read", published, read)
	}
}

// Loops of all kinds at once in few processes of many slots.
func TestManyLoopsInManySlots(t *testing.T) {
	p := pool(t, 2, process.ItemsPerWorker(100), process.RestartAfter(2000))
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			opts := []parfor.Option{parfor.On(p)}
			if i%3 == 1 {
				opts = append(opts, parfor.Workers(7))
			}
			if i%3 == 2 {
				opts = append(opts, parfor.Timeout(time.Minute))
			}
			out, err := parfor.Map(within(t), upTo(2000), double, opts...)
			if err != nil || out[1999] != 3998 {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

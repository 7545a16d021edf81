package oracle

import (
	"errors"
	"flag"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

var histories = flag.Int("histories", usualHistories, "histories of live dictionaries to check")

// TestD11_LiveIsLinearizable_ProcessesUnderKills checks what worker processes,
// of which some are killed in the middle of an operation, and this one did to a
// live dictionary at once.
func TestD11_LiveIsLinearizable_ProcessesUnderKills(t *testing.T) {
	calls, open, kills := 0, 0, 0
	for range *histories {
		h, err := liveHistory(t)
		calls, open, kills = calls+h.calls, open+h.open, kills+h.kills
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d histories, %d operations, %d without an answer, %d kills", *histories, calls, open, kills)
	if kills == 0 || calls < *histories*100 {
		t.Error("that is too little to tell")
	}
}

// memoryJournal is that of this process.
type memoryJournal struct {
	mu    sync.Mutex
	calls []call
}

func (j *memoryJournal) write(c call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, c)
}

type liveCounts struct{ calls, open, kills int }

// liveHistory records one history and checks it. The parent does an operation
// for every task that is done, on two goroutines, and kills a worker at some.
func liveHistory(t *testing.T) (n liveCounts, err error) {
	const tasks = 60
	if err := live.Clear(t.Context()); err != nil {
		return n, err
	}
	dir := t.TempDir()
	pool, err := process.NewPool(t.Context(), 3, process.ItemsPerWorker(2))
	if err != nil {
		return n, err
	}
	defer pool.Close()
	j, k := &memoryJournal{}, newKiller()
	seed := rand.Uint64()
	var clients sync.WaitGroup
	begin := make(chan struct{})
	defer clients.Wait()
	defer close(begin)
	for i := range 2 {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(1000+i)))
			for range begin {
				operation(t.Context(), j, r)
			}
		})
	}
	orders := iter.Seq[liveOrder](func(yield func(liveOrder) bool) {
		for i := 0; i < tasks && yield(liveOrder{dir, seed, i}); i++ {
		}
	})
	kill := map[int]bool{3 + rand.IntN(15): true, 20 + rand.IntN(15): true, 40 + rand.IntN(15): true}
	settled := 0
	for _, err := range parfor.Stream(t.Context(), orders, operate, parfor.On(pool), parfor.KeepGoing(), parfor.Observe(k)) {
		if err := unlessKilled(err); err != nil {
			return n, err
		}
		begin <- struct{}{}
		if settled++; kill[settled] {
			k.kill()
		}
	}
	return judge(j, dir, k)
}

// unlessKilled is the error of a task that was not lost with its worker.
func unlessKilled(err error) error {
	var w *parfor.WorkerError
	var loop *parfor.LoopError
	switch {
	case errors.As(err, &loop):
		return loop.Cause
	case errors.As(err, &w) && w.Cause == parfor.Killed:
		return nil
	}
	return err
}

func judge(j *memoryJournal, dir string, k *killer) (n liveCounts, err error) {
	records, err := readJournals(dir)
	if err != nil {
		return n, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n.kills = k.kills
	n.calls, n.open, err = linearize(append(records, j.calls...))
	return n, err
}

func TestLiveModelIsNotBlind(t *testing.T) {
	answered := func(id uint64, kind, a, out, ok, begun, ended int64) call {
		return call{ID: id, Kind: kind, A: a, Out: out, OK: ok, Begun: begun, Ended: ended, Answered: 1}
	}
	for name, h := range map[string]struct {
		calls []call
		legal bool
	}{
		"in order":            {[]call{answered(1, liveSet, 5, 0, 0, 1, 2), answered(2, liveGet, 0, 5, 1, 3, 4)}, true},
		"stale read":          {[]call{answered(1, liveSet, 5, 0, 0, 1, 2), answered(2, liveGet, 0, 0, 0, 3, 4)}, false},
		"concurrent":          {[]call{answered(1, liveSet, 5, 0, 0, 1, 9), answered(2, liveGet, 0, 0, 0, 3, 4)}, true},
		"added twice":         {[]call{answered(1, liveAdd, 1, 2, 0, 1, 2)}, false},
		"open, and happened":  {[]call{{ID: 1, Kind: liveSet, A: 5, Begun: 1}, answered(2, liveGet, 0, 5, 1, 7, 8)}, true},
		"open, did not":       {[]call{{ID: 1, Kind: liveSet, A: 5, Begun: 1}, answered(2, liveGet, 0, 0, 0, 7, 8)}, true},
		"before it was asked": {[]call{{ID: 1, Kind: liveSet, A: 5, Begun: 9}, answered(2, liveGet, 0, 5, 1, 7, 8)}, false},
	} {
		if _, _, err := linearize(h.calls); (err == nil) != h.legal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package meter_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

// diary keeps everything an observer is told.
type diary struct {
	mu     sync.Mutex
	start  observe.Start
	frames []observe.Frame
	events []observe.Event
	end    observe.End
	calls  []string
}

func (d *diary) note(call string, f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, call)
	f()
}

func (d *diary) Start(s observe.Start) { d.note("start", func() { d.start = s }) }
func (d *diary) Frame(f observe.Frame) { d.note("frame", func() { d.frames = append(d.frames, f) }) }
func (d *diary) Event(e observe.Event) { d.note("event", func() { d.events = append(d.events, e) }) }
func (d *diary) End(e observe.End)     { d.note("end", func() { d.end = e }) }

func watched(workers, total int) (*meter.Loop, *diary) {
	d := &diary{}
	return meter.New("loop", "goroutines", workers, total, []observe.Observer{d}), d
}

// truth is what the workers of drive did, by their own count.
type truth struct{ ok, failed, retried, timed, items int64 }

// drive lets workers write to their shards in every way there is.
func drive(l *meter.Loop, workers, rounds int) truth {
	var mu sync.Mutex
	var sum truth
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			s := l.Shard(w)
			var mine truth
			for i := range rounds {
				index := w*rounds + i
				switch i % 7 {
				case 0:
					s.Count(3, 1, 2, 50)
					mine.ok, mine.failed, mine.retried = mine.ok+3, mine.failed+1, mine.retried+2
				case 1:
					s.Chunk(meter.Now(), 100, index, 5, 0, 0)
					mine.ok += 5
					mine.items += 5
				default:
					start := meter.Now()
					s.Begin(index, 1, start)
					f := []observe.Flags{observe.OK, observe.OK, observe.Failed, observe.Retried, observe.Failed | observe.Killed}[i%5]
					switch i % 5 {
					case 0, 1:
						mine.ok++
					case 3:
						mine.retried++
					default:
						mine.failed++
						l.Fail(index, 1, fmt.Errorf("item %d", index))
					}
					s.Task(start, meter.Now()-start, index, 1, f)
					mine.timed++
					mine.items++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			sum.ok += mine.ok
			sum.failed += mine.failed
			sum.retried += mine.retried
			sum.timed += mine.timed
			sum.items += mine.items
		})
	}
	wg.Wait()
	return sum
}

func TestTotalsAreExact(t *testing.T) {
	for _, workers := range []int{1, 2, 8, 33} {
		for _, look := range []bool{false, true} {
			t.Run(fmt.Sprintf("workers=%d/watched=%v", workers, look), func(t *testing.T) {
				l, d := watched(workers, -1)
				if !look {
					l.End(nil)
					l = meter.New("loop", "goroutines", workers, -1, nil)
				}
				l.Skip(4)
				stop := make(chan struct{})
				var reader sync.WaitGroup
				reader.Go(func() { readTotals(t, l, stop) })
				want := drive(l, workers, 3000)
				close(stop)
				reader.Wait()
				got := l.Totals()
				if got.OK != want.ok || got.Failed != want.failed || got.Retried != want.retried || got.Running != 0 || got.Skipped != 4 {
					t.Errorf("Totals() = %+v, want %+v", got, want)
				}
				l.End(nil)
				if !look {
					return
				}
				last := d.end.Frame
				if last.Totals != l.Totals() {
					t.Errorf("last frame has %+v, Totals() is %+v", last.Totals, l.Totals())
				}
				if last.Hist.Count() != want.timed {
					t.Errorf("histogram has %d tasks, want %d", last.Hist.Count(), want.timed)
				}
				var drawn int64
				for _, s := range d.slices() {
					drawn += int64(s.N)
				}
				if drawn != want.items {
					t.Errorf("slices stand for %d tasks, want %d", drawn, want.items)
				}
				d.checkMonotone(t)
			})
		}
	}
}

// readTotals reads while the workers write: what was counted stays counted.
func readTotals(t *testing.T, l *meter.Loop, stop <-chan struct{}) {
	var before observe.Totals
	for {
		now := l.Totals()
		if now.OK < before.OK || now.Failed < before.Failed || now.Retried < before.Retried || now.Running > 33 {
			t.Errorf("totals went from %+v to %+v", before, now)
		}
		before = now
		select {
		case <-stop:
			return
		default:
			runtime.Gosched()
		}
	}
}

func (d *diary) slices() []observe.Slice {
	var all []observe.Slice
	for _, f := range append(d.frames, d.end.Frame) {
		all = append(all, f.Slices...)
	}
	return all
}

// checkMonotone holds for every loop: nothing that was counted is taken back,
// and the slices of a worker don't overlap.
func (d *diary) checkMonotone(t *testing.T) {
	t.Helper()
	var before observe.Totals
	for _, f := range append(d.frames, d.end.Frame) {
		now := f.Totals
		if now.OK < before.OK || now.Failed < before.Failed || now.Retried < before.Retried {
			t.Errorf("totals went from %+v to %+v", before, now)
		}
		before = now
	}
	ends := map[int]time.Duration{}
	for _, s := range d.slices() {
		if s.Start < ends[s.Worker] || s.Took < 0 || s.N < 1 {
			t.Errorf("slice %+v begins before its worker's last one ended, at %v", s, ends[s.Worker])
		}
		ends[s.Worker] = s.Start + s.Took
	}
}

func TestLoopNumbersAreUnique(t *testing.T) {
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				n := meter.New("", "", 1, 1, nil).Number()
				mu.Lock()
				if n == 0 || seen[n] {
					t.Errorf("number %d twice, or 0", n)
				}
				seen[n] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestShardIsOnePerWorker(t *testing.T) {
	l := meter.New("", "", 1, 1, nil)
	got := make([]*meter.Shard, 200)
	var wg sync.WaitGroup
	for w := range got {
		wg.Go(func() {
			got[w] = l.Shard(w)
			got[w].Count(1, 0, 0, 0)
		})
	}
	wg.Wait()
	for w, s := range got {
		if l.Shard(w) != s {
			t.Errorf("worker %d has two shards", w)
		}
	}
	if n := l.Totals().OK; n != 200 {
		t.Errorf("Totals().OK = %d, want 200", n)
	}
}

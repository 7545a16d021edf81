//go:build unix

package process_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// ticket is an item of the body tally: it marks in a file that it was there.
type ticket struct {
	File string
	Long time.Duration
}

func tally(_ context.Context, t ticket) (int, error) {
	time.Sleep(t.Long)
	f, err := os.OpenFile(t.File, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	_, err = f.Write([]byte{1})
	return 0, err
}

var _ = parfor.Register(tally)

// tallied is how many tasks of a loop have run so far.
func tallied(file string) int {
	st, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return int(st.Size())
}

func tickets(file string, n int, long time.Duration) []ticket {
	all := make([]ticket, n)
	for i := range all {
		all[i] = ticket{file, long}
	}
	return all
}

func runTickets(t *testing.T, p *process.Pool, items []ticket) {
	if _, err := parfor.Map(t.Context(), items, tally, parfor.On(p)); err != nil {
		t.Error(err)
	}
}

// Two loops of equal tasks progress alike, however many workers share them and
// however many tasks each runs at once.
func TestEqualLoopsProgressAlike(t *testing.T) {
	for long, n := range map[time.Duration]int{0: 1200, time.Millisecond: 300, 10 * time.Millisecond: 40} {
		for _, size := range [][2]int{{1, 1}, {2, 1}, {3, 1}, {1, 4}, {2, 5}} {
			p := pool(t, size[0], process.ItemsPerWorker(size[1]))
			for _, loops := range []int{2, 3} {
				dir := t.TempDir()
				file := func(i int) string { return fmt.Sprint(dir, "/", i) }
				var wg sync.WaitGroup
				var first sync.Once
				var counts []int
				for i := range loops {
					wg.Go(func() {
						runTickets(t, p, tickets(file(i), n, long))
						first.Do(func() {
							for j := range loops {
								counts = append(counts, tallied(file(j)))
							}
						})
					})
				}
				wg.Wait()
				for _, c := range counts {
					if c < n/3 {
						t.Errorf("%d workers of %d, tasks of %v: when the first loop had run its %d, the others had run %v", size[0], size[1], long, n, counts)
						break
					}
				}
			}
		}
	}
}

// A short loop has its turn while long ones run.
func TestShortLoopIsNotStarved(t *testing.T) {
	for _, k := range []int{1, 3} {
		p := pool(t, 1, process.ItemsPerWorker(k))
		dir := t.TempDir()
		long := []string{dir + "/a", dir + "/b"}
		n := 600 * k
		var wg sync.WaitGroup
		for _, file := range long {
			wg.Go(func() { runTickets(t, p, tickets(file, n, time.Millisecond)) })
		}
		done := func() int { return tallied(long[0]) + tallied(long[1]) }
		eventually(t, "the long loops", func() bool { return tallied(long[0]) > 100 && tallied(long[1]) > 100 })
		before := done()
		runTickets(t, p, tickets(dir+"/short", 10*k, time.Millisecond))
		if others := done() - before; others > 200*k {
			t.Errorf("with %d at once: a loop of %d tasks had to wait for %d others", k, 10*k, others)
		}
		wg.Wait()
	}
}

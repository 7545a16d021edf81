package executortest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
)

var streamChecks = []check{
	{"C06_ErrorAtItsPosition", 0, errorAtItsPosition},
	{"C09_LoopDeadline", 0, loopDeadline},
	{"C10_ClosingEarlyCancels", 0, closingEarly},
	{"C11_WindowBoundsWhatIsTaken", 0, windowBounds},
	{"InfiniteSource", 0, infiniteSource},
	{"EveryRangeRunsAnew", 0, everyRange},
	{"InOrderHoldsBackTheRest", concurrent, inOrderHoldsBack},
	{"CompletionOrder", concurrent, completionOrder},
}

// KeepGoing.
func errorAtItsPosition(t *testing.T, s *subject) {
	in := steps(9, "")
	in[4].Do = refuse
	at := 0
	for r, err := range parfor.Stream(within(t), slices.Values(in), act, s.on(2, parfor.InOrder(), parfor.KeepGoing())...) {
		if r.Index != at || r.In != in[at] {
			t.Fatalf("result %+v at place %d", r, at)
		}
		te, isTask := err.(*parfor.TaskError)
		switch {
		case at == 4 && (!isTask || te.Index != 4 || !errors.Is(err, errRefused)):
			t.Errorf("item 4 failed with %v, want a *TaskError", err)
		case at != 4 && (err != nil || r.Out.Square != at*at):
			t.Errorf("item %d: %+v, %v", at, r, err)
		}
		at++
	}
	if at != 9 {
		t.Errorf("%d results, want 9", at)
	}
}

// KeepGoing: what the deadline ends is no failure of an item.
func loopDeadline(t *testing.T, s *subject) {
	in := steps(12, "")
	for i := 6; i < len(in); i++ {
		in[i].Do = waits
	}
	var last error
	done := map[int]bool{}
	for r, err := range parfor.Stream(within(t), slices.Values(in), act, s.on(2, parfor.LoopTimeout(300*time.Millisecond), parfor.KeepGoing())...) {
		if last != nil {
			t.Fatalf("the stream goes on after its last error: %+v, %v", r, err)
		}
		if last = err; err == nil {
			done[r.Index] = true
		}
	}
	le := loopError(t, last)
	mustBe(t, last, parfor.ErrLoopTimeout)
	if le.Failed != 0 {
		t.Errorf("%d items failed, want none: the deadline is the loop's", le.Failed)
	}
	for i := range in {
		if le.Done(i) != done[i] {
			t.Errorf("item %d: Done says %v, yielded %v", i, le.Done(i), done[i])
		}
	}
}

// Default mode and KeepGoing, with chunks and without.
func closingEarly(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.KeepGoing()}, {parfor.Chunk(4)}, {parfor.InOrder()}} {
		const n = 100
		g := openGate(t)
		in := steps(n, g.address())
		for i := 1; i < n; i++ {
			in[i].Do = waits // so that nothing but a cancel ends them
		}
		next, stop := iter.Pull2(parfor.Stream(within(t), slices.Values(in), act, s.on(2, append(opts, parfor.Window(8))...)...))
		if r, err, ok := next(); !ok || err != nil || r.Index != 0 {
			t.Fatalf("first result: %+v, %v, %v", r, err, ok)
		}
		stop()
		g.empty(t)
		if ran := len(g.visits()); ran >= n {
			t.Errorf("%d of %d bodies ran after the range was left at the first", ran, n)
		}
		if _, _, ok := next(); ok {
			t.Error("a stream that was left yields again")
		}
	}
}

// counted is an endless source that counts what is taken from it.
func counted(taken *int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; ; i++ {
			*taken++
			if !yield(i) {
				return
			}
		}
	}
}

// Default mode. The source is asked for an item only when there is room for
// it: with n results received, never more than n + window were taken.
func windowBounds(t *testing.T, s *subject) {
	for _, window := range []int{1, 2, 7} {
		for _, ordered := range []bool{false, true} {
			opts := s.on(2, parfor.Window(window))
			if ordered {
				opts = append(opts, parfor.InOrder())
			}
			taken := make(chan int, 1000)
			source := func(yield func(int) bool) {
				for i := 0; i < 200; i++ {
					taken <- i
					if !yield(i) {
						return
					}
				}
			}
			received, count := 0, 0
			for r, err := range parfor.Stream(within(t), source, square, opts...) {
				if err != nil {
					t.Fatal(err)
				}
				received++
				for len(taken) > 0 {
					<-taken
					count++
				}
				if count > received+window {
					t.Fatalf("window %d: %d items were taken when %d results were received", window, count, received)
				}
				if ordered && r.Index != received-1 {
					t.Fatalf("result %d at place %d", r.Index, received-1)
				}
			}
			if received != 200 {
				t.Errorf("window %d: %d results", window, received)
			}
		}
	}
}

// Default mode.
func infiniteSource(t *testing.T, s *subject) {
	taken := 0
	got := 0
	for r, err := range parfor.Stream(within(t), counted(&taken), square, s.on(2, parfor.Window(16))...) {
		if err != nil || r.Out != r.Index*r.Index {
			t.Fatalf("%+v, %v", r, err)
		}
		if got++; got == 1000 {
			break
		}
	}
	if taken > got+16 { // the loop is over: nobody writes taken any more
		t.Errorf("%d items were taken for %d results and a window of 16", taken, got)
	}
}

// Default mode.
func everyRange(t *testing.T, s *subject) {
	stream := parfor.Stream(within(t), slices.Values(parfor.Range(5)), square, s.on(2)...)
	for range 2 {
		n := 0
		for _, err := range stream {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 5 {
			t.Errorf("%d results, want 5", n)
		}
	}
}

// Default mode. While the first item runs, the others finish and none is seen.
func inOrderHoldsBack(t *testing.T, s *subject) {
	g := newGate(t)
	in := append([]Step{{N: 0, At: g.address()}}, steps(5, "")[1:]...)
	in = append(in, Step{N: 5, At: g.address()})
	next, stop := iter.Pull2(parfor.Stream(within(t), slices.Values(in), act, s.on(2, parfor.InOrder(), parfor.Chunk(1))...))
	defer stop()
	first := make(chan parfor.Result[Step, Reply], 1)
	go func() {
		r, _, _ := next()
		first <- r
	}()
	there := map[int]*visitor{}
	for range 2 {
		v := g.next()
		there[v.Item] = v
	}
	held, last := there[0], there[5] // so items 1 to 4 are over
	select {
	case r := <-first:
		t.Errorf("item %d was yielded while item 0 ran", r.Index)
	default:
	}
	held.let()
	last.let()
	if r := <-first; r.Index != 0 {
		t.Errorf("item %d came first", r.Index)
	}
}

// Default mode. A result is there as soon as it is finished, whatever runs.
func completionOrder(t *testing.T, s *subject) {
	g := newGate(t)
	in := []Step{{N: 0, At: g.address()}, {N: 1}, {N: 2}}
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	var order []int
	for r, err := range parfor.Stream(ctx, slices.Values(in), act, s.on(2, parfor.Chunk(1))...) {
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, r.Index)
		if len(order) == 2 {
			g.letAll()
		}
	}
	slices.Sort(order[:2])
	equal(t, "order", order, []int{1, 2, 0})
}

package executortest

import (
	"context"
	"errors"
	"maps"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor"
)

var reduceChecks = []check{
	{"ReduceEqualsTheFold", 0, reduceEquals},
	{"ReduceInOrderToTheLastBit", 0, reduceToTheBit},
	{"ReduceMapsInPlace", 0, reduceMaps},
	{"ReduceOfLateSuccesses", 0, reduceLate},
	{"ReduceOptions", 0, reduceOptions},
	{"ReduceManyResultsWait", 0, reduceSlowly},
	{"CombinePanics", 0, combinePanics},
	{"CombineExits", 0, combineExits},
	{"CombineCrashes", inProcess, combineCrashes},
	{"CombineFailsInsideAChunk", inProcess, combineFailsInside},
}

func plus(a, b int) int { return a + b }

// add is commutative, chain is not even associative.
func add(a, b Reply) Reply   { return Reply{Square: a.Square + b.Square} }
func chain(a, b Reply) Reply { return Reply{Square: 31*a.Square + b.Square} }

// reduce runs a row as a Reduce: the outcome must be that of the items done.
func (r *edgeRun) reduce(ctx context.Context, combine func(a, b Reply) Reply, opts []parfor.Option) {
	got, err := parfor.Reduce(ctx, r.items, act, combine, opts...)
	r.err = err
	done := func(int) bool { return err == nil }
	if le, ok := err.(*parfor.LoopError); ok {
		done = le.Done
	}
	var want Reply
	for i := range r.items {
		if !done(i) {
			continue
		}
		r.out[i] = Reply{Square: i * i}
		if len(r.out) == 1 {
			want = r.out[i]
		} else {
			want = combine(want, r.out[i])
		}
	}
	if got.Square != want.Square {
		r.fatal("outcome %d, want %d; %v", got.Square, want.Square, err)
	}
}

// Default mode.
func reduceEquals(t *testing.T, s *subject) {
	// With a window of one an item waits until the one before is combined: each
	// costs the whole way to a worker and back, so that row has fewer of them.
	const most, oneByOne = 5000, 500
	for _, row := range []struct {
		most int
		opts []parfor.Option
	}{
		{most, nil}, {most, []parfor.Option{parfor.InOrder()}}, {most, []parfor.Option{parfor.Chunk(3)}},
		{oneByOne, []parfor.Option{parfor.InOrder(), parfor.Window(1)}}, {most, []parfor.Option{parfor.Workers(1), parfor.InOrder()}},
	} {
		for _, n := range []int{1, 2, 7, row.most} {
			want := 0
			for _, v := range squares(n) {
				want += v
			}
			got, err := parfor.Reduce(within(t), parfor.Range(n), square, plus, s.on(2, row.opts...)...)
			if got != want || err != nil {
				t.Errorf("%d items, %d options: %d, %v, want %d", n, len(row.opts), got, err, want)
			}
		}
	}
}

// part is a float that rounds when it is added to others.
func part(_ context.Context, n int) (float64, error) { return math.Sqrt(float64(n)) * 1e-3, nil }

func sum(a, b float64) float64 { return a + b }

// Default mode.
func reduceToTheBit(t *testing.T, s *subject) {
	const n = 3000
	want := 0.0
	for i := range n {
		v, _ := part(t.Context(), i)
		want += v
	}
	for _, slots := range []int{1, 2, 8} {
		got, err := parfor.Reduce(within(t), parfor.Range(n), part, sum, s.on(slots, parfor.InOrder())...)
		if math.Float64bits(got) != math.Float64bits(want) || err != nil {
			t.Errorf("%d slots: %v, %v, want %v", slots, got, err, want)
		}
	}
}

func digits(_ context.Context, n int) (map[int]int, error) { return map[int]int{n % 10: 1}, nil }

func union(a, b map[int]int) map[int]int {
	for k, n := range b {
		a[k] += n
	}
	return a
}

var _, _ = parfor.Register(part), parfor.Register(digits)

// Default mode: combine may change what it gets.
func reduceMaps(t *testing.T, s *subject) {
	want := map[int]int{}
	for i := range 10 {
		want[i] = 100
	}
	for _, opts := range [][]parfor.Option{nil, {parfor.InOrder()}} {
		got, err := parfor.Reduce(within(t), parfor.Range(1000), digits, union, s.on(2, opts...)...)
		if !maps.Equal(got, want) || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// KeepGoing: an item counts once, when it succeeds.
func reduceLate(t *testing.T, s *subject) {
	for _, order := range [][]parfor.Option{nil, {parfor.InOrder()}} {
		c := newTally(t)
		in := []attempt{{Item: 0, Good: 3, How: refuse}, {Item: 1, Good: 2, How: exits}, {Item: 2, Good: 9, How: panics}, {Item: 3, Good: 1}}
		for i := range in {
			in[i].Dir = c.dir
		}
		got, err := parfor.Reduce(within(t), in, persist, plus, s.on(2, append(order, parfor.Attempts(3), parfor.KeepGoing())...)...)
		if got != 3+2+1 {
			t.Errorf("outcome %d", got)
		}
		equal(t, "failed", failedItems(err), []int{2})
	}
}

func reduceOptions(t *testing.T, s *subject) {
	for want, opts := range map[string][]parfor.Option{
		"Window is for InOrder": {parfor.Window(3)},
		"OnDuplicate":           {parfor.OnDuplicate(parfor.KeepLast)},
	} {
		_, err := parfor.Reduce(within(t), parfor.Range(3), square, plus, s.on(2, opts...)...)
		if mustBe(t, err, parfor.ErrOption); !contains(err, want) {
			t.Errorf("%v, want it to say %q", err, want)
		}
	}
	_, err := parfor.Reduce(within(t), parfor.Range(3), square, nil, s.on(2)...)
	mustBe(t, err, parfor.ErrOption)
}

// Default mode: a combine that holds up more results than may wait.
func reduceSlowly(t *testing.T, s *subject) {
	const n = 20_000
	first := true
	slowly := func(a, b int) int {
		if first { // one worker: nobody else is here
			first = false
			for range 1000 {
				runtime.Gosched()
			}
		}
		return a + b
	}
	got, err := parfor.Reduce(within(t), parfor.Range(n), square, slowly, s.on(1)...)
	want := 0
	for _, v := range squares(n) {
		want += v
	}
	if got != want || err != nil {
		t.Errorf("%d, %v, want %d", got, err, want)
	}
}

func combinePanics(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.InOrder()}, {parfor.KeepGoing()}, {parfor.Workers(1)}} {
		got, err := parfor.Reduce(within(t), parfor.Range(500), square, func(a, b int) int { explode(b); return a }, s.on(2, opts...)...)
		le := loopError(t, err)
		if got != 0 || le.Failed > 0 || !stackNames(err, "explode") || !contains(le.Cause, "combine: ") {
			t.Errorf("outcome %d, %v", got, err)
		}
		doneWithin(t, le, 500)
	}
}

func combineExits(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.InOrder()}, {parfor.KeepGoing()}, {parfor.Workers(1)}} {
		got, err := parfor.Reduce(within(t), parfor.Range(500), square, func(a, b int) int { runtime.Goexit(); return a }, s.on(2, opts...)...)
		le := loopError(t, err)
		if got != 0 || !errors.Is(le.Cause, parfor.ErrGoexit) {
			t.Errorf("outcome %d, %v", got, err)
		}
		doneWithin(t, le, 500)
	}
}

// Default mode: the rest of the chunk did not run, and is not reported done.
func combineFailsInside(t *testing.T, s *subject) {
	for _, fail := range []func(int){explode, func(int) { runtime.Goexit() }} {
		var ran [100]atomic.Bool
		_, err := parfor.Reduce(within(t), parfor.Range(len(ran)), func(_ context.Context, i int) (int, error) {
			ran[i].Store(true)
			return i, nil
		}, func(a, b int) int { fail(b); return a }, s.on(2, parfor.Chunk(50))...)
		le := loopError(t, err)
		for i := range ran {
			if ran[i].Load() != le.Done(i) {
				t.Errorf("item %d: ran %v, done %v", i, ran[i].Load(), le.Done(i))
			}
		}
	}
}

// doneWithin: a loop that stopped early says so of some items only, unless it
// had come to its end.
func doneWithin(t *testing.T, le *parfor.LoopError, n int) {
	t.Helper()
	done := 0
	for i := range n {
		if le.Done(i) {
			done++
		}
	}
	if done == 0 || le.Done(n) || le.Total != n {
		t.Errorf("%d of %d items are done, item %d too: %v; total %d", done, n, n, le.Done(n), le.Total)
	}
}

func combineCrashes(t *testing.T, s *subject) {
	endsProgram(t, func() {
		parfor.Reduce(context.Background(), parfor.Range(9), square, func(a, b int) int { panic("a combine of ours") },
			s.on(2, parfor.CrashOnPanic())...)
	}, strings.Fields("panic a combine of ours")...)
}

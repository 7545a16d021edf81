package executortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"parfor.dev/parfor"
)

var mapChecks = []check{
	{"C01_StructsArriveUnchanged", 0, structsArrive},
	{"C02_OrderedMapEqualsSequential", 0, orderedMap},
	{"C05_EmptyInput", 0, emptyInput},
	{"C13_UnorderedYieldsEachOnce", 0, unorderedOnce},
	{"C15_ManyItemsUseExactlyTheWorkers", 0, exactlyTheWorkers},
	{"C50_LongBacklog", 0, longBacklog},
	{"ByKey", 0, byKey},
	{"Associate", 0, associate},
	{"Each", 0, each},
	{"For", inProcess, forLoop},
}

// parcel has one field of each kind that a codec may get wrong.
type parcel struct {
	Text    string
	Bytes   []byte
	Numbers []float64
	Table   map[string]int
	At      time.Time
	Next    *parcel
	Small   int8
	Large   uint64
	Yes     bool
	Fixed   [3]int
	Nothing []string
}

func echo(_ context.Context, p parcel) (parcel, error) { return p, nil }

var _ = parfor.Register(echo)

// Default mode: the first failure stops the loop, and there is none.
func structsArrive(t *testing.T, s *subject) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC)
	in := []parcel{
		{},
		{Text: "a\x00b\xff", Bytes: []byte{0, 1}, Numbers: []float64{1.5, -0}, Table: map[string]int{"k": -1}, At: at,
			Next: &parcel{Text: "inner"}, Small: -128, Large: 1<<64 - 1, Yes: true, Fixed: [3]int{1, 2, 3}},
	}
	out, err := parfor.Map(within(t), in, echo, s.on(2)...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if got, want := fmt.Sprintf("%+v %+v", out[i], next(out[i])), fmt.Sprintf("%+v %+v", in[i], next(in[i])); withoutPointers(got) != withoutPointers(want) {
			t.Errorf("item %d came back as %s, was %s", i, got, want)
		}
	}
}

func next(p parcel) parcel {
	if p.Next == nil {
		return parcel{}
	}
	return *p.Next
}

// Default mode.
func orderedMap(t *testing.T, s *subject) {
	for _, n := range []int{1, 2, 7, 100} {
		for _, chunk := range []int{0, 1, 3, n, n + 10} {
			opts := s.on(2)
			if chunk > 0 {
				opts = append(opts, parfor.Chunk(chunk))
			}
			out, err := parfor.Map(within(t), parfor.Range(n), square, opts...)
			if err != nil {
				t.Fatalf("%d items, chunk %d: %v", n, chunk, err)
			}
			equal(t, fmt.Sprintf("%d items, chunk %d", n, chunk), out, squares(n))
		}
	}
}

// Both modes are the same without items.
func emptyInput(t *testing.T, s *subject) {
	ctx := within(t)
	if out, err := parfor.Map(ctx, nil, square, s.on(2)...); len(out) != 0 || err != nil {
		t.Errorf("Map: %v, %v", out, err)
	}
	if err := parfor.Each(ctx, nil, actEach, s.on(2)...); err != nil {
		t.Errorf("Each: %v", err)
	}
	if m, err := parfor.ByKey(ctx, nil, square, s.on(2)...); m == nil || len(m) != 0 || err != nil {
		t.Errorf("ByKey: %v, %v", m, err)
	}
	if m, err := parfor.Associate(ctx, nil, pair, s.on(2)...); m == nil || len(m) != 0 || err != nil {
		t.Errorf("Associate: %v, %v", m, err)
	}
	if sum, err := parfor.Reduce(ctx, nil, square, plus, s.on(2)...); sum != 0 || err != nil {
		t.Errorf("Reduce: %v, %v", sum, err)
	}
	for r, err := range parfor.Stream(ctx, slices.Values([]int(nil)), square, s.on(2)...) {
		t.Errorf("Stream yields %v, %v", r, err)
	}
	for r, err := range parfor.StreamFrom(ctx, func(func(int, error) bool) {}, square, s.on(2, parfor.InOrder())...) {
		t.Errorf("StreamFrom yields %v, %v", r, err)
	}
}

// Default mode.
func unorderedOnce(t *testing.T, s *subject) {
	const n = 500
	seen := make([]int, n)
	for r, err := range parfor.Stream(within(t), slices.Values(parfor.Range(n)), square, s.on(2)...) {
		if err != nil {
			t.Fatal(err)
		}
		seen[r.Index]++
		if r.In != r.Index || r.Out != r.In*r.In || r.Attempt != 1 {
			t.Errorf("wrong result %+v", r)
		}
	}
	for i, times := range seen {
		if times != 1 {
			t.Errorf("item %d was yielded %d times", i, times)
		}
	}
}

// Default mode. All slots are in use at once, and never one more.
func exactlyTheWorkers(t *testing.T, s *subject) {
	const slots = 2
	g := newGate(t)
	room := s.room(slots)
	done := make(chan error, 1)
	pids := map[int]bool{}
	ctx, opts := within(t), s.on(slots)
	go func() {
		out, err := parfor.Map(ctx, steps(15*slots, g.address()), act, opts...)
		for _, r := range out {
			pids[r.PID] = true
		}
		done <- err
	}()
	for range room {
		g.next()
	}
	g.letAll()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if g.mostInside() != room {
		t.Errorf("%d bodies ran at once, want %d", g.mostInside(), room)
	}
	if want := map[bool]int{true: 1, false: slots}[s.kind.inProcess()]; len(pids) != want {
		t.Errorf("%d processes ran bodies, want %d", len(pids), want)
	}
	g.empty(t)
}

// Default mode.
func longBacklog(t *testing.T, s *subject) {
	const n = 20_000
	out, err := parfor.Map(within(t), parfor.Range(n), square, s.on(2)...)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", out, squares(n))
}

// Default mode, and KeepGoing for what is finished besides a failure.
func byKey(t *testing.T, s *subject) {
	ctx := within(t)
	m, err := parfor.ByKey(ctx, []int{3, 1, 2}, square, s.on(2)...)
	if err != nil || len(m) != 3 || m[3] != 9 || m[1] != 1 || m[2] != 4 {
		t.Errorf("ByKey: %v, %v", m, err)
	}
	g := openGate(t)
	keys := []Step{{N: 1, At: g.address()}, {N: 2, At: g.address()}, {N: 1, At: g.address()}}
	_, err = parfor.ByKey(ctx, keys, act, s.on(2)...)
	mustBe(t, err, parfor.ErrOption)
	if !contains(err, "0 and 2") || len(g.visits()) > 0 {
		t.Errorf("a double key must name both items before anything runs: %v, ran %v", err, g.visits())
	}
	some, err := parfor.ByKey(ctx, []Step{{N: 1}, {N: 2, Do: refuse}, {N: 3}}, act, s.on(2, parfor.KeepGoing())...)
	if len(some) != 2 || some[Step{N: 3}].Square != 9 || !errors.Is(err, errRefused) {
		t.Errorf("with a failure: %v, %v", some, err)
	}
}

// Default mode.
func associate(t *testing.T, s *subject) {
	ctx := within(t)
	_, err := parfor.Associate(ctx, parfor.Range(4), pair, s.on(2)...)
	if !contains(err, "items 0 and 1") {
		t.Errorf("a double key must name both items: %v", err)
	}
	for rule, want := range map[parfor.Duplicates]string{parfor.KeepFirst: "from 2", parfor.KeepLast: "from 3"} {
		m, err := parfor.Associate(ctx, parfor.Range(4), pair, s.on(2, parfor.OnDuplicate(rule))...)
		if err != nil || len(m) != 2 || m[1] != want {
			t.Errorf("rule %d: %v, %v, want key 1 %s", rule, m, err, want)
		}
	}
}

// Default mode.
func each(t *testing.T, s *subject) {
	g := openGate(t)
	if err := parfor.Each(within(t), steps(10, g.address()), actEach, s.on(2)...); err != nil {
		t.Fatal(err)
	}
	ran := g.visits()
	slices.Sort(ran)
	equal(t, "bodies that ran", ran, parfor.Range(10))
	g.empty(t)
}

// For has the default mode only.
func forLoop(t *testing.T, s *subject) {
	ctx := within(t)
	for _, n := range []int{0, 1, 10_000} {
		ran := make([]atomic.Int32, n)
		if err := parfor.For(ctx, n, func(i int) { ran[i].Add(1) }, s.on(2)...); err != nil {
			t.Fatal(err)
		}
		for i := range ran {
			if ran[i].Load() != 1 {
				t.Fatalf("item %d of %d ran %d times", i, n, ran[i].Load())
			}
		}
	}
	err := parfor.For(ctx, 100, func(i int) {
		if i == 42 {
			explode(i)
		}
	}, s.on(2)...)
	le := loopError(t, err)
	equal(t, "failed", failedItems(err), []int{42})
	if le.Done(42) || !stackNames(err, "explode") {
		t.Errorf("panic in For: %v", err)
	}
	if err := parfor.For(ctx, -1, func(int) {}); !errors.Is(err, parfor.ErrOption) {
		t.Errorf("For(-1): %v", err)
	}
	if err := parfor.For(ctx, 1, func(int) {}, parfor.Attempts(2)); !errors.Is(err, parfor.ErrOption) {
		t.Errorf("For with Attempts: %v", err)
	}
}

package executortest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor"
)

// edge is a row of the table of edge cases. Each runs on the executor as a
// stream in completion order, as one in input order, and, if its consumer
// stays to the end, as a Map and as a Reduce of both kinds; with 1, 2 and 8
// workers.
type edge struct {
	name      string
	n         int            // items, which answer
	but       map[int]Action // except these
	keepGoing bool           // else the default mode
	leave     leaving
	cancel    moment
	failed    []int // items that fail, whichever mode
}

// leaving is how the consumer of a stream leaves its range.
type leaving int

const (
	stays leaving = iota
	breaks
	throws // panic
	quits  // Goexit
)

// moment is when the caller's context ends.
type moment int

const (
	never moment = iota
	before
	during // while the item that waits is running
)

const last = 19

var edges = []edge{
	{name: "empty", n: 0},
	{name: "empty, KeepGoing", n: 0, keepGoing: true},
	{name: "one", n: 1},
	{name: "one that fails", n: 1, but: map[int]Action{0: refuse}, failed: []int{0}},
	{name: "all well", n: 20},
	{name: "error first", n: 20, but: map[int]Action{0: refuse}, failed: []int{0}},
	{name: "error middle", n: 20, but: map[int]Action{9: refuse}, failed: []int{9}},
	{name: "error last", n: 20, but: map[int]Action{last: refuse}, failed: []int{last}},
	{name: "error first, KeepGoing", n: 20, but: map[int]Action{0: refuse}, failed: []int{0}, keepGoing: true},
	{name: "error middle, KeepGoing", n: 20, but: map[int]Action{9: refuse}, failed: []int{9}, keepGoing: true},
	{name: "error last, KeepGoing", n: 20, but: map[int]Action{last: refuse}, failed: []int{last}, keepGoing: true},
	{name: "panic", n: 20, but: map[int]Action{9: panics}, failed: []int{9}},
	{name: "panic(nil), KeepGoing", n: 20, but: map[int]Action{9: panicsNil}, failed: []int{9}, keepGoing: true},
	{name: "Goexit", n: 20, but: map[int]Action{9: exits}, failed: []int{9}},
	{name: "Goexit first and last, KeepGoing", n: 20, but: map[int]Action{0: exits, last: exits}, failed: []int{0, last}, keepGoing: true},
	{name: "all kinds of failure, KeepGoing", n: 20, but: map[int]Action{1: refuse, 2: panics, 3: exits, 4: mute, 5: typedNil}, failed: []int{1, 2, 3, 4, 5}, keepGoing: true},
	{name: "break", n: 20, leave: breaks},
	{name: "break, KeepGoing, with failures", n: 20, but: map[int]Action{0: refuse, 1: refuse}, failed: []int{0, 1}, keepGoing: true, leave: breaks},
	{name: "panic of the consumer", n: 20, leave: throws},
	{name: "Goexit of the consumer", n: 20, leave: quits},
	{name: "cancelled before", n: 20, cancel: before},
	{name: "cancelled before, KeepGoing", n: 20, cancel: before, keepGoing: true},
	{name: "cancelled during", n: 20, but: map[int]Action{9: waits}, cancel: during},
	{name: "cancelled during, KeepGoing", n: 20, but: map[int]Action{9: waits}, cancel: during, keepGoing: true},
	{name: "cancelled during, after a failure, KeepGoing", n: 20, but: map[int]Action{3: refuse, 9: waits}, cancel: during, keepGoing: true, failed: []int{3}},
}

func runEdges(t *testing.T, s *subject) {
	for _, e := range edges {
		t.Run(e.name, func(t *testing.T) {
			for _, workers := range []int{1, 2, 8} {
				for _, form := range []string{"unordered", "ordered", "map", "reduce", "reduce in order"} {
					if strings.HasSuffix(form, "ordered") || e.leave == stays {
						(&edgeRun{T: t, s: s, edge: e, workers: workers, form: form}).run()
					}
				}
			}
		})
	}
}

// edgeRun is one row in one form.
type edgeRun struct {
	*testing.T
	edge
	s       *subject
	workers int
	form    string

	gate  *gate
	items []Step
	out   map[int]Reply // what was yielded
	bad   []int         // items that were yielded with errors
	order []int
	err   error // the loop's
}

func (r *edgeRun) run() {
	r.out = map[int]Reply{}
	ctx := r.prepare()
	opts := r.s.on(r.workers, parfor.Workers(r.workers))
	if r.keepGoing {
		opts = append(opts, parfor.KeepGoing())
	}
	if r.form == "ordered" {
		opts = append(opts, parfor.InOrder())
	}
	switch r.form {
	case "reduce":
		r.reduce(ctx, add, opts)
	case "reduce in order":
		r.reduce(ctx, chain, append(opts, parfor.InOrder()))
	case "map":
		out, err := parfor.Map(ctx, r.items, act, opts...)
		r.err = err
		for i, v := range out {
			if v.PID != 0 {
				r.out[i] = v
			}
		}
	default:
		r.consume(parfor.Stream(ctx, slices.Values(r.items), act, opts...))
	}
	if r.gate != nil {
		r.gate.empty(r.T)
	}
	r.judge()
}

// prepare makes the items and a context that ends when the row says so.
func (r *edgeRun) prepare() context.Context {
	r.items = steps(r.n, "")
	for i, do := range r.but {
		r.items[i].Do = do
	}
	switch r.cancel {
	case before:
		return canceled(r.T, errMind)
	case during:
		ctx, cancel := cancelWith(r.T)
		r.gate = newGate(r.T)
		for i, do := range r.but {
			if do == waits {
				r.items[i].At = r.gate.address()
			}
		}
		go func() { r.gate.next(); cancel(errMind) }()
		return ctx
	}
	return within(r.T)
}

// consume ranges over a stream on a goroutine of its own, which may end as the
// row says, and waits for it.
func (r *edgeRun) consume(stream func(func(parfor.Result[Step, Reply], error) bool)) {
	over := make(chan any, 1)
	go func() {
		defer func() { over <- recover() }()
		for res, err := range stream {
			r.take(res, err)
			if len(r.order) == 3 {
				switch r.leave {
				case breaks:
					return
				case throws:
					panic("the consumer's own")
				case quits:
					runtime.Goexit()
				}
			}
		}
	}()
	if v := <-over; (v != nil) != (r.leave == throws) {
		r.fatal("the consumer panicked with %v", v)
	}
}

func (r *edgeRun) take(res parfor.Result[Step, Reply], err error) {
	if r.err != nil {
		r.fatal("%+v, %v is yielded after the loop's error", res, err)
	}
	if le, ok := err.(*parfor.LoopError); ok {
		r.err = le
		return
	}
	r.order = append(r.order, res.Index)
	if res.Index < 0 || res.Index >= r.n || res.In != r.items[res.Index] {
		r.fatal("result %+v for an item that is not there", res)
		return
	}
	if te, ok := err.(*parfor.TaskError); ok && te.Index == res.Index {
		r.bad = append(r.bad, res.Index)
	} else if err != nil {
		r.fatal("item %d is yielded with %v", res.Index, err)
	} else {
		r.out[res.Index] = res.Out
	}
}

func (r *edgeRun) fatal(format string, args ...any) {
	r.Helper()
	r.Errorf("%d workers, %s: %s", r.workers, r.form, fmt.Sprintf(format, args...))
}

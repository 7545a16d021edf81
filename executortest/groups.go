package executortest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/task"
)

var groupChecks = []check{
	{"Group_CountsATree", 0, groupCounts},
	{"Group_NoSeeds", 0, groupNoSeeds},
	{"Group_FailedTaskAddsNothing", 0, groupFailure},
	{"Group_LateTaskAddsNothing", 0, groupLate},
	{"Group_RepeatedTaskAddsOnce", 0, groupRepeats},
	{"Group_FirstFailureStops", 0, groupStops},
	{"Group_BreakEndsIt", 0, groupBreak},
	{"Group_CancelEndsIt", 0, groupCancel},
	{"Group_TasksOfInnerLoopsAdd", 0, groupInnerLoop},
	{"Group_InnerGroupIsAScope", 0, groupInnerGroup},
	{"Group_InsideATask", 0, groupInsideATask},
	{"Group_SubmittedTasksAdd", inProcess, groupSubmits},
	{"Group_RefusesItemsOfOthers", 0, groupRefuses},
	{"Physics_AddFromAnInnerLoop", 0, groupInnerLoopElsewhere},
	{"Group_AddAfterTheBody", 0, groupAddsLate},
	{"Group_UnencodableItemFailsTheTask", onProcesses, groupUnencodable},
}

// shoot is an item of a group: it adds Width others, unless Depth is 0.
type shoot struct {
	Depth, Width int
	Do           Action // after it has added
	Times        int    // attempts that do it, 0 for all
	At           string // gate of it and of all that come of it
}

const (
	leaves Action = "os.Exit"
	hangs  Action = "ignore the context"
)

var (
	_ = parfor.Register(grow)
	_ = parfor.Register(growInside)
	_ = parfor.Register(innerGroups)
	_ = parfor.Register(addOther)
	_ = parfor.Register(addNumber)
	_ = parfor.Register(addToOld)
	_ = parfor.Register(addBrittle)
)

// grow returns the number of its attempt.
func grow(ctx context.Context, s shoot) (int, error) {
	n := task.From(ctx).Number
	for range s.Width {
		if s.Depth == 0 {
			break
		}
		if err := parfor.Add(ctx, shoot{Depth: s.Depth - 1, Width: s.Width, At: s.At}); err != nil {
			return 0, err
		}
	}
	step := Step{N: s.Depth, Do: s.Do, At: s.At}
	switch {
	case s.Times > 0 && n > s.Times:
		step.Do = answer
	case s.Do == leaves:
		os.Exit(7)
	case s.Do == hangs:
		select {}
	}
	_, err := act(ctx, step)
	return n, err
}

// nodes is how many tasks a tree has.
func nodes(depth, width int) int {
	n := 1
	for level := 1; depth > 0; depth-- {
		level *= width
		n += level
	}
	return n
}

// collect ranges over a group: successes by index, and what came last if it is
// no item's.
func collect[In, Out any](t *testing.T, group iter.Seq2[parfor.Result[In, Out], error]) (map[int]parfor.Result[In, Out], error) {
	t.Helper()
	all := map[int]parfor.Result[In, Out]{}
	var last error
	for r, err := range group {
		if last != nil {
			t.Errorf("%+v, %v after the last error", r, err)
		}
		if _, ofItem := err.(*parfor.TaskError); ofItem {
			continue
		}
		if last = err; err != nil {
			continue
		}
		if _, twice := all[r.Index]; twice {
			t.Errorf("index %d comes twice", r.Index)
		}
		all[r.Index] = r
	}
	return all, last
}

// Default mode, in several orders and windows: every task once, and the indexes
// are those of a slice.
func groupCounts(t *testing.T, s *subject) {
	for _, c := range []struct {
		opts    []parfor.Option
		ordered bool
	}{
		{}, {[]parfor.Option{parfor.InOrder()}, true}, {[]parfor.Option{parfor.Window(1)}, true},
		{[]parfor.Option{parfor.Window(3), parfor.InOrder()}, true}, {[]parfor.Option{parfor.Attempts(2), parfor.Timeout(patience)}, false},
		{[]parfor.Option{parfor.Workers(1), parfor.Chunk(2)}, false},
	} {
		for depth := range 7 {
			want := nodes(depth, 2) + 1 + nodes(depth, 1)
			var order []int
			for r, err := range parfor.Group(within(t), []shoot{{Depth: depth, Width: 2}, {}, {Depth: depth, Width: 1}}, grow, s.on(2, c.opts...)...) {
				if err != nil {
					t.Fatal(err)
				}
				order = append(order, r.Index)
			}
			if !c.ordered {
				slices.Sort(order)
			}
			equal(t, fmt.Sprintf("indexes at depth %d", depth), order, parfor.Range(want))
		}
	}
}

// Default mode.
func groupNoSeeds(t *testing.T, s *subject) {
	all, err := collect(t, parfor.Group(within(t), nil, grow, s.on(2)...))
	if err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}

// spoils are the ways in which an attempt comes to nothing.
func spoils(s *subject) []Action {
	if s.kind == Processes {
		return []Action{refuse, panics, exits, leaves}
	}
	return []Action{refuse, panics, exits}
}

// KeepGoing: what is there is the other seed's.
func groupFailure(t *testing.T, s *subject) {
	for _, do := range spoils(s) {
		all, err := collect(t, parfor.Group(within(t), []shoot{{Depth: 3, Width: 2, Do: do}, {Depth: 3, Width: 1}}, grow, s.on(2, parfor.KeepGoing())...))
		if err != nil {
			t.Errorf("%s: %v", do, err) // failed items were yielded
		}
		if len(all) != nodes(3, 1) {
			t.Errorf("%s: %d tasks succeeded, want %d", do, len(all), nodes(3, 1))
		}
		for i, r := range all {
			if i == 0 || i > nodes(3, 1) || r.In.Width != 1 {
				t.Errorf("%s: %+v", do, r)
			}
		}
	}
	stillWorks(t, s)
}

// KeepGoing: an attempt that returns too late adds nothing, nor does one that
// has to be killed.
func groupLate(t *testing.T, s *subject) {
	late := []Action{waitsCalm}
	if s.kind == Processes {
		late = append(late, hangs)
	}
	for _, do := range late {
		all, err := collect(t, parfor.Group(within(t), []shoot{{Depth: 1, Width: 3, Do: do}, {}}, grow,
			s.on(2, parfor.KeepGoing(), parfor.Timeout(500*time.Millisecond), parfor.Grace(50*time.Millisecond))...))
		if err != nil || len(all) != 1 || all[1].In.Width != 0 {
			t.Errorf("%s: %v, %v", do, all, err)
		}
	}
}

// Attempts.
func groupRepeats(t *testing.T, s *subject) {
	for _, do := range spoils(s) {
		all, err := collect(t, parfor.Group(within(t), []shoot{{Depth: 2, Width: 3, Do: do, Times: 2}, {Depth: 1, Width: 2, Do: do, Times: 1}}, grow, s.on(2, parfor.Attempts(3))...))
		if want := nodes(2, 3) + nodes(1, 2); err != nil || len(all) != want {
			t.Errorf("%s: %d tasks, want %d (%v)", do, len(all), want, err)
		}
		if all[0].Out != 3 || all[1].Out != 2 || all[0].Attempt != 3 {
			t.Errorf("%s: %+v, %+v", do, all[0], all[1])
		}
	}
}

// Default mode.
func groupStops(t *testing.T, s *subject) {
	all, err := collect(t, parfor.Group(within(t), []shoot{{Depth: 2, Width: 2, Do: refuse}}, grow, s.on(2)...))
	le := loopError(t, err)
	mustBe(t, err, errRefused)
	if len(all) != 0 || le.Failed != 1 || le.Total != -1 || le.Done(0) || le.Done(1) {
		t.Errorf("%v; %+v", all, le)
	}
}

// Default mode. The tree has no end.
func groupBreak(t *testing.T, s *subject) {
	g := openGate(t)
	n := 0
	for r, err := range parfor.Group(within(t), []shoot{{Depth: 1 << 30, Width: 2, At: g.address()}}, grow, s.on(2, parfor.Window(8))...) {
		if err != nil || r.Out != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		if n++; n == 10 {
			break
		}
	}
	g.empty(t)
	if ran := len(g.visits()); ran > n+8 {
		t.Errorf("%d bodies ran for %d results and a window of 8", ran, n)
	}
	stillWorks(t, s)
}

// Default mode. Done is true for exactly what was yielded.
func groupCancel(t *testing.T, s *subject) {
	why := errors.New("enough")
	for _, order := range [][]parfor.Option{nil, {parfor.InOrder()}} {
		ctx, cancel := cancelWith(t)
		g := openGate(t)
		done, highest := map[int]bool{}, 0
		var last error
		for r, err := range parfor.Group(ctx, []shoot{{Depth: 1 << 30, Width: 2, At: g.address()}}, grow, s.on(2, order...)...) {
			if last = err; err != nil {
				continue
			}
			done[r.Index], highest = true, max(highest, r.Index)
			if len(done) == 20 {
				cancel(why)
			}
		}
		g.empty(t)
		le := loopError(t, last)
		mustBe(t, last, why)
		if le.Total != -1 || le.Failed != 0 {
			t.Errorf("%+v", le)
		}
		for i := range highest + 200 {
			if le.Done(i) != done[i] {
				t.Errorf("item %d: Done says %v, yielded %v", i, le.Done(i), done[i])
			}
		}
	}
}

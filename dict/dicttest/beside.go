package dicttest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// The objects of the suite that are no dictionaries.
var (
	total = dict.NewCounter("total")
	last  = dict.NewVar[point]("last")
	bag   = dict.NewVar[[]int]("bag")
	gate  = dict.NewEvent("gate")
)

// countThrough counts with every kind of call, and fails every third item.
func countThrough(ctx context.Context, n int) error {
	if err := errors.Join(total.Add(ctx, 3), total.Add(ctx, -1), last.Set(ctx, point{X: int16(n), Name: itoa(n)})); err != nil {
		return err
	}
	if n%3 == 0 {
		return errBody
	}
	return nil
}

var _ = parfor.RegisterEach(countThrough)

func counterCounts(f *fixture) {
	const n = 90
	err := parfor.Each(f.Context(), parfor.Range(n), countThrough, parfor.On(f.x), parfor.KeepGoing())
	done := n - len(parfor.Failed(err))
	if v, err := total.Get(f.Context()); done != n*2/3 || v != int64(2*done) || err != nil {
		f.Errorf("%d tasks succeeded, the counter is %d, %v", done, v, err)
	}
	p, ok, err := last.Get(f.Context())
	if !ok || err != nil || p.X%3 == 0 || p.Name != itoa(int(p.X)) {
		f.Errorf("the variable is %v, %v, %v", p, ok, err)
	}
}

func counterTicket(ctx context.Context, _ int) (int64, error) { return total.AddGet(ctx, 1) }

var _ = parfor.Register(counterTicket)

func counterTickets(f *fixture) {
	const n = 100
	got := expect[[]int64](f)(parfor.Map(f.Context(), parfor.Range(n), counterTicket, parfor.On(f.x), parfor.OnConflict(parfor.Rerun)))
	slices.Sort(got)
	for i, v := range got {
		if v != int64(i+1) {
			f.Fatalf("ticket %d is %d", i+1, v)
		}
	}
}

// collect puts its item into the bag by reading and setting it, or computes.
func collect(ctx context.Context, n int) error {
	if n%2 == 0 {
		_, _, err := dict.ComputeVar(ctx, bag, with, n)
		return err
	}
	v, _, err := bag.Get(ctx)
	if err != nil {
		return err
	}
	return bag.Set(ctx, append(v, n))
}

func with(old []int, _ bool, n int) ([]int, bool) { return append(old, n), true }

var (
	_ = parfor.RegisterEach(collect)
	_ = dict.RegisterCompute(with)
)

func varLosesNothing(f *fixture) {
	const n = 60
	if err := parfor.Each(f.Context(), parfor.Range(n), collect, parfor.On(f.x), parfor.OnConflict(parfor.Rerun)); err != nil {
		f.Fatal(err)
	}
	v, _, err := bag.Get(f.Context())
	slices.Sort(v)
	if err != nil || !slices.Equal(v, parfor.Range(n)) {
		f.Errorf("the bag holds %v, %v", v, err)
	}
	bag.Clear(f.Context())
	if _, ok, _ := bag.Get(f.Context()); ok {
		f.Error("a cleared variable has a value")
	}
}

// tools are handles of anonymous objects, as a parameter.
type tools struct {
	Count *dict.Counter
	Last  *dict.Var[int]
	All   *dict.List[int]
	Done  *dict.Event
}

func useTools(ctx context.Context, t tools) error {
	return errors.Join(t.Count.Add(ctx, 1), t.Last.Set(ctx, 7), t.All.Append(ctx, 1, 2), t.Done.Set(ctx))
}

var _ = parfor.RegisterEach(useTools)

func useToolsOfLoop(ctx context.Context, n int) error {
	return useTools(ctx, parfor.Arg[tools](ctx))
}

var _ = parfor.RegisterEach(useToolsOfLoop)

func besideTravels(f *fixture) {
	ctx, cancel := context.WithCancel(f.Context())
	defer cancel()
	t := tools{
		expect[*dict.Counter](f)(dict.MakeCounter(ctx)), expect[*dict.Var[int]](f)(dict.MakeVar[int](ctx)),
		expect[*dict.List[int]](f)(dict.MakeList[int](ctx)), expect[*dict.Event](f)(dict.MakeEvent(ctx)),
	}
	if err := parfor.Each(ctx, slices.Repeat([]tools{t}, 10), useTools, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	if err := parfor.Each(ctx, parfor.Range(10), useToolsOfLoop, parfor.On(f.x), parfor.With(t)); err != nil {
		f.Fatal(err)
	}
	n, err := t.Count.Get(ctx)
	v, _, err2 := t.Last.Get(ctx)
	size, err3 := t.All.Len(ctx)
	set, err4 := t.Done.IsSet(ctx)
	if err := errors.Join(err, err2, err3, err4); n != 20 || v != 7 || size != 40 || !set || err != nil {
		f.Errorf("%d, %d, %d, %v, %v", n, v, size, set, err)
	}
}

// pass waits for the event, or, item 0, sets it; the first try of that one fails
// after it has.
func pass(ctx context.Context, n int) (bool, error) {
	before, err := gate.IsSet(ctx)
	if err != nil {
		return false, err
	}
	if n > 0 {
		return before, gate.Wait(ctx)
	}
	if err := gate.Set(ctx); err != nil {
		return false, err
	}
	if now, err := gate.IsSet(ctx); err != nil || !now {
		return false, fmt.Errorf("a task does not see that it has set the event: %w", err)
	}
	if parforAttempt(ctx) == 1 {
		return false, errBody
	}
	return before, nil
}

var _ = parfor.Register(pass)

func eventWakes(f *fixture) {
	items := []int{1, 0} // one waits already when the other sets it
	if f.alone {
		items = []int{0, 1}
	}
	got := expect[[]bool](f)(parfor.Map(f.Context(), items, pass, parfor.On(f.x), parfor.Attempts(2)))
	if got[slices.Index(items, 0)] {
		f.Error("the event is set by an attempt that failed")
	}
	if set, err := gate.IsSet(f.Context()); !set || err != nil {
		f.Errorf("IsSet = %v, %v", set, err)
	}
}

// waitInVain waits for what nobody does, until its own context ends.
func waitInVain(ctx context.Context, _ int) (bool, error) {
	wait, cancel := context.WithCancelCause(ctx)
	cancel(errBody)
	return errors.Is(gate.Wait(wait), errBody), nil
}

var _ = parfor.Register(waitInVain)

func eventWaitEnds(f *fixture) {
	for _, ok := range expect[[]bool](f)(parfor.Map(f.Context(), parfor.Range(4), waitInVain, parfor.On(f.x))) {
		if !ok {
			f.Error("a wait whose context ended has another error")
		}
	}
}

package dicttest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/writeset"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
	"parfor.dev/parfor/progress"
)

var (
	totals  = dict.New[int, int]("stats totals")
	objects = dict.New[string, []int]("stats objects")
	fought  = dict.New[string, int]("stats fought", dict.ShowKeys())
)

var errFifth = errors.New("every fifth item fails")

// write is what each item does; those that fail do it in vain.
func write(ctx context.Context, i int) error {
	if err := errors.Join(totals.Add(ctx, i%10, 1), totals.Set(ctx, 1000+i, i), objects.Append(ctx, "all", []int{i})); err != nil {
		return err
	}
	if i%5 == 0 {
		return errFifth
	}
	if i%2 == 1 {
		return objects.Delete(ctx, "none")
	}
	return nil
}

// fight reads and writes one key, which the items around it do too.
func fight(ctx context.Context, _ int) error {
	n, _, err := fought.Get(ctx, "key")
	if err != nil {
		return err
	}
	return fought.Set(ctx, "key", n+1)
}

var (
	_ = parfor.RegisterEach(write)
	_ = parfor.RegisterEach(fight)
)

// lastFrame keeps the end of a loop and its warnings.
type lastFrame struct {
	mu       sync.Mutex
	end      observe.Frame
	warnings []string
}

func (*lastFrame) Start(observe.Start) {}
func (*lastFrame) Frame(observe.Frame) {}
func (l *lastFrame) Event(e observe.Event) {
	if e.Kind == observe.Warning {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.warnings = append(l.warnings, e.Text)
	}
}
func (l *lastFrame) End(e observe.End) { l.end = e.Frame }

func (l *lastFrame) dict(name string) (d observe.Dict) {
	for _, d = range l.end.Dicts {
		if strings.HasSuffix(d.Name, name) {
			return d
		}
	}
	return observe.Dict{}
}

// TestFramesCountWhatLoopsDo compares the counters of a loop's last frame with
// what its items did, on every executor.
func TestFramesCountWhatLoopsDo(t *testing.T) {
	pool, several := newPool(t), newPool(t, process.ItemsPerWorker(3))
	for name, on := range map[string]parfor.Executor{
		"sequential": parfor.Sequential(), "goroutines": parfor.Goroutines(4), "processes": pool, "several items": several,
	} {
		t.Run(name, func(t *testing.T) {
			defer writeset.Fresh()()
			totals.Set(t.Context(), 1, 1) // before the loop: not the loop's
			const n = 200
			const ok, odd = n - n/5, n/2 - n/10 // successes, and those of odd items
			var l lastFrame
			var receipt, lines strings.Builder
			parfor.Each(t.Context(), parfor.Range(n), write, parfor.On(on), parfor.KeepGoing(),
				parfor.Observe(&l), parfor.Observe(progress.Receipt(&receipt)), parfor.Observe(progress.JSON(&lines)))
			d, o := l.dict("stats totals"), l.dict("stats objects")
			if d.Commits != ok || d.Adds != ok || d.Sets != ok || d.Operations() != 2*ok || d.Conflicts != 0 || d.Entries < ok {
				t.Errorf("totals %+v", d)
			}
			if o.Commits != ok || o.Others != ok || o.Deletes != odd || o.Sets != 0 || o.Entries != 1 {
				t.Errorf("objects %+v", o)
			}
			remote := name == "processes" || name == "several items"
			if remote != (d.Received > 0) || remote != (o.Received > 0) {
				t.Errorf("received %d and %d bytes", d.Received, o.Received)
			}
			if !strings.Contains(receipt.String(), "dicttest_test.stats totals: 160 commits · 160 sets · 160 adds") {
				t.Error(receipt.String())
			}
			if !strings.Contains(lines.String(), `"commits":160,"set":160,"add":160,"conflicts":0`) {
				t.Error(lines.String())
			}
			if len(l.warnings) > 0 {
				t.Error(l.warnings)
			}
		})
	}
}

// TestFramesCountConflicts counts what comes of a fight for one key: of every
// failure one conflict.
func TestFramesCountConflicts(t *testing.T) {
	for name, on := range map[string]parfor.Executor{"goroutines": parfor.Goroutines(8), "processes": newPool(t)} {
		t.Run(name, func(t *testing.T) {
			defer writeset.Fresh()()
			var l lastFrame
			err := parfor.Each(t.Context(), parfor.Range(500), fight, parfor.On(on), parfor.KeepGoing(), parfor.Observe(&l))
			failed := int64(0)
			if le := (*parfor.LoopError)(nil); errors.As(err, &le) {
				failed = int64(le.Failed)
			}
			d := l.dict("stats fought")
			if d.Conflicts != failed || d.Commits != 500-failed || d.Sets != d.Commits {
				t.Errorf("%d failed: %+v", failed, d)
			}
			if failed > 0 && (len(d.Hot) != 1 || d.Hot[0].Key != "key" || d.Hot[0].Conflicts != failed) {
				t.Errorf("%d failed: %+v", failed, d.Hot)
			}
			if n, _, _ := fought.Get(t.Context(), "key"); int64(n) != d.Commits {
				t.Errorf("%d updates of %d are left", n, d.Commits)
			}
		})
	}
}

// TestContendedLoopsAreWarned makes every item conflict.
func TestContendedLoopsAreWarned(t *testing.T) {
	defer writeset.Fresh()()
	lose := func(ctx context.Context, i int) error {
		if err := fight(ctx, i); err != nil {
			return err
		}
		return fought.Add(context.Background(), "key", 1) // between the read and the commit
	}
	var l lastFrame
	err := parfor.Each(t.Context(), parfor.Range(30), lose, parfor.On(parfor.Sequential()), parfor.KeepGoing(), parfor.Observe(&l))
	if n := len(parfor.Failed(err)); n != 30 {
		t.Errorf("%d failed", n)
	}
	if len(l.warnings) != 1 || !strings.Contains(l.warnings[0], "Add or Compute") || !strings.Contains(l.warnings[0], "stats fought") {
		t.Errorf("warnings %q", l.warnings)
	}
}

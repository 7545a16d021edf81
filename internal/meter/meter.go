// Package meter counts what a loop does without slowing it: every worker owns
// a padded shard that only it writes, and one reducer per loop, started only
// when somebody watches, adds the shards up a few times a second. There is no
// event per task.
//
// meter.go holds the loop, shard.go the counters of a worker, lane.go its
// histogram and slices, reducer.go what observers are told and when, groups.go
// and message.go the grouping of errors, clock.go the clock.
package meter

import (
	"context"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/observe"
)

var loops atomic.Uint64 // number of the last loop of this process

// Loop is the meter of one loop. Its methods are safe for concurrent use.
// Without observers it is a table of shards, made as workers ask for them, and
// costs one small allocation.
type Loop struct {
	number  uint64
	skipped atomic.Int64
	watch   *watch // nil when nobody looks

	table atomic.Pointer[[]atomic.Pointer[Shard]]
	mu    sync.Mutex // held to add a shard or a larger table
}

// New starts a meter. Total is -1 when the number of items is not known. With
// observers it starts the goroutine that calls them, which End ends: a loop
// with observers must be ended.
func New(name, executor string, workers, total int, observers []observe.Observer) *Loop {
	l, _ := In(context.Background(), name, executor, workers, total, observers)
	return l
}

// In is New for a loop whose bodies get contexts derived from ctx. It returns
// what observers made of that.
func In(ctx context.Context, name, executor string, workers, total int, observers []observe.Observer) (*Loop, context.Context) {
	l := &Loop{number: loops.Add(1)}
	if len(observers) > 0 {
		l.watch = newWatch(l, observe.Start{
			Loop: l.number, Name: name, Executor: executor, Workers: workers, Total: total,
		}, observers)
		for _, o := range observers {
			if c, is := o.(observe.ContextObserver); is {
				ctx = c.Context(ctx, l.watch.begin)
			}
		}
		go l.watch.run()
	}
	return l, ctx
}

// Watched reports whether anybody looks: without an observer callers skip
// clocks and slices.
func (l *Loop) Watched() bool { return l.watch != nil }

// Number is the loop's number, unique in this process, from 1.
func (l *Loop) Number() uint64 { return l.number }

// Shard returns worker w's shard, made on first use; w counts from 0. One
// goroutine at a time may write to it, and none after End. It stands for a
// place where one task runs at a time: a worker that runs several at once
// needs a shard for each.
func (l *Loop) Shard(w int) *Shard {
	if t := l.table.Load(); t != nil && w < len(*t) {
		if s := (*t)[w].Load(); s != nil {
			return s
		}
	}
	return l.addShard(w)
}

func (l *Loop) addShard(w int) *Shard {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.shards()
	if w >= len(t) {
		larger := make([]atomic.Pointer[Shard], max(w+1, 2*len(t), 4))
		for i := range t {
			larger[i].Store(t[i].Load())
		}
		l.table.Store(&larger)
		t = larger
	}
	s := t[w].Load()
	if s == nil {
		s = &Shard{id: w, watch: l.watch}
		t[w].Store(s)
	}
	return s
}

// shards has nil where a worker has not asked for one.
func (l *Loop) shards() []atomic.Pointer[Shard] {
	if t := l.table.Load(); t != nil {
		return *t
	}
	return nil
}

// Skip counts n items that a journal answered: they are done and did not run.
func (l *Loop) Skip(n int) { l.skipped.Add(int64(n)) }

// SetTotal says how many items there are, once that is known or has changed.
func (l *Loop) SetTotal(n int) {
	if l.watch != nil {
		l.watch.total.Store(int64(n))
	}
}

// Totals adds the shards up now, a few nanoseconds for each. What happened
// before the call is in; it is exact once the workers have stopped.
func (l *Loop) Totals() observe.Totals {
	t := observe.Totals{Skipped: l.skipped.Load()}
	now := int64(0)
	if l.watch != nil {
		now = Now()
	}
	table := l.shards()
	for i := range table {
		if s := table[i].Load(); s != nil {
			add(&t, s.read(now))
		}
	}
	return t
}

// add counts a worker's share in.
func add(t *observe.Totals, w observe.Worker) {
	t.OK += w.OK
	t.Failed += w.Failed
	t.Retried += w.Retried
	t.Busy += w.Busy
	if w.Since > 0 {
		t.Running++
	}
}

// Event hands a rare event to the observers, asynchronously: it never blocks.
// The loop's number and, if it is 0, the time are filled in. When 1024 events
// wait for a slow observer, the next are dropped and a warning counts them.
func (l *Loop) Event(e observe.Event) {
	if l.watch != nil {
		l.watch.event(e)
	}
}

// Fail records why an item failed for good; the shard's counters are moved
// apart from it, by [Shard.Task] or [Shard.Count]. Pass the attempt's error
// and not one that names the item, so that like errors fall into one group.
// Without observers it does nothing; with them it costs a walk over the text,
// about a microsecond, and memory for 100 groups.
func (l *Loop) Fail(index, attempt int, err error) {
	if l.watch != nil && err != nil {
		l.watch.classify(index, attempt, err, false)
	}
}

// Retry records why an attempt failed that will be tried again. It costs what
// Fail costs.
func (l *Loop) Retry(index, attempt int, err error) {
	if l.watch != nil && err != nil {
		l.watch.classify(index, attempt, err, true)
	}
}

// End stops the reducer, waits for it, and gives observers the last frame. The
// workers must have stopped writing to their shards. A second call does nothing.
func (l *Loop) End(err error) {
	if l.watch != nil {
		l.watch.end(err)
	}
}

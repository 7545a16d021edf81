package oracle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/writeset"
)

// setting is a run of the oracle. Few keys make many conflicts.
type setting struct {
	commits int
	keys    int64
	strict  bool // every read counts
	kills   bool // of workers: tasks may be lost

	progress func() // is called for each result
}

// outcome is what happened in a run.
type outcome struct {
	counts
	done   int
	failed map[string]int
}

func (o *outcome) String() string {
	return fmt.Sprintf("%d commits, failed %v; reads: %d exact, %d of a moment, %d too old to check", o.done, o.failed, o.exact, o.loose, o.skipped)
}

// report is what has been reported so far. The source of a loop runs on another
// goroutine than its consumer.
type report struct {
	mu sync.Mutex
	o  order
}

func (r *report) order(index int) order {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.o
	o.Index = index
	return o
}

func (r *report) add(index int, m *model) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.o.Reported, r.o.After, r.o.Reports = index, m.after, m.reports
}

// run has the tasks done on x and replays them.
func run(ctx context.Context, x parfor.Executor, s setting, opts ...parfor.Option) (*outcome, error) {
	for i := range last { // a bug planted before may have left some unsealed
		last[i].Store(nil)
	}
	m := newModel(writeset.Last()+1, s.strict)
	o := &outcome{failed: map[string]int{}}
	r := &report{o: order{Seed: rand.Uint64(), Keys: s.keys, Strict: s.strict, Reported: -1}}
	orders := iter.Seq[order](func(yield func(order) bool) {
		for i := 0; i < s.commits && yield(r.order(i)); i++ {
		}
	})
	opts = append(opts, parfor.On(x), parfor.KeepGoing(), parfor.Attempts(3), parfor.OnConflict(parfor.Rerun))
	if s.strict {
		opts = append(opts, parfor.Serializable())
	}
	for res, err := range parfor.Stream(ctx, orders, act, opts...) {
		if s.progress != nil {
			s.progress()
		}
		if err != nil { // it must have left nothing
			if err := o.fail(err, s.kills); err != nil {
				return o, err
			}
			continue
		}
		if err := m.add(&res.In, res.Commit, res.Out); err != nil {
			return o, err
		}
		r.add(res.Index, m)
	}
	o.counts, o.done = m.count, m.dones
	if err := m.end(ctx, writeset.Last()); err != nil {
		return o, err
	}
	if o.done < s.commits/2 || o.exact == 0 || !s.strict && o.loose == 0 {
		return o, fmt.Errorf("that is too little to tell: %v", o)
	}
	return o, nil
}

// fail counts an item that failed for good. There are few reasons to.
func (o *outcome) fail(err error, kills bool) error {
	var loop *parfor.LoopError
	var worker *parfor.WorkerError
	switch {
	case errors.As(err, &loop):
		return loop.Cause // comes last, after the failures that it sums up
	case errors.Is(err, errOnPurpose):
		o.failed["on purpose"]++
	case errors.Is(err, parfor.ErrConflict):
		o.failed["conflict"]++
	case errors.Is(err, dict.ErrExists):
		o.failed["exists"]++
	case kills && errors.As(err, &worker) && worker.Cause == parfor.Killed:
		o.failed["killed"]++
	default:
		return violation("an item failed for no reason there is: %v", err)
	}
	return nil
}

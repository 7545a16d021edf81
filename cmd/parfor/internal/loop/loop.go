// Package loop runs the items of a verb through its body: every item once, as
// many at once as are allowed, until they are done or there is a reason to
// stop.
//
// loop.go holds the loop, work.go what travels through it, stop.go the reasons
// to stop, slots.go the numbers of workers, watch.go what observers are told.
package loop

import (
	"context"
	"iter"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// Config is a loop before it runs.
type Config struct {
	Name  string // for people: run, http
	Items iter.Seq2[item.Item, error]
	Total func() (n int, known bool) // of items; may get known later; nil: never

	// Admit is called for one item after the other, in input order. It sets the
	// key, and says whether the item is to run. An error ends the loop.
	Admit func(*Work) (run bool, err error)

	// Body is one attempt of an item, on worker number slot, from 1. An error
	// makes it a failure; the record counts then, too.
	Body func(ctx context.Context, slot int, w *Work) (record.Record, error)

	// Keep takes the record of an item when it has ended, on its worker, before
	// that begins another: of items that ended, at most one a worker is not kept.
	// Called by many goroutines. An error ends the loop. nil: nothing is kept.
	Keep func(*Work, record.Record) error

	// Done takes the record of an item that has ended, one call after the
	// other, in the order in which they end. An error ends the loop.
	Done func(*Work, record.Record) error

	Workers     int
	Auto        bool             // Workers is the most that it may find
	Attempts    int              // at most, of an item; 0 is 1
	First, Most time.Duration    // a random wait up to First before the second attempt, twice that before the third…
	Again       func(error) bool // which failures are worth another attempt; nil: all
	MaxFailures Failures
	Options     []parfor.Option // rates and the like
	Observers   []observe.Observer
	Stop        *Stop // nil: nobody asks
}

// Outcome is what a loop came to.
type Outcome struct {
	OK, Failed int
	Skipped    int             // Admit said no
	Left       int             // taken from the input, but not run to their end
	First      []record.Record // up to five failures, the first to end
	Halted     bool            // there were too many failures
	Stopped    bool            // Stop was asked for, by failures or from outside
}

// firstFailures is how many of them a person looks at.
const firstFailures = 5

// Run runs the loop and returns when nothing of it runs any more. Items that
// fail are no error of it. The error is that of the input, of Admit or Done, or
// the cause of ctx.
func Run(ctx context.Context, c Config) (Outcome, error) {
	r := &run{Config: c}
	if r.Stop == nil {
		r.Stop = new(Stop)
	}
	r.Attempts = max(r.Attempts, 1)
	ctx, r.cancel = context.WithCancelCause(ctx)
	defer r.cancel(nil)
	err := r.consume(ctx)
	r.out.Skipped = int(r.skipped.Load())
	r.out.Left = int(r.taken.Load()) - r.out.OK - r.out.Failed
	r.out.Halted = r.halted.Load()
	r.out.Stopped = r.Stop.Asked()
	return r.out, err
}

func (r *run) consume(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var bad error
	for res, err := range parfor.StreamFrom(ctx, r.work, r.attempt, r.options()...) {
		if bad != nil {
			continue // what ran is ending
		}
		if _, failed := err.(*parfor.TaskError); err != nil && !failed {
			return r.causeOf(ctx, err)
		}
		if bad = r.ended(res.In, err); bad != nil {
			cancel(bad) // and not break: observers are told why
		}
	}
	if bad != nil {
		return bad
	}
	return context.Cause(ctx)
}

func (r *run) options() []parfor.Option {
	opts := append([]parfor.Option{parfor.KeepGoing(), parfor.Name(r.Name), parfor.Workers(r.Workers), parfor.Attempts(r.Attempts)}, r.Options...)
	if r.Attempts > 1 {
		opts = append(opts, parfor.AttemptIf(r.again))
	}
	if r.First > 0 && r.Attempts > 1 {
		opts = append(opts, parfor.Backoff(r.First, max(r.First, r.Most)))
	}
	if r.Auto {
		opts = append(opts, parfor.Auto())
	}
	for _, o := range r.Observers {
		opts = append(opts, parfor.Observe(watched{o, r}))
	}
	return opts
}

// work is the loop's source: the items that are to run.
func (r *run) work(yield func(*Work, error) bool) {
	for it, err := range r.Items {
		if err != nil {
			r.bad(err, yield)
			return
		}
		if r.Stop.Asked() {
			return
		}
		w := &Work{Item: it}
		switch run, err := r.Admit(w); {
		case err != nil:
			r.bad(err, yield)
			return
		case !run:
			r.skipped.Add(1)
			continue
		}
		w.Turn = int(r.taken.Add(1))
		if !yield(w, nil) {
			return
		}
	}
}

// bad ends the source with an error, which is kept as it is: the loop's has
// more words around it.
func (r *run) bad(err error, yield func(*Work, error) bool) {
	r.input.Store(&err)
	yield(nil, err)
}

// attempt is the body of the library's loop.
func (r *run) attempt(ctx context.Context, w *Work) (none struct{}, err error) {
	if r.Stop.Asked() {
		if w.failure == nil {
			r.unrun.Add(1) // the library's loop takes it for a success
		}
		return none, w.failure // of the attempt before, if there was one
	}
	slot := r.slots.take()
	defer r.slots.give(slot)
	w.Attempt++
	rec, err := r.Body(ctx, slot, w)
	if err != nil && ctx.Err() != nil {
		return none, err // it was stopped: that says nothing about the item
	}
	rec.Key, rec.Seq, rec.Attempts, rec.Worker = w.Key, w.Item.Seq, w.Attempt, slot
	w.record, w.failure, w.ran = rec, err, true
	last := err != nil && (w.Attempt == r.Attempts || !r.again(err))
	if last {
		r.failedForGood(w) // here, and not when the loop is told: nothing starts after the last failure
	}
	if err == nil || last {
		if e := r.keep(w); e != nil {
			r.cancel(e)
			return none, e
		}
	}
	return none, err
}

// keep has an item's record kept, once.
func (r *run) keep(w *Work) error {
	if r.Keep == nil || w.kept {
		return nil
	}
	w.kept = true
	return r.Keep(w, w.record)
}

func (r *run) again(err error) bool { return r.Again == nil || r.Again(err) }

// ended gives an item's record away.
func (r *run) ended(w *Work, err error) error {
	if err != nil && !w.ran { // a panic
		w.record, w.ran = record.Record{Key: w.Key, Seq: w.Item.Seq, Status: record.Failed, Attempts: max(w.Attempt, 1), Error: err.Error()}, true
	}
	if !w.ran {
		return nil // it never began
	}
	if err == nil {
		r.out.OK++
	} else {
		if failed, ok := err.(*parfor.TaskError); ok && r.out.Failed < 1000 {
			r.numbers.Store(failed.Index, w.Item.Seq)
		}
		r.out.Failed++
		r.failedForGood(w)
		if len(r.out.First) < firstFailures {
			r.out.First = append(r.out.First, w.record)
		}
	}
	r.finished.Add(1)
	if err := r.keep(w); err != nil {
		return err
	}
	return r.Done(w, w.record)
}

// Package loop runs the items of a verb through its body: every item once, as
// many at once as are allowed, until they are done or there is a reason to
// stop.
//
// loop.go holds the loop, work.go what travels through it, stop.go the reasons
// to stop, slots.go the numbers of workers, watch.go what observers are told.
package loop

import (
	"context"
	"errors"
	"iter"
	"runtime/debug"
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
	// other, on its worker: nobody has to be woken for it. An error ends the loop.
	Done func(*Work, record.Record) error

	Workers     int
	Auto        bool             // Workers is the most that it may find
	Attempts    int              // at most, of an item; 0 is 1
	First, Most time.Duration    // a random wait up to First before the second attempt, twice that before the third…
	Again       func(error) bool // which failures are worth another attempt; nil: all that aren't parfor.Permanent
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
	err := r.each(ctx)
	r.out.Skipped = int(r.skipped.Load())
	r.out.Left = int(r.taken.Load()) - r.out.OK - r.out.Failed
	r.out.Halted = r.halted.Load()
	r.out.Stopped = r.Stop.Asked()
	return r.out, err
}

func (r *run) each(ctx context.Context) error {
	err := parfor.EachFrom(ctx, r.work, r.attempt, r.options()...)
	var whole *parfor.LoopError
	if errors.As(err, &whole) && whole.Cause == nil {
		err = nil // items failed, which is told otherwise
	}
	if err != nil {
		return r.causeOf(ctx, err)
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
			r.badInput(err, yield)
			return
		}
		if r.Stop.Asked() {
			return
		}
		w := &Work{Item: it}
		switch run, err := r.Admit(w); {
		case err != nil:
			r.badInput(err, yield)
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

// badInput ends the source with an error, which is kept as it is: the loop's has
// more words around it.
func (r *run) badInput(err error, yield func(*Work, error) bool) {
	r.input.Store(&err)
	yield(nil, err)
}

// attempt is the body of the library's loop.
func (r *run) attempt(ctx context.Context, w *Work) error {
	if r.Stop.Asked() {
		if w.failure == nil {
			r.unrun.Add(1) // the library's loop takes it for a success
			return nil
		}
		return parfor.Permanent(r.ended(w)) // with the attempt before, and no other
	}
	slot := r.slots.take()
	defer r.slots.give(slot)
	w.Attempt++
	rec, err := r.body(ctx, slot, w)
	if err != nil && ctx.Err() != nil {
		return err // it was stopped: that says nothing about the item
	}
	rec.Key, rec.Seq, rec.Attempts, rec.Worker = w.Key, w.Item.Seq, w.Attempt, slot
	w.record, w.failure = rec, err
	if err != nil && w.Attempt < r.Attempts && r.again(err) {
		return err
	}
	return r.ended(w)
}

// body is one attempt; a panic is a failure of it.
func (r *run) body(ctx context.Context, slot int, w *Work) (rec record.Record, err error) {
	returned := false
	defer func() {
		if v := recover(); v != nil || !returned {
			err = &parfor.PanicError{Value: v, Stack: debug.Stack()}
			rec = record.Record{Status: record.Failed, Error: err.Error()}
		}
	}()
	rec, err = r.Body(ctx, slot, w)
	returned = true
	return rec, err
}

func (r *run) again(err error) bool {
	return !parfor.IsPermanent(err) && (r.Again == nil || r.Again(err))
}

// ended counts an item whose last attempt has ended, keeps its record and gives
// it away. Its error is the item's, or the loop's end.
func (r *run) ended(w *Work) error {
	if w.failure != nil {
		r.failedForGood() // before anything else starts
	}
	err := r.keep(w)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && r.bad == nil {
		r.count(w)
		err = r.Done(w, w.record)
	}
	if err != nil && r.bad == nil {
		r.bad = err
		r.cancel(err)
	}
	if r.bad != nil {
		return r.bad
	}
	return w.failure
}

func (r *run) keep(w *Work) error {
	if r.Keep == nil {
		return nil
	}
	return r.Keep(w, w.record)
}

func (r *run) count(w *Work) {
	r.finished.Add(1)
	if w.failure == nil {
		r.out.OK++
		return
	}
	if r.out.Failed++; r.out.Failed <= 1000 {
		r.numbers.Store(w.Turn-1, w.Item.Seq)
	}
	if len(r.out.First) < firstFailures {
		r.out.First = append(r.out.First, w.record)
	}
}

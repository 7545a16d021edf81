package executortest

import (
	"errors"
	"slices"
	"strings"

	"parfor.dev/parfor"
)

// judge holds one run of an edge case against the rules that all rows obey.
func (r *edgeRun) judge() {
	r.Helper()
	r.eachOnce()
	for i, v := range r.out {
		if v.Square != i*i || r.but[i] != answer {
			r.fatal("result %d is %+v", i, v)
		}
	}
	if r.form == "ordered" && !slices.IsSorted(r.order) {
		r.fatal("in order, and yielded %v", r.order)
	}
	if r.leave != stays {
		return // there is no error to judge: nobody was there to take it
	}
	switch {
	case r.cancel != never:
		r.judgeCancelled()
	case len(r.failed) == 0:
		if r.err != nil || len(r.out) != r.n {
			r.fatal("%d results of %d, %v", len(r.out), r.n, r.err)
		}
	case r.keepGoing:
		r.judgeKeepGoing()
	default:
		r.judgeStopped()
	}
}

func (r *edgeRun) eachOnce() {
	seen := slices.Clone(r.order)
	slices.Sort(seen)
	if len(slices.Compact(seen)) != len(r.order) {
		r.fatal("an item was yielded twice: %v", r.order)
	}
}

// judgeStopped: the one failure is the loop's error, which comes last, and all
// that was finished was delivered.
func (r *edgeRun) judgeStopped() {
	if len(r.bad) > 0 {
		r.fatal("without KeepGoing items %v were yielded with errors", r.bad)
	}
	if got := failedItems(r.err); !slices.Equal(got, r.failed) {
		r.fatal("failed %v, want %v (%v)", got, r.failed, r.err)
	}
	r.doneIsDelivered()
}

// judgeKeepGoing: every item is accounted for. A stream has told of each
// failure by then and ends without an error of its own; a Map returns one.
func (r *edgeRun) judgeKeepGoing() {
	slices.Sort(r.bad)
	if len(r.out) != r.n-len(r.failed) {
		r.fatal("%d results of %d", len(r.out), r.n)
	}
	if !strings.HasSuffix(r.form, "ordered") {
		if got := failedItems(r.err); !slices.Equal(got, r.failed) {
			r.fatal("failed %v, want %v", got, r.failed)
		}
		r.doneIsDelivered()
		return
	}
	if !slices.Equal(r.bad, r.failed) || r.err != nil {
		r.fatal("failed %v, want %v; then %v", r.bad, r.failed, r.err)
	}
}

// judgeCancelled: the caller's reason is the loop's error, and no item's.
func (r *edgeRun) judgeCancelled() {
	if !errors.Is(r.err, errMind) {
		r.fatal("cancelled, and the error is %v", r.err)
		return
	}
	for _, i := range failedItems(r.err) { // those that came to run
		if r.cancel == before || !slices.Contains(r.failed, i) {
			r.fatal("cancelled, and item %d failed: %v", i, r.err)
		}
	}
	if r.cancel == before && len(r.out)+len(r.bad) > 0 {
		r.fatal("cancelled before the start, and %d results", len(r.out))
	}
	r.doneIsDelivered()
}

// doneIsDelivered: LoopError.Done is true for exactly what was delivered.
func (r *edgeRun) doneIsDelivered() {
	le, ok := r.err.(*parfor.LoopError)
	if !ok {
		r.fatal("error is %T (%v), want a *LoopError", r.err, r.err)
		return
	}
	for i := range r.n {
		if _, has := r.out[i]; has != le.Done(i) {
			r.fatal("item %d: Done says %v, delivered %v", i, le.Done(i), has)
		}
	}
}

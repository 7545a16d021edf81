package loop

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// Work is an item on its way.
type Work struct {
	Item    item.Item
	Key     string
	Turn    int    // among the items that run, from 1; set once Admit has said yes
	Hash    string // of what is run for it
	Data    any    // what the verb keeps with it
	Attempt int    // the body's, from 1

	record  record.Record // of the last attempt
	failure error
}

// run is a loop that runs.
type run struct {
	Config
	cancel   context.CancelCauseFunc
	slots    slots
	mu       sync.Mutex // one item ends after the other
	out      Outcome
	bad      error        // of Keep or Done: nothing is given away any more
	taken    atomic.Int64 // items that the loop got
	skipped  atomic.Int64
	unrun    atomic.Int64 // got, but not begun because of Stop
	finished atomic.Int64
	failed   atomic.Int64 // for good
	halted   atomic.Bool
	numbers  sync.Map              // of the first failures: index in the loop -> number in the input
	input    atomic.Pointer[error] // of the input, or of Admit
}

// causeOf is what a person has to know of the loop's error.
func (r *run) causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if bad := r.input.Load(); bad != nil && errors.Is(err, *bad) {
		return *bad
	}
	var whole *parfor.LoopError
	if errors.As(err, &whole) && whole.Cause != nil {
		return whole.Cause
	}
	return err
}

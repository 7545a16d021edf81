package parfor

import (
	"context"
	"fmt"
	"iter"

	"parfor.dev/parfor/internal/task"
)

// AsCompleted yields every future once it is done: those that already are
// first, in the order given, then the others as they finish or are cancelled. A
// future given twice is yielded once. The error beside a future is nil: ask the
// future for its own.
//
// When ctx ends with futures still open, one last pair holds no future and an
// error such as "2 (of 4) futures unfinished" that wraps the error of ctx; the
// tasks go on. Break leaves them alone too. Inside a body pass the context the
// body was given: it lends its slot while it waits.
func AsCompleted[F Awaitable](ctx context.Context, fs ...F) iter.Seq2[F, error] {
	return func(yield func(F, error) bool) {
		var none F
		open, err := distinct(fs)
		if err == nil {
			err = selfish(task.From(ctx), open)
		}
		if err != nil {
			yield(none, err)
			return
		}
		given := make(map[*completion]F, len(open))
		for _, f := range open {
			given[f.core()] = f
		}
		w := watch(open)
		defer leave(open, w)
		for range open {
			c, err := w.next(ctx)
			if err != nil {
				yield(none, fmt.Errorf("parfor: %d (of %d) futures unfinished: %w", len(given), len(open), err))
				return
			}
			f := given[c]
			delete(given, c)
			if !yield(f, nil) {
				return
			}
		}
	}
}

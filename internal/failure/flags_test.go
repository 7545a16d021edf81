package failure_test

import (
	"errors"
	"fmt"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/failure"
	"parfor.dev/parfor/observe"
)

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		err  error
		want observe.Flags
	}{
		{errors.New("plain"), 0},
		{&parfor.TimeoutError{}, observe.TimedOut},
		{fmt.Errorf("wrapped: %w", &parfor.TimeoutError{Killed: true}), observe.TimedOut | observe.Killed},
		{&parfor.WorkerError{}, observe.Killed},
	} {
		if got := failure.Flags(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}

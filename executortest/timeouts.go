package executortest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// The limits here are short because bodies wait for their end; nothing is
// measured. What happens when exactly is checked on a fake clock, in clock.go.
const short = 20 * time.Millisecond

var timeoutChecks = []check{
	{"TimeoutFailsTheItemAlone", 0, timeoutAlone},
	{"TimeoutWhateverTheBodyReturns", 0, timeoutWhatever},
	{"TimeoutStopsByDefault", 0, timeoutStops},
	{"TimeoutIsPerAttempt", 0, timeoutPerAttempt},
	{"LoopTimeoutOfMap", 0, loopTimeoutOfMap},
	{"AbandonNeedsTimeout", 0, abandonNeedsTimeout},
}

// KeepGoing.
func timeoutAlone(t *testing.T, s *subject) {
	in := steps(6, "")
	in[2].Do = waits
	out, err := parfor.Map(within(t), in, act, s.on(2, parfor.Timeout(short), parfor.KeepGoing(), parfor.Grace(patience))...)
	equal(t, "failed", failedItems(err), []int{2})
	mustBe(t, err, parfor.ErrTaskTimeout)
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || te.Limit != short || te.Killed || te.Abandoned || !te.Timeout() {
		t.Errorf("timeout reads %+v", te)
	}
	for i, r := range out {
		if i != 2 && r.Square != i*i {
			t.Errorf("result %d is %+v", i, r)
		}
	}
}

// KeepGoing: the attempt's time is up, so it is a timeout, even if the body
// succeeds then, or fails for a reason of its own.
func timeoutWhatever(t *testing.T, s *subject) {
	in := []Step{{Do: waitsCalm}, {Do: waitsAngry}, {Do: waitsCause}}
	out, err := parfor.Map(within(t), in, act, s.on(2, parfor.Timeout(short), parfor.KeepGoing(), parfor.Grace(patience))...)
	equal(t, "failed", failedItems(err), []int{0, 1, 2})
	for i, f := range parfor.Failed(err) {
		mustBe(t, f, parfor.ErrTaskTimeout)
		if out[i] != (Reply{}) {
			t.Errorf("item %d timed out and has a result: %+v", i, out[i])
		}
	}
}

// Default mode: a timeout is a genuine failure, the cancel it causes is none.
func timeoutStops(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), []Step{{Do: waits}, {N: 1}}, act, s.on(2, parfor.Timeout(short), parfor.Grace(patience))...)
	equal(t, "failed", failedItems(err), []int{0})
	mustBe(t, err, parfor.ErrTaskTimeout)
}

// KeepGoing: the next attempt has the whole limit again.
func timeoutPerAttempt(t *testing.T, s *subject) {
	c := newTally(t)
	in := []attempt{{Item: 0, Good: 3, How: waits, Dir: c.dir}}
	// Long enough for the good attempt on a slow machine: two are waited for.
	out, err := parfor.Map(within(t), in, persist, s.on(1, parfor.Timeout(250*time.Millisecond), parfor.Attempts(3), parfor.Grace(patience))...)
	if err != nil || out[0] != 3 {
		t.Errorf("third attempt: %v, %v", out, err)
	}
}

// Default mode and KeepGoing.
func loopTimeoutOfMap(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.KeepGoing()}} {
		in := steps(8, "")
		in[5].Do = waits
		out, err := parfor.Map(within(t), in, act, s.on(1, append(opts, parfor.LoopTimeout(200*time.Millisecond), parfor.Chunk(1))...)...)
		le := loopError(t, err)
		mustBe(t, err, parfor.ErrLoopTimeout)
		if le.Failed != 0 || le.Done(5) {
			t.Errorf("the loop's deadline is counted as a failure: %v", err)
		}
		for i, r := range out {
			if le.Done(i) != (r.PID != 0) {
				t.Errorf("item %d: done %v, %+v", i, le.Done(i), r)
			}
		}
	}
}

func abandonNeedsTimeout(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), parfor.Range(3), square, s.on(2, parfor.Abandon())...)
	mustBe(t, err, parfor.ErrOption)
	for _, err := range parfor.Stream(within(t), slices.Values(parfor.Range(3)), square, s.on(2, parfor.Abandon())...) {
		mustBe(t, err, parfor.ErrOption)
	}
}

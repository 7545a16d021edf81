package executortest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor"
)

var loopErrorChecks = []check{
	{"LoopErrorCountsAndKeeps100", 0, keepsHundred},
	{"LoopErrorGroups", 0, groups},
	{"FailedOfOtherErrors", 0, failedOfOthers},
	{"CancelIsTheCause", 0, cancelIsTheCause},
	{"CancelledBefore", 0, cancelledBefore},
	{"CancelledAfter", 0, cancelledAfter},
}

// refusal fails with one of two texts that differ in numbers.
func refusal(s Step) Step { s.Do = refuse; return s }

// KeepGoing: memory for failures is bounded, the count is not.
func keepsHundred(t *testing.T, s *subject) {
	const n = 250
	in := steps(n, "")
	for i := range in {
		in[i] = refusal(in[i])
	}
	_, err := parfor.Map(within(t), in, act, s.on(2, parfor.KeepGoing())...)
	le := loopError(t, err)
	if le.Failed != n || le.Total != n || len(le.First) != 100 {
		t.Fatalf("%d of %d failed, %d kept", le.Failed, le.Total, len(le.First))
	}
	equal(t, "kept", failedItems(err), parfor.Range(100))
	for i := range n {
		if le.Done(i) {
			t.Errorf("item %d failed and is done", i)
		}
	}
	failed := 0
	for _, err := range parfor.Stream(within(t), slices.Values(in), act, s.on(2, parfor.KeepGoing())...) {
		if _, ok := err.(*parfor.TaskError); ok {
			failed++
		}
	}
	if failed != n {
		t.Errorf("the stream yielded %d failures, want %d and nothing else", failed, n)
	}
}

// KeepGoing: like failures are one group, whose first items are named.
func groups(t *testing.T, s *subject) {
	in := steps(20, "")
	for i := range 5 {
		in[i*2] = refusal(in[i*2])
	}
	in[11].Do, in[13].Do = rich, rich
	_, err := parfor.Map(within(t), in, act, s.on(1, parfor.KeepGoing())...)
	text := err.Error()
	for _, part := range []string{"7 of 20 failed", "refused ×5 (items ", " …)", "code 503 from example.org ×2 (items 11, 13)"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
	one := steps(3, "")
	one[1].Do = refuse
	_, err = parfor.Map(within(t), one, act, s.on(2, parfor.KeepGoing())...)
	if want := "parfor: item 1: step 1: executortest: refused"; err.Error() != want {
		t.Errorf("one failure reads %q, want %q", err, want)
	}
}

func failedOfOthers(t *testing.T, s *subject) {
	if parfor.Failed(nil) != nil || parfor.Failed(errors.New("x")) != nil {
		t.Error("Failed finds failures where there are none")
	}
	in := []Step{{N: 0}, refusal(Step{N: 1})}
	_, err := parfor.Map(within(t), in, act, s.on(2)...)
	m := parfor.Failed(fmt.Errorf("wrapped: %w", err))
	if len(m) != 1 || !errors.Is(m[1], errRefused) {
		t.Errorf("Failed: %v", m)
	}
}

var errMind = errors.New("executortest: changed my mind")

// Both modes: the caller's cancel is no item's failure, its cause is the
// loop's, and what was finished stays.
func cancelIsTheCause(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.KeepGoing()}} {
		for _, how := range []Action{waits, waitsCause, waitsCalm} {
			g := newGate(t)
			in := steps(10, "")
			in[4] = Step{N: 4, Do: how, At: g.address()}
			ctx, cancel := cancelWith(t)
			go func() {
				v := g.next()
				cancel(errMind)
				v.let()
			}()
			out, err := parfor.Map(ctx, in, act, s.on(2, opts...)...)
			g.empty(t)
			if err == nil { // all the others were done, and this one finished too
				if out[4].Square != 16 {
					t.Errorf("no error, and result 4 is %+v", out[4])
				}
				continue
			}
			le := loopError(t, err)
			mustBe(t, err, errMind)
			if le.Failed != 0 || le.Cause == nil {
				t.Errorf("%s: %d failed, cause %v", how, le.Failed, le.Cause)
			}
			for i, r := range out {
				if le.Done(i) != (r.PID != 0) {
					t.Errorf("%s: item %d: done %v, result %+v", how, i, le.Done(i), r)
				}
			}
		}
	}
}

// Both modes.
func cancelledBefore(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.KeepGoing()}} {
		g := openGate(t)
		in := steps(10, g.address())
		_, err := parfor.Map(canceled(t, errMind), in, act, s.on(2, opts...)...)
		mustBe(t, err, errMind)
		if loopError(t, err).Done(0) || loopError(t, err).Failed != 0 {
			t.Errorf("nothing ran and the error is %v", err)
		}
		var last error
		for _, err := range parfor.Stream(canceled(t, errMind), slices.Values(in), act, s.on(2, opts...)...) {
			last = err
		}
		mustBe(t, last, errMind)
		if ran := g.visits(); len(ran) > 0 {
			t.Errorf("bodies %v ran under a context that had ended", ran)
		}
	}
}

// Both modes: a context that ends with the last item takes no result away. It
// may end the loop early all the same, when the source hasn't yet said that
// this was the last.
func cancelledAfter(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.KeepGoing()}, {parfor.InOrder()}} {
		ctx, cancel := cancelWith(t)
		n := 0
		for _, err := range parfor.Stream(ctx, slices.Values(parfor.Range(10)), square, s.on(2, opts...)...) {
			if err != nil && (n < 10 || !errors.Is(err, errMind) || loopError(t, err).Failed > 0) {
				t.Errorf("after %d items: %v", n, err)
			}
			if err != nil {
				continue
			}
			if n++; n == 10 {
				cancel(errMind)
			}
		}
		if n != 10 {
			t.Errorf("%d yields, want 10", n)
		}
	}
}

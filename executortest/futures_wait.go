package executortest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// testWaiting checks Wait and AsCompleted.
func testWaiting(t *testing.T, open func(t *testing.T) parfor.Executor) {
	for _, c := range []struct {
		name string
		test func(*futureTest)
	}{
		{"C25_DuplicatesCountOnce", (*futureTest).duplicates},
		{"C26_FirstCompleted", (*futureTest).firstCompleted},
		{"C27_FirstError", (*futureTest).firstError},
		{"C28_AllCompleted", (*futureTest).allCompleted},
		{"C30_AsCompleted", (*futureTest).asCompleted},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &futureTest{T: t, ctx: context.Background(), x: open(t), gate: newTurnstile(t)}
			defer f.x.Close()
			c.test(f)
		})
	}
}

// finished returns a future that is done.
func (t *futureTest) finished(n int) *parfor.Future[int, int] {
	f := parfor.Submit(t.ctx, t.x, twice, n)
	<-f.Done()
	return f
}

func (t *futureTest) expect(done, pending []parfor.Awaitable, err error, nDone, nPending int) {
	t.Helper()
	if len(done) != nDone || len(pending) != nPending || err != nil {
		t.Errorf("%d done, %d pending, %v; want %d and %d", len(done), len(pending), err, nDone, nPending)
	}
}

func (t *futureTest) duplicates() {
	f, g := t.finished(1), t.finished(2)
	done, pending, err := parfor.Wait(t.ctx, parfor.AllCompleted, f, g, f, f)
	t.expect(done, pending, err, 2, 0)
	n := 0
	for h, err := range parfor.AsCompleted(t.ctx, f, f, g, f) {
		if err != nil || h == nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("yielded %d futures", n)
	}
}

func (t *futureTest) firstCompleted() {
	a := t.gate.submit(t.ctx, t.x, 1)
	b := t.gate.submit(t.ctx, t.x, 2)
	t.gate.arrived(1)
	go t.gate.answer(1, letPass)
	done, pending, err := parfor.Wait(t.ctx, parfor.FirstCompleted, a, b)
	t.expect(done, pending, err, 1, 1)
	if done[0] != parfor.Awaitable(a) {
		t.Error("the wrong one is done")
	}
	done, pending, err = parfor.Wait(t.ctx, parfor.FirstCompleted, b, a) // at once
	t.expect(done, pending, err, 1, 1)
	t.gate.answer(2, letPass)
	t.result(b)
}

func (t *futureTest) firstError() {
	release := t.occupy()
	cancelled := t.gate.submit(t.ctx, t.x, 9)
	cancelled.Cancel()
	release()
	a := t.gate.submit(t.ctx, t.x, 1)
	b := t.gate.submit(t.ctx, t.x, 2)
	c := t.gate.submit(t.ctx, t.x, 3)
	go func() {
		t.gate.answer(1, letPass)
		<-a.Done()
		t.gate.answer(2, letFail)
	}()
	done, pending, err := parfor.Wait(t.ctx, parfor.FirstError, cancelled, a, b, c)
	t.expect(done, pending, err, 3, 1)
	done, pending, err = parfor.Wait(t.ctx, parfor.FirstError, c, b) // at once
	t.expect(done, pending, err, 1, 1)
	t.gate.answer(3, letPass)
	done, pending, err = parfor.Wait(t.ctx, parfor.FirstError, a, c, cancelled) // none fails: all
	t.expect(done, pending, err, 3, 0)
	b.Err()
}

func (t *futureTest) allCompleted() {
	a := t.gate.submit(t.ctx, t.x, 1)
	b := t.gate.submit(t.ctx, t.x, 2)
	t.gate.answer(1, letPass)
	t.result(a)
	late, cancel := context.WithDeadline(t.ctx, time.Now())
	defer cancel()
	done, pending, err := parfor.Wait(late, parfor.AllCompleted, a, b)
	t.expect(done, pending, err, 1, 1)
	over, stop := context.WithCancel(t.ctx)
	stop()
	done, pending, err = parfor.Wait(over, parfor.AllCompleted, a, b)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	t.expect(done, pending, nil, 1, 1)
	go t.gate.answer(2, letPass)
	done, pending, err = parfor.Wait(t.ctx, parfor.AllCompleted, a, b)
	t.expect(done, pending, err, 2, 0)
	done, pending, err = parfor.Wait(t.ctx, parfor.AllCompleted)
	t.expect(done, pending, err, 0, 0)
}

func (t *futureTest) asCompleted() {
	n := min(3, t.slots())
	var fs []*parfor.Future[turn, int64]
	for i := range n {
		fs = append(fs, t.gate.submit(t.ctx, t.x, i))
		t.gate.arrived(i)
	}
	last := fs[n-1]
	t.gate.answer(n-1, letPass)
	t.result(last)
	next, got := n-2, []int64(nil)
	for f, err := range parfor.AsCompleted(t.ctx, fs...) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, t.result(f))
		if next >= 0 { // the others, in reverse, one at a time
			t.gate.answer(next, letPass)
			next--
		}
	}
	for i, id := range got {
		if id != int64(n-1-i) {
			t.Errorf("completed in the order %v", got)
		}
	}
	if len(got) != n {
		t.Errorf("yielded %v of %d", got, n)
	}
	t.unfinished()
}

// unfinished ends AsCompleted early: two of four are done.
func (t *futureTest) unfinished() {
	a, b := t.finished(1), t.finished(2)
	release := t.occupy()
	defer release()
	c, d := parfor.Submit(t.ctx, t.x, twice, 3), parfor.Submit(t.ctx, t.x, twice, 4)
	late, cancel := context.WithDeadline(t.ctx, time.Now())
	defer cancel()
	n := 0
	for f, err := range parfor.AsCompleted(late, c, a, d, b) {
		if n++; n <= 2 {
			if err != nil || f.State() != parfor.Finished {
				t.Errorf("%d: %v, %v", n, f, err)
			}
			continue
		}
		if f != nil || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 (of 4) futures unfinished") {
			t.Errorf("got %v, %v", f, err)
		}
	}
	if n != 3 {
		t.Errorf("yielded %d pairs", n)
	}
}

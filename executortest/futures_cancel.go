package executortest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"parfor.dev/parfor"
)

func (t *futureTest) cancel() {
	release := t.occupy()
	pending := t.gate.submit(t.ctx, t.x, 1)
	for range 2 { // true, and true again
		if !pending.Cancel() || pending.State() != parfor.Cancelled {
			t.Fatalf("pending: not cancelled, state %v", pending.State())
		}
	}
	if _, err := pending.Result(t.ctx); !errors.Is(err, parfor.ErrCanceled) {
		t.Errorf("got %v", err)
	}
	release()
	running := t.gate.submit(t.ctx, t.x, 2)
	t.gate.arrived(2)
	if running.Cancel() || running.State() != parfor.Running {
		t.Errorf("running: cancelled, or state %v", running.State())
	}
	t.gate.answer(2, letPass)
	if v := t.result(running); v != 2 {
		t.Errorf("got %d", v)
	}
	if running.Cancel() || running.State() != parfor.Finished {
		t.Errorf("finished: cancelled, or state %v", running.State())
	}
}

func (t *futureTest) states() {
	release := t.occupy()
	check := func(f *parfor.Future[turn, int64], state parfor.State, done bool) {
		t.Helper()
		got := false
		select {
		case <-f.Done():
			got = true
		default:
		}
		if f.State() != state || got != done {
			t.Errorf("state %v, done %v; want %v, %v", f.State(), got, state, done)
		}
	}
	cancelled, value, failing := t.gate.submit(t.ctx, t.x, 1), t.gate.submit(t.ctx, t.x, 2), t.gate.submit(t.ctx, t.x, 3)
	check(value, parfor.Pending, false)
	cancelled.Cancel()
	check(cancelled, parfor.Cancelled, true)
	release()
	t.gate.arrived(2)
	check(value, parfor.Running, false)
	t.gate.answer(2, letPass)
	t.gate.answer(3, letFail)
	value.Result(t.ctx)
	failing.Result(t.ctx)
	check(value, parfor.Finished, true)
	check(failing, parfor.Finished, true)
}

func (t *futureTest) poll() {
	over, cancel := context.WithCancel(t.ctx)
	cancel()
	release := t.occupy()
	cancelled, f := t.gate.submit(t.ctx, t.x, 1), t.gate.submit(t.ctx, t.x, 2)
	unfinished := func() {
		t.Helper()
		var item *parfor.TaskError
		if _, err := f.Result(over); !errors.Is(err, context.Canceled) || errors.As(err, &item) {
			t.Errorf("got %v", err)
		}
		if f.Err() != nil {
			t.Errorf("Err before the end: %v", f.Err())
		}
	}
	unfinished()
	cancelled.Cancel()
	if _, err := cancelled.Result(over); !errors.Is(err, parfor.ErrCanceled) {
		t.Errorf("cancelled: got %v", err)
	}
	release()
	t.gate.arrived(2)
	unfinished()
	t.gate.answer(2, letFail)
	<-f.Done()
	for range 3 {
		if _, err := f.Result(over); err == nil || !strings.Contains(err.Error(), errTurned.Error()) {
			t.Errorf("finished: got %v", err)
		}
	}
}

func (t *futureTest) wake() {
	release := t.occupy()
	cancelled, f := t.gate.submit(t.ctx, t.x, 1), t.gate.submit(t.ctx, t.x, 2)
	var waiters sync.WaitGroup
	for range 3 {
		waiters.Go(func() {
			if v, err := f.Result(t.ctx); v != 2 || err != nil {
				t.Errorf("got %v, %v", v, err)
			}
		})
		waiters.Go(func() {
			if _, err := cancelled.Result(t.ctx); !errors.Is(err, parfor.ErrCanceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	cancelled.Cancel()
	release()
	t.gate.answer(2, letPass)
	waiters.Wait()
}

func (t *futureTest) cancelAndClose() {
	release := t.occupy()
	ctx, cancel := context.WithCancel(t.ctx)
	fs := make([]*parfor.Future[int, int], 50)
	for i := range fs {
		fs[i] = parfor.Submit(ctx, t.x, twice, i)
	}
	cancel()
	release()
	if err := t.x.Close(); err != nil {
		t.Error(err)
	}
	cancelled := 0
	for i, f := range fs {
		switch _, err := f.Result(t.ctx); f.State() {
		case parfor.Cancelled:
			cancelled++
			if !errors.Is(err, parfor.ErrCanceled) || !errors.Is(err, context.Canceled) {
				t.Errorf("%d: %v", i, err)
			}
		case parfor.Finished:
		default:
			t.Errorf("%d is left %v", i, f.State())
		}
	}
	if cancelled <= 20 {
		t.Errorf("%d of 50 cancelled", cancelled)
	}
}

func (t *futureTest) contextRunning() {
	ctx, cancel := context.WithCancel(t.ctx)
	f := t.gate.submit(ctx, t.x, 1)
	t.gate.arrived(1)
	cancel()
	if _, err := f.Result(t.ctx); !errors.Is(err, context.Canceled) || f.State() != parfor.Finished {
		t.Errorf("got %v, state %v", err, f.State())
	}
}

package parfor

import (
	"fmt"

	"parfor.dev/parfor/internal/engine"
)

// The methods that an executor calls: a lane is an engine.Job.

func (l *lane[In, Out]) Spec() *engine.Spec { return &l.spec }

func (l *lane[In, Out]) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ready)
}

// Take claims tasks in the order they were submitted.
func (l *lane[In, Out]) Take(dst []engine.Task) (n int, more bool) {
	l.mu.Lock()
	fresh := 0
	n = min(len(dst), len(l.ready))
	for i, ref := range l.ready[:n] {
		e := &l.entries[ref]
		e.claimed = true
		if e.counted {
			e.counted = false
			fresh++
		}
		dst[i] = l.task(ref)
	}
	if l.ready = l.ready[n:]; len(l.ready) == 0 {
		l.ready = nil
	}
	more = !l.over && !l.stopped
	l.mu.Unlock()
	if fresh > 0 {
		l.ledger.Started(fresh)
	}
	return n, more
}

func (l *lane[In, Out]) AppendItem(dst []byte, t engine.Task) ([]byte, error) {
	return l.in.Append(dst, &l.future(t).in)
}

// Settle reads a result and commits its writes, in this order: a task whose
// result can't be read leaves nothing.
func (l *lane[In, Out]) Settle(t engine.Task, o *engine.Outcome) {
	var out Out
	l.settleRemote(t, o, nil, func(b []byte) error {
		if err := l.result.Decode(b, &out); err != nil {
			return &permanent{fmt.Errorf("parfor: result of %s: %w", l.spec.Body.Name, err)}
		}
		return nil
	})
	l.mu.Lock()
	l.entries[t.Ref].out = out
	l.mu.Unlock()
}

// Finish ends a future, or schedules another attempt.
func (l *lane[In, Out]) Finish(t engine.Task, o *engine.Outcome) {
	f := l.future(t)
	f.begin() // true for the first attempt only
	err := o.Err
	if err != nil && l.reruns.again(&l.policy, t.Index, err, func() { l.Return([]engine.Task{t}) }) {
		l.meter.Retry(t.Index, int(t.Attempt), err)
		return
	}
	if err != nil && l.again(t.Index, int(t.Attempt), err) && l.requeue(t, err) {
		l.meter.Retry(t.Index, int(t.Attempt), err)
		return
	}
	if err != nil {
		l.meter.Fail(t.Index, int(t.Attempt), err)
	}
	l.reruns.settle(t.Index)
	l.mu.Lock()
	out := l.entries[t.Ref].out
	l.drop(t.Ref)
	l.mu.Unlock()
	if err != nil {
		err = failure(f, l.label, int(t.Attempt), err)
	}
	f.finish(out, err)
}

// requeue has a failed task tried again when it has waited, unless its context
// has ended.
func (l *lane[In, Out]) requeue(t engine.Task, err error) bool {
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		return false
	}
	e := &l.entries[t.Ref]
	e.claimed, e.attempt, e.err = false, t.Attempt+1, err
	l.mu.Unlock()
	l.delays.after(l.backoff.before(int(t.Attempt), err), func() { l.resume(t.Ref) })
	return true
}

// resume offers a task again that has waited for a further attempt.
func (l *lane[In, Out]) resume(ref int32) {
	end := func() {}
	l.mu.Lock()
	if l.stopped {
		end = l.strike(ref)
	} else {
		l.ready = append(l.ready, ref)
	}
	h := l.handle
	l.mu.Unlock()
	end()
	if h != nil {
		h.Wake()
	}
}

// Return takes back tasks whose bodies never began.
func (l *lane[In, Out]) Return(ts []engine.Task) {
	var ends []func()
	l.mu.Lock()
	for _, t := range ts {
		l.entries[t.Ref].claimed = false
		if l.stopped {
			ends = append(ends, l.strike(t.Ref))
		} else {
			l.ready = append(l.ready, t.Ref)
		}
	}
	h := l.handle
	l.mu.Unlock()
	for _, end := range ends {
		end()
	}
	if h != nil {
		h.Wake()
	}
}

var _ engine.Job = (*lane[int, int])(nil)

package parfor

import (
	"fmt"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/observe"
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

func (l *lane[In, Out]) AppendItem(dst []byte, t engine.Task) (head, tail []byte, err error) {
	return l.in.AppendParts(dst, &l.future(t).in)
}

// Settle reads a result and commits its writes, in this order: a task whose
// result can't be read leaves nothing.
func (l *lane[In, Out]) Settle(t engine.Task, o *engine.Outcome) {
	var out Out
	l.settleRemote(t, o, nil, func(b []byte) error {
		if err := l.result.DecodeKeep(b, &out, o.Kept); err != nil {
			return &permanent{fmt.Errorf("parfor: result of %s: %w", l.spec.Body.Name, err)}
		}
		return nil
	})
	l.mu.Lock()
	l.entries[t.Ref].out = out
	if l.stopped && o.Err != nil {
		o.Flags = observe.Failed
	}
	l.mu.Unlock()
}

// Finish ends a future, or schedules another attempt.
func (l *lane[In, Out]) Finish(t engine.Task, o *engine.Outcome) {
	f := l.future(t)
	f.begin() // true for the first attempt only
	err := o.Err
	if o.Flags&observe.Retried != 0 {
		l.requeue(t, err)
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

// requeue has a failed task run again when it has waited. If its context ends
// before that, the failure is its last.
func (l *lane[In, Out]) requeue(t engine.Task, err error) {
	l.mu.Lock()
	e := &l.entries[t.Ref]
	e.err, e.tried = err, t.Attempt
	l.mu.Unlock()
	l.follow(t, err, func(t engine.Task) { l.Return([]engine.Task{t}) })
}

// Return takes back tasks whose bodies are to begin elsewhere, or again.
func (l *lane[In, Out]) Return(ts []engine.Task) {
	var ends []func()
	l.mu.Lock()
	for _, t := range ts {
		e := &l.entries[t.Ref]
		e.claimed, e.attempt = false, t.Attempt
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

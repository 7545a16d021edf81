package parfor

import (
	"fmt"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/observe"
)

// streamJob is a stream as a remote executor sees it. A task's Ref is its
// entry.
type streamJob[In, Out any] struct {
	*stream[In, Out]
	what   *engine.Spec
	in     *codec.Codec[In]
	result *codec.Codec[Out]
	handle engine.Handle
}

func (j *streamJob[In, Out]) Spec() *engine.Spec { return j.what }

// Pending is not known: the source may end at any item.
func (j *streamJob[In, Out]) Pending() int { return -1 }

// Total is how many items there were, once the source has ended.
func (j *streamJob[In, Out]) Total() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.sourceDone {
		return -1
	}
	return j.taken
}

// Waiting is how many items could start now if there were workers for them.
func (j *streamJob[In, Out]) Waiting() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.stop.Load():
		return 0
	case j.gate == nil:
		return j.ready.len()
	case j.gate.shut():
		return 0
	}
	return min(j.ready.len()+len(j.redo), max(0, j.room()-j.gate.running))
}

func (j *streamJob[In, Out]) Take(dst []engine.Task) (n int, more bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.stop.Load() {
		return 0, false
	}
	for n < len(dst) {
		ref, ok := j.startable()
		if !ok {
			break
		}
		e := &j.entries[ref]
		dst[n] = engine.Task{Index: e.index, Ref: ref, Attempt: e.again}
		n++
	}
	j.open += n
	return n, true
}

func (j *streamJob[In, Out]) AppendItem(dst []byte, t engine.Task) (head, tail []byte, err error) {
	if n := j.entries[t.Ref].note; n != nil {
		dst = append(dst, n.Key[:]...)
	}
	return j.in.AppendParts(dst, &j.entries[t.Ref].in)
}

// Settle stores a result for the consumer and commits its writes.
func (j *streamJob[In, Out]) Settle(t engine.Task, o *engine.Outcome) {
	e := &j.entries[t.Ref]
	if n := e.note; n != nil {
		n.Pos, n.Attempts, n.Result = 0, uint32(t.Attempt), o.Out
	}
	j.settleRemote(t, o, e.note, func(b []byte) error {
		if err := j.result.DecodeKeep(b, &e.out, o.Kept); err != nil {
			return &permanent{fmt.Errorf("parfor: result of %s: %w", j.what.Body.Name, err)}
		}
		return nil
	})
	if e.note != nil {
		if o.Err = j.journal.settle(e.note, o.Err); o.Err != nil && o.Flags == observe.OK {
			o.Flags = observe.Failed
		}
	}
	j.verdict(t, o)
	e.resumed = o.Resumed
	if e.commit = o.Commit; o.Err != nil {
		var zero Out
		e.out = zero
	}
}

// Finish ends a task, or schedules another attempt.
func (j *streamJob[In, Out]) Finish(t engine.Task, o *engine.Outcome) {
	j.entries[t.Ref].attempt = int(t.Attempt)
	if o.Flags&observe.Retried != 0 {
		j.pause(t.Ref, o.Took, o.Err)
		j.follow(t, o.Err, func(t engine.Task) { j.Return([]engine.Task{t}) })
		return
	}
	j.reruns.settle(t.Index)
	j.report(t.Ref, o.Took, o.Err)
	j.wakeIfQueued()
}

// wakeIfQueued has the executor ask for what the end of a task let through.
func (j *streamJob[In, Out]) wakeIfQueued() {
	if j.gate == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.queued() > 0 && j.handle != nil {
		j.handle.Wake()
	}
}

// Return takes back tasks whose bodies never began, or are to begin again.
func (j *streamJob[In, Out]) Return(ts []engine.Task) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := len(ts) - 1; i >= 0; i-- {
		j.leave(ts[i].Ref, true)
		j.entries[ts[i].Ref].again = ts[i].Attempt
		j.ready.pushFront(ts[i].Ref)
	}
	j.open -= len(ts)
	j.news.Signal()
	if j.handle != nil {
		j.handle.Wake()
	}
}

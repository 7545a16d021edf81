package parfor

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// ErrNested means that a loop on worker processes, run by a body, wrote to
// dictionaries: its writes would have to become part of that body's task,
// which lives in this process.
var ErrNested = fmt.Errorf("%w: a loop on worker processes inside a task can't write to dictionaries that commit with that task", ErrOption)

// claims counts the tasks a remote executor holds, and knows when a loop on it
// is over: nothing claimed is open, and nothing is left to claim.
type claims struct {
	open atomic.Int64
	over chan struct{}
	once sync.Once
}

func (c *claims) end() { c.once.Do(func() { close(c.over) }) }

// settleRemote decides an attempt that ended in another process: it reads the
// result of a success with decode, then commits what came with it, and adds
// the note of a journaled loop; of a failure
// it checks what the attempt had observed. What an attempt that came to nothing
// held is free afterwards.
func (p *policy) settleRemote(t engine.Task, o *engine.Outcome, note *task.Note, decode func([]byte) error) {
	if o.Err == nil {
		o.Err = decode(o.Out)
	} else if mutant.Is("leaked") && len(o.Writes) > 0 {
		task.CommitEncoded(o.Writes, p.ticket(t, o, note))
	} else if len(o.Writes) > 0 && p.parent == nil && task.CheckEncoded != nil {
		var c *task.Conflict
		if err := task.CheckEncoded(o.Writes, p.ticket(t, o, note)); errors.As(err, &c) {
			o.Err = c
		}
		o.Writes = nil
	}
	if o.Err == nil && len(o.Writes) > 0 {
		o.Commit, o.Err = p.commitRemote(t, o, note)
	}
	if o.Err != nil && task.ClaimsOpen.Load() > 0 {
		task.EndClaims(o.Claims)
	}
	switch {
	case o.Err == nil:
		o.Flags = observe.OK
	case p.reruns.due(p, t.Index, o.Err) || p.again(t.Index, int(t.Attempt), o.Err):
		o.Flags = observe.Retried
	default:
		o.Flags = observe.Failed
	}
}

// follow has a task that Settle found worth it run again, as it conflicted, or
// as there is an attempt left. Ready is told with which attempt to do so.
func (p *policy) follow(t engine.Task, err error, ready func(engine.Task)) {
	p.meter.Retry(t.Index, int(t.Attempt), err)
	if p.reruns.again(p, t.Index, err, func() { ready(t) }) {
		return
	}
	wait := p.backoff.before(int(t.Attempt), err)
	t.Attempt++
	p.delays.after(wait, func() { ready(t) })
}

func (p *policy) ticket(t engine.Task, o *engine.Outcome, note *task.Note) task.Ticket {
	return task.Ticket{Claims: o.Claims, Pass: p.reruns.get(t.Index).pass(), Loop: p.tasks, Item: t.Index, Note: cmp.Or(note, o.Note)}
}

// commitRemote commits the dictionary writes that came with a result.
func (p *policy) commitRemote(t engine.Task, o *engine.Outcome, note *task.Note) (uint64, error) {
	if p.parent != nil {
		return 0, &permanent{ErrNested}
	}
	if task.CommitEncoded == nil {
		return 0, &permanent{fmt.Errorf("parfor: a worker sent dictionary writes to a program without package dict")}
	}
	n, err := task.CommitEncoded(o.Writes, p.ticket(t, o, note))
	if err != nil && !errors.Is(err, task.ErrConflict) && err != errStopped {
		err = &permanent{err}
	}
	return n, err
}

// sliceJob runs a loop over a slice on a remote executor. Results are decoded
// straight into their places.
type sliceJob[In, Out any] struct {
	*loop
	claims
	what   *engine.Spec
	in     *codec.Codec[In]
	result *codec.Codec[Out]
	items  []In
	out    []Out // nil when results are not wanted
	sum    *combiner[Out]
	handle engine.Handle

	take     sync.Mutex // guards the next two
	next     int
	returned []engine.Task // to be claimed again, before new ones
	left     atomic.Int64
}

func newSliceJob[In, Out any](l *loop, b body[In, Out], items []In, out []Out) (*sliceJob[In, Out], error) {
	what, err := l.spec(b.registered)
	if err != nil {
		return nil, err
	}
	if err := l.engine.Remote.Check(what); err != nil {
		return nil, err
	}
	j := &sliceJob[In, Out]{loop: l, what: what, in: codec.Of[In](), result: codec.Of[Out](), items: items, out: out}
	j.over = make(chan struct{})
	j.left.Store(int64(len(items)))
	return j, nil
}

// run blocks until no task of the loop is left at the executor.
func (j *sliceJob[In, Out]) run() error {
	if len(j.items) == 0 {
		return nil
	}
	h, err := j.engine.Remote.Attach(j)
	if err != nil {
		return err
	}
	j.take.Lock()
	j.handle = h
	j.take.Unlock()
	if j.sum != nil {
		j.sum.start(h)
		defer j.sum.close()
	}
	h.Wake() // for a task that came back before the handle was known
	j.onHalt(j.reruns.halt)
	j.onHalt(j.delays.halt)
	j.onHalt(j.endIfOver)
	defer j.reruns.forget()
	<-j.over
	h.Detach()
	return nil
}

func (j *sliceJob[In, Out]) Spec() *engine.Spec { return j.what }
func (j *sliceJob[In, Out]) Pending() int       { return int(j.left.Load()) }
func (j *sliceJob[In, Out]) Total() int         { return len(j.items) }

// Take claims returned tasks first, then new ones.
func (j *sliceJob[In, Out]) Take(dst []engine.Task) (n int, more bool) {
	j.take.Lock()
	defer j.take.Unlock()
	if j.stop.Load() {
		return 0, false
	}
	if j.sum != nil && j.sum.full() {
		return 0, true
	}
	n = copy(dst, j.returned)
	j.returned = j.returned[n:]
	for ; n < len(dst) && j.next < len(j.items); n++ {
		dst[n] = engine.Task{Index: j.next, Ref: -1, Attempt: 1}
		j.next++
	}
	j.open.Add(int64(n))
	j.left.Add(-int64(n))
	return n, j.left.Load() > 0 || j.open.Load() > 0 && j.attempts > 1
}

func (j *sliceJob[In, Out]) AppendItem(dst []byte, t engine.Task) (head, tail []byte, err error) {
	return j.in.AppendParts(dst, &j.items[t.Index])
}

// Settle puts a result in its place and commits its writes.
func (j *sliceJob[In, Out]) Settle(t engine.Task, o *engine.Outcome) {
	if j.sum != nil {
		j.settleSum(t, o)
		return
	}
	j.settleRemote(t, o, nil, func(b []byte) error {
		if j.out == nil {
			return nil
		}
		return j.decode(b, &j.out[t.Index], o.Kept)
	})
	j.verdict(t, o)
	if o.Err != nil && j.out != nil {
		var zero Out
		j.out[t.Index] = zero
	}
}

// settleSum is Settle where results are combined.
func (j *sliceJob[In, Out]) settleSum(t engine.Task, o *engine.Outcome) {
	var out Out
	j.settleRemote(t, o, nil, func(b []byte) error { return j.decode(b, &out, o.Kept) })
	j.verdict(t, o)
	if o.Err == nil {
		j.sum.push(out)
	}
}

func (j *sliceJob[In, Out]) decode(b []byte, out *Out, kept *bool) error {
	if err := j.result.DecodeKeep(b, out, kept); err != nil {
		return &permanent{fmt.Errorf("parfor: result of %s: %w", j.what.Body.Name, err)}
	}
	return nil
}

// Finish ends a task, or schedules another attempt.
func (j *sliceJob[In, Out]) Finish(t engine.Task, o *engine.Outcome) {
	switch {
	case o.Err == nil:
	case o.Flags&observe.Retried != 0:
		j.follow(t, o.Err, func(t engine.Task) { j.Return([]engine.Task{t}) })
		return
	default:
		j.settle(t.Index, int(t.Attempt), o.Err)
	}
	j.reruns.settle(t.Index)
	if j.open.Add(-1) == 0 {
		j.endIfOver()
	}
}

// Return takes back tasks whose bodies are to begin elsewhere, or again.
func (j *sliceJob[In, Out]) Return(ts []engine.Task) {
	j.take.Lock()
	j.returned = append(j.returned, ts...)
	j.left.Add(int64(len(ts)))
	h := j.handle
	j.take.Unlock()
	if j.open.Add(-int64(len(ts))) == 0 {
		j.endIfOver()
	}
	if h != nil {
		h.Wake()
	}
}

// endIfOver ends the wait of run if nothing is claimed and nothing will be.
func (j *sliceJob[In, Out]) endIfOver() {
	j.take.Lock()
	defer j.take.Unlock()
	if j.open.Load() > 0 {
		return
	}
	if j.stop.Load() || j.next == len(j.items) && len(j.returned) == 0 {
		j.claims.end()
	}
}

// finish records what was claimed and never ran, and says how many items were.
func (j *sliceJob[In, Out]) finish() (claimed int) {
	j.take.Lock()
	defer j.take.Unlock()
	for _, t := range j.returned {
		j.skip(t.Index, t.Index+1)
	}
	return j.next
}

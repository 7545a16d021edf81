package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/task"
)

var errDeserted = errors.New("parfor: the agent ended")

// specTime bounds one try to read a loop's constants.
const specTime = 5 * time.Second

// begin reads the loop's constants and offers the loop to the executor.
func (w *work) begin() {
	s, err := w.read()
	if err == nil {
		err = w.attach(s)
	}
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound): // it is over
		w.end(task.ErrStopped, true)
	case err != nil && w.agent.ctx.Err() == nil:
		w.refuse(err)
	}
}

// read reads the loop's record, however long that takes.
func (w *work) read() (*wire.Spec, error) {
	a := w.agent
	for {
		ctx, cancel := context.WithTimeout(a.ctx, specTime)
		m, err := a.loops.GetLastMsgForSubject(ctx, a.Link.Space.Spec(w.id))
		cancel()
		if err == nil {
			s, err := wire.DecodeSpec(m.Data)
			if err == nil && len(s.Away) > 0 {
				return w.readAway(s.Away)
			}
			return s, err
		}
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil, err
		}
		select {
		case <-a.ctx.Done():
			return nil, context.Cause(a.ctx)
		case <-w.ctx.Done():
			return nil, jetstream.ErrMsgNotFound
		case <-time.After(retryPause):
		}
	}
}

// readAway reads a record that was too large for a message.
func (w *work) readAway(reference []byte) (*wire.Spec, error) {
	a := w.agent
	ctx, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	defer context.AfterFunc(a.ctx, func() { cancel(context.Cause(a.ctx)) })()
	ref, err := blob.Parse(reference)
	if err != nil {
		return nil, err
	}
	b, err := blob.Get(ctx, a.Link, w.id, ref)
	if err == nil {
		return wire.DecodeSpec(b)
	}
	if w.ctx.Err() != nil {
		return nil, jetstream.ErrMsgNotFound
	}
	ask, end := context.WithTimeout(ctx, specTime)
	defer end()
	if _, gone := a.loops.GetLastMsgForSubject(ask, a.Link.Space.Spec(w.id)); errors.Is(gone, jetstream.ErrMsgNotFound) {
		return nil, gone // and so are the pieces
	}
	return nil, fmt.Errorf("what With and Propagate give the loop: %w", err)
}

// attach offers the loop to the executor, unless it is over by now.
func (w *work) attach(r *wire.Spec) error {
	if r.Body != w.lane.body.Name {
		return fmt.Errorf("%w: the loop runs %s, and came where %s is", parfor.ErrNotRegistered, r.Body, w.lane.body.Name)
	}
	w.mu.Lock()
	if w.mute || w.gone {
		w.mu.Unlock()
		return nil
	}
	ctx := context.Context(w.ctx)
	for h := range w.chunks {
		if h.chunk.Limited {
			ctx, w.stop = context.WithTimeout(ctx, h.chunk.Left)
			break
		}
	}
	m, ctx := meter.In(ctx, r.Name, "cluster", w.agent.slots, -1, nil)
	s := &engine.Spec{Name: r.Name, Body: w.lane.body, Ctx: ctx, Timeout: r.Timeout, Grace: r.Grace, Serializable: r.Serializable,
		Journal: r.Journal, Ignores: r.Ignores, Args: args(r.Args), Values: args(r.Values), Meter: m, Label: func(engine.Task) string { return "" }}
	s.Args = append(s.Args, engine.Arg{Name: task.ReachArg, Encoded: task.AppendReach(nil, w.reach)})
	s.Args = append(s.Args, engine.Arg{Name: task.OriginArg, Encoded: task.AppendOrigin(nil, [2]uint64{r.Program, r.Run})})
	w.spec, w.owner = s, strconv.FormatUint(r.Owner, 36)
	w.mu.Unlock()
	if err := w.agent.Local.Check(s); err != nil {
		return w.unfit(s, err)
	}
	handle, err := w.agent.Local.Attach(w)
	if err != nil {
		return w.unfit(s, err)
	}
	w.mu.Lock()
	gone := w.gone // while it was attached: retire could not detach it
	w.handle = handle
	w.mu.Unlock()
	if gone {
		handle.Detach()
		return nil
	}
	handle.Wake()
	return nil
}

// unfit says whether the loop can't run here or the executor runs nothing any
// more; then the agent ends, and the items are for others.
func (w *work) unfit(s *engine.Spec, err error) error {
	broken := w.agent.Local.Check(s)
	if broken == nil || errors.Is(broken, parfor.ErrNotRegistered) {
		return err
	}
	w.agent.Fail(broken)
	return nil
}

func args(from []wire.Arg) []engine.Arg {
	to := make([]engine.Arg, len(from), len(from)+2)
	for i, a := range from {
		to[i] = engine.Arg(a)
	}
	return to
}

// refuse fails every item of a loop that can't run here, those to come as well.
func (w *work) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refusal = errwire.Append(nil, parfor.Permanent(err))
	queue := w.queue
	w.queue = nil
	for _, ref := range queue {
		e := w.items[ref]
		w.release(ref)
		w.propose(e.h, e.item, &wire.Proposal{Kind: wire.Failed, Bytes: w.refusal})
	}
	for h := range w.chunks {
		for ; h.next < len(h.chunk.Items); h.next++ {
			w.propose(h, &h.chunk.Items[h.next], &wire.Proposal{Kind: wire.Failed, Bytes: w.refusal})
		}
	}
}

// end cancels what runs, says nothing of the loop any more, and forgets it when
// the executor has let go of it. Chunks of a loop that is over are nobody's any
// more; others were given back.
func (w *work) end(cause error, over bool) {
	w.die()
	w.mu.Lock()
	w.mute, w.over = true, w.over || over
	w.writes.stored.Broadcast()
	w.queue, w.behind = nil, nil
	for h := range w.chunks {
		if over {
			h.message().Ack()
		}
		if h.timer != nil {
			h.timer.Stop()
		}
	}
	late := over && len(w.chunks) > 0 // the owner has its results from others
	chunks := w.chunks
	w.chunks = map[*held]struct{}{}
	w.mu.Unlock()
	w.cancel(cause)
	for h := range chunks {
		w.agent.drop(h)
	}
	if late {
		w.agent.unsay(w.id)
	}
	w.retire(time.Now())
}

// retire forgets the loop if it is over, or nothing of it has been here for a
// while, and the executor has none of its items.
func (w *work) retire(now time.Time) {
	w.mu.Lock()
	if w.gone || w.open > 0 || len(w.chunks) > 0 || !w.mute && now.Sub(w.idle) < idleTime {
		w.mu.Unlock()
		return
	}
	w.gone = true
	reached.Delete(w.reach)
	handle, spec, stop := w.handle, w.spec, w.stop
	w.mu.Unlock()
	a := w.agent
	a.mu.Lock()
	if a.works[w.id] == w {
		delete(a.works, w.id)
	}
	a.mu.Unlock()
	w.cancel(task.ErrStopped)
	w.die()
	stop()
	if handle != nil {
		handle.Detach()
	}
	if spec != nil {
		spec.Meter.End(nil)
	}
}

package owner

import (
	"context"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/task"
)

var (
	_ engine.Remote = remote{}
	_ engine.Handle = (*loop)(nil)
)

// Check reports whether the loop can run on the cluster.
func (o *Owner) Check(s *engine.Spec) error {
	if s.Body == nil {
		return parfor.ErrNotRegistered
	}
	if !o.Program.Shares(s.Body.Name) {
		return fmt.Errorf("%w: %s can't be one that programs share by Version, for every program has a main: give it a name with RegisterAs", parfor.ErrOption, s.Body.Name)
	}
	return o.usable()
}

// payload is how many bytes of a message are for what is in it.
func (o *Owner) payload() int { return int(o.Link.NC.MaxPayload()) - headerRoom }

// headerRoom is more than the headers of a message take, which count.
const headerRoom = 1 << 10

// encode makes a loop's record. The keys of its items are made with the origin,
// and with this owner unless the loop may have others.
func (o *Owner) encode(s *engine.Spec, origin names.Loop, shared bool) []byte {
	program := o.number
	if shared {
		program = 0
	}
	w := &wire.Spec{Name: s.Name, Body: s.Body.Name, Timeout: s.Timeout, Grace: s.Grace, Serializable: s.Serializable,
		Owner: o.number, Program: program, Run: origin.Run, Journal: s.Journal, Ignores: s.Ignores, Args: args(s.Args), Values: args(s.Values)}
	if shared {
		w.Args = append(w.Args, wire.Arg{Name: task.RecordedArg})
	}
	return wire.AppendSpec(nil, w)
}

func args(from []engine.Arg) []wire.Arg {
	to := make([]wire.Arg, len(from), len(from)+1)
	for i, a := range from {
		to[i] = wire.Arg(a)
	}
	return to
}

// Slots is how many tasks of this program's functions can run at once, as far
// as is known now; 1 while there is no agent.
func (o *Owner) Slots() int { return max(1, o.Available()) }

// Available is how many slots there are.
func (o *Owner) Available() int { return o.roster.total(o.lanes) }

// AvailableFor is how many slots there are for a function.
func (o *Owner) AvailableFor(function string) int { return o.roster.at(o.Program.Lane(function)) }

// Attach offers the job's tasks to the agents.
func (o *Owner) Attach(j engine.Job) (engine.Handle, error) {
	o.mu.Lock()
	o.next++
	id := names.Loop{Program: o.id, Run: o.next}
	o.mu.Unlock()
	l := newLoop(o, j, id)
	if err := o.launch(l); err != nil {
		return nil, err
	}
	return l, nil
}

// launch starts a loop.
func (o *Owner) launch(l *loop) error {
	o.mu.Lock()
	if o.shut {
		o.mu.Unlock()
		return parfor.ErrClosed
	}
	o.open[l.id] = l
	o.watch.Loops.Add(1)
	o.running.Add(1)
	if l.kept == nil {
		o.announce()
	}
	o.mu.Unlock()
	if l.spec.Ctx.Done() != nil {
		l.unwatch = context.AfterFunc(l.spec.Ctx, func() { l.put(l.cancel) })
	}
	go l.run()
	return nil
}

// Wake says that Take may find something again.
func (l *loop) Wake() { l.signal() }

// Revoke takes nothing back: what was claimed is on its way to an agent, and to
// ask where would take as long as to wait.
func (l *loop) Revoke(engine.Task) bool { return false }

// Running reports whether a task was sent to the agents: from then on its body
// may begin at any time.
func (l *loop) Running(t engine.Task) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[t.Index] != nil
}

// Kill has the worker ended that runs a task.
func (l *loop) Kill(t engine.Task, cause error) {
	l.mu.Lock()
	s := l.open[t.Index]
	l.mu.Unlock()
	if s != nil {
		l.order(&wire.Order{Action: wire.Kill, Index: t.Index, Round: s.round, Cause: errwire.Append(nil, cause)})
	}
}

// order tells all agents. It doesn't wait for any.
func (l *loop) order(w *wire.Order) {
	w.Loop = l.id.String()
	link := l.owner.Link
	link.NC.Publish(link.Space.Orders(), wire.AppendOrder(nil, w)) // fails when the connection is closed: nobody is left to tell
}

// Detach ends the attachment.
func (l *loop) Detach() {
	if l.unwatch != nil {
		l.unwatch()
	}
	if l.kept != nil {
		l.records.close()
		l.owner.ends(l.id.Program)
	}
	l.put(func() { l.detached = true })
}

package agent

import (
	"context"
	"sync"
	"time"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/observe"
)

// work is a loop as the agent's executor sees it: an engine.Job whose items are
// those of the chunks that have come.
type work struct {
	agent  *Agent
	lane   *lane
	id     names.Loop
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	spec   *engine.Spec // nil until the loop is open
	handle engine.Handle
	stop   context.CancelFunc // of the deadline
	live   context.Context    // ends when nothing is said of the loop any more
	die    context.CancelFunc
	chunks map[*held]struct{}
	queue  []int32 // into entries: items that may begin
	behind []int32 // those that were passed over: an earlier round of the item runs here
	items  []entry
	vacant []int32
	open   int // items that the executor has claimed
	reach  uint64
	owner  string // who has its dictionaries
	writes writes

	running map[int]run // those, by index: one round of an item at a time
	refusal []byte      // why nothing of the loop can run here
	recent  map[uint64]bool
	mute    bool // the loop is over, or given up: nothing is said of it any more
	over    bool // that is why
	idle    time.Time
	gone    bool
}

// entry is an item of a chunk.
type entry struct {
	h       *held
	item    *wire.Item
	claimed bool
}

// run is an item that the executor has claimed.
type run struct {
	round uint32
	asked bool // something of a dictionary
	lost  bool // and there was nobody to answer: that it failed is not the item's fault
}

// againTime is until a chunk comes again that came while its loop ended here.
const againTime = 50 * time.Millisecond

// maxRecent bounds how many chunks a loop remembers to have finished.
const maxRecent = 1 << 12

func newWork(a *Agent, l *lane, id names.Loop) *work {
	w := &work{agent: a, lane: l, id: id, chunks: map[*held]struct{}{}, recent: map[uint64]bool{}, idle: time.Now(), stop: func() {},
		running: map[int]run{}, reach: reaches.Add(1)}
	w.writes.stored.L = &w.mu
	reached.Store(w.reach, w)
	w.ctx, w.cancel = context.WithCancelCause(context.Background())
	w.live, w.die = context.WithCancel(context.Background())
	return w
}

// add takes a chunk of the loop.
func (w *work) add(h *held) {
	w.mu.Lock()
	if done := w.known(h); done {
		w.mu.Unlock()
		w.agent.drop(h)
		return
	}
	w.chunks[h] = struct{}{}
	w.idle = time.Now()
	switch {
	case w.refusal != nil:
		w.proposeAll(h, wire.Failed, w.refusal)
	case h.deliveries > 1 && len(h.chunk.Items) > 1:
		// An agent before this one didn't finish it, maybe for one of its items:
		// each gets a message of its own.
		w.proposeAll(h, wire.Unstarted, nil)
	case h.deliveries > 1 && !w.agent.suspects(h):
		w.proposeAll(h, wire.Unstarted, nil)
	case h.deliveries > 1:
		w.try(h, 1)
	default:
		w.enqueue(h)
	}
	handle := w.handle
	w.mu.Unlock()
	if handle != nil {
		handle.Wake()
	}
}

// known deals with a chunk that came a second time. The lock is held.
func (w *work) known(h *held) bool {
	switch {
	case w.recent[h.number]:
		h.message().Ack()
		return true
	case w.gone, w.mute: // it comes again, and finds a new start, or none
		h.message().NakWithDelay(againTime) // not at once: deliveries count
		return true
	}
	for other := range w.chunks {
		if other.number == h.number { // what is said of it from now on goes by the new delivery
			other.msg.Store(h.message())
			return true
		}
	}
	return false
}

// enqueue makes the items of a chunk ready, or the next one of a serial chunk.
func (w *work) enqueue(h *held) {
	for ; h.next < len(h.chunk.Items); h.next++ {
		e := entry{h: h, item: &h.chunk.Items[h.next]}
		if e.item.Away {
			w.load(h)
			return
		}
		var ref int32
		if n := len(w.vacant); n > 0 {
			ref, w.vacant = w.vacant[n-1], w.vacant[:n-1]
			w.items[ref] = e
		} else {
			ref = int32(len(w.items))
			w.items = append(w.items, e)
		}
		w.queue = append(w.queue, ref)
		if h.chunk.Serial {
			h.next++
			return
		}
	}
}

func (w *work) Spec() *engine.Spec { return w.spec }

// Pending is how many items are ready.
func (w *work) Pending() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// Take claims items in the order in which they came. Of an item whose agent was
// thought dead, and is this one, the new round waits until the former is over:
// what a task asks says which item it is of, and not which round.
func (w *work) Take(dst []engine.Task) (n int, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n < len(dst) && len(w.queue) > 0 {
		ref := w.queue[0]
		w.queue = w.queue[1:]
		e := &w.items[ref]
		if _, runs := w.running[e.item.Index]; runs {
			w.behind = append(w.behind, ref)
			continue
		}
		e.claimed = true
		w.running[e.item.Index] = run{round: e.item.Round}
		dst[n] = engine.Task{Index: e.item.Index, Ref: ref, Attempt: e.item.Attempt}
		n++
	}
	w.open += n
	w.agent.watch.Running.Add(int64(n))
	return n, !w.mute
}

// rejoin has what was passed over looked at again, and reports whether there was
// any. The lock is held.
func (w *work) rejoin() bool {
	some := len(w.behind) > 0
	w.queue = append(w.queue, w.behind...)
	w.behind = nil
	return some
}

func (w *work) at(t engine.Task) entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.items[t.Ref]
}

// AppendItem gives the item as it came.
func (w *work) AppendItem(dst []byte, t engine.Task) (head, tail []byte, err error) {
	return dst, w.at(t).item.Bytes, nil
}

// Settle decides nothing: the owner does.
func (w *work) Settle(_ engine.Task, o *engine.Outcome) {
	o.Flags = observe.OK
	if o.Err != nil {
		o.Flags = observe.Failed
	}
}

// Finish proposes what came of an item.
func (w *work) Finish(t engine.Task, o *engine.Outcome) {
	p := wire.Proposal{Kind: wire.OK, Worker: o.Worker, PID: o.PID, Took: o.Took, Bytes: o.Out, Writes: o.Writes}
	switch {
	case o.Err == nil:
	case o.Flags == 0: // it wasn't settled: the executor is broken, and the item is for others
		w.agent.Fail(o.Err)
		p = wire.Proposal{Kind: wire.Unstarted}
	default:
		p.Kind, p.Bytes = wire.Failed, errwire.Append(nil, o.Err)
	}
	w.mu.Lock()
	w.open--
	w.agent.watch.Running.Add(-1)
	e := w.items[t.Ref]
	r := w.running[t.Index]
	delete(w.running, t.Index)
	wake := w.rejoin()
	if r.lost && o.Err != nil {
		p = wire.Proposal{Kind: wire.Unstarted}
	}
	w.release(t.Ref)
	e.h.took += o.Took
	w.propose(e.h, e.item, &p)
	if r.asked && len(p.Writes) > 0 { // what it saw may hold now, and not much longer
		w.flush(e.h)
	}
	if e.h.chunk.Serial {
		w.enqueue(e.h)
		wake = true
	}
	wake = wake && len(w.queue) > 0
	handle := w.handle
	last := w.mute && w.open == 0
	w.mu.Unlock()
	if last {
		w.retire(time.Now())
	}
	if wake && handle != nil {
		handle.Wake()
	}
}

// Return takes back items whose bodies never began.
func (w *work) Return(ts []engine.Task) {
	w.mu.Lock()
	w.open -= len(ts)
	w.agent.watch.Running.Add(-int64(len(ts)))
	ended := w.ctx.Err() != nil || w.agent.ctx.Err() != nil
	for _, t := range ts {
		e := &w.items[t.Ref]
		e.claimed = false
		delete(w.running, t.Index)
		if ended {
			h, item := e.h, e.item
			w.release(t.Ref)
			w.propose(h, item, &wire.Proposal{Kind: wire.Unstarted})
		} else {
			w.queue = append(w.queue, t.Ref)
		}
	}
	w.rejoin()
	handle := w.handle
	last := w.mute && w.open == 0
	w.mu.Unlock()
	if last {
		w.retire(time.Now())
	} else if handle != nil {
		handle.Wake()
	}
}

// release frees an item's place.
func (w *work) release(ref int32) {
	w.items[ref] = entry{}
	w.vacant = append(w.vacant, ref)
}

// handBack gives back the items of chunks that have not begun.
func (w *work) handBack(of func(*held) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rejoin()
	var stay []int32
	for _, ref := range w.queue {
		e := w.items[ref]
		if !of(e.h) {
			stay = append(stay, ref)
			continue
		}
		w.release(ref)
		w.propose(e.h, e.item, &wire.Proposal{Kind: wire.Unstarted})
	}
	w.queue = stay
	for h := range w.chunks {
		if h.chunk.Serial && of(h) {
			w.handBackRest(h)
		}
	}
}

// handBackRest gives back the items of a serial chunk that were not even ready.
func (w *work) handBackRest(h *held) {
	for ; h.next < len(h.chunk.Items); h.next++ {
		w.propose(h, &h.chunk.Items[h.next], &wire.Proposal{Kind: wire.Unstarted})
	}
}

// kill has the worker ended that runs an item.
func (w *work) kill(index int, round uint32, cause error) {
	w.mu.Lock()
	handle := w.handle
	var t engine.Task
	found := false
	for ref, e := range w.items {
		if e.item != nil && e.claimed && e.item.Index == index && e.item.Round == round {
			t, found = engine.Task{Index: index, Ref: int32(ref), Attempt: e.item.Attempt}, true
		}
	}
	w.mu.Unlock()
	if found && handle != nil {
		handle.Kill(t, cause)
	}
}

package process

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/wire"
)

// announced marks the numbers of loops that come with an Open frame. Others
// need nothing in the worker but their bodies and cost no message.
const announced = 1 << 31

// loopState is one loop in this worker.
type loopState struct {
	id      uint32
	body    uint32 // of one that was not announced
	ctx     context.Context
	cancel  context.CancelCauseFunc
	stop    context.CancelFunc // of the deadline
	timeout time.Duration
	shared  task.Loop
	err     error // a propagated value that can't be restored
	pinned  bool  // the pool will send Close
	slots   int   // that run its tasks
}

// loops are the loops this worker knows: those announced by the pool, and
// those its slots have met.
type loops struct {
	pool   uint64
	mu     sync.Mutex
	known  map[uint32]*loopState
	labels bodyLabels
	spare  *loopState // for the next loop of a body: made while nobody waits for it
	came   sync.Cond
}

func (ls *loops) init(pool uint64) {
	ls.pool = pool
	ls.known = map[uint32]*loopState{}
	ls.came.L = &ls.mu
}

var errLoopOver = errors.New("parfor: loop is over")

func (ls *loops) newState(m *wire.Loop, labels context.Context) *loopState {
	l := &loopState{id: m.ID, timeout: m.Timeout}
	ctx, cancel := context.WithCancelCause(labels)
	l.ctx, l.cancel, l.stop = ctx, cancel, func() {}
	if m.Limited {
		l.ctx, l.stop = context.WithTimeout(l.ctx, m.Left)
	}
	l.ctx, l.err = task.Restored(l.ctx, m.Values)
	l.shared = task.Loop{Name: m.Name, Program: ls.pool, Run: uint64(m.ID), Serializable: m.Serializable, Journal: m.Journal, Ignores: m.Ignores}
	task.Give(&l.shared, m.Args)
	return l
}

func (l *loopState) end() {
	l.stop()
	l.cancel(errLoopOver)
}

// acquire returns the loop of that number for a slot. It waits for the
// announcement if there is to be one: tasks travel faster than frames.
func (ls *loops) acquire(id, body uint32) (*loopState, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for ls.known[id] == nil && id&announced != 0 {
		ls.came.Wait()
	}
	l := ls.known[id]
	if l == nil {
		l = ls.plain(id, body)
		ls.known[id] = l
	}
	if l.err != nil {
		return nil, l.err
	}
	l.slots++
	return l, nil
}

func (ls *loops) release(l *loopState) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l.slots--
	ls.drop(l)
	if ls.spare == nil && l.id&announced == 0 {
		ls.spare = ls.newPlain(l.body)
	}
}

// plain is a loop that needs no more than its body.
func (ls *loops) plain(id, body uint32) *loopState {
	l := ls.spare
	if l == nil || l.body != body {
		l = ls.newPlain(body)
	}
	ls.spare = nil
	l.id, l.shared.Run = id, uint64(id)
	return l
}

func (ls *loops) newPlain(body uint32) *loopState {
	l := ls.newState(&wire.Loop{}, ls.labels.of(body))
	l.body = body
	return l
}

// drop forgets a loop that nobody needs.
func (ls *loops) drop(l *loopState) {
	if l.slots == 0 && !l.pinned {
		delete(ls.known, l.id)
		l.end()
	}
}

func (ls *loops) open(b []byte) error {
	m, err := wire.DecodeLoop(append([]byte(nil), b...))
	if err != nil {
		return err
	}
	l := ls.newState(m, labelled(m.Name))
	l.pinned = true
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.known[m.ID] = l
	ls.came.Broadcast()
	return nil
}

// cancel ends the context of a loop. The loop may be one that no slot has met
// yet: the task that will is already on its way.
func (ls *loops) cancel(b []byte) error {
	id, encoded, err := wire.DecodeCancel(b)
	if err != nil {
		return err
	}
	cause := &ended{errwire.Decode(encoded)}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.known[id]
	if l == nil {
		l = ls.newState(&wire.Loop{ID: id}, context.Background())
		ls.known[id] = l
	}
	l.pinned = true
	l.cancel(cause)
	return nil
}

// ended is why a loop ended, as bodies see it. A body that returns it fails
// with an echo of the loop's end, which is no failure of its item; the loop
// can't tell by the cause itself, which may be of a type that doesn't cross.
type ended struct{ cause error }

func (e *ended) Error() string   { return e.cause.Error() }
func (e *ended) Unwrap() []error { return []error{e.cause, task.ErrStopped} }

func (ls *loops) close(b []byte) error {
	id, _, err := wire.DecodeCancel(b)
	if err != nil {
		return err
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l := ls.known[id]; l != nil {
		l.pinned = false
		ls.drop(l)
	}
	return nil
}

// initializer runs the pool's initializer like a body, and says how it ended,
// also if that ends the goroutine it runs on.
func (ls *loops) initializer(b *registry.Body, done chan<- error) {
	err := parfor.ErrGoexit
	defer func() {
		if v := recover(); v != nil {
			err = &parfor.PanicError{Value: v, Stack: trimStack(debug.Stack())}
		}
		if err != nil {
			err = fmt.Errorf("parfor: %s: %w", b.Name, err)
		}
		done <- err
	}()
	_, _, err = b.Run(context.Background(), nil, nil)
}

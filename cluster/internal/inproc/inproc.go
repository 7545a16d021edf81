// Package inproc runs an agent's tasks on goroutines of its own program: an
// engine.Remote without processes between. inproc.go is the executor, body.go one
// call of a body, loop.go what the tasks of a loop share.
package inproc

import (
	"sync"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
)

// Executor runs as many bodies at once as it has slots.
type Executor struct {
	slots   int
	running sync.WaitGroup

	mu   sync.Mutex
	work sync.Cond
	turn []*attachment // that may have tasks, the next one first
	shut bool
}

// New starts an executor. It is to be closed.
func New(slots int) *Executor {
	x := &Executor{slots: slots}
	x.work.L = &x.mu
	for i := range slots {
		x.running.Go(func() { x.run(i) })
	}
	return x
}

// Close ends the executor, whose jobs are detached, and waits for that.
func (x *Executor) Close() {
	x.mu.Lock()
	x.shut = true
	x.work.Broadcast()
	x.mu.Unlock()
	x.running.Wait()
}

// Check takes every loop.
func (x *Executor) Check(s *engine.Spec) error {
	if s.Body == nil {
		return parfor.ErrNotRegistered
	}
	return nil
}

// Slots is how many bodies run at once.
func (x *Executor) Slots() int { return x.slots }

// Attach offers a job's tasks to the slots.
func (x *Executor) Attach(j engine.Job) (engine.Handle, error) {
	a := &attachment{executor: x, job: j, loop: newLoop(j.Spec())}
	return a, a.loop.err
}

// attachment is a job's place.
type attachment struct {
	executor *Executor
	job      engine.Job
	loop     *loop
	queued   bool // in the executor's turn; its lock guards it
}

// Wake puts the job into the turn.
func (a *attachment) Wake() {
	x := a.executor
	x.mu.Lock()
	defer x.mu.Unlock()
	if !a.queued {
		a.queued = true
		x.turn = append(x.turn, a)
	}
	x.work.Signal()
}

// Revoke takes nothing back: what was taken runs.
func (a *attachment) Revoke(engine.Task) bool { return false }

// Running reports true: what was taken runs.
func (a *attachment) Running(engine.Task) bool { return true }

// Kill does nothing: a goroutine can't be killed.
func (a *attachment) Kill(engine.Task, error) {}

// Detach ends the loop, of which nothing runs any more.
func (a *attachment) Detach() { a.loop.end() }

// run is a slot's goroutine.
func (x *Executor) run(slot int) {
	for {
		a, t := x.next()
		if a == nil {
			return
		}
		o := a.call(slot, t)
		a.job.Settle(t, o)
		a.job.Finish(t, o)
	}
}

// next waits for a task; it returns nil when the executor is closed. Jobs take
// turns.
func (x *Executor) next() (*attachment, engine.Task) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		if x.shut {
			return nil, engine.Task{}
		}
		if len(x.turn) == 0 {
			x.work.Wait()
			continue
		}
		a := x.turn[0]
		x.turn = x.turn[1:]
		a.queued = false // before Take: a Wake from now on counts
		x.mu.Unlock()
		var ts [1]engine.Task
		n, _ := a.job.Take(ts[:])
		if n > 0 {
			a.Wake() // there may be more
		}
		x.mu.Lock()
		if n > 0 {
			return a, ts[0]
		}
	}
}

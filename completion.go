package parfor

import (
	"container/list"
	"fmt"
	"sync"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// State is where a future stands.
type State int32

// States of a future. A task goes from Pending to Running to Finished, or from
// Pending to Cancelled.
const (
	Pending   State = iota // its body has not begun
	Running                // its body runs, or will be tried again
	Cancelled              // it was cancelled before its body began
	Finished               // it has a result, or an error
)

func (s State) String() string {
	switch s {
	case Pending:
		return "pending"
	case Running:
		return "running"
	case Cancelled:
		return "cancelled"
	case Finished:
		return "finished"
	}
	return fmt.Sprintf("State(%d)", int32(s))
}

// Awaitable is a [Future] of whatever type, for [Wait] and [AsCompleted]. It is
// sealed: only futures implement it.
type Awaitable interface {
	Done() <-chan struct{}
	Err() error
	State() State
	Index() int
	Cancel() bool

	core() *completion
}

// completion is the part of a future that doesn't depend on its types: who may
// end it, and who is told. Exactly one of Cancel and the task's runner ends it.
type completion struct {
	index  int
	done   chan struct{}
	ledger *engine.Ledger
	parent *task.Attempt // of the body that submitted it, or nil
	home   task.Slot     // the slot it has for itself, or nil
	remote engineSide    // where it is claimed, on executors in other processes

	admitted bool // the ledger counts it as open

	mu       sync.Mutex
	state    State
	err      error
	failure  *engine.Failure // until somebody reads err
	watchers []*watcher
	waits    bool          // the ledger counts it as unstarted
	place    *list.Element // in the ledger's queue
	unwatch  func() bool   // stops watching the submission's context
	notify   func()        // runs the callbacks, nil without any
}

// engineSide is what a future asks a lane.
type engineSide interface {
	running(c *completion, ref int32) bool
	revoke(c *completion, ref int32) bool
	assist()
}

// begin marks that the task's body begins. It reports false when the future
// was cancelled. The one who began it ends it.
func (c *completion) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Pending {
		return false
	}
	c.state = Running
	if c.unwatch != nil {
		c.unwatch()
	}
	c.waits, c.place, c.unwatch = false, nil, nil
	return true
}

// end moves the future from one state to a last one, and reports false,
// changing nothing, if it isn't in the first. Those who wait are told in the
// same moment; callbacks run later, elsewhere. Watch is given a
// failure, to notice when the future is collected before anybody read it.
func (c *completion) end(from, to State, err error, watch func(*engine.Failure)) bool {
	c.mu.Lock()
	if c.state != from {
		c.mu.Unlock()
		return false
	}
	c.state, c.err = to, err
	if err != nil && to == Finished {
		c.failure = c.ledger.Fail(err)
		watch(c.failure)
	}
	waits, place, unwatch, notify, watchers := c.waits, c.place, c.unwatch, c.notify, c.watchers
	c.waits, c.place, c.unwatch, c.notify, c.watchers = false, nil, nil, nil, nil
	close(c.done)
	for _, w := range watchers {
		w.arrive(c)
	}
	c.mu.Unlock()

	if unwatch != nil {
		unwatch()
	}
	if place != nil {
		c.ledger.Withdraw(place)
	} else if waits {
		c.ledger.Started(1)
	}
	if notify != nil {
		c.ledger.Hold()
		go notify()
	}
	if c.parent != nil {
		c.parent.Leave()
	}
	if c.admitted {
		c.ledger.Settle()
	}
	return true
}

// ended reports whether the future is done.
func (c *completion) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// read returns the error of a done future and notes that somebody saw it.
func (c *completion) read() error {
	c.mu.Lock()
	failure, err := c.failure, c.err
	c.failure = nil
	c.mu.Unlock()
	failure.Read()
	return err
}

package parfor

import (
	"errors"
	"fmt"
	"sync"
)

// Control steers running loops: those that got it with [WithControl]. The zero
// value is ready; what is set before a loop begins holds for it from the start. Its
// methods may be called concurrently, from other goroutines than the loop's, and
// from bodies; none waits for a body.
type Control struct {
	mu      sync.Mutex
	loops   []steered
	paused  bool
	workers int
}

// steered is a running loop.
type steered interface {
	setPaused(paused bool)
	resize(n int)
	abort(cause error)
	end(index int) bool
	redoFailed() int
	status() Status
}

// Status is what a [Control] sees of a loop.
type Status struct {
	Name    string
	Running int // tasks that run, or are with a worker
	Waiting int // items that were taken from the source and wait to start
	Workers int // tasks that may run at once, as [Control.SetWorkers] or [Auto] said, or the loop's own number
	Failed  int // items that failed for good
	Paused  bool
}

// Errors of loops and tasks that a [Control] ended.
var (
	// ErrStopped is the Cause of a loop that a Control stopped.
	ErrStopped = errors.New("parfor: the loop was stopped by its Control")
	// ErrKilled is the failure of a task that a Control killed.
	ErrKilled = errors.New("parfor: the task was killed by a Control")
)

// WithControl lets c steer the loop.
func WithControl(c *Control) Option {
	return func(o *config) error {
		o.control = c
		if c == nil {
			return errors.New("WithControl(nil): give a Control")
		}
		return nil
	}
}

// Pause keeps tasks from starting until Resume. Those that run go on.
func (c *Control) Pause() { c.setPaused(true) }

// Resume ends a Pause.
func (c *Control) Resume() { c.setPaused(false) }

func (c *Control) setPaused(paused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = paused
	for _, l := range c.loops {
		l.setPaused(paused)
	}
}

// SetWorkers changes how many tasks of each loop may run at once, up to what its
// executor has room for. Tasks that run beyond a smaller number are not stopped.
// With [Auto] it is its new bound. n below 1 is an error.
func (c *Control) SetWorkers(n int) error {
	if n < 1 {
		return fmt.Errorf("%w: SetWorkers(%d): must be at least 1; Pause stops all", ErrOption, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers = n
	for _, l := range c.loops {
		l.resize(n)
	}
	return nil
}

// Stop ends the loops: nothing starts any more, contexts of running bodies end, and
// the loop's error has the Cause [ErrStopped].
func (c *Control) Stop() {
	for _, l := range c.each() {
		l.abort(ErrStopped)
	}
}

// Kill ends the running task of item index, in each loop where it runs, and
// reports whether there was one. The task fails for good with [ErrKilled], whatever
// its body returns afterwards. In this process its context ends, and the loop waits
// for the body to return; a worker process is killed at once.
func (c *Control) Kill(index int) (found bool) {
	for _, l := range c.each() {
		found = l.end(index) || found
	}
	return found
}

// RetryFailed has the items run again that failed for good so far, with all their
// attempts, and returns how many there are. It works in loops over slices with
// [KeepGoing]: a stream has given its failures away, and keeps no items. Those that
// then succeed are no failures of the loop; observers count both.
func (c *Control) RetryFailed() (n int) {
	for _, l := range c.each() {
		n += l.redoFailed()
	}
	return n
}

// Loops returns the state of the running loops, the oldest first.
func (c *Control) Loops() (all []Status) {
	for _, l := range c.each() {
		all = append(all, l.status())
	}
	return all
}

func (c *Control) each() []steered {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]steered(nil), c.loops...)
}

// attach has a loop steered until the returned func is called.
func (c *Control) attach(l steered) (detach func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loops = append(c.loops, l)
	l.setPaused(c.paused)
	if c.workers > 0 {
		l.resize(c.workers)
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i := range c.loops {
			if c.loops[i] == l {
				c.loops = append(c.loops[:i:i], c.loops[i+1:]...)
				return
			}
		}
	}
}

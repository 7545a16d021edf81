// Package observe is how a program watches its loops: an [Observer] gets a
// frame of totals a few times a second and the rare events in between. Tasks
// never call an observer; see the package documentation of parfor for cost.
//
// observe.go holds the observer and what begins and ends a loop, frame.go what
// a frame is made of, hist.go the histogram of durations.
package observe

import (
	"context"
	"time"
)

// Observer watches loops. All calls for one loop come from one goroutine, in
// order: Start, then Frame and Event as they come, then End once; calls for
// different loops may be concurrent. A slow observer delays frames, and the
// return of its loop, but never tasks. What an observer is given is shared
// with the loop's other observers: keep it if you like, change nothing.
type Observer interface {
	Start(Start)
	Frame(Frame)
	Event(Event)
	End(End)
}

// ContextObserver is an observer that puts something into the context of a
// loop's bodies: the span that they are part of, say.
type ContextObserver interface {
	Observer

	// Context is called once for a loop, before Start, on the goroutine that
	// begins the loop, which waits for it. The context it returns is one derived
	// from ctx; the bodies' are derived from that, and what is propagated to
	// other processes is taken from it.
	Context(ctx context.Context, s Start) context.Context
}

// Start describes a loop that begins.
type Start struct {
	Loop     uint64 // number of the loop in this process
	Name     string // option Name, else the body's
	Executor string // "sequential", "goroutines", "processes"
	Workers  int
	Total    int // items, -1 if not known
	At       time.Time
}

// Kind of an event.
type Kind string

// Kinds of events.
const (
	WorkerUp   Kind = "worker.up"
	WorkerDown Kind = "worker.down"
	ErrorGroup Kind = "err.group" // a new group of like errors
	Stalled    Kind = "stalled"   // a body overran its timeout and its grace
	Scale      Kind = "scale"     // Auto changed how many tasks may run, or a Control did
	Steered    Kind = "ctl"       // a Control paused the loop, resumed it, ended a task
	Warning    Kind = "warn"
)

// Texts of a [WorkerDown] that is no death: the worker left in good order.
// Any other text says what it died of.
const (
	DownClosed   = "closed"   // its executor was closed
	DownIdle     = "idle"     // there was nothing to do for it
	DownRecycled = "recycled" // it reached a limit, and another takes its place
)

// Event is something rare. Its text is made for people and has no input in it.
type Event struct {
	Loop   uint64
	At     time.Duration
	Kind   Kind
	Worker int
	PID    int
	Index  int // item it is about, -1 if none
	Text   string
	Stack  []byte // of the goroutine it is about, if known
}

// Died reports whether the event is a worker's death, and not one that left
// in good order.
func (e Event) Died() bool {
	if e.Kind != WorkerDown {
		return false
	}
	switch e.Text {
	case DownClosed, DownIdle, DownRecycled:
		return false
	}
	return true
}

// End closes a loop. Its frame is the last one and is not passed to Frame
// before: it has the slices since the frame before it.
type End struct {
	Loop  uint64
	At    time.Duration
	Frame Frame // the last one, exact
	Err   error
}

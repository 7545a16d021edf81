package task

import (
	"sync"
	"sync/atomic"
)

// Running is a loop that runs, as those see it who look for a deadlock.
type Running interface {
	// Stuck reports whether nothing in the loop moves by itself: each of its
	// tasks that has begun is asleep, and none can begin.
	Stuck(*Asleep) bool
}

// Asleep counts the tasks that wait and can be woken by other tasks only.
type Asleep struct {
	Loops    map[*Loop]int     // of loops in this process
	Runs     map[[2]uint64]int // of loops on worker processes: program and run
	Programs map[uint64]int    // of all loops of a program
}

// Loose counts what may wake somebody, and nobody can tell when: submitted
// tasks, whose submitter goes on beside them, and loops inside of tasks.
var Loose atomic.Int64

var running struct {
	sync.Mutex
	version uint64
	loops   map[Running]struct{}
}

// Began notes a loop until leave is called.
func Began(r Running) (leave func()) {
	change := func(f func()) {
		running.Lock()
		defer running.Unlock()
		running.version++
		f()
	}
	change(func() {
		if running.loops == nil {
			running.loops = map[Running]struct{}{}
		}
		running.loops[r] = struct{}{}
	})
	return func() { change(func() { delete(running.loops, r) }) }
}

// AllStuck reports whether every loop of the program is stuck, and a number that
// changes when one begins or ends.
func AllStuck(a *Asleep) (stuck bool, version uint64) {
	running.Lock()
	defer running.Unlock()
	if Loose.Load() > 0 || len(running.loops) == 0 {
		return false, running.version
	}
	for r := range running.loops {
		if !r.Stuck(a) {
			return false, running.version
		}
	}
	return true, running.version
}

// Wide is a slot that knows how many there are like it.
type Wide interface{ Width() int }

// WidthOf says how many tasks of a loop on worker processes run at once, 0 if
// that isn't known. Package process sets it.
var WidthOf func(program, run uint64) int

// Width is how many tasks like this one run at once on its executor, with those
// of the tasks around it; 0 if nothing limits them. In a worker process it
// leaves out the outermost task: the owner knows of that one.
func (a *Attempt) Width() int {
	n := 1
	for ; a != nil; a = a.Parent {
		if a.Parent == nil && InWorker.Load() {
			return n
		}
		w := 0
		if s, ok := a.Slot.(Wide); ok {
			w = s.Width()
		}
		if a.Loop != nil && a.Loop.Width > 0 {
			w = a.Loop.Width
		}
		if w == 0 {
			return 0
		}
		n *= w
	}
	return n
}

// Outermost is the task that the attempt is part of in the end.
func (a *Attempt) Outermost() *Attempt {
	for a.Parent != nil {
		a = a.Parent
	}
	return a
}

package task

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// section is what keeps two calls of one attempt apart: a lock that costs the
// goroutine that runs the body no locked instruction. Such an instruction waits
// until everything before it has come from memory, so that with a mutex a body
// that reads a dictionary in a loop waits for one entry after the other, where
// the processor could fetch several at once. (BenchmarkSection: 11 ns against 46
// for the mutex, with nothing to wait for.)
//
// The owner says that it is inside with a plain store and looks whether anybody
// else has come with a plain load. Whoever else comes says so first, then makes
// the processor of every thread of the program finish its stores (membarrier(2)),
// and then waits while the owner is inside. From then on all use the mutex. That
// is Dekker's algorithm with its two fences moved to one side, as in user-space
// RCU and folly's asymmetric fences; biased locks of the JVM did the same.
type section struct {
	owner  uintptr // the goroutine of the body, 0 for none
	inside uint32  // the owner is inside, without the mutex
	others atomic.Uint32
	mu     sync.Mutex
}

// own makes the calling goroutine the one that enters without the mutex. It
// must be the first to call anything of the section, and end with the body.
func (s *section) own() {
	if biased {
		s.owner = goroutine()
	}
}

// enter waits until nobody is inside. What it returns is for leave.
func (s *section) enter() (alone bool) {
	if s.owner != 0 && s.owner == goroutine() {
		s.inside = 1
		if s.others.Load() == 0 {
			return true
		}
		atomic.StoreUint32(&s.inside, 0)
	}
	s.lock()
	return false
}

func (s *section) lock() {
	s.mu.Lock()
	if s.owner == 0 || s.owner == goroutine() {
		return
	}
	if s.others.Load() == 0 {
		s.others.Store(1)
		fenceAll()
	}
	for atomic.LoadUint32(&s.inside) != 0 {
		runtime.Gosched()
	}
}

func (s *section) leave(alone bool) {
	if alone {
		s.inside = 0
		return
	}
	s.mu.Unlock()
}

package parfor

import "parfor.dev/parfor/internal/engine"

// hold is a worker goroutine's claim on a slot of a shared executor. Loops
// with goroutines of their own need none, and all methods are then free.
type hold struct {
	from engine.Local
	slot *permit
	done <-chan struct{} // ends a wait for a slot
	has  bool
	quit func() // leaves the executor's tenants
}

func (l *loop) hold() *hold {
	h := &hold{from: l.engine.Local, done: l.ctx.Done()}
	if h.from != nil {
		h.slot = &permit{from: h.from}
	}
	return h
}

// acquire blocks until the worker has a slot; false means the loop ended first.
func (h *hold) acquire() bool {
	if h.from != nil && !h.has {
		if h.quit == nil {
			h.quit = h.from.(*limit).tenants.enter()
		}
		h.has = h.from.Acquire(h.done)
		return h.has
	}
	return true
}

// yield lets another loop in, between two tasks, if one waits.
func (h *hold) yield() {
	if h.has && h.from.Waiters() > 0 {
		h.release()
	}
}

// end gives the slot back for good.
func (h *hold) end() {
	h.release()
	if h.quit != nil {
		h.quit()
	}
}

// release gives the slot back, if there is one.
func (h *hold) release() {
	if h.has {
		h.has = false
		h.from.Release()
	}
}

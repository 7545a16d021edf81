package parfor

import (
	"sync"
	"time"
)

// delays are the tasks of a loop that wait for a further attempt. They hold
// neither worker nor goroutine.
type delays struct {
	mu     sync.Mutex
	of     map[*delay]struct{}
	halted bool
}

type delay struct {
	timer *time.Timer
	ready func()
}

// after calls ready once, after the wait or when halt is called, on another
// goroutine unless there is nothing to wait for. Ready must not block.
func (ds *delays) after(wait time.Duration, ready func()) {
	d := &delay{ready: ready}
	ds.mu.Lock()
	if wait <= 0 || ds.halted {
		ds.mu.Unlock()
		ready()
		return
	}
	if ds.of == nil {
		ds.of = map[*delay]struct{}{}
	}
	ds.of[d] = struct{}{}
	d.timer = time.AfterFunc(wait, func() {
		if ds.take(d) {
			d.ready()
		}
	})
	ds.mu.Unlock()
}

// some reports whether a task waits.
func (ds *delays) some() bool {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return len(ds.of) > 0
}

// take makes the caller the one to end a wait.
func (ds *delays) take(d *delay) bool {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	_, waits := ds.of[d]
	delete(ds.of, d)
	return waits
}

// halt ends all waits, now and from now on.
func (ds *delays) halt() {
	ds.mu.Lock()
	of := ds.of
	ds.of, ds.halted = nil, true
	ds.mu.Unlock()
	for d := range of {
		d.timer.Stop()
		d.ready()
	}
}

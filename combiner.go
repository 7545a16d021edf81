package parfor

import (
	"sync"

	"parfor.dev/parfor/internal/engine"
)

// maxWaiting is how many results wait to be combined before the loop takes no
// further tasks; those that are at workers come on top of it.
const maxWaiting = 4096

// combiner combines the results of worker processes, while others come in: one
// goroutine does, because those that drain the workers have better to do than
// to wait for a function of the program.
type combiner[Out any] struct {
	loop    *loop
	combine func(a, b Out) Out
	acc     partial[Out]
	over    chan struct{} // the goroutine has ended

	mu      sync.Mutex
	news    sync.Cond
	waiting []Out
	behind  bool // maxWaiting wait: no task is taken
	closed  bool // no more will come
	handle  engine.Handle
}

func newCombiner[Out any](l *loop, combine func(a, b Out) Out) *combiner[Out] {
	c := &combiner[Out]{loop: l, combine: combine, over: make(chan struct{})}
	c.news.L = &c.mu
	return c
}

// start begins to combine. Handle is woken when tasks may be taken again.
func (c *combiner[Out]) start(h engine.Handle) {
	c.handle = h
	go c.run()
}

func (c *combiner[Out]) run() {
	defer close(c.over)
	var batch []Out
	for {
		var wake bool
		if batch, wake = c.next(batch); len(batch) == 0 {
			return
		}
		if wake {
			c.handle.Wake()
		}
		for i := range batch {
			c.acc.add(c.loop, c.combine, batch[i])
		}
		clear(batch)
	}
}

// next blocks until results wait, and gives them for the empty slice: nothing
// when no more will come. Wake says that tasks may be taken again.
func (c *combiner[Out]) next(empty []Out) (batch []Out, wake bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) == 0 && !c.closed {
		c.news.Wait()
	}
	batch, wake = c.waiting, c.behind
	c.waiting, c.behind = empty[:0], false
	return batch, wake
}

// push hands in a result.
func (c *combiner[Out]) push(out Out) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, out)
	if len(c.waiting) == 1 {
		c.news.Signal()
	}
	c.behind = c.behind || len(c.waiting) >= maxWaiting
}

// full reports whether no task is to be taken now.
func (c *combiner[Out]) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.behind
}

// close waits until all results are combined.
func (c *combiner[Out]) close() {
	c.mu.Lock()
	c.closed = true
	c.news.Signal()
	c.mu.Unlock()
	<-c.over
}

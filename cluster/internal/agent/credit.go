package agent

import (
	"context"
	"sync"
	"time"
)

const (
	// aheadTime is how much work may wait in an agent: more than a new chunk
	// takes to come, little enough that other agents don't lack it.
	aheadTime  = 20 * time.Millisecond
	maxAhead   = 256 // chunks
	maxPull    = 64  // chunks asked for at once
	costWeight = 8   // of what was known, against one more chunk
)

// credit is how many chunks an agent may have: those it holds and those it has
// asked for. While chunks are long, or nothing is known of them, that is one for
// each slot, so that none waits here that another agent could run.
type credit struct {
	slots int

	mu    sync.Mutex
	limit int
	held  int
	asked int // reserved by requests
	cost  float64
	freed chan struct{} // closed when there may be room
}

func newCredit(slots int) *credit {
	return &credit{slots: slots, limit: slots, freed: make(chan struct{})}
}

// take waits until there is room, and says how many chunks to ask for: up to
// what there is room for, reserved. A lane that was idle, or that finds all room
// reserved, asks for one that nothing is reserved for. Many lanes may wait for
// work at once, few get any, and those that had some last must not keep others
// from theirs. It returns 0 when ctx ends.
func (c *credit) take(ctx context.Context, idle bool) (n int, reserved bool) {
	for {
		c.mu.Lock()
		if free := c.limit - c.held; free > 0 {
			if n := min(free-c.asked, maxPull); n > 0 && !idle {
				c.asked += n
				c.mu.Unlock()
				return n, true
			}
			c.mu.Unlock()
			return 1, false
		}
		freed := c.freed
		c.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return 0, false
		}
	}
}

// hold counts a chunk that came, which uses up a reservation if it had one.
func (c *credit) hold(reserved bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held++
	if reserved {
		c.asked--
	}
}

// cancel gives up the reservation of n chunks that did not come.
func (c *credit) cancel(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked -= n
}

// release says that a chunk is held no more.
func (c *credit) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held--
	c.wake()
}

func (c *credit) wake() {
	close(c.freed)
	c.freed = make(chan struct{})
}

// note hears how much work a chunk was.
func (c *credit) note(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := float64(max(took, time.Microsecond))
	if c.cost > 0 {
		now = c.cost + (now-c.cost)/costWeight
	}
	c.cost = now
	before := c.limit
	c.limit = c.slots
	if now < float64(aheadTime) {
		c.limit += min(maxAhead, int(float64(c.slots)*float64(aheadTime)/now))
	}
	if c.limit > before {
		c.wake()
	}
}

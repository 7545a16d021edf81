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
	used  int // held or asked for
	cost  float64
	freed chan struct{} // closed when there may be room
}

func newCredit(slots int) *credit {
	return &credit{slots: slots, limit: slots, freed: make(chan struct{})}
}

// take waits for room, and reserves what there is of it up to most chunks. It
// returns 0 when ctx ends. A lane that was idle asks for one chunk that nothing
// is reserved for: many lanes may wait for work at once, and few get any.
func (c *credit) take(ctx context.Context, idle bool) int {
	for {
		c.mu.Lock()
		if free := c.limit - c.used; free > 0 {
			n := 1
			if !idle {
				n = min(free, maxPull)
				c.used += n
			}
			c.mu.Unlock()
			return n
		}
		freed := c.freed
		c.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return 0
		}
	}
}

// hold counts a chunk that came without a reservation.
func (c *credit) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used++
}

// release gives n chunks back.
func (c *credit) release(n int) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used -= n
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

// full reports whether there is no room for another chunk to begin at once.
func (c *credit) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used >= c.slots
}

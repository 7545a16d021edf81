package tune

import (
	"math"
	"time"
)

// growth is what the doubling remembers.
type growth struct {
	base int     // workers one step ago
	had  float64 // throughput with them; 0 if nothing was measured
	flat bool    // this step has been given a second round trip
	top  int     // where to stop, if not at Max: failures began there
}

// enough is how much a doubling must bring to be followed by another. At best
// it brings 2; but attempts that are not in step show less of it in the first
// round trip.
const enough = 1.3

// minCPU is how long bodies must have computed for it not to be the opening of
// connections.
const minCPU = 100 * time.Millisecond

// grow doubles once a round trip while throughput grows: TCP's slow start, with
// the end of BBR's startup (growth, not loss, ends it), but it stays on a step
// that brought nothing instead of going on.
func (c *Controller) grow() {
	if c.compute() {
		return
	}
	if !c.roundDone() {
		return
	}
	if c.starved() {
		c.win.restart(c.now, c.latency)
		return
	}
	top := c.Max
	if c.top > 0 {
		top = min(top, c.top)
	}
	workers, has := c.limit.Workers, c.win.counted(c.failing)
	switch {
	case has == 0:
		c.win.restart(c.now, c.latency)
	case c.had == 0 || has >= enough*c.had:
		c.base, c.had, c.flat = workers, has, false
		if workers >= top {
			c.settle(workers, Flat)
			c.down, c.patience = false, minPatience
			return
		}
		c.move(min(2*workers, top), Growing, 0)
	case !c.flat && has > 0.7*c.had:
		c.flat = true
		c.win.restart(c.now, c.latency)
	default:
		// One step ago throughput was in proportion to workers, so this
		// many give what there is now; and a quarter, which the probe that
		// follows takes back if it is too much.
		need := 1.25 * float64(c.base) * max(1, has/c.had)
		c.settle(min(int(math.Ceil(need)), workers), Flat)
	}
}

// roundDone reports whether those that began with the last change have ended,
// for the most part.
func (c *Controller) roundDone() bool {
	n, length := c.win.sum.ended(), c.win.length()
	return n > 0 && length >= c.round() && (2*n >= c.limit.Workers || length >= 3*c.round())
}

// again starts growing from a number that is known to be good.
func (c *Controller) again(workers int, throughput float64, top int, why Reason) {
	c.state = growing
	c.growth = growth{base: workers, had: throughput, top: top}
	if throughput > 0 {
		workers *= 2
	}
	if top > 0 {
		workers = min(workers, top)
	}
	c.move(workers, why, 0)
}

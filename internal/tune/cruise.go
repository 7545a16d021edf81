package tune

import (
	"math"
	"time"
)

// cruise is what is known of the number that is kept.
type cruise struct {
	has      float64 // its throughput; 0 if not measured yet
	of       int     // attempts that this is the throughput of
	patience int     // windows between probes
	quiet    int     // windows since the last one
	down     bool    // the next probe is downwards
	from     int     // workers before the probe
	fitted   bool    // the number comes from the cores
}

// minPatience and maxPatience bound the windows between two probes. After each
// that found nothing there are twice as many. A probe downwards costs a fifth
// of the throughput for a window and two round trips in 16 windows or more:
// about 2 %.
const (
	minPatience = 2
	maxPatience = 8
)

// settle keeps a number.
func (c *Controller) settle(workers int, why Reason) {
	c.state = cruising
	c.growth = growth{}
	c.cruise = cruise{patience: 1, down: true} // the doubling went too far, if anything
	if (Limit{Workers: workers}) != c.limit {
		c.move(workers, why, c.round())
		return
	}
	c.win.restart(c.now, c.latency)
}

// compute goes to as many workers as there are cores, if bodies use those.
func (c *Controller) compute() bool {
	if !c.computes() || c.now-c.start < minCPU || c.limit.Workers <= c.Cores {
		return false
	}
	c.settle(c.Cores, Computing)
	c.fitted = true
	return true
}

// measured reports whether the window is long enough to tell a tenth more from
// nothing: some round trips, more while latency still changes, since then
// waves count, and some hundred attempts unless they are long.
func (c *Controller) measured() bool {
	w, n := c.win.length(), c.win.sum.ended()
	want := 256
	if c.has == 0 {
		want = 100 // the first time, as it may be far off
	}
	trips := time.Duration(2)
	if !c.win.steady() {
		trips = 6
	}
	return w >= trips*c.round() && w >= 50*time.Millisecond && n > 0 &&
		(n >= max(want, 2*c.limit.Workers) || w >= 20*c.round())
}

// stay measures the number that is kept, and probes another one from time to
// time, at once when the world has changed.
func (c *Controller) stay() {
	if c.compute() {
		return
	}
	if !c.measured() {
		return
	}
	if c.starved() {
		c.win.restart(c.now, c.latency)
		return
	}
	has, of := c.win.throughput(c.failing), c.of
	c.of = c.win.sum.ended()
	if c.fitted && c.has == 0 && c.load() < 0.85 {
		// Bodies also wait: it takes as many more as they wait longer than
		// they compute.
		c.move(int(math.Ceil(1.1*float64(c.limit.Workers)/max(c.load(), 0.01))), Computing, c.round())
		c.fitted = false
		return
	}
	switch {
	case c.has == 0:
		c.has = has
		if c.down {
			c.probe(0.64, Probing)
			return
		}
	case has < 0.75*c.has:
		c.has, c.patience = has, minPatience
		c.probe(0.7, Slower)
		return
	case has > 1.25*c.has:
		c.has, c.patience = has, minPatience
		c.probe(1.25, Probing)
		return
	default:
		c.has, c.of = (c.has+has)/2, min(c.of+of, 2*c.of)
	}
	if c.quiet++; c.quiet < c.patience {
		c.win.restart(c.now, c.latency)
		return
	}
	factor := 1.25
	if c.down {
		factor = 0.8
	}
	c.probe(factor, Probing)
}

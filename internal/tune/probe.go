package tune

import "math"

// A probe upwards is worth it when throughput grows by this share of what
// workers grow by, one downwards when this share of throughput stays. A number
// between the two is kept: that keeps it from wandering.
const (
	worthMore = 0.3
	worthLess = 0.96
)

// probe tries another number.
func (c *Controller) probe(factor float64, why Reason) {
	c.quiet = 0
	at := c.limit.Workers
	to := int(math.Round(float64(at) * factor))
	if factor > 1 {
		to = min(max(to, at+1), c.Max)
	} else {
		to = max(min(to, at-1), 1)
	}
	if c.computes() { // more can't help, fewer than the cores can only hurt
		if to = min(max(to, c.Cores), at); factor > 1 {
			to = at
		}
	}
	if to == at {
		c.down = !c.down
		c.win.restart(c.now, c.latency)
		return
	}
	c.down = factor < 1
	c.from = at
	c.state = probing
	settle := c.round()
	if c.down { // nothing starts until as many have ended, and the slow ones end last
		settle *= 2
	}
	c.move(to, why, settle)
}

// compare ends a probe.
func (c *Controller) compare() {
	if c.compute() {
		return
	}
	has, of := c.win.throughput(c.failing), c.win.sum.ended()
	if !c.measured() && !c.decided(has, of) {
		return
	}
	if c.starved() {
		c.back()
		return
	}
	factor := float64(c.limit.Workers) / float64(c.from)
	switch {
	case factor > 1 && has >= c.has*(1+worthMore*(factor-1)):
		c.has, c.of = has, of
		// Further up, with a longer stride each time.
		c.state, c.patience = cruising, minPatience
		c.win.restart(c.now, c.latency)
		c.probe(min(factor*factor, 2), Better)
	case factor < 1 && has >= worthLess*c.has:
		// Further down, once it is known what this number does when those
		// that began in the crowd have ended.
		c.state, c.patience, c.has = cruising, minPatience, 0
		c.change(c.limit, Better, c.round())
	default:
		c.back()
	}
}

// decided reports whether a probe need not go on: throughput differs by more
// than three standard deviations, as of Poisson counts.
func (c *Controller) decided(has float64, of int) bool {
	if of < 32 || c.win.length() < 2*c.round() {
		return false
	}
	return math.Abs(math.Log(has/c.has)) > 3*math.Sqrt(1/float64(of)+1/float64(c.of))
}

// back returns to the number before the probe.
func (c *Controller) back() {
	c.state = cruising
	c.patience = min(2*c.patience, maxPatience)
	c.down = !c.down
	c.move(c.from, Worse, c.round())
}

package tune

import "time"

// ease is what is known of failures.
type ease struct {
	failing float64 // share of attempts that fail whatever the number is
	told    bool    // that has been measured
	fails   window
	before  int           // workers when too many began to fail
	trouble time.Duration // when that was
	share   float64       // how many did
	cuts    int
}

const (
	tooMany = 0.2 // more than the usual share
	outage  = 0.9 // nothing works: that says nothing about the number
	cut     = 0.7
	// forgive is how long all must fail before that counts as usual.
	forgive = 5 * time.Second
)

// tooManyFailures cuts the number when failures are more than usual, once a
// round trip. If fewer at once don't make them fewer, they have another cause,
// and are usual from then on; after an outage it goes back to where it was.
func (c *Controller) tooManyFailures(s Sample) bool {
	c.fails.add(c.now, s)
	n := c.fails.sum.ended()
	if c.fails.length() < c.round() || n < max(10, c.limit.Workers/4) {
		return c.state == easing
	}
	share := c.fails.failed()
	c.fails.restart(c.now, 0)
	if !c.told && share <= 0.5 {
		c.failing = share
	}
	c.told = true
	bad := share > c.failing+tooMany
	switch {
	case !bad && c.state == easing:
		c.again(c.limit.Workers, 0, c.before, Recovered)
		return true
	case !bad:
		c.failing = (3*c.failing + share) / 4
		return false
	case c.state != easing:
		c.before, c.trouble, c.share, c.cuts = c.limit.Workers, c.now, share, 0
		c.state = easing
	case share < outage && c.cuts >= 2 && share > 0.8*c.share,
		c.now-c.trouble > max(forgive, 8*c.round()):
		c.failing = share
		c.again(c.before, 0, 0, Recovered)
		return true
	}
	c.cuts++
	if to := max(int(cut*float64(c.limit.Workers)), c.before/8, 1); to < c.limit.Workers {
		c.move(to, Failing, 0)
	}
	return true
}

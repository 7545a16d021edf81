package tune

import (
	"math"
	"time"
)

// pace is what is known of a rate beyond which tasks are refused.
type pace struct {
	curve
	unpaced int // workers before the first refusal

	draining bool          // something was refused; what was under way is ending
	began    time.Duration // when the refusal came
	retry    time.Duration // nothing starts before
	backoff  time.Duration // for refusals that name no time
	passed   int           // successes of the attempts that were under way
	turned   int           // refusals among them, after the first

	anchor   time.Duration // the refusal before
	accepted int           // successes since then
	bound    time.Duration // the last time that the rate held workers back
	quick    time.Duration // the lowest latency at a rate
}

const (
	minBackoff = 20 * time.Millisecond
	maxBackoff = 10 * time.Second
)

// drain holds starts back from a refusal until the time it named has come and
// what was under way has ended: those would be refused as well, and how many of
// them are tells how much too fast the rate was.
func (c *Controller) drain(s Sample) {
	if !c.draining {
		c.draining, c.began, c.retry = true, c.now, c.now
		c.passed, c.turned = 0, s.Refused-1
		if c.state != pacing {
			c.unpaced = c.limit.Workers
			c.anchor, c.accepted = c.win.from, c.win.sum.OK
		} else {
			c.accepted += s.OK
		}
		if c.accepted >= 4 {
			c.backoff = 0
		}
		c.backoff = min(max(2*c.backoff, minBackoff), maxBackoff)
		if s.RetryAfter == 0 {
			c.retry = c.now + c.backoff
		}
		l := c.limit
		l.Pause = c.retry
		c.change(l, Refused, 0)
	} else {
		c.passed += s.OK
		c.turned += s.Refused
		c.accepted += s.OK
	}
	if s.RetryAfter > 0 {
		c.retry = max(c.retry, c.now+s.RetryAfter)
	}
	patient := c.latency
	if c.latency == 0 {
		patient = time.Second
	}
	if c.now >= c.retry && (c.running == 0 || c.now >= c.began+patient) {
		c.resume()
		return
	}
	c.limit.Pause = max(c.retry, c.now+maxTick) // until resume says otherwise
}

// resume starts tasks again, at a rate.
func (c *Controller) resume() {
	c.draining = false
	if c.state != pacing {
		c.state, c.quick = pacing, 0
		// What was admitted, the wait included, is the least that would have
		// been. A wait is often rounded up to a second, so some more.
		least := float64(c.accepted) / (c.now - c.anchor).Seconds()
		c.ramp(c.now, max(least, 4/max(c.now-c.began, minBackoff).Seconds()))
	} else {
		c.lower(c.now, c.learn(), c.limit.Rate, c.now-c.began)
	}
	c.anchor, c.accepted, c.bound = c.began, 0, c.now
	c.change(c.paced(), Paced, 0)
}

// learn estimates the rate that is admitted from the last refusal.
func (c *Controller) learn() float64 {
	// Of what was under way after the refusal as much was admitted as the rate
	// is of ours; how much a few attempts say is weighed against a guess.
	guess, weight := 0.75, 4.0 // it was refused at once: much too fast
	switch {
	case c.curve.known == 0:
		guess, weight = 0.5, 8 // the ramp doubles, and is seen late
	case c.accepted >= 50:
		guess, weight = 0.97, float64(c.accepted)/2
	case c.accepted >= 8:
		guess, weight = 0.85, 8
	}
	share := (float64(c.passed) + weight*guess) / (float64(c.passed+c.turned) + weight)
	rate := share * c.limit.Rate
	// From one refusal to the next a bucket gives at most what flows into it,
	// as it was empty at both.
	if c.accepted >= 20 {
		rate = max(rate, float64(c.accepted)/(c.began-c.anchor).Seconds())
	}
	return min(rate, 0.98*c.limit.Rate)
}

// keepPace raises the rate.
func (c *Controller) keepPace(s Sample) {
	c.accepted += s.OK
	if c.latency > 0 && (c.quick == 0 || c.latency < c.quick) {
		c.quick = c.latency
	}
	if !c.climb(c.now, s.OK, c.rate.value, c.latency) && 10*c.running >= 9*c.limit.Workers {
		// Workers are busy and still don't reach the rate: it is they that
		// limit. After some round trips of that they are told by their number
		// again, which is what it takes without the waits that the rate made.
		if c.now-c.bound > 4*c.round() {
			c.backoff = 0
			need := 1.1 * c.rate.value * c.quick.Seconds()
			c.settle(max(int(math.Ceil(need)), 1), Unpaced)
			return
		}
	} else {
		c.bound = c.now
	}
	c.limit = c.paced()
}

// paced is the limit at the rate. Workers are those that the rate keeps busy,
// and three standard deviations more, as if starts were a Poisson process.
func (c *Controller) paced() Limit {
	l := Limit{Workers: c.unpaced, Rate: c.at}
	if c.latency > 0 {
		busy := c.at * c.latency.Seconds()
		l.Workers = int(min(math.Ceil(busy+3*math.Sqrt(busy)+1), float64(c.Max)))
	}
	return l
}

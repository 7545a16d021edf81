package tune

import (
	"math"
	"time"
)

// Config is what a loop knows when it begins.
type Config struct {
	// Start is the number to begin with. Default: 32, a loop's default.
	Start int

	// Max is never exceeded. Default: 1000. A process may commonly have 1024
	// files open, and a host that takes more from one client is rare.
	Max int

	// Cores is how many cores bodies can compute on: GOMAXPROCS on goroutines.
	// 0 if Sample.CPU isn't known.
	Cores int
}

const (
	defaultStart = 32
	defaultMax   = 1000

	minRound = 10 * time.Millisecond // a round trip is no shorter: fewer things happen in less
	minTick  = 5 * time.Millisecond  // a timer and reading the CPU time cost some microseconds
	maxTick  = time.Second
)

// Controller decides how many tasks of one loop run at once, and how often one
// starts. Its methods must not be called at the same time.
type Controller struct {
	Config
	limit Limit
	log   log
	state state
	now   time.Duration // of the last call
	begun bool

	latency time.Duration // of attempts that succeed, smoothed; 0 before the first
	start   time.Duration
	running int
	rate    smooth // successes a second
	cpu     smooth // cores in use

	win     window        // since the last change had its effect
	settled time.Duration // when it has

	growth
	cruise
	ease
	pace
}

type state int

const (
	growing state = iota
	cruising
	probing
	easing
	pacing
)

// New returns a controller for one loop.
func New(cfg Config) *Controller {
	if cfg.Max <= 0 {
		cfg.Max = defaultMax
	}
	if cfg.Start <= 0 {
		cfg.Start = defaultStart
	}
	cfg.Start = min(cfg.Start, cfg.Max)
	return &Controller{Config: cfg}
}

// Tick takes in what happened since the last call and returns the limit from
// now on, and when to call again at the latest. The first call, with an empty
// sample, starts the loop. Call early whenever an attempt was refused: until
// then every worker that comes free asks again.
//
// now is on a clock of the loop's that never goes back. A call takes about 0.1 µs.
func (c *Controller) Tick(now time.Duration, s Sample) (limit Limit, next time.Duration) {
	if !c.begun {
		c.begin(now)
		return c.limit, c.next()
	}
	c.take(now, s)
	switch {
	case s.Refused > 0 || c.draining:
		c.drain(s)
	case c.state == pacing:
		c.keepPace(s)
	case c.tooManyFailures(s):
	case c.state == growing:
		c.grow()
	case c.state == cruising:
		c.stay()
	case c.state == probing:
		c.compare()
	}
	return c.limit, c.next()
}

// Decisions appends those from number n on that are remembered, the oldest
// first. The last 256 are.
func (c *Controller) Decisions(to []Decision, n int) []Decision { return c.log.since(to, n) }

func (c *Controller) begin(now time.Duration) {
	c.begun, c.start, c.now = true, now, now
	c.patience = minPatience
	c.change(Limit{Workers: c.Start}, Started, 0)
}

// take measures.
func (c *Controller) take(now time.Duration, s Sample) {
	before := c.now
	c.now = now
	c.running = s.Running
	if c.failing > outage && c.win.sum.ended() > 0 {
		c.latency = c.win.sum.Busy / time.Duration(c.win.sum.ended()) // failures are all there is
	} else if s.OK > 0 {
		mean := float64(s.Took) / float64(s.OK)
		if c.latency > 0 {
			// As many as run at once replace what was known.
			w := float64(s.OK) / float64(s.OK+c.limit.Workers)
			mean = w*mean + (1-w)*float64(c.latency)
		}
		c.latency = time.Duration(mean)
	}
	c.rate.add(float64(s.OK), now-before, max(time.Second/4, c.latency))
	// Over two round trips: what many answers that come at once take is no load.
	c.cpu.add(s.CPU.Seconds(), now-before, max(minCPU, 2*c.latency))
	if before < c.settled {
		c.win.restart(now, c.latency)
	} else {
		c.win.add(now, s)
	}
}

// next is when to be called again: often enough to see a round trip's end an
// eighth of it late at most.
func (c *Controller) next() time.Duration {
	every := c.latency / 8
	if c.latency == 0 {
		every = (c.now - c.settled) / 8
	}
	next := c.now + min(max(every, minTick), maxTick)
	if c.draining {
		next = max(next, min(c.retry, c.now+maxTick))
	}
	return next
}

// round is a round trip: the time after which what was decided shows.
func (c *Controller) round() time.Duration { return max(c.latency, minRound) }

// move changes the number of workers.
func (c *Controller) move(workers int, why Reason, settle time.Duration) {
	c.change(Limit{Workers: min(max(workers, 1), c.Max)}, why, settle)
}

// change sets the limit, remembers why, and begins to measure after settle.
func (c *Controller) change(l Limit, why Reason, settle time.Duration) {
	c.log.add(Decision{At: c.now, From: c.limit, To: l, Reason: why, Throughput: c.rate.value, Latency: c.latency})
	c.limit = l
	c.settled = c.now + settle
	c.win.restart(c.now, c.latency)
}

// computes reports whether bodies use the cores fully.
func (c *Controller) computes() bool { return c.load() >= 0.9 }

// load is the share of the cores in use.
func (c *Controller) load() float64 {
	if c.Cores == 0 {
		return 0
	}
	return c.cpu.value / float64(c.Cores)
}

// starved reports whether the source gave fewer items than could run: what is
// measured then says nothing about the number.
func (c *Controller) starved() bool { return c.win.inFlight() < 0.8*float64(c.limit.Workers) }

// smooth is an exponentially weighted mean of a rate.
type smooth struct{ value, weight float64 }

func (s *smooth) add(n float64, dt, memory time.Duration) {
	if dt <= 0 {
		return
	}
	keep := math.Exp(-float64(dt) / float64(memory))
	weight := keep*s.weight + 1 - keep // less than 1 while there is little to remember
	s.value = (keep*s.weight*s.value + (1-keep)*n/dt.Seconds()) / weight
	s.weight = weight
}

package tune

import (
	"math"
	"time"
)

// curve is how a rate rises.
type curve struct {
	at      float64       // the rate
	known   float64       // the rate that was admitted, by the last estimate; 0 on the ramp
	start   time.Duration // when the rise began
	first   float64       // the rate then
	got     int           // successes since
	unsure  float64       // how far above known it may be, as a share
	plateau time.Duration // how long it takes back to known, and stays near it
	last    time.Duration
}

const (
	minPlateau = time.Second
	maxPlateau = 40 * time.Second
	maxProbe   = 5 * time.Second
	dip        = 0.05 // how far below known it starts, and at least how far it probes beyond

	maxRate = 1e6 // no loop starts more: it limits nothing

	minDouble = 150 * time.Millisecond // the ramp doubles no faster
)

// ramp begins a rise from a rate that is surely low.
func (c *curve) ramp(now time.Duration, from float64) {
	*c = curve{at: from, first: from, start: now, last: now, plateau: minPlateau}
}

// lower begins again below the rate that was refused. The plateau is twice as
// long when that tells nothing new.
func (c *curve) lower(now time.Duration, known, refused float64, pause time.Duration) {
	p := max(minPlateau, 2*pause) // the longer a refusal stops the loop, the rarer it must be
	if c.known > 0 && math.Abs(known/c.known-1) < 0.25 {
		p = max(p, min(2*c.plateau, maxPlateau))
	}
	from := (1 - dip) * known
	unsure := min(max(1-known/refused, dip), 0.3)
	*c = curve{known: known, first: from, at: from, start: now, last: now, plateau: p, unsure: unsure}
}

// climb raises the rate: on the ramp by half with each success, at most twofold
// in a round trip; then along the cubic of TCP CUBIC (RFC 9438), which is flat
// where the limit was and steep beyond. While the loop doesn't use the rate it
// stays, and climb returns false.
func (c *curve) climb(now time.Duration, ok int, used float64, latency time.Duration) bool {
	dt := now - c.last
	c.last = now
	if c.known == 0 {
		if c.at > 4*used && c.at > 2*c.first {
			c.start += dt
			return false
		}
		// What is sent shows a round trip later: by then the rate is half as
		// high again.
		c.got += ok
		doubled := float64(now-c.start) / float64(max(2*latency, minDouble))
		c.at = min(maxRate, c.first*min(math.Pow(1.5, float64(c.got)), math.Pow(2, doubled)))
		return true
	}
	if used < 0.7*c.at {
		c.start += dt
		return false
	}
	y, size := float64(now-c.start)/float64(c.plateau)-1, dip
	if y > 0 { // beyond, a long plateau is no reason to go slowly
		y, size = float64(now-c.start-c.plateau)/float64(min(c.plateau, maxProbe)), c.unsure
	}
	c.at = min(maxRate, c.known*(1+size*y*y*y))
	if c.at > 2*c.known { // whatever refused is gone
		c.ramp(now, c.at)
	}
	return true
}

package tune

import "time"

// Limit is what a loop may do until the next call of [Controller.Tick].
type Limit struct {
	Workers int           // tasks at once, at least 1
	Rate    float64       // starts a second, evenly spaced; 0 means that workers alone limit
	Pause   time.Duration // nothing starts before this moment of the loop's clock
}

// Pacer spaces starts as a [Limit] says. The zero value is ready. Calls must
// not overlap.
type Pacer struct{ due time.Duration }

// lateness is how late timers and networks make things. A server that wants
// requests closer to each other than that must bear several at once.
const lateness = 5 * time.Millisecond

// Ready says when the next start may be. If that is now or earlier, the loop
// may start a task, and says so with [Pacer.Started].
func (p *Pacer) Ready(l Limit) time.Duration {
	if l.Rate <= 0 {
		return l.Pause
	}
	return max(p.due, l.Pause)
}

// Started counts a start.
func (p *Pacer) Started(now time.Duration, l Limit) {
	if l.Rate <= 0 {
		p.due = now
		return
	}
	every := time.Duration(float64(time.Second) / l.Rate)
	// No start makes up for a late one: a server may refuse two that are closer
	// than its rate says, and the controller finds the rate that makes up for
	// lateness. Only where starts are closer than that do several come at once.
	if every >= lateness || now-p.due > 2*lateness {
		p.due = now
	}
	p.due = max(p.due, now-lateness) + every
}

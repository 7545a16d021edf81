package tune

import "time"

// Decision is one change of the limit.
type Decision struct {
	N          int           // counts decisions, from 0
	At         time.Duration // on the loop's clock
	From, To   Limit
	Reason     Reason
	Throughput float64       // attempts a second that succeeded, as last measured; 0 if not yet
	Latency    time.Duration // of an attempt, as last measured; 0 if not yet
}

// Reason says in a word why a limit changed.
type Reason string

// Reasons.
const (
	Started   Reason = "start"     // the limit that a loop begins with
	Growing   Reason = "growing"   // throughput grew with the number: doubled
	Flat      Reason = "flat"      // throughput didn't grow: back to what it takes
	Computing Reason = "computing" // bodies use all cores: as many as there are
	Probing   Reason = "probing"   // tries a neighbour
	Better    Reason = "better"    // the neighbour was better, or as good with fewer: kept
	Worse     Reason = "worse"     // the neighbour was no better: back
	Failing   Reason = "failing"   // more attempts fail than did
	Slower    Reason = "slower"    // throughput fell: the world changed
	Recovered Reason = "recovered" // failures are gone
	Refused   Reason = "refused"   // told to come back later
	Paced     Reason = "paced"     // goes on at a rate
	Unpaced   Reason = "unpaced"   // the rate no longer limits
)

// kept is how many decisions are remembered: those of hours in a steady world
// and some minutes in a restless one, in 20 KB.
const kept = 256

// log is a ring of the last decisions.
type log struct {
	ring []Decision
	n    int
}

func (l *log) add(d Decision) {
	d.N = l.n
	if len(l.ring) < kept {
		l.ring = append(l.ring, d)
	} else {
		l.ring[l.n%kept] = d
	}
	l.n++
}

// since appends the decisions from number n on that are remembered.
func (l *log) since(to []Decision, n int) []Decision {
	for i := max(n, l.n-len(l.ring)); i < l.n; i++ {
		to = append(to, l.ring[i%kept])
	}
	return to
}

package process

import "sync/atomic"

// peak is the most memory that a process was seen to have. The system's own number
// (ru_maxrss) is passed on when a program starts another one: in a worker it is at
// least what this program had when it started it, which on a worker's death would
// blame it for memory that was never its own. What is above that is true; else what
// was last seen counts.
type peak struct {
	inherited int64 // this program's own, when the worker started
	seen      atomic.Int64
}

func (p *peak) begin() { p.inherited = ownPeak() }

// look reads the process's number while it lives.
func (p *peak) look(pid int) {
	if n := peakOf(pid); n > p.seen.Load() {
		p.seen.Store(n)
	}
}

// judge is the peak of a process that ended with that number.
func (p *peak) judge(rss int64) int64 {
	if rss > p.inherited {
		return rss
	}
	return p.seen.Load()
}

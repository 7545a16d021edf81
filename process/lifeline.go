package process

import "os"

// lifeline is a pipe that a pool never writes to. Its workers have the other end,
// and when the program ends, however that happens, the system kills each worker's
// whole group: also one that is stopped or stuck, and the processes that bodies have
// started, which the parent-death signal would leave behind.
type lifeline struct{ pool, workers *os.File }

func newLifeline() (l lifeline, err error) {
	if lifelines {
		l.workers, l.pool, err = os.Pipe()
	}
	return l, err
}

// end lets go: all workers are gone.
func (l *lifeline) end() { closeAll(l.pool, l.workers) }

// of is the file that a worker inherits.
func (l *lifeline) of(none *os.File) *os.File {
	if l.workers == nil {
		return none
	}
	return l.workers
}

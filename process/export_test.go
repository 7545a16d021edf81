package process

import "time"

// Raced says whether the race detector is in this program.
const Raced = raced

// SetFileSystem changes where pools look for the system's files, and returns
// what it was.
func SetFileSystem(root string) (was string) {
	was, fileSystem = fileSystem, root
	return was
}

// QuitGrace changes how long exit hooks may take, until undo. No pool is open.
func QuitGrace(d time.Duration) (undo func()) {
	before := quitGrace
	quitGrace = d
	return func() { quitGrace = before }
}

// Ledger sums what the workers published, by their memory, and what was read
// of it, over all processes that have ended.
func (p *Pool) Ledger() (published, read uint64) { return p.published.Load(), p.consumed.Load() }

// Nudge wakes all owners, for nothing.
func (p *Pool) Nudge() {
	for _, o := range p.team() {
		o.signal()
	}
}

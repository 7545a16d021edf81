package process

// Ledger sums what the workers published, by their memory, and what was read
// of it, over all processes that have ended.
func (p *Pool) Ledger() (published, read uint64) { return p.published.Load(), p.consumed.Load() }

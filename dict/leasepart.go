package dict

import (
	"errors"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// leasePart is a lease that an attempt has: a writeset.Part, which ends it when
// the attempt is committed.
type leasePart struct {
	blindPart
	c         *leaseCore
	fence     uint64
	abandoned bool
	applied   bool
}

var errLeaseLost = errors.New("a task commits with a lease that it does not have")

// Store is the lease.
func (p *leasePart) Store() writeset.Store { return p.c }

// Lock takes the one lock.
func (p *leasePart) Lock() { p.c.mu.Lock() }

// Unlock ends the lease of a task that is committed. All of its writes are
// applied: who gets it now, reads them.
func (p *leasePart) Unlock() {
	if p.applied && p.c.holder != nil && p.c.holder.fence == p.fence {
		p.c.release(false)
	}
	p.c.mu.Unlock()
}

// Admit refuses a lease that the task does not have.
func (p *leasePart) Admit(t task.Ticket) error {
	if h := p.c.holder; h == nil || h.by != t.Claims || h.fence != p.fence {
		return p.c.named(errLeaseLost)
	}
	return nil
}

// Apply has nothing to write.
func (p *leasePart) Apply(uint64, task.Ticket) { p.applied = true }

// MergeInto hands the lease to the enclosing attempt.
func (p *leasePart) MergeInto(parent *writeset.Set) {
	if _, has := partOf[*leasePart](parent, p.c.id); !has {
		parent.Add(p)
		return
	}
	p.c.giveBack(parent.Attempt(), p.fence)
}

// Undo ends the lease of an attempt that came to nothing.
func (p *leasePart) Undo(a *task.Attempt) { p.c.giveBack(a, p.fence) }

// Each has no operations.
func (p *leasePart) Each(func(op writeset.Op, key, value any)) {}

// Append encodes the number.
func (p *leasePart) Append(dst []byte) ([]byte, error) { return le.AppendUint64(dst, p.fence), nil }

// Decode reads a part.
func (c *leaseCore) Decode(r *writeset.Reader) (writeset.Part, error) {
	return &leasePart{c: c, fence: r.Uint64()}, r.Err()
}

// askLeaseBack is a question: claimant, number.
const askLeaseBack = askOwn

// Serve answers a worker.
func (c *leaseCore) Serve(r *writeset.Reader, dst []byte) ([]byte, error) {
	switch q := r.Byte(); q {
	case askWait:
		return c.serveWait(r, dst, c.open)
	case askLeave:
		return c.serveLeave(r, dst)
	case askLeaseBack:
		by, fence := r.Uint64(), r.Uint64()
		if err := readClaimant(r, by); err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.giveUp(by, fence)
		return dst, nil
	default:
		return nil, unknownQuestion(q)
	}
}

// giveBack ends one share of an acquisition that came to nothing; the last one
// ends the lease.
func (c *leaseCore) giveBack(a *task.Attempt, fence uint64) {
	by := claimantOf(a)
	if task.InWorker.Load() {
		_, _ = c.ask(a, askLeaseBack, func(q []byte) []byte { return le.AppendUint64(le.AppendUint64(q, by), fence) })
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.giveUp(by, fence)
}

func (c *leaseCore) giveUp(by, fence uint64) {
	h := c.holder
	if h == nil || h.by != by || h.fence != fence {
		return
	}
	if h.shares--; h.shares == 0 {
		c.release(by != 0)
	}
}

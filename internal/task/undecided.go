package task

import "sync/atomic"

// Undecided is, in a worker process, what its tasks have written and the owner
// has not decided yet. A task that reads such a key waits for the verdict: it
// would read what is about to change, and conflict with its neighbour. Package
// process sets Wait and Read before any body runs.
var Undecided struct {
	Wait func(slot int, count uint64) // until the owner has decided that many results of a slot
	Read func(slot int) uint64        // how many it has decided
	Solo bool                         // this process has one slot

	last [1 << 14]atomic.Uint64 // by hash: slot and count of the last result that wrote such a key
	all  atomic.Uint64          // likewise: that cleared a dictionary
	any  atomic.Uint64          // likewise: that wrote anything
}

const countBits = 48

// Undecide notes that the result of a slot with the number count, which is
// about to be published, writes keys of that hash. [UndecideAny] comes first.
func Undecide(hash uint64, slot int, count uint64) {
	Undecided.last[hash%uint64(len(Undecided.last))].Store(uint64(slot)<<countBits | count)
}

// UndecideAll notes that it clears a dictionary.
func UndecideAll(slot int, count uint64) { Undecided.all.Store(uint64(slot)<<countBits | count) }

// UndecideAny notes that it writes.
func UndecideAny(slot int, count uint64) { Undecided.any.Store(uint64(slot)<<countBits | count) }

// Decide waits until no undecided result of this process writes keys of that
// hash. Hashes are folded: it may wait for another key. While nothing is
// undecided it looks at two words that every task looks at.
func Decide(hash uint64) {
	switch w := Undecided.any.Load(); {
	case w == 0:
		return
	case Undecided.Solo && Undecided.Read(int(w>>countBits)) >= w&(1<<countBits-1):
		return
	}
	if w := Undecided.last[hash%uint64(len(Undecided.last))].Load(); w != 0 {
		decide(w)
	}
	if w := Undecided.all.Load(); w != 0 {
		decide(w)
	}
}

// AnyUndecided reports whether Decide has anything to look at.
func AnyUndecided() bool { return Undecided.any.Load() != 0 }

func decide(w uint64) {
	slot, count := int(w>>countBits), w&(1<<countBits-1)
	if Undecided.Read(slot) < count {
		Undecided.Wait(slot, count)
	}
}

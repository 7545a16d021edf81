package writeset

import (
	"slices"
	"sync"

	"parfor.dev/parfor/internal/task"
)

// Holding is what an attempt has to itself before it commits: a claimed key, a
// lease. Free gives it up.
type Holding interface{ Free() }

// holdings are by the attempt that has them ([task.Attempt.Claimant]), so that
// one that ends without a commit, be it killed, leaves nothing held.
var holdings struct {
	sync.Mutex
	of   map[uint64][]Holding
	dead map[uint64]bool // lives of workers that have ended
}

// Hold notes what an attempt has. It is Settled or freed later. False says that
// the attempt's worker has died meanwhile: it can have nothing any more.
func Hold(claimant uint64, h Holding) bool {
	holdings.Lock()
	defer holdings.Unlock()
	if holdings.dead[task.LifeOf(claimant)] {
		return false
	}
	if holdings.of == nil {
		holdings.of = map[uint64][]Holding{}
	}
	holdings.of[claimant] = append(holdings.of[claimant], h)
	task.ClaimsOpen.Add(1)
	return true
}

// EndLife says that a worker died: what it still asked for, and is on its way
// to be answered, comes too late.
func EndLife(life uint64) {
	holdings.Lock()
	defer holdings.Unlock()
	if holdings.dead == nil {
		holdings.dead = map[uint64]bool{}
	}
	holdings.dead[life] = true
}

// Settled says that the attempt needs h no longer: it is committed, or was
// given up.
func Settled(claimant uint64, h Holding) {
	holdings.Lock()
	defer holdings.Unlock()
	hs := holdings.of[claimant]
	i := slices.Index(hs, h)
	if i < 0 {
		return
	}
	task.ClaimsOpen.Add(-1)
	if len(hs) == 1 {
		delete(holdings.of, claimant)
		return
	}
	holdings.of[claimant] = slices.Delete(hs, i, i+1)
}

// EndClaims frees what an attempt has that ended without a commit.
func EndClaims(claimant uint64) {
	holdings.Lock()
	hs := holdings.of[claimant]
	delete(holdings.of, claimant)
	task.ClaimsOpen.Add(-int64(len(hs)))
	holdings.Unlock()
	for _, h := range slices.Backward(hs) {
		h.Free()
	}
}

// Dead reports whether the worker of an attempt is known to have died.
func Dead(claimant uint64) bool {
	holdings.Lock()
	defer holdings.Unlock()
	return holdings.dead[task.LifeOf(claimant)]
}

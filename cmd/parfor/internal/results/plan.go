package results

import (
	"fmt"
	"math"
)

// Admit says whether an item is to run: not if there is a good result of the
// same task under its key. It returns the key that the item has from now on,
// and is called once for each, in the order of the input. Task is called where
// it is needed.
func (r *Results) Admit(key string, seq int, task func() (string, error)) (name string, run bool, err error) {
	if seq > math.MaxInt32 {
		return key, false, fmt.Errorf("item %d: results are kept of %d items at most", seq, math.MaxInt32)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.log == nil && r.OnDuplicate == "" {
		return key, true, nil
	}
	e := r.entry(key)
	if e.seq > 0 {
		switch r.OnDuplicate {
		case Suffix:
			for e.seq > 0 {
				e.dups++
				name = fmt.Sprintf("%s#%d", key, e.dups+1)
				if other := r.entry(name); other.seq == 0 {
					return r.decide(name, other, seq, task)
				}
			}
		case Last:
		default:
			return key, false, fmt.Errorf("items %d and %d have the same key %q: --key makes others, --on-duplicate says what to do", e.seq, seq, key)
		}
	}
	return r.decide(key, e, seq, task)
}

func (r *Results) decide(key string, e *entry, seq int, task func() (string, error)) (string, bool, error) {
	again := e.seq > 0
	e.seq = int32(seq)
	if e.off < 0 || !e.ok || again {
		return key, true, nil
	}
	name, err := task()
	if err != nil {
		return key, true, nil // it can't be rendered: it fails when it runs
	}
	if e.task != digest(name) {
		switch r.Changed {
		case Rerun:
			return key, true, nil
		case Keep:
		default:
			return key, false, fmt.Errorf("item %q would run otherwise than when its result was kept: --changed rerun runs it, --changed keep keeps what there is", key)
		}
	}
	r.order = append(r.order, place{e.off, int32(seq), e})
	return key, false, nil
}

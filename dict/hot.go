package dict

import (
	"slices"
	"sync"
)

// hotSize is how many keys a sketch follows: any key with more than a 64th of
// all counts is among them.
const hotSize = 64

// hot finds the keys that come most often, in little memory: the Space-Saving
// sketch of Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent
// and Top-k Elements in Data Streams" (ICDT 2005). A new key takes the place of
// the one with the least count, and that count, which is the most it can have
// had before.
type hot[K comparable] struct {
	mu  sync.Mutex
	at  map[K]int
	top []hotKey[K]
}

type hotKey[K comparable] struct {
	key K
	n   int64 // at most as often
	err int64 // by as much it may be less
}

func (h *hot[K]) add(k K) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i, known := h.at[k]
	switch {
	case known:
	case len(h.top) < hotSize:
		if h.at == nil {
			h.at = make(map[K]int, hotSize)
		}
		i = len(h.top)
		h.top = append(h.top, hotKey[K]{key: k})
		h.at[k] = i
	default:
		i = 0
		for j := range h.top {
			if h.top[j].n < h.top[i].n {
				i = j
			}
		}
		delete(h.at, h.top[i].key)
		h.top[i] = hotKey[K]{k, h.top[i].n, h.top[i].n}
		h.at[k] = i
	}
	h.top[i].n++
}

// list returns the keys, and how often each came at least.
func (h *hot[K]) list() []hotKey[K] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.top)
}

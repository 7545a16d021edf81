package process

import (
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/shm"
)

// taken is what futures have revoked of a worker's requests. The request's word
// says so too, but the worker can write that: a task that was dropped on its word
// might never end.
type taken struct {
	some atomic.Bool // not yet swept
	mu   sync.Mutex
	at   map[uint64]bool
}

// revoke takes a request back for its future, on that one's goroutine.
func (t *taken) revoke(q *shm.Requests, pos uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !q.Revoke(pos) {
		return false
	}
	if t.at == nil {
		t.at = map[uint64]bool{}
	}
	t.at[pos] = true
	t.some.Store(true)
	return true
}

// has reports whether the request was revoked.
func (t *taken) has(pos uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at[pos]
}

func (t *taken) take() map[uint64]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.at
	t.at = nil
	t.some.Store(false)
	return at
}

func (t *taken) reset() { t.take() }

// sweep drops the tasks that futures have revoked.
func (o *owner) sweep() {
	for pos := range o.taken.take() {
		if r := &o.recs[pos%shm.RingSize]; pos >= o.tail && pos < o.head && r.live {
			r.live = false
			o.drop(r)
		}
	}
	o.settleUp()
	o.retire()
}

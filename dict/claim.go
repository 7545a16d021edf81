package dict

import (
	"context"
	"errors"
	"slices"
	"sync"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	errNotClaimed  = errors.New("a key is committed as claimed that this task has not claimed")
	errClaimNoTask = errors.New("Claim needs the context of a task: what is claimed is kept when that task succeeds")
)

// Claim makes a key this task's, if nobody has it: it is not there and no
// running task has claimed it. From that moment no other task can claim it;
// when this one succeeds the key is there, with the zero value or what the
// task set, and when it fails, or is killed, or is tried again, the key is free
// again. In a loop inside a task a claim is free for that task when the inner
// task fails, and its own when it succeeds. A visited set is made of it: the task that claims a page fetches it.
//
// False says that the key is there or claimed now; the claim may yet come to
// nothing. A task that claims a key it has claimed gets true. Claim blocks for
// a moment's lock, in a worker process for one round trip.
func (d *Dict[K, V]) Claim(ctx context.Context, k K) (bool, error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return false, err
	}
	if a == nil {
		return false, c.named(errClaimNoTask)
	}
	if err := c.clean(&k); err != nil {
		return false, err
	}
	mine, there, err := c.claimedIn(a, k)
	if err != nil || there {
		return mine, c.wrap(err)
	}
	claimant := a.Claimant()
	got, err := c.committed(a).claim(claimant, k)
	if err != nil || !got {
		return false, c.wrap(err)
	}
	err = a.With(writeset.New, func(tx task.Tx) error {
		o := c.part(writeset.Of(tx))
		o.claims = append(o.claims, k)
		var zero V
		o.record(k, &step[V]{op: writeset.Claim, val: zero})
		return nil
	})
	if err != nil { // the task ended meanwhile
		c.committed(a).unclaim(claimant, []K{k})
	}
	return err == nil, c.wrap(err)
}

// claimedIn reports whether the key is there because of the attempt, or of one
// around it, and whether the attempt itself has claimed it.
func (c *core[K, V]) claimedIn(a *task.Attempt, k K) (mine, there bool, err error) {
	for self := a; a != nil && !there && err == nil; a = a.Parent {
		err = a.With(nil, func(tx task.Tx) error {
			if o := c.in(writeset.Of(tx)); o != nil {
				if p := o.find(k); p != nil {
					var none V
					mine = a == self && p.claims()
					_, there, _ = p.over(c, none, false, false)
					there = there || p.claims()
				}
			}
			return nil
		})
	}
	return mine, there, err
}

// unclaim frees keys that an attempt claimed and comes to nothing with.
func (c *core[K, V]) unclaim(a *task.Attempt, keys []K) {
	if len(keys) > 0 && a != nil {
		c.committed(a).unclaim(a.Claimant(), keys)
	}
}

// claims reports whether the key was claimed by the attempt.
func (p *pending[K, V]) claims() bool {
	if p.more == nil {
		return p.op == writeset.Claim
	}
	return slices.ContainsFunc(p.more.steps, func(s step[V]) bool { return s.op == writeset.Claim })
}

// told reports whether the task depends on something it was told of the key: what
// came out of a Compute, or that the key was not there to be claimed.
func (p *pending[K, V]) told() bool { return p.claims() || p.more != nil && p.more.observes() }

// claims are the keys that running tasks have claimed, at the owner. Locks of
// shards come before its own.
type claims[K comparable] struct {
	mu   sync.Mutex
	keys map[K]*claimed[K]
}

type claimed[K comparable] struct {
	in  *claims[K]
	by  uint64
	key K
}

// take claims a key unless it is claimed.
func (c *claims[K]) take(by uint64, k K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys[k] != nil {
		return false
	}
	if c.keys == nil {
		c.keys = map[K]*claimed[K]{}
	}
	h := &claimed[K]{c, by, k}
	if !writeset.Hold(by, h) {
		return false
	}
	c.keys[k] = h
	return true
}

func (c *claims[K]) held(by uint64, k K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.keys[k]
	return h != nil && h.by == by
}

// settle ends a claim whose task committed, or gave it up.
func (c *claims[K]) settle(by uint64, k K) {
	c.mu.Lock()
	h := c.keys[k]
	if h == nil || h.by != by {
		c.mu.Unlock()
		return
	}
	delete(c.keys, k)
	c.mu.Unlock()
	writeset.Settled(by, h)
}

// Free ends the claim of a task that came to nothing.
func (h *claimed[K]) Free() {
	h.in.mu.Lock()
	defer h.in.mu.Unlock()
	if h.in.keys[h.key] == h {
		delete(h.in.keys, h.key)
	}
}

// claim takes a key at the owner.
func (t *table[K, V]) claim(by uint64, k K) (bool, error) {
	h := t.hash(k)
	t.lock(t.shardOf(h))
	defer t.unlock(t.shardOf(h))
	if _, _, there := t.peek(h, k); there {
		return false, nil
	}
	return t.c.claims.take(by, k), nil
}

func (t *table[K, V]) unclaim(by uint64, keys []K) error {
	for _, k := range keys {
		t.c.claims.settle(by, k)
	}
	return nil
}

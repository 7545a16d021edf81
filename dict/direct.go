package dict

import (
	"parfor.dev/parfor/internal/writeset"
)

// direct is a commit of one plain step outside tasks, the shortest there is:
// what [writeset.Commit] does, on one key of a table of words. It reports false
// if the dictionary needs more than that.
func (c *core[K, V]) direct(k K, s *step[V]) bool {
	if !c.word || c.limits != nil || writeset.Traced() {
		return false
	}
	t := c.table()
	w := toWord(k)
	h := t.words.Hash(w)
	i := t.shardOf(h)
	t.words.Lock(i)
	if t.watch.some.Load() || c.closed.Load() || writeset.Kept() {
		t.words.Unlock(i)
		return false
	}
	n := writeset.Next()
	t.words.Mark(i, n)
	count := t.words.Tally(i)
	count.Commits++
	*classOf(count, s.op)++
	if sampled(n) {
		t.counts.wrote(k)
	}
	switch s.op {
	case writeset.Put:
		t.words.Put(h, w, toWord(s.val))
	case writeset.Drop:
		t.words.Drop(h, w)
	case writeset.Plus:
		if c.ring == 0 {
			c.step(t, h, w, s)
			break
		}
		t.words.Add(h, w, toWord(s.val), c.ring)
	default:
		c.step(t, h, w, s)
	}
	t.words.Unlock(i)
	return true
}

func (c *core[K, V]) step(t *table[K, V], h, w uint64, s *step[V]) {
	v, ok := t.words.Find(h, w)
	if now, there, _ := c.apply(s, fromWord[V](v), ok, false); there {
		t.words.Put(h, w, toWord(now))
	}
}

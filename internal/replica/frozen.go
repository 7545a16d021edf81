package replica

// Frozen is a shard at one moment. Its methods may be called without the
// shard's lock; who changes the shard meanwhile copies it first.
type Frozen struct {
	t     *Words
	shard int
	s     *segment
}

// Freeze takes a view of a locked shard. It must be released.
func (t *Words) Freeze(shard int) *Frozen {
	s := t.shards[shard].seg.Load()
	if s != nil {
		s.refs++
	}
	return &Frozen{t: t, shard: shard, s: s}
}

// Len is the number of entries.
func (f *Frozen) Len() int {
	if f.s == nil {
		return 0
	}
	return f.s.live
}

// Each calls g with the entries until it returns false.
func (f *Frozen) Each(g func(k, v uint64) bool) {
	if f.s != nil {
		f.s.each(g)
	}
}

// Get returns the value of a key that belongs to the shard.
func (f *Frozen) Get(k uint64) (v uint64, ok bool) {
	if f.s == nil {
		return 0, false
	}
	return f.s.get(f.t.Hash(k), k)
}

// Release ends the view.
func (f *Frozen) Release() {
	if f.s == nil {
		return
	}
	f.t.Lock(f.shard)
	defer f.t.Unlock(f.shard)
	if f.s.refs--; f.s.old {
		f.s.free()
	}
	f.s = nil
}

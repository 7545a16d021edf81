package dict

import "parfor.dev/parfor/internal/replica"

// wipe empties the table, all of whose shards are locked, but for the keys that o
// goes on to change. The rest is done when the caller, who has changed them, calls
// what it returns: who reads without a lock must not miss a key that was there
// before the commit and is there after it.
func (t *table[K, V]) wipe(n uint64, o *overlay[K, V]) (rest func()) {
	if t.words != nil {
		return func() { t.wipeWords(n, o) }
	}
	r := t.shared.records.Load()
	var gone []K
	if r != nil && len(o.ops) > 0 {
		gone = t.others(o)
	}
	for i := range t.shards {
		s := &t.shards[i]
		s.m, s.pins, s.at = nil, nil, n
	}
	return func() {
		switch {
		case r == nil:
		case len(o.ops) == 0:
			r.Wipe()
		default:
			for _, k := range gone {
				t.copyGone(k)
			}
		}
	}
}

// others are the keys that o does nothing to.
func (t *table[K, V]) others(o *overlay[K, V]) (keys []K) {
	kept := o.keys()
	for i := range t.shards {
		if t.shards[i].m.len() == 0 {
			continue
		}
		for _, chunk := range t.shards[i].m.chunks {
			for j := range chunk {
				if c := &chunk[j]; c.at != 0 && !kept[c.key] {
					keys = append(keys, c.key)
				}
			}
		}
	}
	return keys
}

// keys are those that o changes.
func (o *overlay[K, V]) keys() map[K]bool {
	m := make(map[K]bool, len(o.ops))
	for i := range o.ops {
		m[o.ops[i].key] = true
	}
	return m
}

// wipeWords drops the keys that o does nothing to.
func (t *table[K, V]) wipeWords(n uint64, o *overlay[K, V]) {
	kept, shards := o.keys(), make(map[int]bool, len(o.ops))
	for i := range o.ops {
		shards[replica.Shard(o.ops[i].hash)] = true
	}
	for i := range t.len() {
		t.words.Mark(i, n)
		if !shards[i] {
			t.words.Wipe(i)
			continue
		}
		t.words.Keep(i, func(k uint64) bool { return kept[fromWord[K](k)] })
	}
}

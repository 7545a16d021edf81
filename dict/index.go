package dict

// indexFrom is how many keys a part has before it needs an index to find them.
const indexFrom = 9

// index finds the operation of a key in a part with many of them: an open table
// of places in ops, by the key's hash. A Go map would hash anew and have to be
// emptied after every task.
type index struct {
	places []int32 // place + 1; 0 is free
	on     bool
}

// indexed returns the place of a key, or -1.
func (o *overlay[K, V]) indexed(k K, h uint64) int {
	mask := uint64(len(o.index.places) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		at := int(o.index.places[i]) - 1
		if at < 0 || o.ops[at].key == k {
			return at
		}
	}
}

// enlist adds the last operation to the index, or begins one.
func (o *overlay[K, V]) enlist() {
	n := len(o.ops)
	if x := &o.index; !x.on || 2*n > len(x.places) {
		if !x.on && n < indexFrom {
			return
		}
		x.on = true
		size := max(len(x.places), 8*indexFrom&-64)
		for size < 4*n {
			size *= 2
		}
		if size == len(x.places) {
			clear(x.places)
		} else {
			x.places = make([]int32, size)
		}
		for i := range o.ops {
			o.ops[i].hash = o.c.nearHash(o.ops[i].key)
			o.place(i)
		}
		return
	}
	o.place(n - 1)
}

func (o *overlay[K, V]) place(at int) {
	x := &o.index
	mask := uint64(len(x.places) - 1)
	i := o.ops[at].hash & mask
	for x.places[i] != 0 {
		i = (i + 1) & mask
	}
	x.places[i] = int32(at + 1)
}

// unindex empties the index, and keeps its memory if that is little.
func (o *overlay[K, V]) unindex() {
	x := &o.index
	if !x.on {
		return
	}
	if x.on = false; len(x.places) > 4096 {
		x.places = nil
	}
	clear(x.places)
}

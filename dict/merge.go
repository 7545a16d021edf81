package dict

import (
	"context"

	"parfor.dev/parfor/internal/writeset"
)

// Merge combines maps at the end, in the order of the arguments, into a new
// one: none of maps is changed or part of it, though values with pointers are
// shared. Of a key that comes twice combine makes one value; it gets what came
// of the maps before, and the value of the next. Without combine (nil) the last
// one wins, as with Python's update. It never returns nil, and takes time in
// proportion to all entries. For maps that come out of a loop see
// parfor.Reduce, which combines them while it runs.
func Merge[M ~map[K]V, K comparable, V any](combine func(a, b V) V, maps ...M) M {
	most := 0
	for _, m := range maps {
		most = max(most, len(m))
	}
	all := make(M, most)
	for _, m := range maps {
		for k, v := range m {
			if combine != nil {
				if old, ok := all[k]; ok {
					v = combine(old, v)
				}
			}
			all[k] = v
		}
	}
	return all
}

// MergeMany merges every entry of m into the value of its key, as [Dict.Merge]
// does with one, and as one step; absent keys get the value of m. Nothing is
// stored if one entry can't be. It is Update for who adds to what is there: a
// task that counted words for itself needs no more than one call. fn is
// registered with [RegisterMerge].
func (d *Dict[K, V]) MergeMany(ctx context.Context, fn func(old, v V) V, m map[K]V) error {
	f, err := findFunction(fn, "RegisterMerge")
	if err != nil {
		return d.refuse(ctx, err)
	}
	return d.stepAll(ctx, step[V]{op: writeset.Fold, call: &call[V]{fn: f}}, len(m), func(yield func(K, V) bool) {
		for k, v := range m {
			if !yield(k, v) {
				return
			}
		}
	})
}

package dict

import (
	"cmp"
	"context"
	"iter"
	"slices"
)

// Keys returns the keys at one moment, in no particular order; otherwise as
// [Dict.Snapshot].
func (d *Dict[K, V]) Keys(ctx context.Context) ([]K, error) {
	c, v, own, err := d.moment(ctx)
	if err != nil {
		return nil, err
	}
	defer v.close()
	keys := make([]K, 0, v.len())
	err = v.each(own, func(k K, _ V) bool {
		keys = append(keys, k)
		return true
	})
	return keys, c.wrap(err)
}

// Values returns the values at one moment, in no particular order; otherwise
// as [Dict.Snapshot].
func (d *Dict[K, V]) Values(ctx context.Context) ([]V, error) {
	c, v, own, err := d.moment(ctx)
	if err != nil {
		return nil, err
	}
	defer v.close()
	values := make([]V, 0, v.len())
	bad := v.each(own, func(_ K, val V) bool {
		val, err = c.out(val)
		values = append(values, val)
		return err == nil
	})
	if err == nil {
		err = c.wrap(bad)
	}
	return values, err
}

// Sorted iterates over d at one moment in the order of its keys; otherwise as
// [Dict.All]. It sorts all keys before the first one is yielded.
func Sorted[K cmp.Ordered, V any](ctx context.Context, d *Dict[K, V]) iter.Seq2[K, V] {
	return SortedFunc(ctx, d, cmp.Compare[K])
}

// SortedFunc is Sorted by an order of your choice.
func SortedFunc[K comparable, V any](ctx context.Context, d *Dict[K, V], compare func(a, b K) int) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		c, v, own, err := d.moment(ctx)
		if err != nil {
			panic(err)
		}
		defer v.close()
		entries := make([]KV[K, V], 0, v.len())
		err = v.each(own, func(k K, val V) bool {
			entries = append(entries, KV[K, V]{k, val})
			return true
		})
		if err != nil {
			panic(c.named(err))
		}
		slices.SortFunc(entries, func(a, b KV[K, V]) int { return compare(a.Key, b.Key) })
		for _, e := range entries {
			val, err := c.out(e.Value)
			if err != nil {
				panic(err)
			}
			if !yield(e.Key, val) {
				return
			}
		}
	}
}

// Equal reports whether two dictionaries hold the same entries, each at one
// moment: the two moments may differ. Values are compared by their encodings.
// (Manager dictionaries in Python compare as handles: two with the same
// content differ.)
func (d *Dict[K, V]) Equal(ctx context.Context, other *Dict[K, V]) (bool, error) {
	mine, err := d.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	theirs, err := other.Snapshot(ctx)
	if err != nil || len(mine) != len(theirs) {
		return false, err
	}
	for k, v := range mine {
		w, ok := theirs[k]
		if !ok || !d.c.same(v, w) {
			return false, nil
		}
	}
	return true, nil
}

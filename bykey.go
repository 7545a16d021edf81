package parfor

import (
	"context"
	"fmt"
	"slices"
)

// KV is a key and its value, as the body of [Associate] returns it.
type KV[K comparable, V any] struct {
	Key   K
	Value V
}

// ByKey calls body for each key and returns a map from key to result: the
// dictionaries combined at the end. A key that is there twice is an error
// before anything runs, unless [OnDuplicate] says which one wins; both run
// then. Of a failed loop the map holds what was finished. In all else it is
// [Map].
func ByKey[K comparable, Out any](ctx context.Context, keys []K, fn func(context.Context, K) (Out, error), opts ...Option) (map[K]Out, error) {
	out := make([]Out, len(keys))
	m := make(map[K]Out, len(keys)) // finds double keys first: one map is half the work of two
	rule, nan := RefuseDuplicates, false
	err := runSlice(ctx, keys, out, bodyOf(fn), opts, func(c *config) error {
		rule = c.duplicates
		var zero Out
		for i, k := range keys {
			same := k
			nan = nan || k != same
			if m[k] = zero; len(m) <= i && rule == RefuseDuplicates {
				return fmt.Errorf("%w: ByKey: items %d and %d have the same key: remove one or say OnDuplicate(KeepLast)", ErrOption, slices.Index(keys, k), i)
			}
		}
		return nil
	})
	done := finished(err)
	switch {
	case done == nil:
		return nil, err
	case err != nil || rule == KeepFirst || nan: // a NaN is never the same key again
		clear(m)
	}
	for i, k := range keys {
		if !done(i) {
			continue
		}
		if rule == KeepFirst {
			if _, has := m[k]; has {
				continue
			}
		}
		m[k] = out[i]
	}
	return m, err
}

// Associate calls body for each item and returns a map of the pairs that the
// bodies return, combined in item order. A key returned twice is an error that
// names both items, unless [OnDuplicate] says which one wins. Of a failed loop
// the map holds what was finished. In all else it is [Map].
func Associate[In any, K comparable, V any](ctx context.Context, items []In, fn func(context.Context, In) (KV[K, V], error), opts ...Option) (map[K]V, error) {
	out := make([]KV[K, V], len(items))
	rule := RefuseDuplicates
	err := runSlice(ctx, items, out, bodyOf(fn), opts, func(c *config) error { rule = c.duplicates; return nil })
	done := finished(err)
	if done == nil {
		return nil, err
	}
	m := make(map[K]V, len(items))
	for i, kv := range out {
		if !done(i) {
			continue
		}
		if rule != KeepLast {
			if _, twice := m[kv.Key]; twice {
				if rule == RefuseDuplicates && err == nil {
					at := slices.IndexFunc(out, func(o KV[K, V]) bool { return o.Key == kv.Key })
					err = fmt.Errorf("parfor: Associate: items %d and %d returned the same key: say OnDuplicate(KeepFirst) or OnDuplicate(KeepLast)", at, i)
				}
				continue
			}
		}
		m[kv.Key] = kv.Value
	}
	return m, err
}

// finished says which items of a loop with that error were done; nil if it
// never began.
func finished(err error) func(int) bool {
	if err == nil {
		return func(int) bool { return true }
	}
	if le, ok := err.(*LoopError); ok {
		return le.Done
	}
	return nil
}

package dict

import (
	"context"

	"parfor.dev/parfor/internal/writeset"
)

// Set stores a value. It is blind: it never conflicts, and of several writes
// to a key the last one in commit order stays.
//
// In a task it takes effect if, and when, the task succeeds. An error fails
// the task too, whatever the body makes of it. The cost is that of a map
// insert, from a worker process as well: writes travel with the result.
func (d *Dict[K, V]) Set(ctx context.Context, k K, v V) error {
	return d.write(ctx, writeset.Put, k, v)
}

// Delete removes a key; one that isn't there is no error. Otherwise as Set.
func (d *Dict[K, V]) Delete(ctx context.Context, k K) error {
	var zero V
	return d.write(ctx, writeset.Drop, k, zero)
}

// Add adds delta to the value of a key, which counts as zero when absent. No
// update is lost: the addition happens at commit, on what is there then.
// Integers wrap around as in Go; floats are summed up within a task before
// they are added to the value. It is an error if V is no number. Otherwise as
// Set.
func (d *Dict[K, V]) Add(ctx context.Context, k K, delta V) error {
	return d.write(ctx, writeset.Plus, k, delta)
}

// Clear removes every key, at one moment; later writes of the same task stay.
// In one task it has to come
// before an Insert, a Compute or a Claim. Otherwise as Set.
func (d *Dict[K, V]) Clear(ctx context.Context) error {
	return d.change(ctx, func(o *overlay[K, V]) error { return o.wipe() })
}

// Max stores v if the key is absent or its value is smaller. It is an error if V
// is neither a number nor a string. Otherwise as Set.
func (d *Dict[K, V]) Max(ctx context.Context, k K, v V) error {
	return d.write(ctx, writeset.Max, k, v)
}

// Min stores v if the key is absent or its value is larger. It is an error if V
// is neither a number nor a string. Otherwise as Set.
func (d *Dict[K, V]) Min(ctx context.Context, k K, v V) error {
	return d.write(ctx, writeset.Min, k, v)
}

// Append appends the elements of v to the value of a key, a slice, which counts
// as empty when absent. The elements of one task stay together and in order. It
// is an error if V is no slice. Otherwise as Set.
func (d *Dict[K, V]) Append(ctx context.Context, k K, v V) error {
	return d.write(ctx, writeset.Join, k, v)
}

// SetDefault stores v unless the key is there. Who has to know which it was
// uses [Dict.Claim], [Compute] or [Live.SetIfAbsent]. Otherwise as Set.
func (d *Dict[K, V]) SetDefault(ctx context.Context, k K, v V) error {
	return d.write(ctx, writeset.IfAbsent, k, v)
}

// Insert stores v where no value may be: if the key is there when the task
// commits, the task fails with [ErrExists]. Otherwise as Set.
func (d *Dict[K, V]) Insert(ctx context.Context, k K, v V) error {
	return d.write(ctx, writeset.Insert, k, v)
}

// Merge makes the value of a key what fn makes of it and v; an absent key gets
// v. fn is registered with [RegisterMerge] and runs when the task commits, on
// what is there then, so that no update is lost. Otherwise as Set.
func (d *Dict[K, V]) Merge(ctx context.Context, k K, fn func(old, v V) V, v V) error {
	f, err := findFunction(fn, "RegisterMerge")
	if err != nil {
		return d.refuse(ctx, err)
	}
	return d.store(ctx, k, step[V]{op: writeset.Fold, val: v, call: &call[V]{fn: f}})
}

func (d *Dict[K, V]) write(ctx context.Context, op writeset.Op, k K, v V) error {
	return d.store(ctx, k, step[V]{op: op, val: v})
}

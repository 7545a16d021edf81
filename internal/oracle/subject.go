package oracle

import (
	"cmp"
	"context"
	"math/rand/v2"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// subject is a dictionary whose keys and values are made of numbers. What is
// nil it can't do.
type subject[K comparable, V any] struct {
	id    int64
	d     *dict.Dict[K, V]
	key   func(int64) K
	value func(int64) V
	tell  func(V) int64 // tells values apart
	plus  func(a, b V) V
	less  func(a, b V) bool
	join  func(a, b V) V
	mix   func(old, v V) V
	turn  func(old V, ok bool, arg int64) (V, bool)
	does  []int64 // kinds, those twice that are wanted more often
}

// actor is a subject, its types erased.
type actor interface {
	do(ctx context.Context, h *history, r *rand.Rand, kind int64, o *order) error
	clear(ctx context.Context, h *history) error
	kinds() []int64
	table() ledger
}

var actors = []actor{
	&subject[int, int]{
		id: 0, d: numbers, key: number, value: number, tell: func(v int) int64 { return int64(v) },
		plus: func(a, b int) int { return a + b }, less: cmp.Less[int], mix: mixNumbers, turn: turnNumber,
		does: []int64{set, add, add, addGet, addGet, readSet, readSet, remove, highest, lowest, mix, mix, turn, turn,
			setDefault, insert, get, get, has, many, update, setMany, spread},
	},
	&subject[string, string]{
		id: 1, d: texts, key: text, value: text, tell: numberOf,
		less: cmp.Less[string], mix: mixTexts, turn: turnText,
		does: []int64{set, readSet, readSet, remove, highest, lowest, mix, mix, turn, turn, setDefault, insert, get, get,
			has, many, update, setMany},
	},
	&subject[int, []int]{
		id: 2, d: lists, key: number, value: listOf, tell: hashOf,
		join: func(a, b []int) []int { return append(append([]int{}, a...), b...) }, mix: mixLists, turn: turnList,
		does: []int64{set, set, readSet, remove, join, join, mix, turn, turn, setDefault, get, get, has, many, update},
	},
	&subject[place, int]{
		id: 3, d: places, key: placeOf, value: number, tell: func(v int) int64 { return int64(v) },
		does: []int64{claim, claim, claimSet, claimSet, remove, remove, get, has, many},
	},
}

func (x *subject[K, V]) kinds() []int64 { return x.does }

// do does what kind says to keys and with values at random.
func (x *subject[K, V]) do(ctx context.Context, h *history, r *rand.Rand, kind int64, o *order) error {
	k, v := r.Int64N(o.Keys), r.Int64N(1<<40)
	switch kind {
	case readSet:
		s := step{Kind: get, Key: k}
		if err := x.one(ctx, h, &s); err != nil {
			return err
		}
		return x.one(ctx, h, &step{Kind: set, Key: k, Val: s.Seen + v})
	case claimSet:
		s := step{Kind: claim, Key: k}
		if err := x.one(ctx, h, &s); err != nil || s.OK == 0 {
			return err
		}
		return x.one(ctx, h, &step{Kind: set, Key: k, Val: v})
	case many:
		return x.many(ctx, h, []int64{k, r.Int64N(o.Keys), r.Int64N(o.Keys)})
	case update:
		return x.update(ctx, h, map[int64]int64{k: v, r.Int64N(o.Keys): v + 1, r.Int64N(o.Keys): v + 2}, r.IntN(2) == 0)
	case setMany:
		return x.setMany(ctx, h, []int64{k, r.Int64N(o.Keys), k}, v)
	case spread:
		return x.spread(ctx, h, []int64{k, r.Int64N(o.Keys), k}, v)
	}
	return x.one(ctx, h, &step{Kind: kind, Key: k, Val: v})
}

func (x *subject[K, V]) clear(ctx context.Context, h *history) error {
	h.add(step{Dict: x.id, Kind: wipe})
	return x.d.Clear(ctx)
}

// one is one call, of which it tells.
func (x *subject[K, V]) one(ctx context.Context, h *history, s *step) (err error) {
	d, k, v := x.d, x.key(s.Key), x.value(s.Val)
	var seen V
	ok := false
	switch s.Dict = x.id; s.Kind {
	case set:
		err = d.Set(ctx, k, v)
	case remove:
		err = d.Delete(ctx, k)
	case add:
		err = d.Add(ctx, k, v)
	case addGet:
		seen, err = d.AddGet(ctx, k, v)
		ok = true
	case highest:
		err = d.Max(ctx, k, v)
	case lowest:
		err = d.Min(ctx, k, v)
	case join:
		err = d.Append(ctx, k, v)
	case mix:
		err = d.Merge(ctx, k, x.mix, v)
	case turn:
		seen, ok, err = dict.Compute(ctx, d, k, x.turn, s.Val)
	case setDefault:
		err = d.SetDefault(ctx, k, v)
	case insert:
		err = d.Insert(ctx, k, v)
	case claim:
		ok, err = d.Claim(ctx, k)
	case get:
		seen, ok, err = d.Get(ctx, k)
	case has:
		ok, err = d.Has(ctx, k)
	case size:
		var n int
		n, err = d.Len(ctx)
		s.Seen = int64(n)
	case whole:
		var m map[K]V
		m, err = d.Snapshot(ctx)
		s.Seen = x.sum(m)
	}
	if s.OK = truth(ok); ok && s.Kind != has && s.Kind != claim {
		s.Seen = x.tell(seen)
	}
	h.add(*s)
	return err
}

// sum is a number for all entries, in no order.
func (x *subject[K, V]) sum(m map[K]V) (n int64) {
	for _, v := range m {
		n += (x.tell(v) + 7) * 1_000_003
	}
	return n*31 + int64(len(m))
}

func (x *subject[K, V]) many(ctx context.Context, h *history, ks []int64) error {
	var keys []K
	for _, k := range ks {
		keys = append(keys, x.key(k))
	}
	fs, err := x.d.GetMany(ctx, keys...)
	if err != nil {
		return err
	}
	h.add(step{Dict: x.id, Kind: many, Val: int64(len(ks))})
	for i, f := range fs {
		s := step{Dict: x.id, Kind: get, Key: ks[i], OK: truth(f.OK)}
		if f.OK {
			s.Seen = x.tell(f.Value)
		}
		h.add(s)
	}
	return nil
}

func (x *subject[K, V]) update(ctx context.Context, h *history, m map[int64]int64, keep bool) error {
	kind, rule := int64(set), dict.Replace
	if keep {
		kind, rule = setDefault, dict.KeepOld
	}
	entries := map[K]V{}
	for k, v := range m {
		entries[x.key(k)] = x.value(v)
		h.add(step{Dict: x.id, Kind: kind, Key: k, Val: v})
	}
	return x.d.Update(ctx, entries, rule)
}

func (x *subject[K, V]) setMany(ctx context.Context, h *history, ks []int64, v int64) error {
	var entries []dict.KV[K, V]
	for i, k := range ks {
		entries = append(entries, dict.KV[K, V]{Key: x.key(k), Value: x.value(v + int64(i))})
		h.add(step{Dict: x.id, Kind: set, Key: k, Val: v + int64(i)})
	}
	return x.d.SetMany(ctx, entries)
}

// spread adds in tasks of its own, of which several run at once.
func (x *subject[K, V]) spread(ctx context.Context, h *history, ks []int64, v int64) error {
	for _, k := range ks {
		h.add(step{Dict: x.id, Kind: add, Key: k, Val: v})
	}
	return parfor.Each(ctx, ks, func(ctx context.Context, k int64) error { return x.d.Add(ctx, x.key(k), x.value(v)) }, parfor.Workers(3))
}

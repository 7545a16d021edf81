package oracle

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/task"
)

// order is one task: what makes its choices, and what had been reported when it
// was taken.
type order struct {
	Seed     uint64
	Index    int
	Keys     int64
	Strict   bool   // the loop is serializable: sizes and snapshots are checked, too
	Reported int    // an item that had been reported, -1 for none
	After    uint64 // the highest commit number that had been reported
	Reports  int64  // how many results had been reported
}

var errOnPurpose = errors.New("the attempt fails on purpose")

var _ = parfor.RegisterError(errOnPurpose)

// last are contexts of tasks that ended in this process, by their workers: a
// worker begins its next task when the one before is decided.
var last [64]atomic.Pointer[context.Context]

// act is the body: a few things to dictionaries at random.
func act(ctx context.Context, o order) ([]int64, error) {
	var h history
	a := task.From(ctx)
	if o.Reported >= 0 {
		if ok, err := done.Has(ctx, o.Reported); err == nil && !ok {
			h.add(step{Kind: notYet, Key: int64(o.Reported)})
		}
	}
	if was := last[a.Worker%len(last)].Swap(&ctx); was != nil && o.Index%64 == 0 {
		if err := done.Set(*was, -1, true); !errors.Is(err, parfor.ErrTaskDone) {
			h.add(step{Kind: unsealed})
		}
	}
	r := rand.New(rand.NewPCG(o.Seed, uint64(o.Index)))
	fails := r.IntN(30)
	if r.Int64N(300+o.Keys) == 0 {
		if err := actors[r.IntN(3)].clear(ctx, &h); err != nil {
			return nil, err
		}
	}
	for range 1 + r.IntN(4) {
		if err := some(ctx, &h, r, &o); err != nil {
			return nil, err
		}
	}
	if r.IntN(12) == 0 {
		if err := nested(ctx, &h, &o); err != nil {
			return nil, err
		}
	}
	if fails == 0 || fails == 1 && a.Number == 1 {
		return nil, errOnPurpose
	}
	return h, done.Set(ctx, o.Index, true)
}

var _ = parfor.Register(act)

// some does one thing to one dictionary.
func some(ctx context.Context, h *history, r *rand.Rand, o *order) error {
	x := actors[r.IntN(len(actors))]
	ks := x.kinds()
	kind := ks[r.IntN(len(ks))]
	if o.Strict {
		switch r.IntN(40) {
		case 0:
			kind = size
		case 1:
			if o.Keys <= 200 {
				kind = whole
			}
		}
	}
	return x.do(ctx, h, r, kind, o)
}

// nested runs a loop inside the task, one item after the other, of which some
// fail: what those did is as if it had not been.
func nested(ctx context.Context, h *history, o *order) error {
	outs, err := parfor.Map(ctx, parfor.Range(3), func(ctx context.Context, i int) ([]int64, error) {
		var h history
		r := rand.New(rand.NewPCG(o.Seed+uint64(i)+1, uint64(o.Index)))
		fails := r.IntN(4)
		for range 1 + r.IntN(2) {
			if err := some(ctx, &h, r, o); err != nil {
				return nil, err
			}
		}
		if fails == 0 || fails == 1 && task.From(ctx).Number == 1 {
			return nil, errOnPurpose
		}
		return h, nil
	}, parfor.Workers(1), parfor.KeepGoing(), parfor.Attempts(2))
	var le *parfor.LoopError
	if err != nil && (!errors.As(err, &le) || le.Cause != nil) {
		return err
	}
	for _, out := range outs {
		*h = append(*h, out...)
	}
	return nil
}

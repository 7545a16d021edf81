// Package oracle checks that loops which share dictionaries had the effects of
// some order of their tasks: the order of the commits. Tasks do operations at
// random and return what they did and what they were told; their results carry
// the numbers of their commits. A replay of all of them, one after the other,
// against plain maps has to tell the same, leave no number out, and end with
// what the dictionaries hold.
package oracle

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
)

var (
	numbers = dict.New[int, int]("oracle numbers")
	texts   = dict.New[string, string]("oracle texts")
	done    = dict.New[int, bool]("oracle done")
)

// order is one task: its seed, how many keys there are, and an item that was
// reported as done before this one was taken, -1 for none.
type order struct {
	Seed     uint64
	Index    int
	Keys     int
	Reported int
}

// What a task did to a key. A step takes five numbers of a history.
const (
	set = iota
	add
	readSet
	addGet
	setText
	readSetText
	remove
	highest
	kinds

	stepSize = 5 // what, key, value, what was seen, whether it was there
)

// Violations that a task sees itself.
const (
	notYet   = -1 // an item that was reported is not committed
	unsealed = -2 // the context of a task that has ended still writes
)

var errOnPurpose = errors.New("the attempt fails on purpose")

var _ = parfor.RegisterError(errOnPurpose)

// last are contexts of tasks that ended in this process, by their workers: a
// worker begins its next task when the one before is decided.
var last [64]atomic.Pointer[context.Context]

// act does up to 4 steps.
func act(ctx context.Context, o order) ([]int64, error) {
	var h []int64
	if o.Reported >= 0 {
		if ok, err := done.Has(ctx, o.Reported); err != nil || !ok {
			h = append(h, notYet, int64(o.Reported), 0, 0, 0)
		}
	}
	if was := last[task.From(ctx).Worker%len(last)].Swap(&ctx); was != nil && o.Index%64 == 0 {
		if err := numbers.Set(*was, -1, o.Index); !errors.Is(err, parfor.ErrTaskDone) {
			h = append(h, unsealed, 0, 0, 0, 0)
		}
	}
	r := rand.New(rand.NewPCG(o.Seed, uint64(o.Index)))
	for range 1 + r.IntN(4) {
		step, err := one(ctx, r, o)
		if err != nil {
			return nil, err
		}
		h = append(h, step...)
	}
	if r.IntN(20) == 0 && task.From(ctx).Number == 1 {
		return nil, errOnPurpose
	}
	return h, done.Set(ctx, o.Index, true)
}

var _ = parfor.Register(act)

func one(ctx context.Context, r *rand.Rand, o order) ([]int64, error) {
	k, v, kind := r.IntN(o.Keys), r.IntN(1000), r.IntN(kinds)
	seen, ok := 0, false
	var err error
	switch kind {
	case set:
		err = numbers.Set(ctx, k, v)
	case add:
		err = numbers.Add(ctx, k, v)
	case readSet:
		if seen, ok, err = numbers.Get(ctx, k); err == nil {
			err = numbers.Set(ctx, k, seen+v)
		}
	case addGet:
		seen, err = numbers.AddGet(ctx, k, v)
	case setText:
		err = texts.Set(ctx, text(k), text(v))
	case readSetText:
		var s string
		if s, ok, err = texts.Get(ctx, text(k)); err == nil {
			seen, _ = strconv.Atoi(s)
			err = texts.Set(ctx, text(k), text(seen+v))
		}
	case remove:
		err = numbers.Delete(ctx, k)
	case highest:
		err = numbers.Max(ctx, k, v)
	}
	there := int64(0)
	if ok {
		there = 1
	}
	return []int64{int64(kind), int64(k), int64(v), int64(seen), there}, err
}

func text(n int) string { return strconv.Itoa(n) }

// model is what the dictionaries must hold.
type model struct {
	numbers map[int]int
	texts   map[int]int
	next    uint64 // number of the next commit
	waiting map[uint64][]int64
}

func newModel(next uint64) *model {
	return &model{numbers: map[int]int{}, texts: map[int]int{}, next: next, waiting: map[uint64][]int64{}}
}

// add replays what came with a commit, once all commits before it have come.
func (m *model) add(commit uint64, history []int64) error {
	if commit < m.next || m.waiting[commit] != nil {
		return fmt.Errorf("commit %d comes twice", commit)
	}
	m.waiting[commit] = history
	for h, ok := m.waiting[m.next]; ok; h, ok = m.waiting[m.next] {
		delete(m.waiting, m.next)
		for ; len(h) >= stepSize; h = h[stepSize:] {
			if err := m.step(int(h[0]), int(h[1]), int(h[2]), int(h[3]), h[4] == 1); err != nil {
				return fmt.Errorf("commit %d: %w", m.next, err)
			}
		}
		m.next++
	}
	if len(m.waiting) > 100_000 {
		return fmt.Errorf("commit %d is missing: what is committed is not what is reported", m.next)
	}
	return nil
}

func (m *model) step(kind, k, v, seen int, ok bool) error {
	now, there := m.numbers[k]
	s, text := m.texts[k]
	switch kind {
	case notYet:
		return fmt.Errorf("item %d was reported before, and a task did not see it", k)
	case unsealed:
		return errors.New("a task that has ended still wrote")
	case set:
		m.numbers[k] = v
	case add:
		m.numbers[k] = now + v
	case readSet:
		if seen != now || ok != there {
			return fmt.Errorf("key %d was read as %d, %v; in the order of the commits it is %d, %v", k, seen, ok, now, there)
		}
		m.numbers[k] = now + v
	case addGet:
		if seen != now+v {
			return fmt.Errorf("the sum under key %d was told as %d, it is %d", k, seen, now+v)
		}
		m.numbers[k] = now + v
	case setText:
		m.texts[k] = v
	case readSetText:
		if seen != s || ok != text {
			return fmt.Errorf("text %d was read as %d, %v; in the order of the commits it is %d, %v", k, seen, ok, s, text)
		}
		m.texts[k] = s + v
	case remove:
		delete(m.numbers, k)
	case highest:
		if !there || v > now {
			m.numbers[k] = v
		}
	}
	return nil
}

// end compares the model with the dictionaries.
func (m *model) end(ctx context.Context) error {
	if len(m.waiting) > 0 {
		return fmt.Errorf("commit %d is missing at the end, %d came after it", m.next, len(m.waiting))
	}
	have, err := numbers.Snapshot(ctx)
	if err != nil {
		return err
	}
	for k, v := range m.numbers {
		if w, ok := have[k]; !ok || w != v {
			return fmt.Errorf("key %d is %d, %v; it should be %d", k, w, ok, v)
		}
	}
	all, err := texts.Snapshot(ctx)
	if err != nil {
		return err
	}
	for k, v := range m.texts {
		if w := all[text(k)]; w != text(v) {
			return fmt.Errorf("text %d is %q, it should be %d", k, w, v)
		}
	}
	if len(have) != len(m.numbers) || len(all) != len(m.texts) {
		return fmt.Errorf("%d numbers and %d texts, want %d and %d", len(have), len(all), len(m.numbers), len(m.texts))
	}
	return nil
}

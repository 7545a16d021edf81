package dicttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/task"
)

func itoa(n int) string { return strconv.Itoa(n) }

// parforAttempt is the number of the attempt that ctx belongs to.
func parforAttempt(ctx context.Context) int { return task.From(ctx).Number }

// next reads what the item before it wrote.
func next(ctx context.Context, n int) (int, error) {
	v, ok, err := ints.Get(ctx, n-1)
	if err != nil || !ok || v != n-1 {
		return 0, fmt.Errorf("item %d reads %d, %v, %w", n, v, ok, errors.Join(err, errBody))
	}
	return n, ints.Set(ctx, n, n)
}

var _ = parfor.Register(next)

func seesReported(f *fixture) {
	if err := ints.Set(f.Context(), 0, 0); err != nil {
		f.Fatal(err)
	}
	for i := 1; i <= 100; i++ {
		expect[int](f)(parfor.Submit(f.Context(), f.x, next, i).Result(f.Context()))
	}
	for i := 101; i <= 120; i++ {
		expect[[]int](f)(parfor.Map(f.Context(), []int{i}, next, parfor.On(f.x)))
	}
}

// ownWrites checks each kind of read inside the task.
func ownWrites(ctx context.Context, n int) (string, error) {
	err := errors.Join(
		counts.Set(ctx, "set", n),
		counts.Add(ctx, "base", 5),
		counts.Delete(ctx, "gone"),
		counts.Add(ctx, "new", 1),
		counts.Add(ctx, "new", 2),
	)
	if err != nil {
		return "", err
	}
	model := map[string]int{"set": n, "base": 15, "new": 3, "kept": 1}
	for range 2 {
		got, err := counts.Snapshot(ctx)
		if err != nil {
			return "", err
		}
		if !maps.Equal(got, model) {
			return fmt.Sprintf("Snapshot = %v, want %v", got, model), nil
		}
		if got := maps.Collect(counts.All(ctx)); !maps.Equal(got, model) {
			return fmt.Sprintf("All = %v, want %v", got, model), nil
		}
		if l, err := counts.Len(ctx); l != len(model) || err != nil {
			return fmt.Sprintf("Len = %d, %v, want %d", l, err, len(model)), nil
		}
		for _, k := range []string{"set", "base", "gone", "new", "kept", "never"} {
			v, ok, err := counts.Get(ctx, k)
			if w, has := model[k]; v != w || ok != has || err != nil {
				return fmt.Sprintf("Get(%s) = %d, %v, %v, want %d, %v", k, v, ok, err, w, has), nil
			}
		}
		if err := errors.Join(counts.Clear(ctx), counts.Add(ctx, "base", 7)); err != nil {
			return "", err
		}
		model = map[string]int{"base": 7}
	}
	return "", errBody // so that every item finds the same
}

var _ = parfor.Register(ownWrites)

func readsOwnWrites(f *fixture) {
	base := map[string]int{"base": 10, "gone": 1, "kept": 1}
	if err := counts.Update(f.Context(), base); err != nil {
		f.Fatal(err)
	}
	for r, err := range parfor.Stream(f.Context(), slices.Values(parfor.Range(20)), ownWrites, parfor.On(f.x), parfor.KeepGoing()) {
		if r.Out != "" || !errors.Is(err, errBody) {
			f.Errorf("item %d: %s %v", r.In, r.Out, err)
		}
	}
	want(f, counts, base)
}

// transfer moves a unit from one key to another, or, every eighth item, looks
// whether the sum is right.
func transfer(ctx context.Context, n int) (int, error) {
	if n%8 != 0 {
		return 0, errors.Join(ints.Add(ctx, n%17, -1), ints.Add(ctx, (n*7)%17, 1))
	}
	m, err := ints.Snapshot(ctx)
	sum := 0
	for _, v := range m {
		sum += v
	}
	if err == nil && sum != 0 {
		err = fmt.Errorf("a snapshot has the sum %d", sum)
	}
	return sum, err
}

var _ = parfor.Register(transfer)

func oneMoment(f *fixture) {
	expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(2000), transfer, parfor.On(f.x)))
}

// replace clears and fills two dictionaries in one task; every other item reads a
// key that is there before and after all of these.
func replace(ctx context.Context, n int) (int, error) {
	const k = 40
	if n%2 == 0 {
		err := errors.Join(ints.Clear(ctx), texts.Clear(ctx))
		for i := range 60 {
			err = errors.Join(err, ints.Set(ctx, i+n%8, n), texts.Set(ctx, i+n%8, "some text"))
		}
		return 0, err
	}
	for range 200 {
		_, number, err := ints.Get(ctx, k)
		if err != nil || !number {
			return 0, fmt.Errorf("a number was missing: %v, %w", number, errors.Join(err, errBody))
		}
		if _, text, err := texts.Get(ctx, k); err != nil || !text {
			return 0, fmt.Errorf("a text was missing: %v, %w", text, errors.Join(err, errBody))
		}
	}
	return 0, nil
}

var _ = parfor.Register(replace)

func noKeyIsMissed(f *fixture) {
	expect[[]int](f)(parfor.Map(f.Context(), []int{0}, replace, parfor.On(f.x)))
	n := 2000
	if f.far {
		n = 100
	}
	expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), replace, parfor.On(f.x)))
	if n := len(expect[map[int]int](f)(ints.Snapshot(f.Context()))); n != 60 {
		f.Errorf("%d numbers are left", n)
	}
}

// look returns what a task sees of entries that the parent set.
func look(ctx context.Context, n int) (int, error) {
	v, ok, err := ints.Get(ctx, n)
	if err == nil && !ok {
		err = fmt.Errorf("key %d is missing", n)
	}
	if n == 0 && err == nil {
		var l int
		if l, err = ints.Len(ctx); err == nil && l != 100 {
			err = fmt.Errorf("the length is %d", l)
		}
	}
	return v, err
}

var _ = parfor.Register(look)

func remove(ctx context.Context, n int) error { return ints.Delete(ctx, n) }

var _ = parfor.RegisterEach(remove)

func seenAcross(f *fixture) {
	for i := range 100 {
		if err := ints.Set(f.Context(), i, 3*i); err != nil {
			f.Fatal(err)
		}
	}
	for i, v := range expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(100), look, parfor.On(f.x))) {
		if v != 3*i {
			f.Fatalf("task %d reads %d", i, v)
		}
	}
	if err := parfor.Each(f.Context(), parfor.Range(100), remove, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	want(f, ints, map[int]int{})
}

// sizes iterates while others clear and fill: it sees all entries or none.
func sizes(ctx context.Context, n int) (int, error) {
	switch n % 4 {
	case 0:
		return 0, ints.Clear(ctx)
	case 1:
		m := map[int]int{}
		for i := range 50 {
			m[i] = n
		}
		return 0, ints.Update(ctx, m)
	}
	seen := 0
	var value int
	for _, v := range ints.All(ctx) {
		if seen > 0 && v != value {
			return 0, fmt.Errorf("one iteration sees writes of items %d and %d", value, v)
		}
		value = v
		seen++
	}
	if seen != 0 && seen != 50 {
		return 0, fmt.Errorf("an iteration sees %d entries", seen)
	}
	return seen, nil
}

var _ = parfor.Register(sizes)

func snapshotsAreWhole(f *fixture) {
	expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(400), sizes, parfor.On(f.x)))
}

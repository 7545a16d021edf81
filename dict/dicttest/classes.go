package dicttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	words   = dict.New[string, string]("words")
	bounded = dict.New[int, int]("bounded", dict.MaxEntries(10))
)

func longer(old, v string) string {
	if len(v) > len(old) || len(v) == len(old) && v < old {
		return v
	}
	return old
}

func panics(string, string) string { panic("the merge panics on purpose") }

var (
	_ = dict.RegisterMerge(longer)
	_ = dict.RegisterMerge(panics)
)

// blend does every blind operation.
func blend(ctx context.Context, n int) error {
	return errors.Join(
		counts.Max(ctx, "max", n),
		counts.Min(ctx, "min", n),
		counts.Add(ctx, "sum", n),
		counts.SetDefault(ctx, "first", 7),
		lists.Append(ctx, "all", []int{n, n}),
		words.Merge(ctx, "longest", longer, strings.Repeat("x", n%17)),
		words.Max(ctx, "last", fmt.Sprintf("%03d", n)),
		ints.SetMany(ctx, []dict.KV[int, int]{{Key: n, Value: 1}, {Key: n, Value: n}}),
	)
}

var _ = parfor.RegisterEach(blend)

func blindClasses(f *fixture) {
	const n = 200
	if err := parfor.Each(f.Context(), parfor.Range(n), blend, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	want(f, counts, map[string]int{"max": n - 1, "min": 0, "sum": n * (n - 1) / 2, "first": 7})
	want(f, words, map[string]string{"longest": strings.Repeat("x", 16), "last": "199"})
	got, _, err := lists.Get(f.Context(), "all")
	if err != nil || len(got) != 2*n {
		f.Fatalf("%d elements were appended, want %d: %v", len(got), 2*n, err)
	}
	for i := 0; i < len(got); i += 2 {
		if got[i] != got[i+1] {
			f.Fatalf("the elements of a task don't stay together: %v", got)
		}
	}
	slices.Sort(got)
	for i, v := range got {
		if v != i/2 {
			f.Fatalf("element %d is %d", i, v)
		}
	}
}

// mix combines operations of different classes on one key.
func mix(ctx context.Context, n int) (int, error) {
	err := errors.Join(
		ints.Add(ctx, n, 5), ints.Max(ctx, n, 20), ints.Add(ctx, n, 1),
		ints.Min(ctx, n, 30), ints.SetDefault(ctx, n, 99),
		ints.Delete(ctx, n+1000), ints.Add(ctx, n+1000, 3), ints.Add(ctx, n+1000, 4),
		ints.SetDefault(ctx, n+2000, 1), ints.SetDefault(ctx, n+2000, 2),
		words.Merge(ctx, itoa(n), longer, "a"), words.Merge(ctx, itoa(n), longer, "abc"), words.Max(ctx, itoa(n), "abb"),
	)
	if err != nil {
		return 0, err
	}
	v, _, err := ints.Get(ctx, n)
	return v, err
}

var _ = parfor.Register(mix)

func mixedClasses(f *fixture) {
	for i := range 10 {
		ints.Set(f.Context(), i, 10*i)
		ints.Set(f.Context(), i+1000, 50)
	}
	told := expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(10), mix, parfor.On(f.x)))
	m := map[int]int{}
	for i := range 10 {
		m[i] = min(max(10*i+5, 20)+1, 30)
		m[i+1000], m[i+2000] = 7, 1
		if told[i] != m[i] {
			f.Errorf("the task of %d read %d, it committed %d", i, told[i], m[i])
		}
	}
	want(f, ints, m)
	for i := range 10 {
		if v, _, _ := words.Get(f.Context(), itoa(i)); v != "abc" {
			f.Errorf("words[%d] = %q", i, v)
		}
	}
}

func mergePanics(ctx context.Context, n int) error {
	return errors.Join(words.Merge(ctx, "key", panics, "x"), counts.Add(ctx, "n", 1))
}

func twice(ctx context.Context, n int) error {
	return errors.Join(ints.Insert(ctx, n/2, n), counts.Add(ctx, "n", 1))
}

func crowd(ctx context.Context, n int) error { return bounded.Set(ctx, n%15, n) }

var (
	_ = parfor.RegisterEach(mergePanics)
	_ = parfor.RegisterEach(twice)
	_ = parfor.RegisterEach(crowd)
)

func panickingMerge(f *fixture) {
	words.Set(f.Context(), "key", "there")
	err := parfor.Each(f.Context(), []int{1}, mergePanics, parfor.On(f.x), parfor.Attempts(3))
	if err == nil || !strings.Contains(err.Error(), "panics") {
		f.Fatalf("a merge that panics: %v", err)
	}
	want(f, counts, map[string]int{})
	want(f, words, map[string]string{"key": "there"})
}

func insertTwice(f *fixture) {
	err := parfor.Each(f.Context(), parfor.Range(20), twice, parfor.On(f.x), parfor.KeepGoing())
	failed := parfor.Failed(err)
	if len(failed) != 10 {
		f.Fatalf("%d of 20 failed, want 10: %v", len(failed), err)
	}
	for i, err := range failed {
		if !errors.Is(err, dict.ErrExists) {
			f.Errorf("item %d: %v", i, err)
		}
	}
	want(f, counts, map[string]int{"n": 10})
	err = parfor.Each(f.Context(), parfor.Range(5), insertAndLook, parfor.On(f.x), parfor.KeepGoing())
	for i := range 5 {
		if err := parfor.Failed(err)[i]; !errors.Is(err, dict.ErrExists) {
			f.Errorf("item %d inserted and looked: %v", i, err)
		}
	}
}

// insertAndLook is told by its own read what its commit would say.
func insertAndLook(ctx context.Context, _ int) error {
	if err := counts.Insert(ctx, "n", 1); err != nil {
		return err
	}
	_, _, err := counts.Get(ctx, "n")
	return err
}

var _ = parfor.RegisterEach(insertAndLook)

func limitHolds(f *fixture) {
	err := parfor.Each(f.Context(), parfor.Range(60), crowd, parfor.On(f.x), parfor.KeepGoing())
	for i, err := range parfor.Failed(err) {
		if !errors.Is(err, dict.ErrFull) {
			f.Errorf("item %d: %v", i, err)
		}
	}
	if n, _ := bounded.Len(f.Context()); n != 10 || len(parfor.Failed(err)) != 20 {
		f.Fatalf("%d entries of at most 10, %d tasks failed, want 20", n, len(parfor.Failed(err)))
	}
}

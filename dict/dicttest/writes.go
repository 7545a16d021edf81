package dicttest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// blind uses every write on the same few keys.
func blind(ctx context.Context, n int) (int, error) {
	return n, errors.Join(
		counts.Add(ctx, "sum", n),
		counts.Set(ctx, "last", n),
		counts.Delete(ctx, "deleted"),
		counts.Update(ctx, map[string]int{"x": n, "y": n}),
		ints.Clear(ctx),
		ints.Set(ctx, n, n),
	)
}

var _ = parfor.Register(blind)

func blindWrites(f *fixture) {
	const n = 400
	if err := counts.Set(f.Context(), "deleted", 1); err != nil {
		f.Fatal(err)
	}
	last, top := 0, uint64(0)
	for r, err := range parfor.Stream(f.Context(), slices.Values(parfor.Range(n)), blind, parfor.On(f.x)) {
		if err != nil {
			f.Fatal(err)
		}
		if r.Commit > top {
			last, top = r.In, r.Commit
		}
	}
	want(f, counts, map[string]int{"sum": n * (n - 1) / 2, "last": last, "x": last, "y": last})
	want(f, ints, map[int]int{last: last})
}

// badWrite ignores the errors of its writes.
func badWrite(ctx context.Context, n int) (int, error) {
	_ = counts.Add(ctx, "n", 1)
	switch n % 4 {
	case 1:
		_ = flaws.Set(ctx, math.NaN(), &flawed{})
	case 2:
		_ = flaws.Set(ctx, float64(n), &flawed{Bad: true})
	case 3:
		_ = texts.Add(ctx, n, "text")
	default:
		_ = flaws.Set(ctx, float64(n), &flawed{})
	}
	return n, nil
}

var _ = parfor.Register(badWrite)

func badWrites(f *fixture) {
	_, err := parfor.Map(f.Context(), parfor.Range(20), badWrite, parfor.On(f.x), parfor.KeepGoing())
	failed := parfor.Failed(err)
	for i := range 20 {
		if (failed[i] != nil) != (i%4 != 0) {
			f.Errorf("item %d: %v", i, failed[i])
		}
	}
	want(f, counts, map[string]int{"n": 5})
	if n, err := flaws.Len(f.Context()); n != 5 || err != nil {
		f.Errorf("%d values, %v; want 5", n, err)
	}
	want(f, texts, map[int]string{})
}

// grow takes a list, spoils what it got, and stores a longer one.
func grow(ctx context.Context, n int) (int, error) {
	l, _, err := lists.Get(ctx, "list")
	if err != nil {
		return 0, err
	}
	if !slices.Equal(l, []int{1, 2, 3}) {
		return 0, fmt.Errorf("the list is %v", l)
	}
	l[0] = 99
	mine := []int{n, n}
	if err := lists.Set(ctx, itoa(n), mine); err != nil {
		return 0, err
	}
	mine[1] = 99
	back, _, err := lists.Get(ctx, itoa(n))
	if err != nil || !slices.Equal(back, []int{n, n}) {
		return 0, fmt.Errorf("an own write reads %v, %v", back, err)
	}
	back[0] = 99
	return n, nil
}

var _ = parfor.Register(grow)

func valuesAreCopies(f *fixture) {
	in := []int{1, 2, 3}
	if err := lists.Set(f.Context(), "list", in); err != nil {
		f.Fatal(err)
	}
	in[0] = 99
	expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(50), grow, parfor.On(f.x)))
	for i := range 50 {
		l, _, err := lists.Get(f.Context(), itoa(i))
		if err != nil || !slices.Equal(l, []int{i, i}) {
			f.Fatalf("item %d stored %v, %v", i, l, err)
		}
	}
}

func plot(ctx context.Context, n int) error {
	return points.Add(ctx, point{int16(n % 5), int16(-n % 3), "p" + itoa(n%2), [2]string{"", "x"}}, 0.5)
}

var _ = parfor.RegisterEach(plot)

func keysOfAllShapes(f *fixture) {
	const n = 300
	if err := parfor.Each(f.Context(), parfor.Range(n), plot, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	m := map[point]float64{}
	for i := range n {
		m[point{int16(i % 5), int16(-i % 3), "p" + itoa(i%2), [2]string{"", "x"}}] += 0.5
	}
	want(f, points, m)
}

// parcel is an item with a dictionary inside.
type parcel struct {
	N    int
	Seen *dict.Dict[string, int]
}

func open(ctx context.Context, p parcel) error {
	if _, _, err := p.Seen.Get(ctx, "total"); err != nil {
		return err
	}
	return errors.Join(p.Seen.Add(ctx, "total", p.N), p.Seen.Set(ctx, itoa(p.N), p.N))
}

var _ = parfor.RegisterEach(open)

func handlesInItems(f *fixture) {
	const n = 100
	a := expect[*dict.Dict[string, int]](f)(dict.Make[string, int](f.Context()))
	b := expect[*dict.Dict[string, int]](f)(dict.Make[string, int](f.Context()))
	defer a.Close()
	defer b.Close()
	var items []parcel
	models := []map[string]int{{}, {}}
	for i := range n {
		items = append(items, parcel{i, []*dict.Dict[string, int]{a, b}[i%2]})
		models[i%2]["total"] += i
		models[i%2][itoa(i)] = i
	}
	if err := parfor.Each(f.Context(), items, open, parfor.On(f.x), parfor.OnConflict(parfor.Rerun)); err != nil {
		f.Fatal(err)
	}
	want(f, a, models[0])
	want(f, b, models[1])
	b.Close()
	if err := parfor.Each(f.Context(), items[:4], open, parfor.On(f.x), parfor.KeepGoing()); !errors.Is(err, dict.ErrClosed) {
		f.Errorf("tasks with a closed dictionary: %v", err)
	}
}

func argued(ctx context.Context, n int) error {
	return parfor.Arg[*dict.Dict[string, int]](ctx).Add(ctx, "total", n)
}

var _ = parfor.RegisterEach(argued)

func handlesInWith(f *fixture) {
	d := expect[*dict.Dict[string, int]](f)(dict.Make[string, int](f.Context()))
	defer d.Close()
	if err := parfor.Each(f.Context(), parfor.Range(100), argued, parfor.On(f.x), parfor.With(d)); err != nil {
		f.Fatal(err)
	}
	want(f, d, map[string]int{"total": 4950})
}

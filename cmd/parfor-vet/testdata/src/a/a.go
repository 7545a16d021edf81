package a

import (
	"context"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	d       = dict.New[int, int]("d")
	n       dict.Counter
	forever = context.Background()
	_       = parfor.Register(named)
)

func literals(outer context.Context, items []int) {
	d.Set(outer, 0, 0)
	parfor.Each(outer, items, func(ctx context.Context, i int) error {
		n.Add(outer, 1) // want `the body of parfor.Each calls Counter.Add with outer, which is not made from the body's own context`
		n.Add(ctx, 1)
		return d.Set(ctx, i, i)
	})
	parfor.Each(outer, items, func(_ context.Context, i int) error {
		return d.Set(context.Background(), i, i) // want `Dict.Set with context.Background\(\)`
	})
	parfor.Each(outer, items, func(context.Context, int) error {
		_, err := dict.Make[int, int](context.TODO()) // want `dict.Make with context.TODO\(\)`
		return err
	})
}

func derived(outer context.Context, items []int) {
	parfor.Each(outer, items, func(ctx context.Context, i int) error {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		var same = short
		d.Set(same, i, i)
		d.Set(wrap(short, "x"), i, i)
		func() { d.Set(same, i, i) }()
		with(outer, func(inner context.Context) { d.Set(inner, i, i) })

		long, stop := context.WithTimeout(outer, time.Second)
		defer stop()
		go func() { d.Set(long, i, i) }() // want `Dict.Set with long`
		size := length(ctx)
		d.Set(context.WithValue(outer, "k", size), i, i) // want `Dict.Set with context.WithValue`
		ctx2 := forever
		return d.Set(ctx2, i, i) // want `Dict.Set with ctx2`
	})
}

func nested(outer context.Context, items []int) {
	parfor.Each(outer, items, func(ctx context.Context, i int) error {
		parfor.Arg[int](outer)                                                   // want `parfor.Arg with outer`
		return parfor.Each(outer, items, func(in context.Context, j int) error { // want `the body of parfor.Each calls parfor.Each with outer`
			d.Set(in, i, j)
			return d.Set(ctx, i, j) // want `Dict.Set with ctx`
		})
	})
}

func named(ctx context.Context, i int) (int, error) {
	d.Set(ctx, i, i)
	return i, d.Set(forever, i, i) // want `the body of parfor.Register calls Dict.Set with forever`
}

func notABody(ctx context.Context, i int) error { return d.Set(forever, i, i) }

func generic[T any](ctx context.Context, i T) error {
	return n.Add(forever, 1) // want `Counter.Add with forever`
}

type server struct{ ctx context.Context }

func (s *server) body(ctx context.Context, i int) error {
	own := &server{ctx}
	d.Set(own.ctx, i, i)
	return d.Set(s.ctx, i, i) // want `Dict.Set with s.ctx`
}

func values(outer context.Context, items []int) {
	body := func(ctx context.Context, i int) error {
		return d.Set(outer, i, i) // want `Dict.Set with outer`
	}
	parfor.Each(outer, items, body)
	parfor.Each(outer, items, body) // the second use adds no second report
	parfor.Each(outer, items, generic[int])
	parfor.Each(outer, items, (&server{outer}).body)
}

func wrap(ctx context.Context, name string) context.Context { return ctx }

func with(ctx context.Context, fn func(context.Context)) { fn(ctx) }

func length(ctx context.Context) int { return 0 }

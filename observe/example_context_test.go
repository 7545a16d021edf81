package observe_test

import (
	"context"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

type nameKey struct{}

// named gives the bodies of each loop its name, to log with.
type named struct{ summary }

func (named) Context(ctx context.Context, s observe.Start) context.Context {
	return context.WithValue(ctx, nameKey{}, s.Name)
}

func ExampleContextObserver() {
	body := func(ctx context.Context, n int) error {
		fmt.Println("item", n, "of", ctx.Value(nameKey{}))
		return nil
	}
	err := parfor.Each(context.Background(), parfor.Range(2), body, parfor.On(parfor.Sequential()),
		parfor.Name("nightly"), parfor.Observe(named{}))
	fmt.Println(err)
	// Unordered output:
	// nightly on sequential with 2 items
	// item 0 of nightly
	// item 1 of nightly
	// 2 done: 2 ok, 0 failed
	// <nil>
}

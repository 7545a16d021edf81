package parfor_test

import (
	"context"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var sums = dict.New[string, int]("sums")

// The tutorial's d[k] = d[k] + 1 loses no update.
func ExampleOnConflict() {
	ctx := context.Background()
	increment := func(ctx context.Context, _ int) error {
		n, _, err := sums.Get(ctx, "n")
		if err != nil {
			return err
		}
		return sums.Set(ctx, "n", n+1)
	}
	err := parfor.Each(ctx, parfor.Range(1000), increment, parfor.OnConflict(parfor.Rerun))
	n, _, _ := sums.Get(ctx, "n")
	fmt.Println(n, err)
	// Output: 1000 <nil>
}

// Of all tasks that look first, exactly one acts: each is as if it were alone.
func ExampleSerializable() {
	ctx := context.Background()
	elect := func(ctx context.Context, n int) error {
		m, err := sums.Snapshot(ctx)
		if err != nil {
			return err
		}
		for name := range m {
			if name == "leader a" || name == "leader b" {
				return nil
			}
		}
		return sums.Set(ctx, []string{"leader a", "leader b"}[n%2], n)
	}
	err := parfor.Each(ctx, parfor.Range(20), elect, parfor.Serializable(), parfor.OnConflict(parfor.Rerun))
	a, _ := sums.Has(ctx, "leader a")
	b, _ := sums.Has(ctx, "leader b")
	fmt.Println(a != b, err)
	// Output: true <nil>
}

// A call that is tried again has the key it had before.
func ExampleKey() {
	ctx := context.Background()
	keys := map[string]bool{}
	pay := func(ctx context.Context, amount int) error {
		first := len(keys) == 0
		keys[parfor.Key(ctx)] = true // as a header: Idempotency-Key
		if first {
			return fmt.Errorf("the connection broke")
		}
		return nil
	}
	err := parfor.Each(ctx, []int{100}, pay, parfor.Attempts(2))
	fmt.Println(len(keys), err)
	// Output: 1 <nil>
}

package dict_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// make1 makes a dictionary for an example.
func make1[K comparable, V any](opts ...dict.Option) *dict.Dict[K, V] {
	d, err := dict.Make[K, V](context.Background(), opts...)
	if err != nil {
		panic(err)
	}
	return d
}

func ExampleDict_Max() {
	ctx := context.Background()
	best := make1[string, int]()
	defer best.Close()
	parfor.Each(ctx, []int{3, 9, 4}, func(ctx context.Context, n int) error {
		return best.Max(ctx, "score", n)
	})
	fmt.Println(best.Get(ctx, "score"))
	// Output: 9 true <nil>
}

func ExampleDict_Min() {
	ctx := context.Background()
	first := make1[string, string]()
	defer first.Close()
	for _, name := range []string{"mia", "ada", "zoe"} {
		first.Min(ctx, "name", name)
	}
	fmt.Println(first.Get(ctx, "name"))
	// Output: ada true <nil>
}

func ExampleDict_Append() {
	ctx := context.Background()
	pages := make1[string, []string]()
	defer pages.Close()
	parfor.Each(ctx, []string{"/a", "/b"}, func(ctx context.Context, page string) error {
		return pages.Append(ctx, "site", []string{page})
	}, parfor.Workers(1))
	fmt.Println(pages.Get(ctx, "site"))
	// Output: [/a /b] true <nil>
}

func ExampleDict_SetDefault() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.SetDefault(ctx, "timeout", 30)
	d.SetDefault(ctx, "timeout", 60)
	fmt.Println(d.Get(ctx, "timeout"))
	// Output: 30 true <nil>
}

func ExampleDict_Insert() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	fmt.Println(d.Insert(ctx, "a", 1))
	err := d.Insert(ctx, "a", 2)
	fmt.Println(err != nil, strings.HasSuffix(err.Error(), dict.ErrExists.Error()))
	// Output:
	// <nil>
	// true true
}

// longest keeps the longer of two words.
func longest(old, v string) string {
	if len(v) > len(old) {
		return v
	}
	return old
}

var _ = dict.RegisterMerge(longest)

func ExampleDict_Merge() {
	ctx := context.Background()
	words := make1[string, string]()
	defer words.Close()
	parfor.Each(ctx, []string{"do", "parfor", "for"}, func(ctx context.Context, w string) error {
		return words.Merge(ctx, "longest", longest, w)
	})
	fmt.Println(words.Get(ctx, "longest"))
	// Output: parfor true <nil>
}

// The function has to be known in every process of the program.
func ExampleRegisterMerge() {
	// var _ = dict.RegisterMerge(longest)
	fmt.Println(longest("do", "parfor"))
	// Output: parfor
}

// withdraw takes from an account what it holds.
func withdraw(balance int, ok bool, amount int) (int, bool) {
	if balance < amount {
		return balance, ok
	}
	return balance - amount, true
}

var _ = dict.RegisterCompute(withdraw)

func ExampleCompute() {
	ctx := context.Background()
	accounts := make1[string, int]()
	defer accounts.Close()
	accounts.Set(ctx, "ada", 100)
	fmt.Println(dict.Compute(ctx, accounts, "ada", withdraw, 30))
	fmt.Println(dict.Compute(ctx, accounts, "ada", withdraw, 100))
	// Output:
	// 70 true <nil>
	// 70 true <nil>
}

// The function has to be known in every process of the program.
func ExampleRegisterCompute() {
	// var _ = dict.RegisterCompute(withdraw)
	fmt.Println(withdraw(100, true, 30))
	// Output: 70 true
}

// Every task gets a number of its own: 1 to 100, without gaps.
func ExampleDict_AddGet() {
	ctx := context.Background()
	counter := make1[string, int]()
	defer counter.Close()
	tickets, err := parfor.Map(ctx, parfor.Range(100), func(ctx context.Context, _ int) (int, error) {
		return counter.AddGet(ctx, "tickets", 1)
	}, parfor.OnConflict(parfor.Rerun))
	slices.Sort(tickets)
	fmt.Println(len(slices.Compact(tickets)), tickets[0], tickets[99], err)
	// Output: 100 1 100 <nil>
}

func ExampleDict_SetMany() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.SetMany(ctx, []dict.KV[string, int]{{Key: "a", Value: 1}, {Key: "b", Value: 2}})
	fmt.Println(d.Snapshot(ctx))
	// Output: map[a:1 b:2] <nil>
}

func ExampleDict_GetMany() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.Update(ctx, map[string]int{"a": 1, "b": 2})
	fmt.Println(d.GetMany(ctx, "b", "c"))
	// Output: [{2 true} {0 false}] <nil>
}

func ExampleDict_Keys() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.Update(ctx, map[string]int{"a": 1, "b": 2})
	keys, err := d.Keys(ctx)
	slices.Sort(keys)
	fmt.Println(keys, err)
	// Output: [a b] <nil>
}

func ExampleDict_Values() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.Update(ctx, map[string]int{"a": 1, "b": 2})
	values, err := d.Values(ctx)
	slices.Sort(values)
	fmt.Println(values, err)
	// Output: [1 2] <nil>
}

func ExampleSorted() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.Update(ctx, map[string]int{"b": 2, "c": 3, "a": 1})
	for k, v := range dict.Sorted(ctx, d) {
		fmt.Print(k, "=", v, " ")
	}
	// Output: a=1 b=2 c=3
}

func ExampleSortedFunc() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.Update(ctx, map[string]int{"b": 2, "c": 3, "a": 1})
	for k := range dict.SortedFunc(ctx, d, func(a, b string) int { return strings.Compare(b, a) }) {
		fmt.Print(k, " ")
	}
	// Output: c b a
}

func ExampleDict_Equal() {
	ctx := context.Background()
	a, b := make1[string, int](), make1[string, int]()
	defer a.Close()
	defer b.Close()
	a.Set(ctx, "k", 1)
	b.Set(ctx, "k", 1)
	fmt.Println(a.Equal(ctx, b))
	// Output: true <nil>
}

// Each page is fetched once, however many links lead to it.
func ExampleDict_Claim() {
	ctx := context.Background()
	visited := make1[string, struct{}]()
	defer visited.Close()
	links := []string{"/", "/about", "/", "/about", "/"}
	fetched, err := parfor.Map(ctx, links, func(ctx context.Context, page string) (bool, error) {
		return visited.Claim(ctx, page)
	})
	n := 0
	for _, mine := range fetched {
		if mine {
			n++
		}
	}
	fmt.Println(n, "fetched", err)
	// Output: 2 fetched <nil>
}

func ExampleDict_Watch() {
	ctx := context.Background()
	d := make1[string, int]()
	defer d.Close()
	d.Set(ctx, "before", 1)
	for c, err := range d.Watch(ctx, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Key, c.Value, c.Present)
		switch c.Key {
		case "before":
			d.Set(ctx, "after", 2)
		case "after":
			if !c.Present {
				return
			}
			d.Delete(ctx, "after")
		}
	}
	// Output:
	// before 1 true
	// after 2 true
	// after 0 false
}

func ExampleMaxEntries() {
	ctx := context.Background()
	d := make1[int, int](dict.MaxEntries(2))
	defer d.Close()
	for i := range 3 {
		fmt.Println(d.Set(ctx, i, i) == nil)
	}
	// Output:
	// true
	// true
	// false
}

func ExampleMaxBytes() {
	ctx := context.Background()
	d := make1[int, string](dict.MaxBytes(100))
	defer d.Close()
	fmt.Println(d.Set(ctx, 1, "short") == nil, d.Set(ctx, 2, strings.Repeat("long", 50)) == nil)
	// Output: true false
}

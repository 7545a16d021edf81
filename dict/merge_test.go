package dict_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

func sumOf(old, n int) int { return old + n }

var _ = dict.RegisterMerge(sumOf)

// The tutorial's dictionaries, combined at the end.
func ExampleMerge() {
	monday := map[string]int{"ok": 3, "late": 1}
	tuesday := map[string]int{"ok": 4, "lost": 2}
	fmt.Println(dict.Merge(func(a, b int) int { return a + b }, monday, tuesday))
	fmt.Println(dict.Merge(nil, monday, tuesday))
	// Output:
	// map[late:1 lost:2 ok:7]
	// map[late:1 lost:2 ok:4]
}

func ExampleDict_MergeMany() {
	ctx := context.Background()
	counts := make1[string, int]()
	defer counts.Close()
	// var _ = dict.RegisterMerge(sumOf)
	err := parfor.Each(ctx, []string{"a loop", "a task in a loop"}, func(ctx context.Context, line string) error {
		mine := map[string]int{}
		for word := range strings.FieldsSeq(line) {
			mine[word]++
		}
		return counts.MergeMany(ctx, sumOf, mine)
	})
	m, _ := counts.Snapshot(ctx)
	fmt.Println(m, err)
	// Output: map[a:3 in:1 loop:2 task:1] <nil>
}

// Items come in any order, and yet the last one is the one with the highest
// index.
func ExampleLastByItem() {
	ctx := context.Background()
	status := make1[string, int](dict.LastByItem())
	defer status.Close()
	err := parfor.Each(ctx, parfor.Range(1000), func(ctx context.Context, n int) error {
		return status.Set(ctx, "newest", n)
	})
	v, _, _ := status.Get(ctx, "newest")
	fmt.Println(v, err)
	// Output: 999 <nil>
}

func TestMergeNeverAliases(t *testing.T) {
	type table map[int]string
	a, b := table{1: "a", 2: "a"}, table{2: "b"}
	join := func(x, y string) string { return x + y }
	for _, maps := range [][]table{{}, {nil}, {a}, {nil, a}, {a, b}, {b, a}} {
		m := dict.Merge(join, maps...)
		if m == nil {
			t.Fatalf("Merge of %v is nil", maps)
		}
		m[9] = "mine"
	}
	if len(a) != 2 || len(b) != 1 {
		t.Errorf("the arguments changed: %v, %v", a, b)
	}
	if m := dict.Merge(join, a, b, a); m[2] != "aba" {
		t.Errorf("order: %v", m)
	}
}

func TestMergeManyIsOneStep(t *testing.T) {
	ctx := t.Context()
	d := make1[int, int](dict.MaxEntries(2))
	defer d.Close()
	if err := d.MergeMany(ctx, sumOf, map[int]int{1: 1, 2: 2}); err != nil {
		t.Fatal(err)
	}
	if err := d.MergeMany(ctx, sumOf, map[int]int{1: 5, 3: 3}); err == nil {
		t.Error("beyond the limit, and no error")
	}
	if err := d.MergeMany(ctx, func(a, b int) int { return a }, map[int]int{1: 1}); err == nil || !strings.Contains(err.Error(), "RegisterMerge") {
		t.Errorf("not registered: %v", err)
	}
	if m, _ := d.Snapshot(ctx); !maps.Equal(m, map[int]int{1: 1, 2: 2}) {
		t.Errorf("%v", m)
	}
}

// A limit counts what is left after later items have outdone the write.
func TestLastByItemWithinLimits(t *testing.T) {
	d := make1[int, int](dict.LastByItem(), dict.MaxEntries(3))
	defer d.Close()
	second := make(chan struct{})
	err := parfor.Each(t.Context(), parfor.Range(2), func(ctx context.Context, n int) error {
		if n == 0 {
			for {
				if _, ok, _ := d.Get(context.Background(), 2); ok {
					break
				}
				<-second
			}
			return d.Update(ctx, map[int]int{1: 0, 2: 0})
		}
		if err := d.Update(ctx, map[int]int{2: 1, 3: 1}); err != nil {
			return err
		}
		close(second)
		return d.Delete(ctx, 4)
	}, parfor.Chunk(1))
	if m, _ := d.Snapshot(t.Context()); err != nil || !maps.Equal(m, map[int]int{1: 0, 2: 1, 3: 1}) {
		t.Errorf("%v, %v", m, err)
	}
}

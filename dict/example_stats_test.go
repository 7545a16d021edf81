package dict_test

import (
	"context"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/progress"
)

func ExampleDict_Stats() {
	ctx := context.Background()
	words, _ := dict.Make[string, int](ctx)
	parfor.Each(ctx, []string{"a", "b", "a"}, func(ctx context.Context, w string) error { return words.Add(ctx, w, 1) })
	s := words.Stats()
	fmt.Println(s.Commits, "commits,", s.Adds, "adds,", s.Conflicts, "conflicts,", s.Entries, "entries")
	// Output: 3 commits, 3 adds, 0 conflicts, 2 entries
}

func ExampleStats_Operations() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Update(ctx, map[string]int{"a": 1, "b": 2})
	fmt.Println(d.Stats().Operations(), "in", d.Stats().Commits, "commit")
	// Output: 2 in 1 commit
}

func ExampleAsked_Total() {
	a := dict.Asked{Gets: 3, Snapshots: 1}
	fmt.Println(a.Total(), "round trips")
	// Output: 4 round trips
}

var visits = dict.New[string, int]("visits", dict.ShowKeys())

// A receipt has a line for each dictionary that a loop used.
func ExampleShowKeys() {
	ctx := context.Background()
	visits.Set(ctx, "home", 0)
	visit := func(ctx context.Context, i int) error {
		n, _, err := visits.Get(ctx, "home") // Add would not conflict
		if err != nil {
			return err
		}
		if i%2 == 0 { // somebody else, at the wrong moment
			visits.Add(context.Background(), "home", 1)
		}
		return visits.Set(ctx, "home", n+1)
	}
	watch := parfor.Observe(progress.JSON(discard{}))
	err := parfor.Each(ctx, parfor.Range(8), visit, parfor.On(parfor.Sequential()), parfor.KeepGoing(), watch)
	hot := visits.Stats().Hot[0]
	fmt.Println(len(parfor.Failed(err)), "failed;", hot.Key, "had", hot.Conflicts, "conflicts")
	// Output: 4 failed; home had 4 conflicts
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func ExampleDict_HotKeys() {
	ctx := context.Background()
	d, _ := dict.Make[int, int](ctx)
	for i := range 100_000 {
		d.Add(ctx, i%2*i, 1) // every second time key 0
	}
	fmt.Println(d.HotKeys()[0].Key)
	// Output: 0
}

func ExampleAllStats() {
	visits.Set(context.Background(), "start", 1)
	for _, s := range dict.AllStats() {
		if s.Name == visits.Name() {
			fmt.Println("visits was used:", s.Commits > 0)
		}
	}
	// Output: visits was used: true
}

func ExampleSharedMemory() {
	// 0 until a worker process reads a dictionary.
	fmt.Println("a number of bytes:", dict.SharedMemory() >= 0)
	// Output: a number of bytes: true
}

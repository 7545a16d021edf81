package dict_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	journaledHits = dict.New[string, int]("example journaled hits")
	journaledSeen = dict.NewLive[int, bool]("example journaled seen")
)

// A dictionary that a journaled loop writes comes back when it is resumed.
func ExampleDict_journal() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	count := func(ctx context.Context, n int) (int, error) {
		return n, journaledHits.Add(ctx, []string{"even", "odd"}[n%2], 1)
	}
	for range 2 {
		_, err := parfor.Map(ctx, parfor.Range(5), count, parfor.Name("count"), parfor.Journal(filepath.Join(dir, "j")))
		m, _ := journaledHits.Snapshot(ctx)
		fmt.Println(m, err)
		journaledHits.Clear(ctx) // as if the program began anew
	}
	// Output:
	// map[even:3 odd:2] <nil>
	// map[even:3 odd:2] <nil>
}

// What takes effect at once has no place in a journal.
func ExampleLive_journal() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	mark := func(ctx context.Context, n int) (int, error) { return n, journaledSeen.Set(ctx, n, true) }
	_, err = parfor.Map(context.Background(), []int{1, 2}, mark, parfor.Name("mark"),
		parfor.Journal(filepath.Join(dir, "j")), parfor.JournalIgnores(journaledSeen))
	fmt.Println(err)
	// Output: <nil>
}

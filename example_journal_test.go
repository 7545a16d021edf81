package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"parfor.dev/parfor"
)

// journalFile is a file in a directory of its own.
func journalFile() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "double.journal"), func() { os.RemoveAll(dir) }
}

func twofold(_ context.Context, n int) (int, error) { return 2 * n, nil }

func ExampleJournal() {
	path, remove := journalFile()
	defer remove()
	ctx := context.Background()
	for _, n := range []int{3, 5} { // the second loop is the first one, resumed, with more items
		var r parfor.Resumption
		out, err := parfor.Map(ctx, parfor.Range(n), twofold, parfor.Journal(path), parfor.JournalReport(&r))
		fmt.Println(out, err, "from the journal:", r.Resumed)
	}
	// Output:
	// [0 2 4] <nil> from the journal: 0
	// [0 2 4 6 8] <nil> from the journal: 3
}

func ExampleJournalReport() {
	path, remove := journalFile()
	defer remove()
	ctx := context.Background()
	var r parfor.Resumption
	for _, items := range [][]int{{1, 2, 3}, {3, 4}} {
		if _, err := parfor.Map(ctx, items, twofold, parfor.Journal(path), parfor.JournalReport(&r)); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("resumed:", r.Resumed, "gone:", len(r.Gone))
	// Output: resumed: 1 gone: 2
}

func ExampleVersion() {
	path, remove := journalFile()
	defer remove()
	ctx := context.Background()
	for _, v := range []string{"1", "1", "2"} {
		_, err := parfor.Map(ctx, []int{1}, twofold, parfor.Journal(path), parfor.Version(v))
		fmt.Println(err == nil, errors.Is(err, parfor.ErrJournalMismatch))
	}
	// Output:
	// true false
	// true false
	// false true
}

func ExampleItemKey() {
	type order struct {
		ID    int
		Price float64
	}
	path, remove := journalFile()
	defer remove()
	ctx := context.Background()
	price := func(_ context.Context, o order) (float64, error) { return o.Price * 1.2, nil }
	for _, o := range []order{{ID: 1, Price: 10}, {ID: 1, Price: 20}} { // the same order, changed meanwhile
		out, err := parfor.Map(ctx, []order{o}, price, parfor.Name("price"), parfor.Journal(path),
			parfor.ItemKey(func(o order) string { return fmt.Sprint(o.ID) }))
		fmt.Println(out, err)
	}
	// Output:
	// [12] <nil>
	// [12] <nil>
}

func ExampleJournalSync() {
	path, remove := journalFile()
	defer remove()
	// What is reported is on the disk: one fsync for all that wait.
	out, err := parfor.Map(context.Background(), []int{1, 2, 3}, twofold, parfor.Journal(path), parfor.JournalSync(0))
	fmt.Println(out, err)
	// Output: [2 4 6] <nil>
}

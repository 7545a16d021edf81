package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"parfor.dev/parfor/journal"
)

func ExampleOpen() {
	j, err := journal.Open("testdata/statuses.journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	statuses := map[string]int{} // the last result of an item counts
	for e, err := range j.Entries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		if statuses[e.Key], err = journal.Result[int](e); err != nil {
			fmt.Println(err)
			return
		}
	}
	times := map[int]int{}
	for _, status := range statuses {
		times[status]++
	}
	fmt.Println(times)
	// Output: map[200:4 404:1]
}

func ExampleJournal_Header() {
	j, err := journal.Open("testdata/statuses.journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	h := j.Header()
	fmt.Printf("%s: %s -> %s, version %s, begun %s\n", h.Name, h.In, h.Out, h.Version, h.Created.UTC().Format("2006-01-02"))
	// Output: main.post: int -> int, version 1, begun 2026-11-28
}

func ExampleJournal_Entries() {
	j, err := journal.Open("testdata/statuses.journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	for e, err := range j.Entries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %.8s attempts: %d\n", e.Commit, e.Key, e.Attempts)
	}
	// Output:
	// 1 d8a7ccf8 attempts: 1
	// 2 13882cbe attempts: 1
	// 3 01ae96c6 attempts: 3
	// 4 4310415f attempts: 1
	// 5 36223451 attempts: 1
	// 6 d8a7ccf8 attempts: 1
}

func ExampleJournal_Count() {
	j, err := journal.Open("testdata/statuses.journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	c, err := j.Count()
	fmt.Println(c.Items, "items,", c.Commits, "commits, ended:", c.Ended, err)
	// Output: 5 items, 6 commits, ended: true <nil>
}

func ExampleJournal_Close() {
	j, err := journal.Open("testdata/statuses.journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(j.Close())
	// Output: <nil>
}

func ExampleResult() {
	j, err := journal.Open("testdata/statuses.journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	for e, err := range j.Entries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		status, err := journal.Result[int](e)
		fmt.Println(status, err)
		_, err = journal.Result[string](e)
		fmt.Println(err)
		break
	}
	// Output:
	// 503 <nil>
	// parfor: the results of this journal are of type int, not string
}

// example copies the journal to a folder of its own.
func example() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	b, err := os.ReadFile("testdata/statuses.journal")
	if err != nil {
		panic(err)
	}
	path = filepath.Join(dir, "statuses.journal")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		panic(err)
	}
	return path, func() { os.RemoveAll(dir) }
}

func ExampleCompact() {
	path, remove := example()
	defer remove()
	c, err := journal.Compact(path)
	fmt.Println(c.Items, "items, smaller:", c.After < c.Before, err)
	// Output: 5 items, smaller: true <nil>
}

func ExampleRepair() {
	path, remove := example()
	defer remove()
	b, _ := os.ReadFile(path)
	b[len(b)/2] ^= 1 // what a disk does
	os.WriteFile(path, b, 0o600)

	_, err := journal.Compact(path)
	var damaged *journal.DamagedError
	fmt.Println("damaged:", errors.As(err, &damaged))

	c, err := journal.Repair(path)
	fmt.Println(c.Items, "items are left,", err)
	// Output:
	// damaged: true
	// 2 items are left, <nil>
}

package parfor_test

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"testing/fstest"

	"parfor.dev/parfor"
)

// The files of a tree of directories: a task for each, which adds those that
// are in it.
func ExampleGroup() {
	files := fstest.MapFS{"go.mod": {Data: []byte("module m")}, "cmd/main.go": {Data: []byte("package main")}, "cmd/sub/a.go": {Data: []byte("package sub")}}
	size := func(ctx context.Context, dir string) (int64, error) {
		var sum int64
		entries, err := files.ReadDir(dir)
		for _, e := range entries {
			if e.IsDir() {
				err = parfor.Add(ctx, path.Join(dir, e.Name()))
			} else if info, errInfo := e.Info(); errInfo == nil {
				sum += info.Size()
			}
		}
		return sum, err
	}
	for r, err := range parfor.Group(context.Background(), []string{"."}, size, parfor.InOrder()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Index, r.In, r.Out)
	}
	// Output:
	// 0 . 8
	// 1 cmd 12
	// 2 cmd/sub 11
}

// An attempt that fails adds nothing, so one that is tried again adds once.
func ExampleAdd() {
	tries := 0
	body := func(ctx context.Context, n int) (string, error) {
		if n == 0 {
			if err := parfor.Add(ctx, 1, 2); err != nil {
				return "", err
			}
			if tries++; tries == 1 {
				return "", os.ErrDeadlineExceeded
			}
		}
		return fmt.Sprint("task ", n), nil
	}
	var done []string
	for r, err := range parfor.Group(context.Background(), []int{0}, body, parfor.Attempts(2)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		done = append(done, r.Out)
	}
	slices.Sort(done)
	fmt.Println(done)
	fmt.Println(parfor.Add(context.Background(), 3))
	// Output:
	// [task 0 task 1 task 2]
	// parfor: not inside a task: use the context the body was given: Add adds to the Group whose body calls it
}

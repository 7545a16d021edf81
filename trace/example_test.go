package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/trace"
)

// A loop, and where it is in the trace.
func ExampleCreate() {
	dir, err := os.MkdirTemp("", "trace")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	t, err := trace.Create(filepath.Join(dir, "double.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	double := func(ctx context.Context, n int) (int, error) { return 2 * n, nil }
	out, err := parfor.Map(context.Background(), []int{1, 2, 3}, double, parfor.On(parfor.Sequential()),
		parfor.Name("double"), parfor.Observe(t))
	fmt.Println(out, err, t.Close())

	file, err := os.ReadFile(filepath.Join(dir, "double.json"))
	var events []struct{ Ph, Name string }
	if err == nil {
		err = json.Unmarshal(file, &events)
	}
	for _, e := range events {
		if e.Ph == "B" || e.Ph == "E" {
			fmt.Println(e.Ph, e.Name)
		}
	}
	fmt.Println(err)
	// Output:
	// [2 4 6] <nil> <nil>
	// B double
	// E double
	// <nil>
}

// What a loop tells its observers, by hand, so that the numbers are the same
// each time.
func ExampleNew() {
	t := trace.New(os.Stdout)
	t.Start(observe.Start{Loop: 1, Name: "post", Executor: "goroutines", Workers: 32, Total: 500})
	t.Frame(observe.Frame{Loop: 1, Slices: []observe.Slice{
		{Worker: 3, Start: 1500 * time.Microsecond, Took: 40 * time.Millisecond, Index: 17, Attempt: 1, Flags: observe.Failed, N: 1},
	}})
	t.End(observe.End{Loop: 1, At: time.Second})
	t.Close()
	// Output:
	// [
	// {"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"post · goroutines"}},
	// {"ph":"M","name":"process_sort_index","pid":1,"tid":0,"args":{"sort_index":1}},
	// {"ph":"M","name":"thread_name","pid":1,"tid":0,"args":{"name":"loop"}},
	// {"ph":"M","name":"thread_sort_index","pid":1,"tid":0,"args":{"sort_index":0}},
	// {"ph":"B","name":"post","pid":1,"tid":0,"ts":0.000,"args":{"executor":"goroutines","workers":32,"total":500}},
	// {"ph":"M","name":"thread_name","pid":1,"tid":4,"args":{"name":"worker 3"}},
	// {"ph":"M","name":"thread_sort_index","pid":1,"tid":4,"args":{"sort_index":4}},
	// {"ph":"X","name":"item 17 failed","pid":1,"tid":4,"ts":1500.000,"dur":40000.000,"cat":"task","cname":"terrible","args":{"item":17,"attempt":1,"outcome":"failed"}},
	// {"ph":"E","name":"post","pid":1,"tid":0,"ts":1000000.000,"args":{"state":"done","ok":0,"failed":0,"retried":0,"skipped":0,"busy_us":0,"slices":"every task drawn"}},
	// {"ph":"M","name":"process_labels","pid":1,"tid":0,"args":{"labels":"every task drawn"}}
	// ]
}

// A trace that is compressed though no name ends in ".gz".
func ExampleGzip() {
	var b bytes.Buffer
	t := trace.New(&b, trace.Gzip())
	fmt.Println(t.Close())
	fmt.Printf("% x …\n", b.Bytes()[:2])
	// Output:
	// <nil>
	// 1f 8b …
}

func ExampleMaxSlices() {
	t := trace.New(io.Discard, trace.MaxSlices(100_000)) // 13 MB at most, and the counters
	fmt.Println(t.Close())
	// Output: <nil>
}

// Close again says that there is nothing to close.
func ExampleTrace_Close() {
	t := trace.New(io.Discard)
	fmt.Println(t.Close())
	fmt.Println(t.Close())
	// Output:
	// <nil>
	// parfor: the trace is closed
}

package progress_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"
)

// On a terminal a line follows the loop and gives way to a receipt; in a log
// there is the receipt, and for a loop that takes long a line now and then.
func ExampleLine() {
	double := func(ctx context.Context, n int) (int, error) { return 2 * n, nil }
	out, err := parfor.Map(context.Background(), []int{1, 2, 3}, double,
		parfor.Name("double"),
		parfor.Observe(progress.Line(os.Stderr)))
	fmt.Println(out, err)
	// Output: [2 4 6] <nil>
}

// What a loop tells its observers, by hand, so that the numbers are the same
// each time.
func ExampleReceipt() {
	o := progress.Receipt(os.Stdout)
	o.Start(observe.Start{Loop: 1, Name: "post", Executor: "processes", Workers: 32, Total: 10000})
	o.Event(observe.Event{Loop: 1, Kind: observe.WorkerDown, Worker: 3, Index: 411, Text: "killed (SIGKILL)"})

	last := observe.Frame{Loop: 1, At: 12400 * time.Millisecond, Total: 10000}
	last.Totals = observe.Totals{OK: 9963, Failed: 37, Retried: 12, Busy: 388 * time.Second}
	last.Hist.Add(38*time.Millisecond, 9800)
	last.Hist.Add(90*time.Millisecond, 200)
	last.Groups = []observe.Group{
		{Text: "connection refused", Count: 36, First: 17, Examples: []int{17, 230, 409}},
		{Text: "worker # died: killed (SIGKILL)", Count: 1, First: 411, Examples: []int{411}},
	}
	o.End(observe.End{Loop: 1, At: last.At, Frame: last})
	// Output:
	// ✘ post: 9,963 ok · 37 failed · 12 retried · 12s · 806/s · p50 39ms p99 90ms · 32 workers, 98 % busy · 1 died
	//   37 of 10000 failed: connection refused ×36 (items 17, 230, 409 …), worker # died: killed (SIGKILL) ×1 (item 411)
}

func ExampleJSON() {
	o := progress.JSON(os.Stdout)
	o.Event(observe.Event{Loop: 1, At: time.Millisecond, Kind: observe.WorkerUp, Worker: 3, PID: 4711, Index: -1})
	// Output: {"v":1,"q":1,"t":1000000,"k":"worker.up","loop":1,"worker":3,"pid":4711,"index":null}
}

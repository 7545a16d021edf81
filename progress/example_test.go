package progress_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
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

// begun tells an observer of a loop that has done 150 of 500 items in 5 seconds.
func begun(o observe.Observer) {
	o.Start(observe.Start{Loop: 1, Name: "post", Workers: 16, Total: 500})
	for i := range 5 {
		at := time.Duration(i+1) * time.Second
		o.Frame(observe.Frame{Loop: 1, At: at, Total: 500, Totals: observe.Totals{Running: 16, OK: 30 * int64(i+1)}})
	}
}

// A log gets plain lines, also where somebody looks at it on a terminal.
func ExampleAs() {
	begun(progress.Line(os.Stdout, progress.As(progress.Plain)))
	// Output: post: 18 % 90/500 · 30/s · ETA 15s
}

// A line for a pane of 50 columns; the least important parts make room.
func ExampleWidth() {
	var screen strings.Builder
	begun(progress.Line(&screen, progress.As(progress.Terminal), progress.Color(false), progress.Width(50)))
	fmt.Println(last(screen.String()))
	// Output: post  30.0 %  150/500  30/s  ETA 10s
}

// Colour where NO_COLOR is set, or none where it isn't.
func ExampleColor() {
	for _, on := range []bool{true, false} {
		var screen strings.Builder
		begun(progress.Line(&screen, progress.As(progress.Terminal), progress.Color(on)))
		fmt.Println(on, strings.Contains(screen.String(), "\x1b[3"))
	}
	// Output:
	// true true
	// false false
}

// last is what the screen shows in the end: each line erased the one before.
func last(screen string) string {
	return screen[strings.LastIndex(screen, "\r\x1b[K")+len("\r\x1b[K"):]
}

// Results go to the same terminal as the line; what is piped elsewhere goes
// there unchanged.
func ExampleAbove() {
	line := progress.Line(os.Stderr)
	out := progress.Above(line, os.Stdout)
	double := func(ctx context.Context, n int) (int, error) { return 2 * n, nil }
	for r := range parfor.Stream(context.Background(), slices.Values([]int{1, 2, 3}), double,
		parfor.InOrder(), parfor.Name("double"), parfor.Observe(line)) {
		fmt.Fprintln(out, r.In, "->", r.Out)
	}
	// Output:
	// 1 -> 2
	// 2 -> 4
	// 3 -> 6
}

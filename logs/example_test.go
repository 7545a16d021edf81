package logs_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/logs"
	"parfor.dev/parfor/observe"
)

// toStdout logs without times, so that the output is the same each time.
func toStdout() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case "time", "run", "took", "per_second", "p50", "p90", "p99", "busy":
			return slog.Attr{}
		}
		return a
	}}))
}

func ExampleNew() {
	post := func(ctx context.Context, n int) error {
		if n%3 == 0 {
			return errors.New("connection refused")
		}
		return nil
	}
	_ = parfor.Each(context.Background(), parfor.Range(10), post, parfor.On(parfor.Sequential()),
		parfor.Name("post"), parfor.KeepGoing(), parfor.Observe(logs.New(toStdout())))
	// Output:
	// level=INFO msg="loop began" loop=post executor=sequential workers=1 total=10
	// level=WARN msg="tasks failed" loop=post error="connection refused" failed=4 retried=0 attempts=1 items="[0 3 6]"
	// level=WARN msg="loop ended" loop=post state=failed ok=6 failed=4
}

// What a loop that stands still tells its observers, by hand.
func ExampleStall() {
	o := logs.New(toStdout(), logs.Stall(5*time.Second))
	o.Start(observe.Start{Loop: 1, Name: "post", Executor: "goroutines", Workers: 32, Total: 500})
	for at := time.Second; at < 8*time.Second; at += time.Second {
		o.Frame(observe.Frame{Loop: 1, At: at, Total: 500, Totals: observe.Totals{Running: 1},
			Workers: []observe.Worker{{ID: 4, Since: at, Index: 17}}})
	}
	o.Frame(observe.Frame{Loop: 1, At: 8 * time.Second, Total: 500, Totals: observe.Totals{OK: 1}})
	// Output:
	// level=INFO msg="loop began" loop=post executor=goroutines workers=32 total=500
	// level=WARN msg="no task has finished" loop=post for=5s running=1 longest="item 17 for 5s on worker 4"
	// level=INFO msg="tasks finish again" loop=post after=8s
}

// A kind of errors is logged when it is new, and when it has doubled since it
// was logged last, here a minute before at least.
func ExampleEvery() {
	o := logs.New(toStdout(), logs.Every(time.Minute))
	o.Start(observe.Start{Loop: 1, Name: "post", Executor: "goroutines", Workers: 32, Total: -1})
	for i := range 20 {
		at := time.Duration(i+1) * 10 * time.Second
		o.Frame(observe.Frame{Loop: 1, At: at, Total: -1, Groups: []observe.Group{{Text: "EOF", Count: int64(i + 1), Attempts: 1, Examples: []int{17}}}})
	}
	// Output:
	// level=INFO msg="loop began" loop=post executor=goroutines workers=32
	// level=WARN msg="tasks failed" loop=post error=EOF failed=1 retried=0 attempts=1 items=[17]
	// level=WARN msg="tasks failed" loop=post error=EOF failed=7 retried=0 attempts=1 items=[17]
	// level=WARN msg="tasks failed" loop=post error=EOF failed=14 retried=0 attempts=1 items=[17]
}

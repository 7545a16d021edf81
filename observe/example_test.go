package observe_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

// summary prints what a loop came to, and nothing while it runs.
type summary struct{}

func (summary) Start(s observe.Start) {
	fmt.Println(s.Name, "on", s.Executor, "with", s.Total, "items")
}
func (summary) Frame(observe.Frame) {}

func (summary) Event(e observe.Event) {
	if e.Died() {
		fmt.Println("worker", e.Worker, "died:", e.Text)
	}
}

func (summary) End(e observe.End) {
	t := e.Frame.Totals
	fmt.Println(t.Done(), "done:", t.OK, "ok,", t.Failed, "failed")
	for _, g := range e.Frame.Groups {
		fmt.Printf("%s ×%d, first item %d\n", g.Text, g.Count, g.First)
	}
}

// An observer of one's own, watching a loop in which every third item fails.
func ExampleObserver() {
	post := func(ctx context.Context, n int) error {
		if n%3 == 0 {
			return errors.New("connection refused")
		}
		return nil
	}
	err := parfor.Each(context.Background(), parfor.Range(10), post, parfor.On(parfor.Sequential()),
		parfor.Name("post"), parfor.KeepGoing(), parfor.Observe(summary{}))
	fmt.Println(len(parfor.Failed(err)), "errors")
	// Output:
	// post on sequential with 10 items
	// 10 done: 6 ok, 4 failed
	// connection refused ×4, first item 0
	// 4 errors
}

// Workers that left in good order did not die.
func ExampleEvent_Died() {
	for _, text := range []string{observe.DownIdle, observe.DownRecycled, "killed (SIGKILL)"} {
		e := observe.Event{Kind: observe.WorkerDown, Text: text}
		fmt.Println(text, e.Died())
	}
	// Output:
	// idle false
	// recycled false
	// killed (SIGKILL) true
}

func ExampleTotals_Done() {
	t := observe.Totals{OK: 9963, Failed: 30, Skipped: 7, Retried: 12}
	fmt.Println(t.Done(), "of 10000")
	// Output: 10000 of 10000
}

func ExampleHist() {
	var h observe.Hist
	for i := range 1000 {
		h.Add(time.Duration(i+1)*time.Millisecond, 1)
	}
	p50 := h.Quantile(0.5)
	fmt.Println(h.Count(), "tasks, median about", p50.Round(20*time.Millisecond))
	// Output: 1000 tasks, median about 500ms
}

// Of 100 tasks 98 took 5 ms and 2 took a second; the answers are within 1/32.
func ExampleHist_Quantile() {
	var h observe.Hist
	h.Add(5*time.Millisecond, 98)
	h.Add(time.Second, 2)
	fmt.Println(h.Quantile(0.5).Round(time.Millisecond), h.Quantile(0.99).Round(100*time.Millisecond))
	// Output: 5ms 1s
}

// Durations of two loops together, without changing either's own.
func ExampleHist_Merge() {
	var first, second observe.Hist
	first.Add(5*time.Millisecond, 100)
	second.Add(9*time.Millisecond, 50)

	both := first.Clone()
	both.Merge(second)
	fmt.Println(first.Count(), second.Count(), both.Count())
	// Output: 100 50 150
}

// A histogram of one's own making, such as one read from a file.
func ExampleHist_AddBucket() {
	var h observe.Hist
	h.AddBucket(observe.Bucket(4*time.Microsecond), 3)
	fmt.Println(h.Count())
	// Output: 3
}

func ExampleHist_All() {
	var h observe.Hist
	h.Add(12*time.Nanosecond, 2)
	h.Add(100*time.Nanosecond, 7)
	for i, n := range h.All() {
		low, high := observe.BucketRange(i)
		fmt.Println(n, "tasks of", low, "to", high)
	}
	// Output:
	// 2 tasks of 12ns to 12ns
	// 7 tasks of 100ns to 103ns
}

func ExampleBucket() {
	fmt.Println(observe.Bucket(0), observe.Bucket(15), observe.Bucket(time.Second), "of", observe.Buckets)
	// Output: 0 15 429 of 960
}

// A bucket is at most a sixteenth as wide as the durations in it.
func ExampleBucketRange() {
	low, high := observe.BucketRange(observe.Bucket(time.Millisecond))
	fmt.Println(low, "to", high)
	// Output: 983.04µs to 1.015807ms
}

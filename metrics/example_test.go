package metrics_test

import (
	"bytes"
	"context"
	"expvar"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"parfor.dev/parfor"
	"parfor.dev/parfor/metrics"
	"parfor.dev/parfor/observe"
)

// A program's page of metrics, and what it says after a loop.
func ExampleNew() {
	m := metrics.New()
	mux := http.NewServeMux()
	mux.Handle("/metrics", m)

	double := func(ctx context.Context, n int) (int, error) { return 2 * n, nil }
	out, err := parfor.Map(context.Background(), []int{1, 2, 3}, double, parfor.Name("double"), parfor.Observe(m))
	fmt.Println(out, err)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	show(w.Body.String(), "parfor_task_attempts_total")
	// Output:
	// [2 4 6] <nil>
	// # HELP parfor_task_attempts_total Attempts of tasks that have ended, by outcome: ok, failed for good, retried.
	// # TYPE parfor_task_attempts_total counter
	// parfor_task_attempts_total{loop="double",executor="goroutines",outcome="ok"} 3
	// parfor_task_attempts_total{loop="double",executor="goroutines",outcome="failed"} 0
	// parfor_task_attempts_total{loop="double",executor="goroutines",outcome="retried"} 0
}

// show prints the lines of a page that have the word.
func show(page, word string) {
	for line := range strings.Lines(page) {
		if strings.Contains(line, word) {
			fmt.Print(line)
		}
	}
}

// Only two names get numbers of their own.
func ExampleMaxLoops() {
	m := metrics.New(metrics.MaxLoops(2))
	for i, name := range []string{"a", "b", "c", "d"} {
		m.Start(observe.Start{Loop: uint64(i), Name: name, Executor: "sequential"})
	}
	var b bytes.Buffer
	m.WriteTo(&b)
	show(b.String(), "parfor_loops_active{")
	// Output:
	// parfor_loops_active{loop="a",executor="sequential"} 1
	// parfor_loops_active{loop="b",executor="sequential"} 1
	// parfor_loops_active{loop="other",executor="sequential"} 2
}

func ExampleMetrics_ServeHTTP() {
	w := httptest.NewRecorder()
	metrics.New().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/plain; version=0.0.4; charset=utf-8
}

// Metrics after those of the program's own.
func ExampleMetrics_WriteTo() {
	fmt.Println("my_metric 17")
	var b bytes.Buffer
	_, err := metrics.New().WriteTo(&b)
	show(b.String(), "TYPE parfor_build_info")
	fmt.Fprintln(os.Stdout, err)
	// Output:
	// my_metric 17
	// # TYPE parfor_build_info gauge
	// <nil>
}

func ExampleMetrics_String() {
	m := metrics.New()
	expvar.Publish("parfor", m)
	m.Start(observe.Start{Loop: 1, Name: "post", Executor: "goroutines", Total: 500})
	fmt.Println(expvar.Get("parfor"))
	// Output: [{"loop":"post","executor":"goroutines","active":1,"ended":0,"running":0,"queued":500,"ok":0,"failed":0,"retried":0,"skipped":0,"busy_seconds":0,"workers_died":0}]
}

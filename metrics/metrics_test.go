package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/metrics"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

// page scrapes m.
func page(t *testing.T, m *metrics.Metrics) scrape {
	t.Helper()
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	s, err := parse(b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, &b)
	}
	return s
}

func (s scrape) want(t *testing.T, all map[string]float64) {
	t.Helper()
	for id, want := range all {
		if got, ok := s[id]; !ok || got != want {
			t.Errorf("%s is %v (%v), want %v", id, got, ok, want)
		}
	}
}

// frame is one of a loop that has done n tasks of 3 ms, one of which failed.
func frame(loop uint64, n int64) observe.Frame {
	f := observe.Frame{Loop: loop, At: time.Second, Total: 100,
		Totals:  observe.Totals{Running: 2, OK: n - 1, Failed: 1, Retried: 4, Skipped: 5, Busy: time.Duration(n)*3*time.Millisecond + time.Second},
		Workers: []observe.Worker{{Since: 400 * time.Millisecond}, {Since: 600 * time.Millisecond}}}
	f.Hist.Add(3*time.Millisecond, n)
	return f
}

func TestEndedLoopsOfANameAreAddedUp(t *testing.T) {
	m := metrics.New()
	for loop := range uint64(3) {
		m.Start(observe.Start{Loop: loop, Name: "post", Executor: "goroutines", Workers: 8, Total: 100})
		m.Frame(frame(loop, 20))
	}
	m.Start(observe.Start{Loop: 9, Name: "post", Executor: "processes", Workers: 2, Total: -1})
	page(t, m).want(t, map[string]float64{
		"parfor_task_attempts_total{executor=goroutines,loop=post,outcome=ok}":         57,
		"parfor_loops_active{executor=goroutines,loop=post}":                           3,
		"parfor_loops_active{executor=processes,loop=post}":                            1,
		"parfor_tasks{executor=goroutines,loop=post,state=running}":                    6,
		"parfor_tasks{executor=goroutines,loop=post,state=queued}":                     3 * 73,
		"parfor_tasks{executor=processes,loop=post,state=queued}":                      0,
		"parfor_workers_limit{executor=goroutines,loop=post}":                          24,
		"parfor_workers{executor=goroutines,loop=post}":                                6,
		"parfor_task_duration_seconds_bucket{executor=goroutines,le=0.0025,loop=post}": 0,
		"parfor_task_duration_seconds_bucket{executor=goroutines,le=0.005,loop=post}":  60,
		"parfor_loop_duration_seconds_count{executor=goroutines,loop=post}":            0,
	})
	m.End(observe.End{Loop: 0, At: time.Minute, Frame: frame(0, 40)})
	m.End(observe.End{Loop: 1, At: time.Second, Frame: frame(1, 50), Err: errors.New("failed")})
	stopped := frame(2, 1)
	stopped.Totals.Failed, stopped.Totals.OK = 0, 20
	m.End(observe.End{Loop: 2, At: time.Second, Frame: stopped, Err: context.Canceled})
	m.Frame(frame(2, 90)) // is over
	s := page(t, m)
	s.want(t, map[string]float64{
		"parfor_task_attempts_total{executor=goroutines,loop=post,outcome=ok}":      39 + 49 + 20,
		"parfor_task_attempts_total{executor=goroutines,loop=post,outcome=failed}":  3, // a counter never falls
		"parfor_task_attempts_total{executor=goroutines,loop=post,outcome=retried}": 12,
		"parfor_tasks_skipped_total{executor=goroutines,loop=post}":                 15,
		"parfor_loops_active{executor=goroutines,loop=post}":                        0,
		"parfor_tasks{executor=goroutines,loop=post,state=running}":                 0,
		"parfor_loops_total{executor=goroutines,loop=post,state=done}":              1,
		"parfor_loops_total{executor=goroutines,loop=post,state=failed}":            1,
		"parfor_loops_total{executor=goroutines,loop=post,state=stopped}":           1,
		"parfor_loop_duration_seconds_bucket{executor=goroutines,le=1,loop=post}":   2,
		"parfor_loop_duration_seconds_bucket{executor=goroutines,le=60,loop=post}":  3,
		"parfor_loop_duration_seconds_sum{executor=goroutines,loop=post}":           62,
		"parfor_task_duration_seconds_count{executor=goroutines,loop=post}":         91,
	})
	if sum := s["parfor_task_duration_seconds_sum{executor=goroutines,loop=post}"]; sum < 0.329 || sum > 0.331 {
		t.Errorf("sum of durations %v, want 40, 50 and 20 times 3 ms", sum)
	}
}

func TestEvents(t *testing.T) {
	m := metrics.New()
	m.Start(observe.Start{Loop: 1, Name: "post", Executor: "processes"})
	for _, e := range []observe.Event{
		{Kind: observe.WorkerUp}, {Kind: observe.WorkerDown, Text: "killed (SIGKILL)"}, {Kind: observe.WorkerDown, Text: "exit status 3"},
		{Kind: observe.WorkerDown, Text: observe.DownRecycled}, {Kind: observe.WorkerDown, Text: observe.DownClosed},
		{Kind: observe.Stalled}, {Kind: observe.Warning}, {Kind: observe.ErrorGroup, Text: "secret"}, {Kind: "new"},
	} {
		e.Loop = 1
		m.Event(e)
	}
	m.Event(observe.Event{Loop: 2, Kind: observe.Stalled})
	page(t, m).want(t, map[string]float64{
		"parfor_worker_restarts_total{executor=processes,loop=post,reason=died}":     2,
		"parfor_worker_restarts_total{executor=processes,loop=post,reason=recycled}": 1,
		"parfor_worker_restarts_total{executor=processes,loop=post,reason=idle}":     0,
		"parfor_stalled_tasks_total{executor=processes,loop=post}":                   1,
		"parfor_warnings_total{executor=processes,loop=post}":                        1,
		"parfor_error_groups_total{executor=processes,loop=post}":                    1,
	})
}

func TestAnyNameIsALabel(t *testing.T) {
	m := metrics.New()
	names := []string{`quote " and \ and \n`, "new\nline\r\ttab", "日本語 ✔", "", "le=\"1\"}", "# HELP"}
	for i, name := range names {
		m.Start(observe.Start{Loop: uint64(i), Name: name, Executor: "sequential"})
	}
	m.Start(observe.Start{Loop: 100, Name: "bad \xff\xfe utf", Executor: "sequential"})
	m.Start(observe.Start{Loop: 101, Name: strings.Repeat("é", 5000), Executor: "sequential"})
	s := page(t, m)
	for _, name := range append(names, "bad \uFFFD utf", strings.Repeat("é", 100)) {
		s.want(t, map[string]float64{"parfor_loops_active{executor=sequential,loop=" + name + "}": 1})
	}
}

func TestNamesAreBounded(t *testing.T) {
	m := metrics.New(metrics.MaxLoops(10))
	for i := range uint64(1000) {
		m.Start(observe.Start{Loop: i, Name: "job " + strconv.Itoa(int(i)), Executor: "sequential"})
		m.End(observe.End{Loop: i, Frame: frame(i, 10)})
	}
	s, n := page(t, m), 0
	for id := range s {
		if strings.HasPrefix(id, "parfor_loops_active{") {
			n++
		}
	}
	if n != 11 {
		t.Errorf("%d names, want 10 and %q", n, metrics.Other)
	}
	s.want(t, map[string]float64{"parfor_task_attempts_total{executor=sequential,loop=other,outcome=ok}": 990 * 9})
}

var hits = dict.New[int, int]("hits")

// keep writes to a dictionary, fails for every tenth item, and ends its process
// at item 77.
func keep(ctx context.Context, n int) error {
	if n == 77 {
		os.Exit(3)
	}
	hits.Set(ctx, n, n)
	if n%10 == 0 {
		return errors.New("tenth")
	}
	return nil
}

var _ = parfor.RegisterEach(keep)

func TestLoopOnProcessesWithADictionary(t *testing.T) {
	p, err := process.NewPool(t.Context(), 2, process.Stderr(io.Discard), process.Env("GORACE=atexit_sleep_ms=0"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	m := metrics.New()
	err = parfor.Each(t.Context(), parfor.Range(200), keep, parfor.On(p), parfor.Name("keep"), parfor.KeepGoing(), parfor.Observe(m))
	var le *parfor.LoopError
	if !errors.As(err, &le) {
		t.Fatal(err)
	}
	ok := float64(200 - le.Failed)
	var name string
	s := page(t, m)
	for id := range s {
		if rest, found := strings.CutPrefix(id, "parfor_dict_entries{dict="); found && strings.HasSuffix(rest, "hits}") {
			name = strings.TrimSuffix(rest, "}")
		}
	}
	s.want(t, map[string]float64{
		"parfor_task_attempts_total{executor=processes,loop=keep,outcome=ok}":     ok,
		"parfor_task_attempts_total{executor=processes,loop=keep,outcome=failed}": float64(le.Failed),
		"parfor_task_duration_seconds_count{executor=processes,loop=keep}":        200,
		"parfor_worker_restarts_total{executor=processes,loop=keep,reason=died}":  1,
		"parfor_dict_entries{dict=" + name + "}":                                  ok,
		"parfor_dict_commits_total{dict=" + name + "}":                            ok,
		"parfor_dict_operations_total{dict=" + name + ",operation=set}":           ok,
	})
	if s["parfor_dict_size_bytes{dict="+name+"}"] == 0 || s["parfor_dict_received_bytes_total{dict="+name+"}"] == 0 {
		t.Errorf("no bytes of dictionary %q", name)
	}
}

// Scrapes while loops run see valid pages whose counters never fall.
func TestConcurrentScrapes(t *testing.T) {
	m := metrics.New()
	ctx, stop := context.WithCancel(t.Context())
	var loops, scrapers sync.WaitGroup
	for range 3 {
		loops.Go(func() {
			for range 5 {
				_ = parfor.Each(t.Context(), parfor.Range(20_000), func(ctx context.Context, n int) error { return nil },
					parfor.Name("quick"), parfor.Workers(2), parfor.Observe(m))
			}
		})
		scrapers.Go(func() {
			before := scrape{}
			for ctx.Err() == nil {
				now := page(t, m)
				for id, v := range now {
					if v < before[id] && !strings.HasPrefix(id, "parfor_loops_active") && !strings.HasPrefix(id, "parfor_workers") && !strings.HasPrefix(id, "parfor_tasks{") {
						t.Errorf("%s fell from %v to %v", id, before[id], v)
					}
				}
				before = now
				if !json.Valid([]byte(m.String())) {
					t.Error("String is no JSON")
				}
			}
		})
	}
	loops.Wait()
	stop()
	scrapers.Wait()
	page(t, m).want(t, map[string]float64{
		"parfor_task_attempts_total{executor=goroutines,loop=quick,outcome=ok}": 300_000,
		"parfor_task_duration_seconds_count{executor=goroutines,loop=quick}":    300_000,
		"parfor_loops_total{executor=goroutines,loop=quick,state=done}":         15,
	})
}

func TestHandler(t *testing.T) {
	m := metrics.New()
	for method, status := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest(method, "/metrics", nil))
		if w.Code != status {
			t.Errorf("%s: %d, want %d", method, w.Code, status)
		}
		if status == 200 && w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
			t.Errorf("Content-Type %q", w.Header().Get("Content-Type"))
		}
	}
}

func BenchmarkPage(b *testing.B) {
	m := metrics.New()
	for i := range uint64(100) {
		m.Start(observe.Start{Loop: i, Name: "loop " + strconv.Itoa(int(i)), Executor: "goroutines"})
		m.Frame(frame(i, 20))
	}
	for b.Loop() {
		_, _ = m.WriteTo(io.Discard)
	}
}

func BenchmarkFrame(b *testing.B) {
	m := metrics.New()
	m.Start(observe.Start{Loop: 1, Name: "loop", Executor: "goroutines"})
	f := frame(1, 20)
	for b.Loop() {
		m.Frame(f)
	}
}

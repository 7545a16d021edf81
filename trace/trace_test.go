package trace_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
	"parfor.dev/parfor/trace"
)

var errOdd = errors.New("odd")

// tried holds the items that this process has tried before.
var tried sync.Map

// uneven fails for odd items at the first attempt, for those of 7 always, and
// takes its time for some.
func uneven(ctx context.Context, n int) (int, error) {
	_, again := tried.LoadOrStore(n, true)
	if n%50 == 0 {
		time.Sleep(2 * time.Millisecond)
	}
	if n%7 == 0 || n%2 == 1 && !again {
		return 0, errOdd
	}
	return n, nil
}

// deadly is uneven, and ends its process at item 100.
func deadly(ctx context.Context, n int) (int, error) {
	if n == 100 {
		os.Exit(3)
	}
	return uneven(ctx, n)
}

var (
	_ = parfor.Register(uneven)
	_ = parfor.Register(deadly)
)

func executors(t *testing.T) map[string]parfor.Executor {
	p, err := process.NewPool(t.Context(), 2, process.Stderr(io.Discard), process.Env("GORACE=atexit_sleep_ms=0"))
	if err != nil {
		t.Fatal(err)
	}
	xs := map[string]parfor.Executor{"sequential": parfor.Sequential(), "goroutines": parfor.Goroutines(4), "processes": p}
	t.Cleanup(func() {
		for name, x := range xs {
			if err := x.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	return xs
}

func count(events []event, ph, name string) (n int) {
	for _, e := range events {
		if e.Ph == ph && (name == "" || *e.Name == name) {
			n++
		}
	}
	return n
}

func TestLoopsOnEveryExecutor(t *testing.T) {
	for name, x := range executors(t) {
		t.Run(name, func(t *testing.T) {
			tried.Clear()
			var file bytes.Buffer
			tr := trace.New(&file)
			body, n := uneven, 500
			if name == "processes" {
				body = deadly
			}
			_, err := parfor.Map(t.Context(), parfor.Range(n), body, parfor.On(x), parfor.Attempts(2), parfor.KeepGoing(), parfor.Observe(tr))
			if err == nil {
				t.Fatal("want failures")
			}
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
			events := validate(t, file.Bytes())
			shown, outcomes := 0, map[string]int{}
			for _, e := range events {
				if e.Ph == "X" {
					merged := 1
					if k, ok := e.Args["n"].(float64); ok {
						merged = int(k)
					}
					shown += merged
					outcomes[e.arg("outcome")]++
				}
			}
			end := events[slices.IndexFunc(events, func(e event) bool { return e.Ph == "E" })]
			sum := end.Args["ok"].(float64) + end.Args["failed"].(float64) + end.Args["retried"].(float64)
			var le *parfor.LoopError
			if !errors.As(err, &le) || shown != int(sum) || end.Args["failed"] != float64(le.Failed) {
				t.Errorf("%d attempts drawn of %v; end is %v", shown, sum, end.Args)
			}
			if outcomes["failed"] == 0 || outcomes["retried"] == 0 || end.arg("state") != "failed" {
				t.Errorf("outcomes %v, end %v", outcomes, end.Args)
			}
			if count(events, "i", "err.group") == 0 || count(events, "M", "process_labels") != 1 {
				t.Error("no error group or no label of what was drawn")
			}
			if name == "processes" && (count(events, "i", "worker.up") < 2 || count(events, "i", "worker.down") == 0 || outcomes["killed"] == 0) {
				t.Errorf("deaths are missing: outcomes %v", outcomes)
			}
			if name == "sequential" && count(events, "M", "thread_name") != 2 {
				t.Error("want two lanes: the loop and its worker")
			}
		})
	}
}

func TestSeveralLoopsAtOnce(t *testing.T) {
	var file bytes.Buffer
	tr := trace.New(&file)
	for range 2 { // the second time in the tracks of the first
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				_ = parfor.Each(t.Context(), parfor.Range(2000), func(ctx context.Context, n int) error { return nil },
					parfor.Name("side by side"), parfor.Workers(2), parfor.Observe(tr))
			})
		}
		all.Wait()
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	events := validate(t, file.Bytes())
	if loops, tracks := count(events, "B", "side by side"), count(events, "M", "process_name"); loops != 8 || tracks > 4 {
		t.Errorf("%d loops in %d tracks, want 8 in at most 4", loops, tracks)
	}
}

// hand tells an observer of a loop, without running one.
func hand(o observe.Observer, loop uint64) {
	o.Start(observe.Start{Loop: loop, Name: "post \"é\"\xff\n", Executor: "goroutines", Workers: 2, Total: 100})
	o.Event(observe.Event{Loop: loop, At: 2 * time.Millisecond, Kind: observe.WorkerDown, Worker: 1, PID: 7, Index: -1, Text: "killed\t<SIGKILL>"})
	o.Event(observe.Event{Loop: loop, At: time.Millisecond, Kind: observe.Stalled, Index: 3, Stack: []byte("goroutine 1")})
	o.Frame(observe.Frame{Loop: loop, At: 200 * time.Millisecond, Total: 100,
		Totals: observe.Totals{Running: 2, OK: 60, Failed: 1},
		Slices: []observe.Slice{
			{Worker: 0, Start: 1500, Took: 2001, Index: 4, Attempt: 1, Flags: observe.OK, N: 1},
			{Worker: 0, Start: 3501, Took: 7000, Index: 5, Attempt: 1, Flags: observe.OK | observe.Failed | observe.Merged, N: 60},
			{Worker: 1, Start: 0, Took: 0, Index: 9, Attempt: 2, Flags: observe.Failed | observe.Killed, N: 1},
		},
		Dicts: []observe.Dict{{Name: "shop.hits", Commits: 3, Entries: 2}},
	})
}

func TestWhatASliceSays(t *testing.T) {
	var file bytes.Buffer
	tr := trace.New(&file)
	hand(tr, 1)
	tr.End(observe.End{Loop: 1, At: 201 * time.Millisecond, Frame: observe.Frame{Loop: 1, At: 201 * time.Millisecond,
		Slices: []observe.Slice{
			{Start: 10600, Took: 1, Index: 11, Flags: observe.TimedOut | observe.Failed, N: 1},
			{Start: 10700, Took: 1, Index: 12, N: 1},
			{Start: 10800, Took: 1, Index: 13, Flags: observe.Retried, N: 1},
		}, Totals: observe.Totals{OK: 99, Failed: 3}}, Err: context.Canceled})
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range validate(t, file.Bytes()) {
		if e.Ph == "X" {
			names = append(names, *e.Name)
		}
	}
	want := "item 4, 60 items failed, item 9 killed, item 11 timed out, item 12 cancelled, item 13 retried"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, part := range []string{`"ts":1.500,"dur":2.001`, `"labels":"sampled 1 of 17"`, `"name":"shop.hits"`, `"stack":"goroutine 1"`} {
		if !strings.Contains(file.String(), part) {
			t.Errorf("no %s in\n%s", part, &file)
		}
	}
}

func TestMaxSlices(t *testing.T) {
	var file bytes.Buffer
	tr := trace.New(&file, trace.MaxSlices(2))
	hand(tr, 1)
	tr.Close()
	events := validate(t, file.Bytes())
	if n := count(events, "X", ""); n != 2 || !strings.Contains(file.String(), "1 slices not drawn: the trace is full") {
		t.Errorf("%d slices\n%s", n, &file)
	}
}

// Close in the middle of loops ends a valid file; what comes later is nowhere.
func TestCloseWhileLoopsRun(t *testing.T) {
	var file bytes.Buffer
	tr := trace.New(&file)
	hand(tr, 1)
	hand(tr, 2)
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	size := file.Len()
	hand(tr, 3)
	tr.Frame(observe.Frame{Loop: 1})
	tr.End(observe.End{Loop: 2})
	if err := tr.Close(); err != trace.ErrClosed || file.Len() != size {
		t.Errorf("second Close: %v, %d bytes more", err, file.Len()-size)
	}
	events := validate(t, file.Bytes())
	if n := strings.Count(file.String(), `"state":"running"`); n != 2 || count(events, "E", "") != 2 {
		t.Errorf("%d loops say that they still ran, want 2", n)
	}
}

// Wherever a trace ends, all whole lines before are events that can be read.
func TestCutAnywhere(t *testing.T) {
	var file bytes.Buffer
	tr := trace.New(&file)
	hand(tr, 1)
	tr.Close()
	last := 0
	for n := 2; n <= file.Len(); n++ {
		events, err := cutShort(file.Bytes()[:n])
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
		if len(events) < last {
			t.Fatalf("cut after %d bytes: %d events, and %d before", n, len(events), last)
		}
		last = len(events)
	}
	if n := len(validate(t, file.Bytes())); n != last {
		t.Errorf("%d events, want %d", last, n)
	}
}

// victimFile names the file to which the test's own program writes a trace
// before it kills itself.
const victimFile = "PARFOR_TRACE_VICTIM"

func victim(path string) {
	tr, err := trace.Create(path)
	if err != nil {
		panic(err)
	}
	var done atomic.Int64
	_ = parfor.Each(context.Background(), parfor.Range(1_000_000), func(ctx context.Context, n int) error {
		if done.Add(1) == 500 {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
		}
		time.Sleep(time.Millisecond)
		return nil
	}, parfor.Workers(1), parfor.Observe(tr))
}

func TestKilledProgramLeavesAReadableFile(t *testing.T) {
	for _, name := range []string{"killed.json", "killed.json.gz"} {
		path := filepath.Join(t.TempDir(), name)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), victimFile+"="+path)
		if err := cmd.Run(); err == nil {
			t.Fatal("the program wasn't killed")
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".gz") {
			r, err := gzip.NewReader(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			if file, err = io.ReadAll(r); err != io.ErrUnexpectedEOF {
				t.Errorf("%s: %v, want an unexpected end", name, err)
			}
		}
		events, err := cutShort(file)
		if err != nil {
			t.Fatal(err)
		}
		// 500 tasks of a millisecond: two frames, and what was drawn in them.
		if n := count(events, "X", ""); n < 10 || count(events, "E", "") != 0 {
			t.Errorf("%s: %d slices, %d loops that ended", name, n, count(events, "E", ""))
		}
	}
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	plain, packed := filepath.Join(dir, "a.json"), filepath.Join(dir, "a.json.gz")
	for _, path := range []string{plain, packed} {
		tr, err := trace.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		hand(tr, 1)
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
	}
	a, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("%v; compressed is\n%s\nplain is\n%s", err, b, a)
	}
	validate(t, a)
	if _, err := trace.Create(filepath.Join(dir, "nowhere", "a.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Create in no directory: %v", err)
	}
}

// full is a disk that has room for so many bytes.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	n := min(f.left, len(b))
	if f.left -= n; n < len(b) {
		return n, errFull
	}
	return n, nil
}

func TestCloseReturnsTheFirstError(t *testing.T) {
	for _, opts := range [][]trace.Option{nil, {trace.Gzip()}} {
		tr := trace.New(&full{left: 200}, opts...)
		for i := range uint64(100) {
			hand(tr, i)
		}
		if err := tr.Close(); !errors.Is(err, errFull) {
			t.Errorf("Close: %v, want %v", err, errFull)
		}
	}
}

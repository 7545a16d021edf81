package logs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/logs"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

// book is a log that a test can read while it is written.
type book struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// lines takes what was written since the last call, without the time and the
// attributes that all records have.
func (b *book) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := strings.TrimSpace(same.ReplaceAllString(b.b.String(), ""))
	b.b.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

var same = regexp.MustCompile(`(?m)^time=\S+ | loop=post run=\d+`)

// logger logs everything to a book, and is what is watched.
func logger(opts ...logs.Option) (*book, observe.Observer) {
	b := &book{}
	return b, logs.New(slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})), opts...)
}

func (b *book) want(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(b.lines(), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func at(seconds float64, t observe.Totals, workers ...observe.Worker) observe.Frame {
	return observe.Frame{Loop: 1, At: time.Duration(seconds * float64(time.Second)), Total: 100, Totals: t, Workers: workers}
}

func TestRecordsOfALoop(t *testing.T) {
	b, o := logger()
	o.Start(observe.Start{Loop: 1, Name: "post", Executor: "processes", Workers: 2, Total: 100})
	b.want(t, `level=INFO msg="loop began" executor=processes workers=2 total=100`)

	for _, e := range []observe.Event{
		{Kind: observe.WorkerUp, PID: 70},
		{Kind: observe.WorkerDown, PID: 70, Text: "killed (SIGKILL)"},
		{Kind: observe.WorkerDown, PID: 71, Text: observe.DownRecycled},
		{Kind: observe.Stalled, Worker: 1, Index: 17, Text: "body still runs", Stack: []byte("goroutine 7\n")},
		{Kind: observe.Warning, Index: -1, Text: "dictionary x: 17 conflicts"},
		{Kind: observe.ErrorGroup, Text: "comes with the next frame"},
	} {
		e.Loop = 1
		o.Event(e)
	}
	b.want(t, `level=DEBUG msg="worker began" worker=0 pid=70`,
		`level=WARN msg="worker died" worker=0 pid=70 cause="killed (SIGKILL)"`,
		`level=DEBUG msg="worker ended" worker=0 pid=71 cause=recycled`,
		`level=WARN msg="body overran its timeout" item=17 worker=1 cause="body still runs" stack="goroutine 7\n"`,
		`level=WARN msg="dictionary x: 17 conflicts"`)

	f := at(2, observe.Totals{OK: 90, Failed: 7, Retried: 3, Busy: 3 * time.Second})
	f.Hist.Add(12*time.Nanosecond, 100)
	o.End(observe.End{Loop: 1, At: f.At, Frame: f, Err: errors.New("7 failed")})
	b.want(t, `level=WARN msg="loop ended" state=failed took=2s ok=90 failed=7 retried=3 not_run=3 workers_died=1 per_second=48.5 p50=12ns p90=12ns p99=12ns busy=75%`)

	o.Frame(f) // is over
	o.Event(observe.Event{Loop: 1, Kind: observe.Warning})
	o.End(observe.End{Loop: 1})
	b.want(t)
}

func TestHowLoopsEnd(t *testing.T) {
	for want, e := range map[string]observe.End{
		`level=INFO msg="loop ended" state=done took=0s ok=0 skipped=4`:                          {Frame: observe.Frame{Total: -1, Totals: observe.Totals{Skipped: 4}}},
		`level=WARN msg="loop ended" state=stopped took=0s ok=0 not_run=9 error="stop at \"…\""`: {Frame: observe.Frame{Total: 9}, Err: errors.New(`stop at "secret"`)},
	} {
		b, o := logger()
		o.Start(observe.Start{Name: "post", Total: -1})
		b.lines()
		o.End(e)
		b.want(t, want)
	}
}

func TestErrorsAreLoggedWhenTheyAreNews(t *testing.T) {
	b, o := logger()
	o.Start(observe.Start{Loop: 1, Name: "post", Total: -1})
	b.lines()
	frame := func(seconds float64, groups ...observe.Group) {
		o.Frame(observe.Frame{Loop: 1, At: time.Duration(seconds * float64(time.Second)), Total: -1, Groups: groups})
	}
	refused := observe.Group{Text: "connection refused", Retried: 3, First: 17, Attempts: 2, Examples: []int{17, 4}}
	frame(0.2, refused)
	b.want(t, `level=WARN msg="tasks failed" error="connection refused" failed=0 retried=3 attempts=2 items="[17 4]"`)

	refused.Count = 3 // twice as many
	eof := observe.Group{Text: "EOF", Count: 1}
	frame(0.4, refused, eof)
	frame(1.0, refused, eof)
	b.want(t) // too soon
	frame(1.2, refused, eof)
	b.want(t, `level=WARN msg="tasks failed" error="connection refused" failed=3 retried=3 attempts=2 items="[17 4]"`,
		`level=WARN msg="tasks failed" error=EOF failed=1 retried=0 attempts=0 items=[]`)
	refused.Count = 8
	frame(10, refused, eof)
	b.want(t) // no news

	eof.Count = 2
	o.End(observe.End{Loop: 1, At: 10100 * time.Millisecond, Frame: observe.Frame{Loop: 1, At: 10100 * time.Millisecond, Total: -1, Groups: []observe.Group{refused, eof}}})
	b.want(t, `level=WARN msg="tasks failed" error=EOF failed=2 retried=0 attempts=0 items=[]`,
		`level=INFO msg="loop ended" state=done took=10.1s ok=0`)

	b, o = logger(logs.Every(time.Minute))
	o.Start(observe.Start{Loop: 1, Name: "post", Total: -1})
	b.lines()
	frame(0.2, refused)
	frame(50, refused, eof)
	if n := len(b.lines()); n != 1 {
		t.Errorf("%d records in a minute, want 1", n)
	}
}

func TestStall(t *testing.T) {
	b, o := logger()
	o.Start(observe.Start{Loop: 1, Name: "post", Total: 100})
	b.lines()
	running := observe.Totals{OK: 10, Running: 2}
	last := 0 // fifths of a second
	// stand tells of frames in which nothing finishes, up to the given second.
	stand := func(until int) {
		for last++; last <= 5*until; last++ {
			o.Frame(at(float64(last)/5, running, observe.Worker{ID: 0, Since: time.Second, Index: 11},
				observe.Worker{ID: 1}, observe.Worker{ID: 2, Since: 29 * time.Second, Index: 12}))
		}
		last--
	}
	running.OK = 9
	stand(1)
	running.OK = 10
	stand(30)
	b.want(t)
	stand(32)
	b.want(t, `level=WARN msg="no task has finished" for=30s running=2 longest="item 12 for 29s on worker 2, item 11 for 1s on worker 0"`)
	stand(100)
	b.want(t) // once in a stall
	running.Retried++
	stand(101)
	b.want(t, `level=INFO msg="tasks finish again" after=1m39s`)
	stand(125)
	b.want(t)
	last += 5 * 3600 // the machine slept
	stand(last/5 + 1)
	b.want(t)
	stand(last/5 + 6)
	if got := b.lines(); len(got) != 1 {
		t.Errorf("got %q, want a second warning", got)
	}
}

func TestWhatIsNoStall(t *testing.T) {
	for name, c := range map[string]struct {
		opts []logs.Option
		f    observe.Frame
		want int
	}{
		"a source with nothing to give": {nil, observe.Frame{Total: -1}, 0},
		"a stream's only task":          {nil, observe.Frame{Total: -1, Totals: observe.Totals{Running: 1}}, 1},
		"all done":                      {nil, observe.Frame{Total: 3, Totals: observe.Totals{OK: 3}}, 0},
		"nobody knows what runs":        {nil, observe.Frame{Total: 3, Totals: observe.Totals{OK: 2}}, 1},
		"never":                         {[]logs.Option{logs.Stall(0)}, observe.Frame{Total: 3, Totals: observe.Totals{Running: 1}}, 0},
		"a long while":                  {[]logs.Option{logs.Stall(time.Hour)}, observe.Frame{Total: 3, Totals: observe.Totals{Running: 1}}, 0},
	} {
		b, o := logger(c.opts...)
		o.Start(observe.Start{Name: "post", Total: c.f.Total})
		b.lines()
		for range 1000 {
			c.f.At += 200 * time.Millisecond
			o.Frame(c.f)
		}
		if got := b.lines(); len(got) != c.want {
			t.Errorf("%s: %q, want %d", name, got, c.want)
		}
	}
}

// A real loop, on a fake clock: an item that takes a minute is a stall of 30
// seconds.
func TestStallOfALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, o := logger()
		err := parfor.Each(t.Context(), parfor.Range(5), func(ctx context.Context, n int) error {
			if n == 3 {
				time.Sleep(time.Minute)
			}
			time.Sleep(time.Second)
			return nil
		}, parfor.Workers(1), parfor.Name("post"), parfor.Observe(o))
		if err != nil {
			t.Fatal(err)
		}
		got := b.lines()
		if len(got) != 4 || !strings.Contains(got[1], `level=WARN msg="no task has finished" for=30`) || !strings.Contains(got[1], ` running=1 longest="item 3 for 30`) ||
			!strings.Contains(got[2], `level=INFO msg="tasks finish again" after=1m`) {
			t.Errorf("got\n%s", strings.Join(got, "\n"))
		}
	})
}

func deadly(ctx context.Context, secret string) (string, error) {
	switch secret {
	case "secret 5":
		os.Exit(3)
	case "secret 6":
		return "", errors.New(`can't open "` + secret + `"`)
	}
	return secret, nil
}

var _ = parfor.Register(deadly)

func TestNoInputInAnyRecord(t *testing.T) {
	p, err := process.NewPool(t.Context(), 2, process.Stderr(io.Discard), process.Env("GORACE=atexit_sleep_ms=0"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	b, o := logger()
	var inputs []string
	for _, d := range "0123456789" {
		inputs = append(inputs, "secret "+string(d))
	}
	if _, err = parfor.Map(t.Context(), inputs, deadly, parfor.On(p), parfor.Name("post"), parfor.KeepGoing(), parfor.Observe(o)); err == nil {
		t.Fatal("want failures")
	}
	text := strings.Join(b.lines(), "\n")
	for _, part := range []string{`msg="worker died"`, `msg="tasks failed" error="can't open \"…\""`, "workers_died=1", "state=failed"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in\n%s", part, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Errorf("an input is in\n%s", text)
	}
}

func TestNilIsTheDefaultLogger(t *testing.T) {
	b := &book{}
	before := slog.Default()
	defer slog.SetDefault(before)
	o := logs.New(nil)
	slog.SetDefault(slog.New(slog.NewTextHandler(b, nil)))
	o.Start(observe.Start{Loop: 1, Name: "post", Total: -1})
	o.Event(observe.Event{Loop: 1, Kind: observe.WorkerUp}) // below the level
	b.want(t, `level=INFO msg="loop began" executor="" workers=0`)
}

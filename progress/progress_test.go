package progress_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"
)

// screen is a writer whose escape sequences can be read in a test's text.
type screen struct{ bytes.Buffer }

func (s *screen) take() string {
	defer s.Reset()
	return strings.NewReplacer("\r\x1b[K", "<erase>", "\x1b[31m", "<red>", "\x1b[32m", "<green>", "\x1b[0m", "<plain>").Replace(s.String())
}

func post(loop uint64, total int) observe.Start {
	return observe.Start{Loop: loop, Name: "post", Executor: "goroutines", Workers: 8, Total: total}
}

// frame is a moment of a loop in which done of total items have been counted,
// a hundredth of them as failures.
func frame(loop uint64, at time.Duration, done int64, total int) observe.Frame {
	f := observe.Frame{Loop: loop, At: at, Total: total}
	f.Totals = observe.Totals{Running: 8, OK: done - done/100, Failed: done / 100, Retried: done / 50, Busy: 6 * at}
	f.Hist.Add(3100*time.Microsecond, done)
	f.Hist.Add(41*time.Millisecond, done/50)
	if n := done / 100; n > 0 {
		f.Groups = []observe.Group{
			{Text: "EOF", Count: 2, First: 5, Examples: []int{5, 9}},
			{Text: "connection refused", Count: n - 2, First: 17, Examples: []int{230, 17, 411}},
		}
	}
	return f
}

func TestLineOnATerminal(t *testing.T) {
	const second = time.Second
	run := func(width int, color bool) (line, last string) {
		var s screen
		o := progress.Line(&s, progress.As(progress.Terminal), progress.Width(width), progress.Color(color))
		o.Start(post(1, 10000))
		for i := range 25 {
			s.take()
			o.Frame(frame(1, time.Duration(i+1)*second/5, int64(i+1)*200, 10000))
		}
		line = s.take()
		o.End(observe.End{Loop: 1, At: 12 * second, Frame: frame(1, 12*second, 10000, 10000), Err: errors.New("x")})
		return line, s.take()
	}
	const receipt = "✘ post: 9,900 ok · 100 failed · 200 retried · 12s · 833/s · p50 3.1ms p99 41ms · 8 workers, 75 % busy\n" +
		"  100 of 10000 failed: connection refused ×98 (items 17, 230, 411 …), EOF ×2 (items 5, 9)\n"
	for _, test := range []struct {
		width int
		want  string
	}{
		{140, "<erase>post  ██████████░░░░░░░░░░  50.0 %  5,000/10,000  1,000/s  ETA 5s  50 failed  100 retried  8 running  p50 3.1ms p99 41ms"},
		{100, "<erase>post  ██████████░░░░░░░░░░  50.0 %  5,000/10,000  1,000/s  ETA 5s  50 failed  100 retried"},
		{80, "<erase>post  ██████████░░░░░░░░░░  50.0 %  5,000/10,000  1,000/s  ETA 5s  50 failed"},
		{60, "<erase>post  50.0 %  5,000/10,000  1,000/s  ETA 5s  50 failed"},
		{30, "<erase>50.0 %  5,000/10,000  ETA 5s"},
		{5, "<erase>5,000/10,000"},
	} {
		line, last := run(test.width, false)
		if line != test.want {
			t.Errorf("width %d\n got %s\nwant %s", test.width, line, test.want)
		}
		if last != "<erase>"+receipt {
			t.Errorf("end\n got %s\nwant <erase>%s", last, receipt)
		}
	}
	line, last := run(90, true)
	if want := "<erase>post  <green>██████████░░░░░░░░░░<plain>  50.0 %  5,000/10,000  1,000/s  ETA 5s  <red>50 failed<plain>  100 retried"; line != want {
		t.Errorf("coloured\n got %s\nwant %s", line, want)
	}
	if !strings.HasPrefix(last, "<erase><red>✘<plain> post: ") {
		t.Errorf("coloured receipt: %s", last)
	}
}

func TestUnknownTotal(t *testing.T) {
	var s screen
	o := progress.Line(&s, progress.As(progress.Terminal), progress.Width(80))
	start := post(1, -1)
	start.Name = ""
	o.Start(start)
	o.Frame(frame(1, 4*time.Second, 90, -1))
	if got, want := s.take(), "loop 1  90 done  0/s  1 retried  8 running  p50 3.1ms p99 41ms"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestLoopsShareTheLine(t *testing.T) {
	var s screen
	o := progress.Line(&s, progress.As(progress.Terminal), progress.Width(80), progress.Color(false))
	for i := range uint64(4) {
		start := post(i, 100)
		start.Name = "loop-" + string(rune('a'+i))
		o.Start(start)
	}
	step := func(loop uint64, at time.Duration, done int64) string {
		o.Frame(frame(loop, at, done, 100))
		return s.take()
	}
	if got := step(2, time.Second/5, 50); got != "" {
		t.Errorf("a younger loop drew %s", got)
	}
	if got, want := step(0, time.Second/5, 10), "loop-a 10 % 10/100 50/s · loop-b 0 % 0/100 0/s · +2 more"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	o.End(observe.End{Loop: 0, At: time.Second, Frame: frame(0, time.Second, 99, 100)})
	want := "<erase>✔ loop-a: 99 ok · 1 not run · 1 retried · 1s · 99/s · p50 3.1ms p99 3.1ms · 8 workers, 75 % busy\n" +
		"loop-b 0 % 0/100 0/s · loop-c 50 % 50/100 250/s · loop-d 0 % 0/100 0/s"
	if got := s.take(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	for i := range uint64(3) {
		o.End(observe.End{Loop: i + 1, Frame: frame(i+1, time.Second, 0, 0)})
	}
	if got := s.take(); !strings.HasSuffix(got, "\n") || strings.Count(got, "✔") != 3 {
		t.Errorf("a line is left behind: %s", got)
	}
}

func TestPlainLinesAreRare(t *testing.T) {
	var s screen
	o := progress.Line(&s) // no terminal
	o.Start(post(1, 10000))
	for i := range 300 { // a minute, 1.7 % of it each second
		o.Frame(frame(1, time.Duration(i+1)*time.Second/5, int64(i+1)*33, 10000))
	}
	o.End(observe.End{Loop: 1, Frame: frame(1, time.Minute, 10000, 10000)})
	want := `post: 4 % 495/10,000 · 165/s · ETA 1m00s · 4 failed
post: 9 % 990/10,000 · 165/s · ETA 55s · 9 failed
post: 14 % 1,485/10,000 · 165/s · ETA 50s · 14 failed
post: 20 % 2,013/10,000 · 165/s · ETA 50s · 20 failed
post: 36 % 3,663/10,000 · 165/s · ETA 40s · 36 failed
post: 50 % 5,016/10,000 · 165/s · ETA 30s · 50 failed
post: 66 % 6,666/10,000 · 165/s · ETA 20s · 66 failed
post: 83 % 8,316/10,000 · 165/s · ETA 10s · 83 failed
✘ post: 9,900 ok · 100 failed · 200 retried · 1m00s · 167/s · p50 3.1ms p99 41ms · 8 workers, 75 % busy
  100 of 10000 failed: connection refused ×98 (items 17, 230, 411 …), EOF ×2 (items 5, 9)
`
	if got := s.take(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestReceipts(t *testing.T) {
	retried := frame(1, 2*time.Second, 100, -1)
	retried.Totals = observe.Totals{OK: 100, Retried: 3}
	retried.Groups = []observe.Group{{Text: "# Too Many Requests", Retried: 3, First: 4, Examples: []int{4}}}
	many := frame(1, 90*time.Minute, 1000, 1000)
	many.Groups = append(many.Groups, observe.Group{Text: "a", Count: 1, Examples: []int{1}},
		observe.Group{Text: "b\x1b[2J", Count: 1, Examples: []int{2}}, observe.Group{Text: "c", Count: 1, Examples: []int{3}})
	cancelled := observe.Frame{Loop: 1, At: 1500 * time.Millisecond, Total: 1000, Totals: observe.Totals{OK: 4, Skipped: 6}}
	for name, test := range map[string]struct {
		end  observe.End
		died int
		want string
	}{
		"all well": {
			observe.End{Frame: observe.Frame{Loop: 1, At: 250 * time.Microsecond, Total: 3, Totals: observe.Totals{OK: 3}}}, 0,
			"✔ evil [31m: 3 ok · 250µs · 12,000/s · 8 workers\n",
		},
		"retried": {
			observe.End{Frame: retried}, 1,
			"✔ evil [31m: 100 ok · 3 retried · 2s · 50/s · p50 3.1ms p99 41ms · 8 workers · 1 died\n" +
				"  3 tried again: # Too Many Requests ×3 (item 4)\n",
		},
		"many kinds": {
			observe.End{Frame: many, Err: errors.New("x")}, 2,
			"✘ evil [31m: 990 ok · 10 failed · 20 retried · 1h30m · 11.1/min · p50 3.1ms p99 41ms · 8 workers, 75 % busy · 2 died\n" +
				"  10 of 1000 failed: connection refused ×8 (items 17, 230, 411 …), EOF ×2 (items 5, 9), a ×1 (item 1), 2 more kinds\n",
		},
		"stopped": {
			observe.End{Frame: cancelled, Err: errors.New(`input "secret": context canceled`)}, 0,
			"✘ evil [31m: 4 ok · 6 resumed · 990 not run · 1.5s · 2.7/s · 8 workers · stopped: input \"…\": context canceled\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s screen
			o := progress.Receipt(&s)
			start := post(1, test.end.Frame.Total)
			start.Name = "evil\x1b[31m"
			o.Start(start)
			o.Frame(observe.Frame{Loop: 1})
			for range test.died {
				o.Event(observe.Event{Loop: 1, Kind: observe.WorkerDown, Text: "killed (SIGKILL)"})
			}
			o.Event(observe.Event{Loop: 1, Kind: observe.WorkerDown, Text: observe.DownIdle})
			test.end.Loop = 1
			o.End(test.end)
			if got := s.take(); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestBrokenWriterIsLeftAlone(t *testing.T) {
	for name, o := range map[string]func(w *broken) observe.Observer{
		"line":    func(w *broken) observe.Observer { return progress.Line(w) },
		"receipt": func(w *broken) observe.Observer { return progress.Receipt(w) },
		"json":    func(w *broken) observe.Observer { return progress.JSON(w) },
	} {
		w := &broken{}
		o := o(w)
		for i := range uint64(3) {
			o.Start(post(i, 1))
			o.End(observe.End{Loop: i, Frame: frame(i, 1, 1, 1)})
		}
		if w.calls != 1 {
			t.Errorf("%s: %d writes after the first failed, want none", name, w.calls-1)
		}
	}
}

type broken struct{ calls int }

func (b *broken) Write([]byte) (int, error) {
	b.calls++
	return 0, errors.New("broken pipe")
}

func TestObserverPutOnHalfway(t *testing.T) {
	var s screen
	for _, o := range []observe.Observer{
		progress.Line(&s), progress.Line(&s, progress.As(progress.Terminal)), progress.Receipt(&s), progress.JSON(&s),
	} {
		o.Frame(frame(7, time.Second, 10, 20))
		o.Event(observe.Event{Loop: 7, Kind: observe.WorkerDown})
		o.End(observe.End{Loop: 7, Frame: frame(7, time.Second, 20, 20)})
		if got := s.take(); !strings.Contains(got, "7") {
			t.Errorf("%T: %q", o, got)
		}
	}
}

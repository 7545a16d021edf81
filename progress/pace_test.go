package progress

import (
	"testing"
	"time"

	"parfor.dev/parfor/observe"
)

// paced is a pace after frames at 5 Hz for d, at a steady rate.
func paced(p *pace, d time.Duration, perSecond int64) {
	at, ran := p.at, p.ran
	for t := time.Second / 5; t <= d; t += time.Second / 5 {
		p.add(at+t, ran+int64(t)*perSecond/int64(time.Second))
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got < want*0.999 || got > want*1.001 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestRate(t *testing.T) {
	var p pace
	if p.perSecond() != 0 {
		t.Error("a rate before the first frame")
	}
	p.add(time.Second/5, 20)
	near(t, "first frame, corrected for the start", p.perSecond(), 100)
	paced(&p, 4*time.Second, 100)
	near(t, "young", p.perSecond(), 100)
	paced(&p, 30*time.Second, 100)
	near(t, "settled", p.perSecond(), 100)
	paced(&p, 31*time.Second, 10)
	near(t, "forgets what is over 30s ago", p.perSecond(), 10)
	if n := len(p.samples); n > 152 {
		t.Errorf("%d samples kept, want those of 30s", n)
	}
	p.add(p.at+time.Hour, p.ran+5)
	near(t, "after a pause", p.perSecond(), 10)
	paced(&p, 20*time.Second, 10)
	near(t, "well after a pause", p.perSecond(), 10)
}

func TestTimeLeft(t *testing.T) {
	var p pace
	paced(&p, 10*time.Second, 100)
	f := observe.Frame{At: 10 * time.Second, Total: 3000, Totals: observe.Totals{OK: 900, Failed: 100, Skipped: 500}}
	d, ok := p.left(f, 8)
	if !ok || d.Round(time.Second) != 15*time.Second {
		t.Errorf("left %v %v, want 15s: 1500 items at 100/s, what was resumed is not in the rate", d, ok)
	}
	for why, change := range map[string]func(*observe.Frame, *int){
		"the total is unknown": func(f *observe.Frame, _ *int) { f.Total = -1 },
		"3s have not passed":   func(f *observe.Frame, _ *int) { f.At = 2 * time.Second },
		"too few items ran":    func(f *observe.Frame, _ *int) { f.Totals.OK, f.Totals.Failed = 9, 0 },
		"under two a worker":   func(_ *observe.Frame, workers *int) { *workers = 501 },
		"more done than known": func(f *observe.Frame, _ *int) { f.Total = 10 },
	} {
		g, workers := f, 8
		change(&g, &workers)
		if d, ok := p.left(g, workers); ok {
			t.Errorf("%v left although %s", d, why)
		}
	}
	var idle pace
	paced(&idle, 10*time.Second, 0)
	if d, ok := idle.left(f, 8); ok {
		t.Errorf("%v left although nothing moves", d)
	}
}

func TestTimeLeftInTheTail(t *testing.T) {
	var p pace
	paced(&p, 10*time.Second, 100)
	f := observe.Frame{At: 10 * time.Second, Total: 1003, Totals: observe.Totals{OK: 1000}}
	f.Hist.Add(8*time.Second, 1000)
	f.Workers = []observe.Worker{{Since: 7 * time.Second}, {Since: 2 * time.Second}, {}}
	if d, ok := p.left(f, 8); !ok || d.Round(time.Second) != 6*time.Second {
		t.Errorf("left %v %v, want 6s: the youngest of the rest has run 2s of 8", d, ok)
	}
	f.Workers = []observe.Worker{{Since: time.Minute}}
	if d, ok := p.left(f, 8); ok {
		t.Errorf("left %v although the last is overdue", d)
	}
}

func TestNumbersAsText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ns", 999: "999ns", 3100 * time.Microsecond: "3.1ms", 41 * time.Millisecond: "41ms",
		950 * time.Microsecond: "950µs", 999_960: "1ms", 9960 * time.Millisecond: "10s", 59700 * time.Millisecond: "1m00s",
		112 * time.Second: "1m52s", 125 * time.Minute: "2h05m", 3599900 * time.Millisecond: "1h00m", 50 * time.Hour: "50h00m",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
	for r, want := range map[float64]string{0: "0/s", 0.1: "6.0/min", 1.25: "1.2/s", 42.4: "42/s", 99.9: "100/s", 8912.4: "8,912/s"} {
		if got := speed(r); got != want {
			t.Errorf("speed(%v) = %s, want %s", r, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Millisecond: "1s", 8200 * time.Millisecond: "8s", 33 * time.Second: "35s", 134 * time.Second: "2m10s",
		1234 * time.Second: "21m00s", 3 * time.Hour: "3h00m", 25*time.Hour + 20*time.Minute: "25h00m",
	} {
		if got := about(d); got != want {
			t.Errorf("about(%v) = %s, want %s", d, got, want)
		}
	}
	for x, want := range map[float64]string{0: "░░░░", 0.5: "██░░", 0.53125: "██▏░", 0.7: "██▊░", 1: "████"} {
		if got := bar(x, 4); got != want {
			t.Errorf("bar(%v) = %s, want %s", x, got, want)
		}
	}
	if got := cut("日本語のループ", 7); got != "日本語…" || wide(got) != 7 {
		t.Errorf("cut to 7 columns: %s, %d wide", got, wide(got))
	}
}

func TestAPausedLoopHasNoRate(t *testing.T) {
	tr := track{start: observe.Start{Workers: 1}}
	frame := func(at time.Duration, ok int64) {
		tr.update(observe.Frame{At: at, Total: 1000, Totals: observe.Totals{OK: ok}})
	}
	for i := range 40 {
		frame(time.Duration(i+1)*time.Second/5, int64(i+1)*2)
	}
	near(t, "before", tr.pace.perSecond(), 10)
	tr.heard(observe.Event{Kind: observe.Steered, Index: -1, Text: "paused"})
	for i := range 500 {
		frame(8*time.Second+time.Duration(i+1)*time.Second/5, 81)
	}
	if tr.eta() != "paused" {
		t.Errorf("it says %q", tr.eta())
	}
	tr.heard(observe.Event{Kind: observe.Steered, Index: 3, Text: "killed"})
	tr.heard(observe.Event{Kind: observe.Steered, Index: -1, Text: "resumed"})
	frame(108*time.Second+time.Second/5, 83)
	near(t, "after", tr.pace.perSecond(), 10)
}

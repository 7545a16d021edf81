package tune_test

import (
	"testing"
	"time"

	"parfor.dev/parfor/internal/tune"
)

func TestPacer(t *testing.T) {
	var p tune.Pacer
	if at := p.Ready(tune.Limit{Workers: 1}); at != 0 {
		t.Errorf("without a rate ready at %v", at)
	}
	if at := p.Ready(tune.Limit{Workers: 1, Pause: time.Second}); at != time.Second {
		t.Errorf("paused for a second, ready at %v", at)
	}
	l := tune.Limit{Workers: 1, Rate: 50}
	for i, start := range []time.Duration{1000 * ms, 1020 * ms, 1047 * ms, 1067 * ms} { // the third is late
		if at := p.Ready(l); at > start || start-at > 7*ms && i > 0 {
			t.Errorf("start %d ready at %v, not %v", i, at, start)
		}
		p.Started(start, l)
	}
	if at := p.Ready(l); at != 1087*ms {
		t.Errorf("ready at %v: lateness is not made up for", at)
	}
}

// Where starts are closer than timers can tell, the rate is held on average.
func TestPacerOfHighRates(t *testing.T) {
	var p tune.Pacer
	l := tune.Limit{Workers: 1, Rate: 10000}
	n := 0
	for now := time.Duration(0); now < time.Second; now += 2 * ms { // a timer of 2 ms
		for p.Ready(l) <= now {
			p.Started(now, l)
			n++
		}
	}
	if n < 9900 || n > 10100 {
		t.Errorf("%d starts in a second at a rate of 10000", n)
	}
}

func TestDecisions(t *testing.T) {
	c := tune.New(tune.Config{})
	now, next := time.Duration(0), time.Duration(0)
	c.Tick(0, tune.Sample{})
	for range 10000 { // refused again and again
		now = next
		_, next = c.Tick(now, tune.Sample{Refused: 1})
		next = max(next, now+1)
	}
	all := c.Decisions(nil, 0)
	if len(all) != 256 {
		t.Fatalf("%d decisions", len(all))
	}
	last := all[len(all)-1]
	if some := c.Decisions(nil, last.N); len(some) != 1 || some[0] != last {
		t.Errorf("the last alone: %v", some)
	}
	for i, d := range all[1:] {
		if d.N != all[i].N+1 || d.From.Workers != all[i].To.Workers {
			t.Fatalf("%+v after %+v", d, all[i])
		}
	}
}

// Nothing that a loop can report makes a limit that it can't keep.
func FuzzTick(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Fuzz(func(t *testing.T, data []byte) {
		c := tune.New(tune.Config{Max: 100, Cores: 2})
		now := time.Duration(0)
		c.Tick(0, tune.Sample{})
		for ; len(data) >= 8; data = data[8:] {
			now += time.Duration(data[0]) * time.Duration(data[0]) * ms / 8
			s := tune.Sample{
				OK: int(data[1]), Failed: int(data[2] / 8), Refused: max(0, int(data[3])-200),
				Took: time.Duration(data[4]) * 10 * ms, Busy: time.Duration(data[5]) * 100 * ms,
				CPU: time.Duration(data[6]) * ms, Running: int(data[7] % 101),
			}
			if s.Refused > 0 {
				s.RetryAfter = time.Duration(data[4]) * 10 * ms
			}
			l, next := c.Tick(now, s)
			if l.Workers < 1 || l.Workers > 100 || !(l.Rate >= 0) || l.Rate > 1e6 || next <= now {
				t.Fatalf("%+v, next %v at %v", l, next, now)
			}
		}
	})
}

func BenchmarkTick(b *testing.B) {
	c := tune.New(tune.Config{Cores: 2})
	now := time.Duration(0)
	c.Tick(0, tune.Sample{})
	for b.Loop() {
		now += 25 * ms
		c.Tick(now, tune.Sample{OK: 4, Took: 800 * ms, Busy: 800 * ms})
	}
}

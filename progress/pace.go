package progress

import (
	"math"
	"time"

	"parfor.dev/parfor/observe"
)

const (
	window  = 30 * time.Second // that the rate looks back
	settled = 15 * time.Second // from here on it is a plain average over the window
	inertia = 5 * time.Second  // time constant of the moving average before that
	// Frames come 5 times a second. A gap this long means that the program was
	// stopped, or the machine asleep: neither its time nor its items count.
	pause = 2 * time.Second
	early = 3 * time.Second // no estimate before this
)

// pace estimates how fast a loop runs now. Items a journal answered don't count.
type pace struct {
	at      time.Duration // of the last frame
	ran     int64         // items by then
	samples []sample      // of the window, oldest first, pauses taken out
	average float64       // items a second, moving, not yet corrected
	weight  float64       // what the average has seen of its full weight
}

type sample struct {
	at  time.Duration
	ran int64
}

func (p *pace) add(at time.Duration, ran int64) {
	passed, done := at-p.at, ran-p.ran
	p.at, p.ran = at, ran
	if len(p.samples) == 0 {
		p.samples = append(p.samples, sample{})
	}
	if passed <= 0 || passed > pause {
		return
	}
	last := p.samples[len(p.samples)-1]
	p.samples = append(p.samples, sample{last.at + passed, last.ran + done})
	for p.samples[len(p.samples)-1].at-p.samples[0].at > window {
		p.samples = p.samples[1:]
	}
	a := 1 - math.Exp(-float64(passed)/float64(inertia))
	p.average += a * (float64(done)/passed.Seconds() - p.average)
	p.weight += a * (1 - p.weight)
}

// skip leaves a frame's time and items out: the loop is paused, and just ends
// what ran.
func (p *pace) skip(at time.Duration, ran int64) { p.at, p.ran = at, ran }

// perSecond is the rate of the last 15 to 30 seconds, and while the loop is
// younger a moving average, corrected for having begun at 0.
func (p *pace) perSecond() float64 {
	if len(p.samples) < 2 {
		return 0
	}
	first, last := p.samples[0], p.samples[len(p.samples)-1]
	if over := last.at - first.at; over >= settled {
		return float64(last.ran-first.ran) / over.Seconds()
	}
	return p.average / p.weight
}

// left estimates how long the loop still takes; ok is false when nobody can
// tell: too early, the total unknown, or nothing moving.
func (p *pace) left(f observe.Frame, workers int) (d time.Duration, ok bool) {
	ran, rest := f.Totals.OK+f.Totals.Failed, int64(f.Total)-f.Totals.Done()
	if f.Total < 0 || rest < 0 || f.At < early || ran < int64(max(10, 2*workers)) {
		return 0, false
	}
	if rest < int64(workers) {
		return tail(f)
	}
	rate := p.perSecond()
	seconds := float64(rest) / rate
	if rate <= 0 || seconds > (1000*time.Hour).Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// tail is when the rest already runs: its rate says nothing then, but how long
// tasks take does.
func tail(f observe.Frame) (d time.Duration, ok bool) {
	p90 := f.Hist.Quantile(0.9)
	for _, w := range f.Workers {
		if w.Since > 0 {
			d = max(d, p90-w.Since)
		}
	}
	return d, d > 0
}

// about rounds an estimate, the more the longer it is.
func about(d time.Duration) string {
	for _, step := range []struct{ below, to time.Duration }{
		{10 * time.Second, time.Second},
		{time.Minute, 5 * time.Second},
		{10 * time.Minute, 10 * time.Second},
		{time.Hour, time.Minute},
		{10 * time.Hour, 10 * time.Minute},
		{math.MaxInt64, time.Hour},
	} {
		if d < step.below {
			d = max(d.Round(step.to), step.to)
			break
		}
	}
	return span(d)
}

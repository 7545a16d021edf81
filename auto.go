package parfor

import (
	"fmt"
	"time"

	"parfor.dev/parfor/internal/tune"
	"parfor.dev/parfor/observe"
)

// Auto finds, while the loop runs, how many tasks to run at once: it begins with
// 32, doubles while throughput grows with the number, goes back to what it takes
// when it doesn't, gives way when attempts fail or what they call slows down, and
// tries its neighbours from time to time, for the world changes. Bodies that
// compute end up at GOMAXPROCS. Attempts that are told to come back later (an error
// with RetryAfter, as of [RetryAfter] and package httpstatus) make it pace starts at
// the rate that is accepted; give it [Attempts], so that the refused ones are tried
// again. See docs/auto.md for how it decides, and after whom.
//
// It never runs more than [Workers] says, an executor has room for, or, without
// either, 1000. Observers are told of its decisions as [observe.Scale] events.
func Auto() Option { return func(c *config) error { c.auto = true; return nil } }

// autoMost is how many tasks Auto runs at once where nobody says: a process may
// commonly open 1024 files.
const autoMost = 1000

// tuner is Auto in a running stream, whose lock guards it.
type tuner struct {
	control *tune.Controller
	pacer   tune.Pacer
	limit   tune.Limit
	sample  tune.Sample
	begin   time.Time
	since   time.Time // when running was last counted into the sample
	cpu     time.Duration
	local   bool // bodies compute in this process
	told    int  // decisions that observers know
	timer   *time.Timer
}

func newTuner(start, most, cores int, now time.Time) *tuner {
	t := &tuner{control: tune.New(tune.Config{Start: start, Max: most, Cores: cores}), begin: now, since: now, local: cores > 0}
	if t.local {
		t.cpu = cpuTime()
	}
	t.limit, _ = t.control.Tick(0, tune.Sample{})
	return t
}

// ready is when the next task may start.
func (t *tuner) ready() time.Time { return t.begin.Add(t.pacer.Ready(t.limit)) }

func (t *tuner) started(now time.Time) { t.pacer.Started(now.Sub(t.begin), t.limit) }

// moved says that running tasks ran until now.
func (t *tuner) moved(running int, now time.Time) {
	t.sample.Busy += time.Duration(running) * now.Sub(t.since)
	t.since = now
}

// ended counts an attempt. It reports whether the controller is to hear of it at
// once.
func (t *tuner) ended(took time.Duration, err error) (urgent bool) {
	asked := askedFor(err)
	switch {
	case err == nil:
		t.sample.OK++
		t.sample.Took += took
	case is(err, ErrConflict): // nobody's fault
	case asked > 0 || refused(err):
		t.sample.Refused++
		t.sample.RetryAfter = max(t.sample.RetryAfter, asked)
		return true
	default:
		t.sample.Failed++
	}
	return false
}

// refused reports whether an error says that its task came too often, without
// saying when to come back.
func refused(err error) bool {
	var r interface{ Throttled() bool }
	return as(err, &r) && r.Throttled()
}

// tick asks the controller, and returns when to ask it again.
func (t *tuner) tick(running int, now time.Time) time.Duration {
	t.moved(running, now)
	t.sample.Running = running
	if t.local {
		cpu := cpuTime()
		t.sample.CPU, t.cpu = cpu-t.cpu, cpu
	}
	var next time.Duration
	at := now.Sub(t.begin)
	t.limit, next = t.control.Tick(at, t.sample)
	t.sample = tune.Sample{}
	return max(next-at, time.Millisecond)
}

// news are the decisions that nobody was told of.
func (t *tuner) news() (events []observe.Event) {
	for _, d := range t.control.Decisions(nil, t.told) {
		t.told = d.N + 1
		events = append(events, observe.Event{Kind: observe.Scale, Index: -1, Text: scaleText(d)})
	}
	return events
}

// scaleText reads like: 32 -> 64 workers: growing (812/s, 39ms)
func scaleText(d tune.Decision) string {
	s := fmt.Sprintf("%d -> %d workers", d.From.Workers, d.To.Workers)
	if d.To.Rate > 0 {
		s += fmt.Sprintf(" at %.3g/s", d.To.Rate)
	}
	s += ": " + string(d.Reason)
	if d.Throughput > 0 {
		s += fmt.Sprintf(" (%.3g/s, %v)", d.Throughput, d.Latency.Round(10*time.Microsecond))
	}
	return s
}

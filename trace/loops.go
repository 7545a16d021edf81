package trace

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

// maxKept is how many tracks wait for another loop of their title.
const maxKept = 1000

// track is a process of the viewer. Loops with the same name and executor that
// follow each other share one; those that run side by side don't.
type track struct {
	pid   int
	title string
	lanes map[int]bool  // workers whose lane has a name
	end   time.Duration // of what was drawn last, since the trace began

	attempts, slices, undrawn int64

	counters map[string]int64 // as last written
}

// loop is one that runs.
type loop struct {
	*track
	name  string
	base  time.Duration // from the trace's begin to the loop's
	at    time.Duration // of the last frame
	said  time.Duration // time of the last event on the loop's own lane
	frame observe.Frame // the last one, without slices
	rated bool          // there was a rate, which has to end
}

// mainLane is the loop's own lane; worker w has lane w+1.
const mainLane = 0

// Start implements [observe.Observer].
func (t *Trace) Start(s observe.Start) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	name := s.Name
	if name == "" {
		name = "loop " + strconv.FormatUint(s.Loop, 10)
	}
	l := &loop{name: name}
	if !s.At.IsZero() {
		l.base = max(s.At.Sub(t.began), 0)
	}
	l.track = t.track(name+" · "+s.Executor, l.base)
	t.loops[s.Loop] = l
	e := t.event.begin(begin, name, l.pid, mainLane).time("ts", l.base).args().
		text("executor", s.Executor).int("workers", int64(s.Workers))
	if s.Total >= 0 {
		e.int("total", int64(s.Total))
	}
	if !s.At.IsZero() {
		e.text("wall", s.At.Format(time.RFC3339Nano))
	}
	t.put()
	t.flush()
}

// track finds a free one for a loop that begins at the given time, or makes it.
func (t *Trace) track(title string, from time.Duration) *track {
	free := t.tracks[title]
	if i := slices.IndexFunc(free, func(k *track) bool { return k.end <= from }); i >= 0 {
		k := free[i]
		if t.tracks[title] = slices.Delete(free, i, i+1); len(free) == 1 {
			delete(t.tracks, title)
		}
		t.kept--
		return k
	}
	t.pid++
	k := &track{pid: t.pid, title: title, lanes: map[int]bool{}, counters: map[string]int64{}}
	t.meta("process_name", k, mainLane).text("name", title)
	t.put()
	t.meta("process_sort_index", k, mainLane).int("sort_index", int64(k.pid))
	t.put()
	t.lane(k, mainLane, "loop")
	return k
}

func (t *Trace) meta(name string, k *track, lane int) *event {
	return t.event.begin(metadata, name, k.pid, lane).args()
}

func (t *Trace) lane(k *track, lane int, name string) {
	t.meta("thread_name", k, lane).text("name", name)
	t.put()
	t.meta("thread_sort_index", k, lane).int("sort_index", int64(lane))
	t.put()
}

// Frame implements [observe.Observer].
func (t *Trace) Frame(f observe.Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.loops[f.Loop]; l != nil && !t.closed {
		t.draw(l, f)
		t.flush()
	}
}

// draw writes what a frame has that is new.
func (t *Trace) draw(l *loop, f observe.Frame) {
	for _, s := range f.Slices {
		t.slice(l, s)
	}
	passed, done := f.At-l.at, f.Totals.OK-l.frame.Totals.OK
	if passed >= time.Millisecond && (l.rated || done > 0) {
		l.rated = true
		t.rate(l, l.at, float64(done)/passed.Seconds()) // it was so from the frame before until now
	}
	t.count(l, f.At, "running", "tasks", int64(f.Totals.Running))
	t.count(l, f.At, "failed", "items", f.Totals.Failed)
	t.count(l, f.At, "retried", "attempts", f.Totals.Retried)
	for _, d := range f.Dicts {
		t.count(l, f.At, d.Name, "entries", int64(d.Entries))
		t.count(l, f.At, d.Name, "commits", d.Commits)
		t.count(l, f.At, d.Name, "conflicts", d.Conflicts)
	}
	f.Slices = nil
	l.at, l.frame = f.At, f
	l.end = max(l.end, l.base+f.At)
}

func (t *Trace) rate(l *loop, at time.Duration, perSecond float64) {
	t.event.begin(counter, "ok", l.pid, mainLane).time("ts", l.base+at).args().float("per second", perSecond)
	t.put()
}

// slice draws a task, or several that touched.
func (t *Trace) slice(l *loop, s observe.Slice) {
	if t.slices >= t.limit {
		l.undrawn++
		return
	}
	t.slices++
	l.slices++
	lane := s.Worker + 1
	if !l.lanes[s.Worker] {
		l.lanes[s.Worker] = true
		t.lane(l.track, lane, "worker "+strconv.Itoa(s.Worker))
	}
	name := "item " + strconv.Itoa(s.Index)
	if s.N > 1 {
		name = strconv.Itoa(s.N) + " items"
	}
	outcome, color := outcomeOf(s.Flags)
	if outcome != "ok" {
		name += " " + outcome
	}
	e := t.event.begin(complete, name, l.pid, lane).time("ts", l.base+s.Start).time("dur", s.Took).
		text("cat", "task").text("cname", color).args().
		int("item", int64(s.Index)).int("attempt", int64(s.Attempt)).text("outcome", outcome)
	if s.N > 1 {
		e.int("n", int64(s.N))
	}
	t.put()
	l.end = max(l.end, l.base+s.Start+s.Took)
}

// outcomeOf is the worst that a slice's tasks ended as, and the colour that
// Chrome has for it. Perfetto colours slices by their names without digits.
func outcomeOf(f observe.Flags) (outcome, color string) {
	switch {
	case f&observe.Killed != 0:
		return "killed", "black"
	case f&observe.TimedOut != 0:
		return "timed out", "terrible"
	case f&observe.Failed != 0:
		return "failed", "terrible"
	case f&observe.Retried != 0:
		return "retried", "bad"
	case f&observe.OK != 0:
		return "ok", "good"
	}
	return "cancelled", "grey"
}

// count writes a counter that has changed, or isn't 0 for the first time.
func (t *Trace) count(l *loop, at time.Duration, name, unit string, n int64) {
	key := name + " " + unit
	if l.counters[key] == n {
		return
	}
	l.counters[key] = n
	t.event.begin(counter, name, l.pid, mainLane).time("ts", l.base+at).args().int(unit, n)
	t.put()
}

// Event implements [observe.Observer].
func (t *Trace) Event(ev observe.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.loops[ev.Loop]
	if l == nil || t.closed {
		return
	}
	e := t.event.begin(instant, string(ev.Kind), l.pid, mainLane).time("ts", t.now(l, ev.At)).
		text("s", "p").text("cat", "event").args()
	if ev.Kind == observe.WorkerUp || ev.Kind == observe.WorkerDown || ev.Kind == observe.Stalled {
		e.int("worker", int64(ev.Worker))
	}
	if ev.PID != 0 {
		e.int("pid", int64(ev.PID))
	}
	if ev.Index >= 0 {
		e.int("item", int64(ev.Index))
	}
	if ev.Text != "" {
		e.text("text", ev.Text)
	}
	if len(ev.Stack) > 0 {
		e.text("stack", string(ev.Stack))
	}
	t.put()
	t.flush()
}

// now keeps a loop's own lane in order: events are dated where they happen, and
// may be told a moment later than others.
func (t *Trace) now(l *loop, at time.Duration) time.Duration {
	l.said = max(l.said, l.base+at)
	l.end = max(l.end, l.said)
	return l.said
}

// End implements [observe.Observer].
func (t *Trace) End(e observe.End) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.loops[e.Loop]
	if l == nil || t.closed {
		return
	}
	t.draw(l, e.Frame)
	t.count(l, e.At, "running", "tasks", 0)
	if l.rated {
		t.rate(l, e.At, 0)
	}
	state := "done"
	switch {
	case e.Err != nil && e.Frame.Totals.Failed > 0:
		state = "failed"
	case e.Err != nil:
		state = "stopped: " + meter.MessageOf(e.Err)
	}
	t.finish(l, e.At, state, l.frame)
	t.flush()
}

// finish ends a loop in the trace.
func (t *Trace) finish(l *loop, at time.Duration, state string, f observe.Frame) {
	sum := f.Totals
	l.attempts += sum.OK + sum.Failed + sum.Retried
	label := sampled(l.attempts, l.slices)
	if l.undrawn > 0 {
		label += fmt.Sprintf(", %d slices not drawn: the trace is full", l.undrawn)
	}
	t.event.begin(finish, l.name, l.pid, mainLane).time("ts", t.now(l, at)).args().
		text("state", state).int("ok", sum.OK).int("failed", sum.Failed).int("retried", sum.Retried).
		int("skipped", sum.Skipped).int("busy_us", sum.Busy.Microseconds()).text("slices", label)
	t.put()
	t.meta("process_labels", l.track, mainLane).text("labels", label)
	t.put()
	for id, x := range t.loops {
		if x == l {
			delete(t.loops, id)
		}
	}
	if t.kept < maxKept {
		t.kept++
		t.tracks[l.title] = append(t.tracks[l.title], l.track)
	}
}

// sampled says how many attempts a slice stands for.
func sampled(attempts, drawn int64) string {
	switch {
	case attempts == 0 && drawn == 0:
		return "nothing ran"
	case drawn == 0:
		return "no slices"
	case attempts <= drawn:
		return "every task drawn"
	}
	return fmt.Sprintf("sampled 1 of %d", (attempts+drawn/2)/drawn)
}

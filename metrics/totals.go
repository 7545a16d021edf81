package metrics

import (
	"slices"
	"strings"
	"time"

	"parfor.dev/parfor/observe"
)

// bounds of the histogram of task durations, in seconds: those that Prometheus'
// libraries have, with shorter and longer ones around them.
var bounds = []float64{1e-6, 1e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3,
	0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300}

// loopBounds are those of whole loops.
var loopBounds = []float64{0.01, 0.1, 1, 10, 60, 600, 3600, 36000}

// key is what numbers are kept by.
type key struct{ loop, executor string }

// series is what is kept for a key. Counters only grow.
type series struct {
	key
	ended    counts // of loops that have ended
	states   [3]int64
	took     buckets // of whole loops
	down     [len(reasons)]int64
	stalls   int64
	warnings int64
	groups   int64
	progress time.Time // when a task was last seen to have ended
}

// What a loop ended as.
var states = [...]string{"done", "failed", "stopped"}

// Why a worker process has gone, while its pool goes on.
var reasons = [...]string{"died", observe.DownIdle, observe.DownRecycled}

// live is a loop that runs.
type live struct {
	*series
	counts
	limit   int // workers that it may have
	workers int // that have done something
	running int
	queued  int64
}

// counts are those of one loop, or of several together.
type counts struct {
	ok, failed, retried, skipped int64
	busy                         time.Duration // in bodies, also in those that run
	tasks                        buckets
}

// buckets is a histogram: the last one counts what is above all bounds.
type buckets struct {
	n   []int64
	sum time.Duration
}

func (c *counts) add(o *counts) {
	c.ok += o.ok
	c.failed += o.failed
	c.retried += o.retried
	c.skipped += o.skipped
	c.busy += o.busy
	c.tasks.add(&o.tasks)
}

func (b *buckets) add(o *buckets) {
	if b.n == nil {
		b.n = make([]int64, len(o.n))
	}
	for i, n := range o.n {
		b.n[i] += n
	}
	b.sum += o.sum
}

// place is the bucket of a duration.
func place(bounds []float64, d time.Duration) int {
	i, _ := slices.BinarySearch(bounds, d.Seconds())
	return i
}

// Start implements [observe.Observer].
func (m *Metrics) Start(s observe.Start) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &live{series: m.at(s.Name, s.Executor), limit: s.Workers, queued: int64(max(s.Total, 0))}
	l.progress = time.Now()
	m.loops[s.Loop] = l
}

// at finds the series of a loop.
func (m *Metrics) at(name, executor string) *series {
	k := key{label(name), label(executor)}
	if m.series[k] == nil && len(m.series) >= m.most {
		k.loop = Other
	}
	s := m.series[k]
	if s == nil {
		s = &series{key: k}
		m.series[k] = s
	}
	return s
}

// label makes a label of a name: valid UTF-8, of a length that pages can bear.
func label(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most]
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// Frame implements [observe.Observer].
func (m *Metrics) Frame(f observe.Frame) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.loops[f.Loop]; l != nil {
		l.update(f)
	}
}

// update takes what a frame says, which is all since the loop began. A counter
// that is behind the last frame, as its parts are read one by one, stays.
func (l *live) update(f observe.Frame) {
	t := f.Totals
	if t.Done()+t.Retried > l.ok+l.failed+l.skipped+l.retried {
		l.progress = time.Now()
	}
	l.ok, l.failed = max(l.ok, t.OK), max(l.failed, t.Failed)
	l.retried, l.skipped = max(l.retried, t.Retried), max(l.skipped, t.Skipped)
	l.busy = max(l.busy, t.Busy)
	l.workers, l.running, l.queued = len(f.Workers), t.Running, 0
	if f.Total >= 0 {
		l.queued = max(int64(f.Total)-t.Done()-int64(t.Running), 0)
	}
	over := t.Busy
	for _, w := range f.Workers {
		over -= w.Since
	}
	l.tasks = buckets{n: make([]int64, len(bounds)+1), sum: max(l.tasks.sum, over)}
	for i, n := range f.Hist.All() {
		low, high := observe.BucketRange(i)
		l.tasks.n[place(bounds, low+(high-low)/2)] += n
	}
}

// Event implements [observe.Observer].
func (m *Metrics) Event(e observe.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.loops[e.Loop]
	if l == nil {
		return
	}
	switch e.Kind {
	case observe.Stalled:
		l.stalls++
	case observe.Warning:
		l.warnings++
	case observe.ErrorGroup:
		l.groups++
	case observe.WorkerDown:
		if e.Died() {
			l.down[0]++
		} else if i := slices.Index(reasons[:], e.Text); i > 0 {
			l.down[i]++
		}
	}
}

// End implements [observe.Observer].
func (m *Metrics) End(e observe.End) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.loops[e.Loop]
	if l == nil {
		return
	}
	l.update(e.Frame)
	delete(m.loops, e.Loop)
	l.ended.add(&l.counts)
	state := 0
	switch {
	case e.Err != nil && e.Frame.Totals.Failed > 0:
		state = 1
	case e.Err != nil:
		state = 2
	}
	l.states[state]++
	took := buckets{n: make([]int64, len(loopBounds)+1), sum: e.At}
	took.n[place(loopBounds, e.At)] = 1
	l.took.add(&took)
}

// snapshot is a series with its loops that run added.
type snapshot struct {
	series
	counts                 // of all loops
	active, limit, workers int
	running                int
	queued                 int64
}

// snapshots are all series, by loop and executor. They share nothing that
// changes.
func (m *Metrics) snapshots() []*snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := make(map[*series]*snapshot, len(m.series))
	all := make([]*snapshot, 0, len(m.series))
	for _, s := range m.series {
		x := &snapshot{series: *s}
		x.counts.tasks.n = make([]int64, len(bounds)+1)
		x.counts.add(&s.ended)
		x.took.n = slices.Clone(s.took.n)
		at[s] = x
		all = append(all, x)
	}
	for _, l := range m.loops {
		x := at[l.series]
		x.counts.add(&l.counts)
		x.active++
		x.limit += l.limit
		x.workers += l.workers
		x.running += l.running
		x.queued += l.queued
	}
	slices.SortFunc(all, func(a, b *snapshot) int {
		if c := strings.Compare(a.loop, b.loop); c != 0 {
			return c
		}
		return strings.Compare(a.executor, b.executor)
	})
	return all
}

// Package logs tells a program's log what its loops come to, and warns of those
// in which nothing goes on.
//
//	codes, err := parfor.Map(ctx, items, post, parfor.Observe(logs.New(slog.Default())))
//
// A loop is a record when it begins and one when it ends, at Info; worker
// processes that come and go in good order are at Debug. Warnings are: a new
// kind of errors, a worker that died, a body that overran its timeout, a loop
// in which nothing has finished for half a minute, a loop that failed. No
// record has an input in it: items are shown by index, error texts with
// numbers, quoted text and paths taken out.
//
// Each record has the attributes loop, the name, and run, the loop's number in
// this process.
//
// logs.go holds the records, stall.go the watch over loops that stand still.
package logs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

const (
	defaultStall = 30 * time.Second
	defaultEvery = time.Second
)

// Option changes what [New] makes.
type Option func(*logs)

// Stall is after how long without a finished task a loop is warned about, once
// until a task finishes again. 0 is never. Default: 30 s. Bodies that take
// longer than that as a rule need a longer one.
func Stall(d time.Duration) Option { return func(l *logs) { l.stall = max(d, 0) } }

// Every is how often, at most, a loop's errors are logged: the kinds that are
// new, and those of which there are twice as many as the last time. Default: a
// second.
func Every(d time.Duration) Option { return func(l *logs) { l.every = max(d, 0) } }

// New makes an observer that logs to l; nil is slog.Default() at each record.
// A handler that is slow delays the return of its loop, but no task. The
// observer is safe for concurrent use.
func New(l *slog.Logger, opts ...Option) observe.Observer {
	o := &logs{logger: l, stall: defaultStall, every: defaultEvery, loops: map[uint64]*loop{}}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

type logs struct {
	logger *slog.Logger
	stall  time.Duration
	every  time.Duration

	mu    sync.Mutex
	loops map[uint64]*loop
}

// loop is one that runs. Its observer calls come one at a time: mu guards only
// the map of them all.
type loop struct {
	*logs
	start  observe.Start
	deaths int
	groups map[string]int64 // errors when last logged, by group
	said   time.Duration    // when errors were last logged
	stood  still
}

// log writes a record of the loop.
func (l *loop) log(level slog.Level, text string, attrs ...slog.Attr) {
	to := l.logger
	if to == nil {
		to = slog.Default()
	}
	ctx := context.Background()
	if to.Enabled(ctx, level) {
		to.LogAttrs(ctx, level, text, append([]slog.Attr{slog.String("loop", l.start.Name), slog.Uint64("run", l.start.Loop)}, attrs...)...)
	}
}

// Start implements [observe.Observer].
func (o *logs) Start(s observe.Start) {
	l := &loop{logs: o, start: s, groups: map[string]int64{}}
	o.mu.Lock()
	o.loops[s.Loop] = l
	o.mu.Unlock()
	attrs := []slog.Attr{slog.String("executor", s.Executor), slog.Int("workers", s.Workers)}
	if s.Total >= 0 {
		attrs = append(attrs, slog.Int("total", s.Total))
	}
	l.log(slog.LevelInfo, "loop began", attrs...)
}

func (o *logs) at(number uint64) *loop {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.loops[number]
}

// Frame implements [observe.Observer].
func (o *logs) Frame(f observe.Frame) {
	if l := o.at(f.Loop); l != nil {
		if l.said == 0 || f.At-l.said >= o.every {
			l.errors(f)
		}
		l.watch(f)
	}
}

// errors logs the kinds of errors of which there is news.
func (l *loop) errors(f observe.Frame) {
	for _, g := range f.Groups {
		n, before := g.Count+g.Retried, l.groups[g.Text]
		if n == 0 || n < 2*before || n == before {
			continue
		}
		l.groups[g.Text], l.said = n, f.At
		l.log(slog.LevelWarn, "tasks failed", slog.String("error", g.Text), slog.Int64("failed", g.Count), slog.Int64("retried", g.Retried),
			slog.Int("attempts", g.Attempts), slog.Any("items", g.Examples))
	}
}

// Event implements [observe.Observer]. New kinds of errors come with frames,
// which know how many there are.
func (o *logs) Event(e observe.Event) {
	l := o.at(e.Loop)
	if l == nil {
		return
	}
	worker := []slog.Attr{slog.Int("worker", e.Worker), slog.Int("pid", e.PID)}
	switch {
	case e.Kind == observe.WorkerUp:
		l.log(slog.LevelDebug, "worker began", worker...)
	case e.Died():
		l.deaths++
		l.log(slog.LevelWarn, "worker died", append(worker, slog.String("cause", e.Text))...)
	case e.Kind == observe.WorkerDown:
		l.log(slog.LevelDebug, "worker ended", append(worker, slog.String("cause", e.Text))...)
	case e.Kind == observe.Stalled:
		l.log(slog.LevelWarn, "body overran its timeout", slog.Int("item", e.Index), slog.Int("worker", e.Worker),
			slog.String("cause", e.Text), slog.String("stack", string(e.Stack)))
	case e.Kind == observe.Warning:
		l.log(slog.LevelWarn, e.Text)
	}
}

// End implements [observe.Observer].
func (o *logs) End(e observe.End) {
	l := o.at(e.Loop)
	if l == nil {
		return
	}
	o.mu.Lock()
	delete(o.loops, e.Loop)
	o.mu.Unlock()
	l.errors(e.Frame)
	l.log(l.level(e), "loop ended", l.totals(e)...)
}

func (l *loop) level(e observe.End) slog.Level {
	if e.Err != nil || e.Frame.Totals.Failed > 0 {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// totals are what a loop came to.
func (l *loop) totals(e observe.End) []slog.Attr {
	f, t := e.Frame, e.Frame.Totals
	state := "done"
	switch {
	case e.Err != nil && t.Failed > 0:
		state = "failed"
	case e.Err != nil:
		state = "stopped"
	}
	as := []slog.Attr{slog.String("state", state), slog.Duration("took", e.At), slog.Int64("ok", t.OK)}
	count := func(key string, n int64) {
		if n > 0 {
			as = append(as, slog.Int64(key, n))
		}
	}
	count("failed", t.Failed)
	count("retried", t.Retried)
	count("skipped", t.Skipped)
	count("not_run", int64(f.Total)-t.Done())
	count("workers_died", int64(l.deaths))
	if ran := t.OK + t.Failed; ran > 0 && e.At > 0 {
		as = append(as, slog.String("per_second", fmt.Sprintf("%.4g", float64(ran)/e.At.Seconds())))
	}
	if h := f.Hist; h.Count() > 0 {
		as = append(as, slog.Duration("p50", h.Quantile(0.5)), slog.Duration("p90", h.Quantile(0.9)), slog.Duration("p99", h.Quantile(0.99)))
	}
	if workers := max(l.start.Workers, len(f.Workers)); t.Busy > 0 && e.At > 0 && workers > 0 {
		busy := min(float64(t.Busy)/float64(e.At)/float64(workers), 1)
		as = append(as, slog.String("busy", fmt.Sprintf("%.0f%%", 100*busy)))
	}
	if state == "stopped" {
		as = append(as, slog.String("error", meter.MessageOf(e.Err)))
	}
	return as
}

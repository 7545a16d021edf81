package otelparfor

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// metrics are the instruments that frames are counted with.
type metrics struct {
	attempts metric.Int64Counter
	skipped  metric.Int64Counter
	tasks    metric.Int64UpDownCounter
	active   metric.Int64UpDownCounter
	took     metric.Float64Histogram
	progress metric.Float64Gauge
	workers  metric.Int64UpDownCounter
	limit    metric.Int64UpDownCounter
	restarts metric.Int64Counter
	busy     metric.Float64Counter
	dicts    *dicts
}

// loopBounds are seconds: loops take from a millisecond to a day.
var loopBounds = []float64{.001, .01, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600}

func newMetrics(m metric.Meter) *metrics {
	i := instruments{m}
	return &metrics{
		attempts: i.counter("parfor.task.attempts", "{attempt}", "Attempts that ended."),
		skipped:  i.counter("parfor.task.skipped", "{task}", "Tasks that a journal answered."),
		tasks:    i.upDown("parfor.task.count", "{task}", "Tasks of running loops."),
		active:   i.upDown("parfor.loop.active", "{loop}", "Loops that run."),
		took: must(m.Float64Histogram("parfor.loop.duration", metric.WithUnit("s"),
			metric.WithDescription("How long loops took."), metric.WithExplicitBucketBoundaries(loopBounds...))),
		progress: must(m.Float64Gauge("parfor.loop.last_progress.timestamp", metric.WithUnit("s"),
			metric.WithDescription("When a task was last done, in seconds since 1970."))),
		workers:  i.upDown("parfor.worker.count", "{worker}", "Workers that have run tasks of running loops."),
		limit:    i.upDown("parfor.worker.limit", "{worker}", "Tasks that running loops may run at once, as they began."),
		restarts: i.counter("parfor.worker.restarts", "{restart}", "Worker processes that died or were recycled."),
		busy: must(m.Float64Counter("parfor.worker.busy.time", metric.WithUnit("s"),
			metric.WithDescription("Time in bodies, summed over workers."))),
		dicts: newDicts(i),
	}
}

// instruments makes them by kind. What the provider refuses goes to the error
// handler; the instrument that comes with the error does nothing.
type instruments struct{ metric.Meter }

func (i instruments) counter(name, unit, what string) metric.Int64Counter {
	return must(i.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what)))
}

func (i instruments) upDown(name, unit, what string) metric.Int64UpDownCounter {
	return must(i.Int64UpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(what)))
}

func must[T any](instrument T, err error) T {
	if err != nil {
		otel.Handle(err)
	}
	return instrument
}

// counts is what was counted of one loop so far.
type counts struct {
	*metrics
	start      observe.Start
	attributes attribute.Set
	plain      metric.MeasurementOption
	ok         metric.MeasurementOption
	failed     metric.MeasurementOption
	retried    metric.MeasurementOption
	queued     metric.MeasurementOption
	running    metric.MeasurementOption
	working    metric.MeasurementOption
	idle       metric.MeasurementOption

	totals observe.Totals
	hist   observe.Hist
	now    standing
}

// standing is what goes up and down.
type standing struct{ queued, running, working, idle int64 }

func newCounts(m *metrics, s observe.Start) counts {
	base := []attribute.KeyValue{keyLoop.String(s.Name), keyExecutor.String(s.Executor)}
	with := func(kv ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(append(kv, base...)...))
	}
	return counts{
		metrics: m, start: s, attributes: attribute.NewSet(base...), plain: with(),
		ok: with(keyOutcome.String("ok")), failed: with(keyOutcome.String("failed")), retried: with(keyOutcome.String("retried")),
		queued: with(keyTaskState.String("queued")), running: with(keyTaskState.String("running")),
		working: with(keyWorking.String("busy")), idle: with(keyWorking.String("idle")),
	}
}

func (c *counts) begin(ctx context.Context) {
	c.active.Add(ctx, 1, c.plain)
	c.limit.Add(ctx, int64(c.start.Workers), c.plain)
	c.stand(ctx, standing{queued: int64(max(c.start.Total, 0))})
}

// frame adds what has changed since the frame before.
func (c *counts) frame(ctx context.Context, f observe.Frame) {
	was, t := c.totals, f.Totals
	t.Busy = max(t.Busy, was.Busy) // a task that ends while it is read may be missing for a moment
	c.totals = t
	add(ctx, c.attempts, t.OK-was.OK, c.ok)
	add(ctx, c.attempts, t.Failed-was.Failed, c.failed)
	add(ctx, c.attempts, t.Retried-was.Retried, c.retried)
	add(ctx, c.skipped, t.Skipped-was.Skipped, c.plain)
	if d := t.Busy - was.Busy; d > 0 {
		c.busy.Add(ctx, d.Seconds(), c.plain)
	}
	if t.Done() > was.Done() {
		at := c.start.At.Add(f.At)
		c.progress.Record(ctx, float64(at.UnixNano())/1e9, c.plain)
	}
	s := standing{running: int64(t.Running)}
	if f.Total >= 0 {
		s.queued = max(int64(f.Total)-t.Done()-s.running, 0)
	}
	for _, w := range f.Workers {
		if w.Since > 0 {
			s.working++
		} else {
			s.idle++
		}
	}
	c.stand(ctx, s)
	c.dicts.look()
}

func (c *counts) end(ctx context.Context, e observe.End) {
	c.stand(ctx, standing{})
	c.limit.Add(ctx, -int64(c.start.Workers), c.plain)
	c.active.Add(ctx, -1, c.plain)
	set := attribute.NewSet(append(c.attributes.ToSlice(), keyState.String(stateOf(e)))...)
	c.took.Record(ctx, e.At.Seconds(), metric.WithAttributeSet(set))
}

func (c *counts) stand(ctx context.Context, s standing) {
	change := func(n metric.Int64UpDownCounter, by int64, o metric.MeasurementOption) {
		if by != 0 {
			n.Add(ctx, by, o)
		}
	}
	change(c.tasks, s.queued-c.now.queued, c.queued)
	change(c.tasks, s.running-c.now.running, c.running)
	change(c.workers, s.working-c.now.working, c.working)
	change(c.workers, s.idle-c.now.idle, c.idle)
	c.now = s
}

func (c *counts) restart(ctx context.Context, e observe.Event) {
	reason := observe.DownRecycled
	if e.Died() {
		reason = causeOf(e.Text)
	} else if e.Text != observe.DownRecycled {
		return // it was no longer needed: nothing takes its place
	}
	set := attribute.NewSet(append(c.attributes.ToSlice(), keyReason.String(reason))...)
	c.restarts.Add(ctx, 1, metric.WithAttributeSet(set))
}

func add(ctx context.Context, c metric.Int64Counter, n int64, o metric.MeasurementOption) {
	if n > 0 {
		c.Add(ctx, n, o)
	}
}

// causeOf is what a worker died of, in one of few words, from the text that
// tells of it: the attribute of a metric can't have what it printed.
func causeOf(text string) string {
	if _, after, found := strings.Cut(text, "died: "); found {
		text = after
	}
	for _, c := range []parfor.Cause{parfor.Killed, parfor.Fault, parfor.FatalError, parfor.StackOverflow,
		parfor.OOM, parfor.Exit, parfor.RaceDetected, parfor.StartFailed, parfor.CPUTime, parfor.Frozen} {
		if strings.HasPrefix(text, string(c)) {
			return string(c)
		}
	}
	return "other"
}

// stateOf is how a loop ended.
func stateOf(e observe.End) string {
	switch {
	case e.Frame.Totals.Failed > 0:
		return "failed"
	case e.Err == nil:
		return "done"
	case errors.Is(e.Err, context.Canceled), errors.Is(e.Err, task.ErrBroken):
		return "cancelled"
	}
	return "failed"
}

// seconds of a duration that is an upper bound: a whole number of ns.
func seconds(d time.Duration) float64 { return float64(d) / 1e9 }

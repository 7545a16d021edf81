package compare

import (
	"context"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/compare/report"
)

// job is what a loop does: which body, over how many numbers, and what must
// come out.
type job struct {
	n        int
	things   string // what the numbers stand for
	body     Body
	combined func(context.Context, int) (int, error)
	shared   func(context.Context, int) error
	rule     rule
	asks     bool          // the API
	wait     time.Duration // of each task, at least
}

// cell is a job done one way, measured again and again. Equal cells of the
// opening block and the grid are one, and each run counts for both.
type cell struct {
	way     way
	job     job
	limited bool // left out when it would take too long
	opening bool // one of the tutorial's ways
	rows    []row
	runs    int
	last    time.Duration // of the latest run, start included
	gone    bool          // left out, or broken
}

// row is where a cell's runs are shown.
type row struct {
	add  func(report.Run)
	skip func(reason string, estimate time.Duration)
	with bool // start-up is part of the time
	peak bool // memory is the process's, not what was added
}

// record stores a run in every row.
func (c *cell) record(o outcome, round int, at time.Duration) {
	c.runs++
	c.last = o.took + o.start
	for _, r := range c.rows {
		run := report.Run{Round: round, At: report.Took(at), Took: report.Took(o.took), Startup: report.Took(o.start),
			CPU: report.Took(o.cpu), Memory: o.memory, Failed: o.failed}
		if r.with {
			run.Took += run.Startup
		}
		if r.peak {
			run.Memory = o.peak
		}
		r.add(run)
	}
}

// estimate is what a run will take: the same way's latest time scaled from the
// closest size that was measured, or the latency's share.
func (e *experiment) estimate(c *cell) time.Duration {
	if c.runs > 0 {
		return c.last
	}
	floor := c.job.floor(c.way, 0)
	var near *cell
	for _, o := range e.cells {
		if o.runs > 0 && o.way == c.way && o.job.body == c.job.body && o.job.asks == c.job.asks &&
			(near == nil || o.job.n > near.job.n) {
			near = o
		}
	}
	if near == nil {
		return floor
	}
	return max(floor, time.Duration(float64(near.last)*float64(c.job.n)/float64(near.job.n)))
}

// loop is the job of the experiment proper.
func (e *experiment) loop(n int) job {
	return job{n: n, things: e.cfg.Body.thing(), body: e.cfg.Body, combined: task, shared: taskShared, rule: e.rule,
		asks: e.cfg.Body.Kind == Post, wait: e.cfg.wait()}
}

// run does the job once on x and returns the dictionary.
func (j job) run(ctx context.Context, x parfor.Executor, w way, opts []parfor.Option) (map[int]int, error) {
	opts = append(opts, parfor.On(x), parfor.Workers(w.inFlight))
	if w.executor == onCluster {
		return parfor.ByKey(ctx, parfor.Range(j.n), taskOfAgent, opts...)
	}
	if !w.shared {
		return parfor.ByKey(ctx, parfor.Range(j.n), j.combined, opts...)
	}
	err := parfor.Each(ctx, parfor.Range(j.n), j.shared, opts...)
	kept, snapErr := statuses.Snapshot(context.WithoutCancel(ctx))
	if err == nil {
		err = snapErr
	}
	return kept, err
}

package compare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/compare/report"
)

// outcome is one run of one way.
type outcome struct {
	took    time.Duration // of the loop, from its first task to its dictionary
	start   time.Duration // of the executor before that
	cpu     time.Duration // of everything, workers' start and end included
	memory  int64         // added
	peak    int64         // of this process
	failed  int
	answers map[int]int
	lanes   *report.Lanes
}

// notes are what a run should note beside its time; both disturb short runs.
type notes struct {
	weigh bool // the memory it needs
	watch bool // who ran what when
}

// measure does a job once, one way, and checks what came out. The error says
// what went wrong; a run that has one is not a sample.
func (e *experiment) measure(ctx context.Context, w way, j job, note notes) (o outcome, err error) {
	if j.asks {
		if err := e.api.reset(ctx); err != nil {
			return o, err
		}
	}
	if w.python != "" {
		o, err = e.measurePython(ctx, w, j.n)
	} else {
		o, err = e.measureLoop(ctx, w, j, note)
	}
	if ctx.Err() != nil {
		return o, context.Cause(ctx)
	}
	if err == nil {
		err = e.check(ctx, w, j, o)
	}
	return o, err
}

func (e *experiment) measureLoop(ctx context.Context, w way, j job, note notes) (o outcome, err error) {
	if err := statuses.Clear(ctx); err != nil {
		return o, err
	}
	transport.CloseIdleConnections()
	opts := []parfor.Option{parfor.With(work{Body: j.body, URL: e.api.url, Command: e.cfg.Command}), parfor.Name(w.String())}
	watch := &watcher{}
	if note.watch {
		opts = append(opts, parfor.Observe(watch))
	}
	kill := e.cfg.Kill && w.procs > 0
	if kill {
		opts = append(opts, parfor.KeepGoing())
	}
	o, err = e.timed(ctx, w, note.weigh, func(x parfor.Executor) (map[int]int, error) {
		if kill {
			defer e.killing()()
		}
		return j.run(ctx, x, w, opts)
	})
	if kill {
		if o.failed = lostTo(err); o.failed > 0 {
			err = nil
		}
	}
	if note.watch {
		o.lanes = watch.lanes(w.inFlight, o.answers)
	}
	return o, err
}

// timed opens the executor, runs the loop and closes it, and notes the cost.
// Weighing collects garbage first, which the short runs of a grid would feel.
func (e *experiment) timed(ctx context.Context, w way, weigh bool, loop func(parfor.Executor) (map[int]int, error)) (o outcome, err error) {
	var mem memory
	if weigh {
		mem = watchMemory()
	}
	cpu, begin := cpuTime(), time.Now()
	x, err := w.open(ctx, e.cfg)
	if err != nil {
		return o, err
	}
	opened := time.Now()
	o.answers, err = loop(x)
	o.took = time.Since(opened)
	if !w.local() {
		o.start = opened.Sub(begin)
	}
	if weigh {
		o.peak, o.memory = mem.total(), mem.added(e.workers(w))
	}
	err = errors.Join(err, x.Close())
	o.cpu = cpuTime() - cpu
	return o, err
}

// workers are the processes of a way's pool, while it is open.
func (e *experiment) workers(w way) []int {
	if w.procs == 0 {
		return nil
	}
	return children(e.ours()...)
}

// ours are the child processes that are no workers.
func (e *experiment) ours() []int {
	if e.api.cmd == nil {
		return nil
	}
	return []int{e.api.cmd.Process.Pid}
}

// check compares the dictionary with the rule, the API's log with the numbers,
// and the time with what is possible.
func (e *experiment) check(ctx context.Context, w way, j job, o outcome) error {
	if err := j.rule.compareWith(o.answers, j.n, o.failed); err != nil {
		return err
	}
	if err := e.agree(j, w, o.answers); err != nil {
		return err
	}
	if floor := j.floor(w, o.failed); o.took+o.start < floor {
		return fmt.Errorf("took %v, less than the %v that the latency allows: impossible", o.took+o.start, floor)
	}
	if j.asks && e.api.cmd != nil {
		s, err := e.api.log(ctx)
		if err != nil {
			return err
		}
		if err := eachOnce(s, j.n, o.failed); err != nil {
			return err
		}
		e.rep.Checks.LogChecked = true
	}
	e.rep.Checks.Dictionaries++
	if j.body == e.cfg.Body {
		e.rep.Checks.Answers += len(o.answers)
	}
	return nil
}

// floor is the time below which a run can't be: the waits of its tasks, shared
// among those in flight.
func (j job) floor(w way, lost int) time.Duration {
	return j.wait * time.Duration(j.n-lost) / time.Duration(max(w.inFlight, 1))
}

// wait is how long a task waits at least.
func (c Config) wait() time.Duration {
	switch {
	case c.Body.Kind == Sleep:
		return c.Body.Sleep
	case c.Body.Kind == Post && c.URL == "":
		return c.API.Latency - c.API.Jitter
	default:
		return 0
	}
}

// lostTo counts the items whose worker was killed under them, if nothing else
// went wrong in the loop; else it is 0.
func lostTo(err error) int {
	failures := parfor.Failed(err)
	for _, f := range failures {
		var dead *parfor.WorkerError
		if !errors.As(f, &dead) || dead.Cause != parfor.Killed {
			return 0
		}
	}
	var loop *parfor.LoopError
	if errors.As(err, &loop) && loop.Failed == len(failures) {
		return loop.Failed
	}
	return 0
}

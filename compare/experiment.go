package compare

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"parfor.dev/parfor/compare/report"
)

// experiment is one Run.
type experiment struct {
	cfg    Config
	rep    *report.Report
	api    *api
	rule   rule
	rng    *rand.Rand
	began  time.Time
	cells  []*cell
	screen *screen
	script string          // the tutorial's program, with Config.Python
	killed int             // workers, with Config.Kill
	found  map[int]finding // with Config.Command
}

// Run measures what cfg asks for and returns the report, which it also prints
// as it grows. It blocks until the budget ends, at least for one run of every
// cell, and leaves no process behind.
//
// When ctx ends the run that is under way is dropped and the report holds what
// was measured until then, with Interrupted set. The error is about the
// experiment itself: settings, an API that doesn't start. Runs that failed or
// were wrong are Checks.Problems of the report, and no error.
//
// The program must call process.Main, as for any pool of worker processes.
func Run(ctx context.Context, cfg Config) (*report.Report, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	e := &experiment{cfg: cfg, api: &api{url: cfg.URL}, began: time.Now()}
	if err := errors.Join(cfg.findCommand(), cfg.canSaveAll()); err != nil {
		return nil, err
	}
	if cfg.Seed == 0 {
		e.cfg.Seed = 1 + rand.Uint64N(9999) // short: people type it again
	}
	e.rng = rand.New(rand.NewPCG(e.cfg.Seed, 0))
	if cfg.pythonWays() != nil { // which may take a second
		_, _ = fmt.Fprintf(cfg.Progress, "looking for %s with requests\n", cfg.PythonExe)
	}
	cleanUp, err := e.preparePython(ctx)
	if err != nil {
		return nil, err
	}
	if cfg.Body.Kind == Post && cfg.URL == "" {
		if e.api, err = startAPI(ctx, cfg.Mock, cfg.API); err != nil {
			return nil, errors.Join(err, cleanUp())
		}
	}
	e.rule = ruleFor(cfg.Body, cfg.API, cfg.URL == "")
	e.describe()
	e.layOut()
	e.screen = newScreen(&e.cfg, e.rep)
	e.announce()
	err = e.rounds(ctx)
	if ctx.Err() != nil {
		e.rep.Interrupted, err = true, nil
	}
	if stopErr := e.api.stop(); stopErr != nil && !e.rep.Interrupted {
		err = errors.Join(err, fmt.Errorf("compare: the API ended badly: %w", stopErr))
	}
	e.conclude()
	return e.rep, errors.Join(err, cleanUp(), e.saveAll(), e.screen.final())
}

// describe fills in what is known before anything was measured.
func (e *experiment) describe() {
	c := e.cfg
	e.rep = &report.Report{
		Schema: report.Schema, Started: e.began, Command: c.Args, Machine: report.ThisMachine(),
		Seed: c.Seed, Budget: report.Took(c.Budget),
	}
	e.rep.API = report.API{URL: e.api.url}
	switch {
	case c.Body.Kind == Command:
		e.rep.API.Text = fmt.Sprintf("none. Item: %s, no shell; kept: number -> exit status", typed(commandLine(c.Command, "NUMBER")))
	case c.Body.Kind != Post:
		e.rep.API.Text = "none. Item: " + c.Body.String() + "; kept: number -> result"
	case c.URL != "":
		e.rep.API.Text = c.URL + ". Item: one POST, own JSON; kept: number -> status"
	default:
		a := &e.rep.API
		a.Latency, a.Jitter, a.Errors = report.Took(c.API.Latency), report.Took(c.API.Jitter), c.API.Errors
		a.Rule = fmt.Sprintf("1 in %d says 404", c.API.NotFoundEvery)
		a.Text = fmt.Sprintf("a process of its own on 127.0.0.1, %s. Item: one POST, own JSON; kept: number -> status", c.API)
	}
}

// String says what a task does.
func (b Body) String() string {
	switch b.Kind {
	case Sleep:
		return fmt.Sprintf("sleep %v", b.Sleep)
	case CPU:
		return fmt.Sprintf("count the primes in a 64th of the numbers below %d", b.Limit)
	case Alloc:
		return fmt.Sprintf("make %d bytes of garbage", b.Bytes)
	case Command:
		return "run a command"
	default:
		return "one POST, own JSON"
	}
}

// thing is what the items are called.
func (b Body) thing() string {
	if b.Kind == Post {
		return "requests"
	}
	return "items"
}

// conclude writes down what follows from the numbers.
func (e *experiment) conclude() {
	e.rep.Elapsed = report.Took(time.Since(e.began))
	if e.cfg.Kill {
		e.rep.Ways.Note = fmt.Sprintf("%d workers were killed meanwhile; only what ran in them is missing.", e.killed)
	}
	for i := range e.rep.CPU {
		e.rep.CPU[i].Note = cpuNote(e.rep.CPU[i])
	}
	e.rep.Advice = report.Advise(e.rep)
	e.rep.Next = e.cfg.next()
}

// next names what to try after this.
func (c Config) next() string {
	switch {
	case c.Body.Kind != Post:
		return "no flags (POST requests) · -j 1,2,4,8,16 (speed-up)"
	case c.URL != "" || c.Tutorial || len(c.Sweep) > 0 || len(c.Sizes) > 0:
		return "no flags (the tutorial's sizes in a minute) · --cpu, --alloc or --sleep 10ms (other bodies)"
	default:
		return "--latency 200ms --sizes 500 (the tutorial's own, 4 min) · -j 1,2,4,8,16 (speed-up)" +
			pythonHint + " · a URL of yours"
	}
}

const pythonHint = " · --python (its code on this chart)"

// announce says what is coming, and how long that takes if it is long.
func (e *experiment) announce() {
	var floor time.Duration
	for _, c := range e.cells {
		if !c.limited || c.job.floor(c.way, 0) <= longCell {
			floor += c.job.floor(c.way, 0)
		}
	}
	e.screen.header()
	if floor > max(90*time.Second, e.cfg.Budget) {
		e.screen.say("this takes at least %v, the latencies alone; ^C keeps what is measured", floor.Round(time.Second))
	}
}

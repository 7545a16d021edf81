package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// body is what a verb does with an item.
type body interface {
	// fingerprint names what is run for whatever item: the template.
	fingerprint() string
	// prepareItem renders what is run for an item and names it in w.Hash. Its
	// error is a failure of the item.
	prepareItem(w *loop.Work) error
	// attempt runs it once.
	attempt(ctx context.Context, slot int, w *loop.Work) (record.Record, error)
	// show is what would run, for --dry-run.
	show(w *loop.Work) string
	// print is what came back.
	print(w *loop.Work, rec record.Record) printed
	// options are limits of the verb's own, workers how many there are usually,
	// closing what it says at the end.
	options() []parfor.Option
	workers() int
	closing() string
}

// session is one run of a verb over its items.
type session struct {
	*loopFlags
	cmd    *cobra.Command
	source *item.Source
	keys   *template.Template
	stdout io.Writer // set with the observers
	stderr io.Writer
	start  time.Time
	typed  bool // items come from the terminal

	far     *far // nil: items run here
	printer *printer
	last    *lastWord
	cancel  context.CancelCauseFunc
	closing string // what the verb says at the end

	doubtful atomic.Bool // a warning says that results may be wrong
}

func openSession(cmd *cobra.Command, f *loopFlags, lists []string, stdinTaken bool) (*session, error) {
	s := &session{loopFlags: f, cmd: cmd, stderr: cmd.ErrOrStderr(), start: time.Now()}
	specs, err := f.sources(lists, stdinTaken)
	if err != nil {
		return nil, err
	}
	if s.typed = fromTerminal(specs); s.typed {
		s.say("parfor: items are read from the terminal; ^D ends them")
	}
	if s.source, err = f.openInput(specs); err != nil {
		return nil, err
	}
	if s.keys, err = f.keyTemplate(s.source.Schema()); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.source.Close() //nolint:errcheck // files that were only read
}

func (s *session) warn(text string) {
	fmt.Fprintf(s.stderr, "parfor: warning: %s\n", strings.TrimPrefix(text, "parfor: ")) // which the library's begin with
}

// workersOr is -j, or the verb's own number.
func (s *session) workersOr(usual int) int {
	switch {
	case s.workers.auto:
		return 1000
	case s.workers.n > 0:
		return s.workers.n
	case s.far != nil:
		return s.far.slots()
	case usual > 0:
		return usual
	}
	return runtime.NumCPU()
}

// run runs the verb over its items and says what it came to.
func (s *session) run(b body) error {
	if s.dryRun {
		return s.dryRunItems(b)
	}
	if err := s.join(b); err != nil {
		return err
	}
	defer s.leave()
	res, err := s.openResults(b)
	if err != nil {
		return err
	}
	out, err := s.loop(b, res)
	journal, e := s.endResults(res, err == nil && !out.Stopped)
	if err == nil {
		err = e
	} else if e != nil {
		s.warn(e.Error())
	}
	return s.conclude(out, journal, err)
}

func (s *session) loop(b body, res *results.Results) (loop.Outcome, error) {
	ctx := s.cmd.Context()
	if s.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.deadline, errDeadline)
		defer cancel()
	}
	ctx, s.cancel = context.WithCancelCause(ctx)
	defer s.cancel(nil)
	if s.far != nil {
		s.far.ctx, s.far.end = ctx, s.cancel
		defer s.far.inTime(ctx)()
	}
	defer context.AfterFunc(ctx, func() { s.source.Close() })() //nolint:errcheck // a read of standard input must not hold the end up
	watch, done, err := s.observers()
	if err != nil {
		return loop.Outcome{}, err
	}
	defer done()
	stop := new(loop.Stop)
	defer onInterrupt(ctx, func() {
		stop.Ask()
		go s.source.Close() //nolint:errcheck // a read of standard input must not hold us up
		fmt.Fprintln(s.stderr, "parfor: finishing what runs; ^C again ends it")
	})()
	s.printer = s.newPrinter()
	defer s.printer.close() //nolint:errcheck // flushed below
	failures := loop.Failures{}
	if s.failFast {
		failures.Number = 1
	} else if s.maxFailures != "" {
		if failures, err = loop.ParseFailures(s.maxFailures); err != nil {
			return loop.Outcome{}, usagef("--max-failures: %w", err)
		}
	}
	out, err := loop.Run(ctx, loop.Config{
		Name: s.cmd.Name(), Items: s.source.All(), Total: s.source.Total,
		Admit: func(w *loop.Work) (bool, error) { return s.admit(b, res, w) },
		Body: func(ctx context.Context, slot int, w *loop.Work) (record.Record, error) {
			return s.attempt(ctx, b, slot, w)
		},
		Keep:    func(w *loop.Work, rec record.Record) error { return s.keep(res, w, rec) },
		Done:    func(w *loop.Work, rec record.Record) error { return outputError(s.printer.print(b, w, rec)) },
		Workers: s.workersOr(b.workers()), Auto: s.workers.auto,
		Attempts: s.attempts, First: s.backoff, Most: 30 * time.Second,
		MaxFailures: failures, Options: append(b.options(), s.rates()...), Observers: watch, Stop: stop,
	})
	s.closing = b.closing()
	if e := s.printer.close(); err == nil {
		err = outputError(e)
	}
	if err == nil && out.OK+out.Failed+out.Skipped+out.Left == 0 && !s.empty && !out.Stopped {
		err = errNoItems
	}
	return out, err
}

func (s *session) rates() []parfor.Option {
	if s.rate == 0 {
		return nil
	}
	return []parfor.Option{parfor.Rate(float64(s.rate), 1)}
}

// admit names an item and says whether it is to run.
func (s *session) admit(b body, res *results.Results, w *loop.Work) (run bool, err error) {
	key, err := keyOf(s.keys, &w.Item)
	if err != nil {
		return false, ioError(err)
	}
	if len(s.outputs) > 0 && s.keys == nil {
		if _, ok := w.Item.Key(); !ok {
			return false, ioError(fmt.Errorf("item %d has no id and no key: add --key, as in --key '{name}'", w.Item.Seq))
		}
	}
	w.Key, run = key, true
	if res != nil || len(b.options()) > 0 { // limits look at what is to be sent
		_ = b.prepareItem(w) // an error is the item's: once more when it runs, where it counts
	}
	if res != nil {
		d, err := res.Plan(w.Item.Seq, key, w.Hash)
		if err != nil {
			return false, ioError(err)
		}
		w.Key, run = d.Key, d.Action == results.Run
	}
	if !run {
		return false, nil
	}
	return true, nil
}

// attempt runs an item once.
func (s *session) attempt(ctx context.Context, b body, slot int, w *loop.Work) (record.Record, error) {
	if w.Hash == "" {
		if err := b.prepareItem(w); err != nil {
			return record.Record{Status: record.Failed, Error: err.Error(), Started: time.Now()}, parfor.Permanent(err)
		}
	}
	return b.attempt(ctx, slot, w)
}
